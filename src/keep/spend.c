/*
 * Folding of spend.
 *
 * Spans are counted by the view one by one until they are folded into
 * genops.spend_total: when the quarter hour in which they were recorded is over,
 * or when there are so many that summing them would take long.  Folding is SQL
 * over the rows, not a second set of sums kept by the storing transactions:
 * those then write nothing but the rows, and what the sums miss can't differ
 * from what the rows say.  (In 15.20, a fold of 250,000 spans takes about a
 * third of a second once the ring is quiet; a sum per flush cost 3 us and 167
 * bytes of WAL for each span, always.)
 *
 * A quarter hour that was folded in pieces has several rows of the same
 * dimensions; they are merged, a quarter hour at a time, when it is over.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "deliver/cursor.h"
#include "executor/spi.h"
#include "keep/chore.h"
#include "keep/fact_row.h"
#include "keep/ledger.h"
#include "keep/segment_scan.h"
#include "keep/spend.h"
#include "keep/worker_sql.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#define QUARTER_US (15 * 60 * USECS_PER_SEC)

/* Unfolded spans that a query is asked to add up. */
#define FOLD_SPANS 250000

/* Memory of one fold; what doesn't fit is sorted on disk. */
#define FOLD_WORK_MEM "16MB"

/* Quarter hours that are looked at for merging after the worker came. */
#define MERGE_LOOKBACK_US (2 * USECS_PER_DAY)
#define MERGE_EVERY_US USECS_PER_HOUR

#define DIMENSIONS "tenant_id, team, project, customer_id, cost_center, environment, feature, " \
	"provider, model, operation"
#define MEASURES "calls, errors, unpriced_calls, prompt_tokens, completion_tokens, " \
	"cache_read_tokens, cache_write_tokens, reasoning_tokens, " \
	"total_cost, input_cost, output_cost, cache_read_cost, cache_write_cost"
#define INTO_TOTALS "INSERT INTO genops.spend_total (period_start, recorded_at, fold, " \
	DIMENSIONS ", currency, " MEASURES ") "

#define SUM(column) "sum(" column ")::bigint"
#define QUARTER(column) "date_bin('15 minutes', " column ", '2000-01-01 00:00:00+00')"
#define COST(column) "trim_scale(sum(" column ") * 0.000000000001)"

static int64 unfolded = -1;		/* spans, not exactly; -1: not known yet */
static TimestampTz merged_until = 0;	/* 0: not since the worker came */

void
SpendNoteStored(int spans)
{
	if (unfolded >= 0)
		unfolded += spans;
}

/* A run of unfolded segments. */
typedef struct FoldRange
{
	int64		after;
	int64		upto;			/* equals after: nothing to fold */
	int64		spans;
	TimestampTz first_recorded_at;
	TimestampTz last_recorded_at;
	bool		more;			/* segments follow that are due as well */
} FoldRange;

static int64
Column(HeapTuple row, int column, TupleDesc descriptor)
{
	bool		null;

	return DatumGetInt64(heap_getattr(row, column, descriptor, &null));
}

/* The oldest unfolded segments recorded before "until", FOLD_SPANS spans at
 * most or a little more. */
static FoldRange
FindRange(int64 after, TimestampTz until)
{
	FoldRange	range = {.after = after, .upto = after};
	SegmentScan *scan = SegmentScanBegin(after, NULL, NULL);
	TupleDesc	descriptor;
	HeapTuple	row;

	while ((row = SegmentScanNext(scan, &descriptor)) != NULL)
	{
		TimestampTz recorded_at = Column(row, SEGMENT_RECORDED_AT, descriptor);
		bool		null;

		if (recorded_at >= until)
			break;
		if (range.spans >= FOLD_SPANS)
		{
			range.more = true;
			break;
		}
		if (range.upto == after)
			range.first_recorded_at = recorded_at;
		range.last_recorded_at = recorded_at;
		range.upto = Column(row, SEGMENT_SEQ, descriptor);
		range.spans += DatumGetInt32(heap_getattr(row, SEGMENT_SPAN_COUNT, descriptor, &null));
	}
	SegmentScanEnd(scan);
	return range;
}

