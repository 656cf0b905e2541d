/*
 * Spans that retention removes before they were delivered.
 */
#include "postgres.h"

#include "deliver/cursor.h"
#include "deliver/expired.h"
#include "executor/spi.h"
#include "keep/worker_sql.h"
#include "utils/timestamp.h"

#define UNDELIVERED                                                               \
	"SELECT s.tenant_id, s.route, sum(s.span_count)::text "                       \
	"FROM genops.segment s LEFT JOIN genops.delivery d USING (tenant_id, route) " \
	"WHERE s.recorded_at >= '%s' AND s.recorded_at < '%s' AND s.sampled "         \
	"AND s.seq > coalesce(d.cursor_seq, 0) GROUP BY 1, 2"

int64
ExpiredCount(TimestampTz day_start, TimestampTz day_end)
{
	int64 total = 0;
	char *start = pstrdup(timestamptz_to_str(day_start));
	uint64 streams = WorkerSql(psprintf(UNDELIVERED, start, timestamptz_to_str(day_end)));
	SPITupleTable *rows = SPI_tuptable;

	for (uint64 i = 0; i < streams; i++)
	{
		CursorChange change = { 0 };

		change.expired = strtoll(SPI_getvalue(rows->vals[i], rows->tupdesc, 3), NULL, 10);
		CursorApply(SPI_getvalue(rows->vals[i], rows->tupdesc, 1),
		            SPI_getvalue(rows->vals[i], rows->tupdesc, 2), &change);
		total += change.expired;
	}
	return total;
}
