/* SPDX-License-Identifier: PostgreSQL */
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
#include "utils/memutils.h"
#include "utils/timestamp.h"

/*
 * A stream that has something undelivered on the day goes on behind the last of it.  What it
 * has before that on other days, when days lie in another order than numbers, is not sent
 * any more either, and is counted with it.  "gone" is empty for most days: then nothing else is read.
 */
#define UNDELIVERED                                                                   \
	"WITH gone AS MATERIALIZED ("                                                     \
	"SELECT s.tenant_id, s.route, max(s.seq) AS last_seq, "                           \
	"coalesce(min(d.cursor_seq), 0) AS cursor_seq "                                   \
	"FROM genops.segment s LEFT JOIN genops.delivery d USING (tenant_id, route) "     \
	"WHERE s.recorded_at >= '%s' AND s.recorded_at < '%s' AND s.sampled "             \
	"AND s.seq > coalesce(d.cursor_seq, 0) GROUP BY 1, 2) "                           \
	"SELECT g.tenant_id, g.route, sum(s.span_count)::text, g.last_seq::text, "        \
	"g.cursor_seq::text FROM gone g JOIN genops.segment s USING (tenant_id, route) "  \
	"WHERE s.sampled AND s.seq > g.cursor_seq AND s.seq <= g.last_seq "               \
	"GROUP BY g.tenant_id, g.route, g.last_seq, g.cursor_seq"

/* Where streams in memory go once the transaction has committed. */
typedef struct Move
{
	GenopsSlice tenant_id;
	GenopsSlice route;
	int64 cursor_seq;
} Move;

static MemoryContext moves_context = NULL;
static Move *moves = NULL;
static int move_count = 0;

static void
ForgetMoves(void)
{
	if (moves_context == NULL)
		moves_context =
		    AllocSetContextCreate(TopMemoryContext, "genops expired", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(moves_context);
	moves = NULL;
	move_count = 0;
}

static int64
Number(const char *text)
{
	return strtoll(text, NULL, 10);
}

static GenopsSlice
KeptName(GenopsSlice name)
{
	char *copy = MemoryContextAlloc(moves_context, name.length + 1);

	memcpy(copy, name.data, name.length);
	return (GenopsSlice){ copy, name.length };
}

static void
NoteMove(GenopsSlice tenant_id, GenopsSlice route, int64 cursor_seq)
{
	moves[move_count++] = (Move){ .tenant_id = KeptName(tenant_id),
		                          .route = KeptName(route),
		                          .cursor_seq = cursor_seq };
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
	NoteMove(tenant_id, route, change.expired_seq);
	return change.expired;
}

int64
ExpiredCount(TimestampTz day_start, TimestampTz day_end)
{
	int64 total = 0;
	char *start = pstrdup(timestamptz_to_str(day_start));
	uint64 streams = WorkerSql(psprintf(UNDELIVERED, start, timestamptz_to_str(day_end)));
	CursorTable *table = CursorOpen(LedgerCursor());

	ForgetMoves(); /* of a try that failed */
	moves = MemoryContextAllocHuge(moves_context, Max(streams, 1) * sizeof(Move));
	for (uint64 i = 0; i < streams; i++)
		total += CountStream(table, i);
	CursorClose(table);
	return total;
}

void
ExpiredMoveStreams(void)
{
	for (int i = 0; i < move_count; i++)
	{
		const Move *move = &moves[i];
		GenopsStream *stream =
		    genops_streams_find(StreamsAll(), move->tenant_id, move->route, 0);

		if (stream != NULL)
			genops_stream_move(StreamsAll(), stream, move->cursor_seq, true, MonotonicMs());
	}
	ForgetMoves();
}