static void
SetLocal(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

static void
Fold(const FoldRange *range)
{
	SetLocal("work_mem", FOLD_WORK_MEM);
	SPI_connect();
	WorkerSql(psprintf(
		INTO_TOTALS
		"SELECT " QUARTER("start_time") ", " QUARTER("recorded_at") ", " INT64_FORMAT ", "
		DIMENSIONS ", coalesce(currency, 'USD'), "
		"count(*), count(*) FILTER (WHERE status = 2), count(*) FILTER (WHERE total_cost_e12 IS NULL), "
		"sum(prompt_tokens), sum(completion_tokens), sum(cache_read_tokens), "
		"sum(cache_write_tokens), sum(reasoning_tokens), "
		COST("total_cost_e12") ", " COST("input_cost_e12") ", " COST("output_cost_e12") ", "
		COST("cache_read_cost_e12") ", " COST("cache_write_cost_e12") " "
		"FROM genops.ledger_span "
		"WHERE recorded_at BETWEEN '%s' AND '%s' AND seq > " INT64_FORMAT " AND seq <= " INT64_FORMAT
		" AND ai_call GROUP BY 1, 2, " DIMENSIONS ", coalesce(currency, 'USD')",
		range->upto, pstrdup(timestamptz_to_str(range->first_recorded_at)),
		pstrdup(timestamptz_to_str(range->last_recorded_at)), range->after, range->upto));
	SPI_finish();
	LedgerStateFolded(range->upto);
	unfolded = unfolded < range->spans ? -1 : unfolded - range->spans;
}

static TimestampTz
QuarterOf(TimestampTz time)
{
	return time - ((time % QUARTER_US) + QUARTER_US) % QUARTER_US;
}

static int64
CountUnfolded(int64 after)
{
	int64		count;

	SPI_connect();
	count = WorkerSqlNumber(psprintf("SELECT sum(span_count)::bigint FROM genops.ledger_segment "
									 "WHERE seq > " INT64_FORMAT, after), 0);
	SPI_finish();
	return count;
}

/* argument: bool *force */
static bool
FoldSome(void *argument)
{
	bool		force = *(bool *) argument;
	LedgerState state = LedgerStateRead();
	FoldRange	range;

	if (!state.exists || state.newest_seq <= state.folded_seq)
	{
		unfolded = 0;
		return false;
	}
	if (unfolded < 0)
		unfolded = CountUnfolded(state.folded_seq);
	range = FindRange(state.folded_seq, force || unfolded >= FOLD_SPANS ? DT_NOEND :
					  QuarterOf(GetCurrentTimestamp()));
	if (range.upto == range.after)
		return false;
	Fold(&range);
	return range.more;
}

/* The first quarter hour in a range that was folded in pieces; 0 if there is
 * none. */
static TimestampTz
FindPieces(TimestampTz from, TimestampTz to)
{
	return WorkerSqlNumber(psprintf(
		"SELECT pg_catalog.int8(1000000 * extract(epoch FROM min(recorded_at) - '2000-01-01 00:00:00+00')) "
		"FROM (SELECT recorded_at FROM genops.spend_total WHERE recorded_at >= '%s' AND recorded_at < '%s' "
		"GROUP BY recorded_at HAVING min(fold) <> max(fold)) pieces",
		pstrdup(timestamptz_to_str(from)), pstrdup(timestamptz_to_str(to))), 0);
}

static void
Merge(TimestampTz quarter)
{
	SetLocal("work_mem", FOLD_WORK_MEM);
	WorkerSql(psprintf(
		"WITH piece AS (DELETE FROM genops.spend_total WHERE recorded_at = '%s' RETURNING *) "
		INTO_TOTALS
		"SELECT period_start, recorded_at, (SELECT max(fold) FROM piece), " DIMENSIONS ", currency, "
		SUM("calls") ", " SUM("errors") ", " SUM("unpriced_calls") ", "
		SUM("prompt_tokens") ", " SUM("completion_tokens") ", " SUM("cache_read_tokens") ", "
		SUM("cache_write_tokens") ", " SUM("reasoning_tokens") ", "
		"sum(total_cost), sum(input_cost), sum(output_cost), sum(cache_read_cost), sum(cache_write_cost) "
		"FROM piece GROUP BY period_start, recorded_at, " DIMENSIONS ", currency",
		timestamptz_to_str(quarter)));
}

/* Merges one quarter hour; argument: the end of those that may be merged. */
static bool
MergeSome(void *argument)
{
	TimestampTz until = *(TimestampTz *) argument;
	TimestampTz from = merged_until != 0 ? merged_until : until - MERGE_LOOKBACK_US;
	TimestampTz quarter;

	SPI_connect();
	quarter = FindPieces(from, until);
	if (quarter != 0)
		Merge(quarter);
	SPI_finish();
	merged_until = quarter != 0 ? quarter + QUARTER_US : until;
	return quarter != 0;
}

bool
LedgerFoldSpend(bool force)
{
	static Chore folding = {.name = "folding of spend", .run = FoldSome};
	static Chore merging = {.name = "merging of spend", .run = MergeSome};
	TimestampTz until = QuarterOf(GetCurrentTimestamp()) - QUARTER_US;

	if (ChoreRun(&folding, &force))
		return true;
	if (until - merged_until < MERGE_EVERY_US)
		return false;
	return ChoreRun(&merging, &until);
}
