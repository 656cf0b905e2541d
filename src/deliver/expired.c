/*
 * Spans that retention removes before they were delivered.
 */
#include "postgres.h"

#include "deliver/cursor.h"
#include "deliver/expired.h"
#include "deliver/follow.h"
#include "deliver/streams.h"
#include "executor/spi.h"
#include "keep/worker_sql.h"
#include "monotonic.h"
#include "utils/timestamp.h"

#define UNDELIVERED                                                               \
	"SELECT s.tenant_id, s.route, sum(s.span_count)::text, max(s.seq)::text, "    \
	"coalesce(min(d.cursor_seq), 0)::text "                                       \
	"FROM genops.segment s LEFT JOIN genops.delivery d USING (tenant_id, route) " \
	"WHERE s.recorded_at >= '%s' AND s.recorded_at < '%s' AND s.sampled "         \
	"AND s.seq > coalesce(d.cursor_seq, 0) GROUP BY 1, 2"

static int64
Number(const char *text)
{
	return strtoll(text, NULL, 10);
}

/* The stream in memory goes on behind what is gone. */
static void
MoveStream(GenopsSlice tenant_id, GenopsSlice route, int64 cursor_seq)
{
	GenopsStream *stream = genops_streams_find(StreamsAll(), tenant_id, route, 0);

	if (stream != NULL)
		genops_stream_move(StreamsAll(), stream, cursor_seq, true, MonotonicMs());
}

/* What is sent and not recorded yet counts as expired, too; its answer is not counted
 * again. */
static int64
CountStream(CursorTable *table, uint64 row)
{
	GenopsSlice tenant_id = genops_slice(WorkerSqlText(row, 1));
	GenopsSlice route = genops_slice(WorkerSqlText(row, 2));
	CursorChange change = {
		.expired = Number(WorkerSqlText(row, 3)),
		.expired_seq = Number(WorkerSqlText(row, 4)),
	};
	CursorRow before;

	(void) CursorApply(table, tenant_id, route, Number(WorkerSqlText(row, 5)), &change, &before);
	MoveStream(tenant_id, route, change.expired_seq);
	return change.expired;
}

int64
ExpiredCount(TimestampTz day_start, TimestampTz day_end)
{
	int64 total = 0;
	char *start = pstrdup(timestamptz_to_str(day_start));
	uint64 streams = WorkerSql(psprintf(UNDELIVERED, start, timestamptz_to_str(day_end)));
	CursorTable *table = CursorOpen(LedgerCursor());

	for (uint64 i = 0; i < streams; i++)
		total += CountStream(table, i);
	CursorClose(table);
	return total;
}
