/*
 * Folding of spend.
 *
 * The view counts spans one by one until they are folded into
 * genops.spend_total: when the quarter hour in which they were recorded is over,
 * or when adding them up would take a query long.  A fold is one transaction,
 * which also moves genops.ledger_state.folded_seq.
 *
 * What is folded was summed in memory while it was stored (spend_sums.h), at a
 * third of a microsecond a span.  Sums that the memory doesn't have, because the
 * worker is new, or a transaction failed, or there were too many groups, are
 * made of the rows by SQL, which takes ten times as long.  Neither can count a
 * span twice: both are of the run of segments from folded_seq on.
 *
 * A quarter hour that was folded in pieces has several rows of the same
 * dimensions; they are merged when it is over, by shares of the customers so that
 * the worker is never away for long.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "deliver/cursor.h"
#include "executor/spi.h"
#include "keep/chore.h"
#include "keep/fact_row.h"
#include "keep/ledger.h"
#include "keep/segment_scan.h"
#include "keep/partition.h"
#include "keep/spend.h"
#include "keep/spend_sums.h"
#include "keep/worker_sql.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#define QUARTER_US (15 * 60 * USECS_PER_SEC)

/* Unfolded spans that a query is asked to add up. */
#define FOLD_SPANS 250000

/* Spans of one fold by SQL: a fifth of a second. */
#define SLICE_SPANS 50000

/* Rows of one share of a merge. */
#define MERGE_ROWS 20000

/* Memory of one fold; what doesn't fit is sorted on disk. */
#define FOLD_WORK_MEM "16MB"

/* Quarter hours that are looked at for merging after the worker came. */
#define MERGE_LOOKBACK_US (2 * USECS_PER_DAY)
#define MERGE_EVERY_US USECS_PER_HOUR

#define DIMENSIONS                                                               \
	"tenant_id, team, project, customer_id, cost_center, environment, feature, " \
	"provider, model, operation"
#define MEASURES                                                        \
	"calls, errors, unpriced_calls, prompt_tokens, completion_tokens, " \
	"cache_read_tokens, cache_write_tokens, reasoning_tokens, "         \
	"total_cost, input_cost, output_cost, cache_read_cost, cache_write_cost"
#define INTO_TOTALS                                                                \
	"INSERT INTO genops.spend_total (period_start, recorded_at, fold, " DIMENSIONS \
	", currency, " MEASURES ") "

#define SUM(column) "sum(" column ")::bigint"
#define QUARTER(column) "date_bin('15 minutes', " column ", '2000-01-01 00:00:00+00')"
#define COST(column) "trim_scale(sum(" column ") * 0.000000000001)"

static int64 unfolded = -1;          /* spans, not exactly; -1: not known yet */
static TimestampTz merged_until = 0; /* 0: not since the worker came */

void
SpendNoteStored(int spans)
{
	if (unfolded >= 0)
		unfolded += spans;
}

/* A run of unfolded segments. */
typedef struct FoldRange
{
	int64 after;
	int64 upto; /* equals after: nothing to fold */
	int64 spans;
	TimestampTz first_recorded_at;
	TimestampTz last_recorded_at;
	bool more; /* segments follow that are due as well */
} FoldRange;

static int64
Column(HeapTuple row, int column, TupleDesc descriptor)
{
	bool null;

	return DatumGetInt64(heap_getattr(row, column, descriptor, &null));
}

/* The oldest unfolded segments up to "last" recorded before "until", of
 * SLICE_SPANS spans or a little more. */
static FoldRange
FindRange(int64 after, int64 last, TimestampTz until)
{
	FoldRange range = { .after = after, .upto = after };
	SegmentScan *scan = SegmentScanBegin(after, NULL, NULL);
	TupleDesc descriptor;
	HeapTuple row;

	while ((row = SegmentScanNext(scan, &descriptor)) != NULL)
	{
		TimestampTz recorded_at = Column(row, SEGMENT_RECORDED_AT, descriptor);
		bool null;

		if (recorded_at >= until || Column(row, SEGMENT_SEQ, descriptor) > last)
			break;
		if (range.spans >= SLICE_SPANS)
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
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
	                         false);
}

static void
FoldRows(const FoldRange *range)
{
	SetLocal("work_mem", FOLD_WORK_MEM);
	SPI_connect();
	WorkerSql(
	    psprintf(INTO_TOTALS "SELECT " QUARTER("start_time") ", " QUARTER(
	                 "recorded_at") ", " INT64_FORMAT ", " DIMENSIONS
	                                ", coalesce(currency, 'USD'), "
	                                "count(*), count(*) FILTER (WHERE status = 2), count(*) FILTER "
	                                "(WHERE "
	                                "total_cost_e12 IS NULL), "
	                                "sum(prompt_tokens), sum(completion_tokens), "
	                                "sum(cache_read_tokens), "
	                                "sum(cache_write_tokens), sum(reasoning_tokens), " COST("total_"
	                                                                                        "cost_"
	                                                                                        "e12") ", " COST("input_cost_e12") ", " COST("output_cost_e12") ", " COST(
	                                    "cache_read_cost_e12") ", " COST("cache"
	                                                                     "_writ"
	                                                                     "e_"
	                                                                     "cost_"
	                                                                     "e12") " "
	                                                                            "FROM "
	                                                                            "genops.ledger_"
	                                                                            "span "
	                                                                            "WHERE recorded_at "
	                                                                            "BETWEEN '%s' AND "
	                                                                            "'%s' AND seq "
	                                                                            "> " INT64_FORMAT
	                                                                            " AND seq "
	                                                                            "<= " INT64_FORMAT
	                                                                            " AND ai_call "
	                                                                            "GROUP BY 1, "
	                                                                            "2, " DIMENSIONS
	                                                                            ", "
	                                                                            "coalesce(currency,"
	                                                                            " 'USD')",
	             range->upto, pstrdup(timestamptz_to_str(range->first_recorded_at)),
	             pstrdup(timestamptz_to_str(range->last_recorded_at)), range->after, range->upto));
	SPI_finish();
	LedgerStateFolded(range->upto);
	unfolded = Max(unfolded - range->spans, 0);
}

static void
FoldSums(const SpendSumsState *sums, int64 newest_seq)
{
	SpendSumsStore(sums->upto);
	LedgerStateFolded(sums->upto);
	SpendSumsForget(sums->upto);
	unfolded = sums->upto == newest_seq ? 0 : -1;
}

TimestampTz
SpendQuarterOf(TimestampTz time)
{
	return time - ((time % QUARTER_US) + QUARTER_US) % QUARTER_US;
}

static int64
CountUnfolded(int64 after)
{
	int64 count;

	SPI_connect();
	count = WorkerSqlNumber(psprintf("SELECT sum(span_count)::bigint FROM genops.ledger_segment "
	                                 "WHERE seq > " INT64_FORMAT,
	                                 after),
	                        0);
	SPI_finish();
	return count;
}

/* argument: bool *force */
static bool
FoldSome(void *argument)
{
	LedgerState state = LedgerStateRead();
	SpendSumsState sums = SpendSumsRead();
	bool all = *(bool *) argument || sums.full;
	TimestampTz until = SpendQuarterOf(GetCurrentTimestamp());
	FoldRange range;

	if (!state.exists || state.newest_seq <= state.folded_seq)
	{
		unfolded = 0;
		return false;
	}
	if (unfolded < 0)
		unfolded = CountUnfolded(state.folded_seq);
	all |= unfolded >= FOLD_SPANS;

	if (sums.after == state.folded_seq && sums.upto > sums.after && sums.upto <= state.newest_seq)
	{
		if (!all && sums.first_recorded_at >= until)
			return false;
		FoldSums(&sums, state.newest_seq);
		return all && sums.upto < state.newest_seq;
	}
	range = FindRange(state.folded_seq, sums.after > state.folded_seq ? sums.after : PG_INT64_MAX,
	                  all ? DT_NOEND : until);
	if (range.upto == range.after)
		return false;
	FoldRows(&range);
	return true;
}

static Chore folding = { .name = "folding of spend", .run = FoldSome };

bool
LedgerFoldIsUrgent(void)
{
	return (unfolded >= FOLD_SPANS || SpendSumsRead().full) &&
	       GetCurrentTimestamp() >= folding.not_before;
}

/*
 * Merging.
 */
typedef struct Merge
{
	TimestampTz quarter; /* 0: none is under way */
	int64 fold;          /* that its rows will have */
	int64 shares;
	int64 next;
} Merge;

static Merge merge;

/* Finds the first quarter hour in a range that was folded in pieces. */
static void
FindPieces(TimestampTz from, TimestampTz to)
{
	uint64 found = WorkerSql(psprintf(
	    "SELECT recorded_at, max(fold)::text, (count(*) / %d + 1)::text FROM genops.spend_total "
	    "WHERE recorded_at >= '%s' AND recorded_at < '%s' "
	    "GROUP BY recorded_at HAVING min(fold) <> max(fold) ORDER BY recorded_at LIMIT 1",
	    MERGE_ROWS, pstrdup(timestamptz_to_str(from)), pstrdup(timestamptz_to_str(to))));
	bool null;

	merge = (Merge){ 0 };
	if (found == 0)
		return;
	merge.quarter =
	    DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	merge.fold = strtoll(WorkerSqlText(0, 2), NULL, 10);
	merge.shares = strtoll(WorkerSqlText(0, 3), NULL, 10);
}

static void
MergeShare(void)
{
	SetLocal("work_mem", FOLD_WORK_MEM);
	WorkerSql(
	    psprintf(
	        "WITH piece AS (DELETE FROM genops.spend_total WHERE recorded_at = '%s' "
	        "AND (hashtext(coalesce(customer_id, '')) & 2147483647) %% " INT64_FORMAT
	        " = " INT64_FORMAT " RETURNING *) " INTO_TOTALS "SELECT period_start, "
	                                                        "recorded_at, " INT64_FORMAT ","
	                                                                                     " " DIMENSIONS ", currency, " SUM("calls") ", " SUM("errors") ", " SUM("unpriced_calls") ", " SUM("pro"
	                                                                                                                                                                                       "mpt"
	                                                                                                                                                                                       "_to"
	                                                                                                                                                                                       "ken"
	                                                                                                                                                                                       "s") ", " SUM("completion_tokens") ", " SUM("cache_read_tokens") ", " SUM("cache_write_tokens") ", " SUM("reasoning_tokens") ","
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "u"
	                                                                                                                                                                                                                                                                                                                    "m"
	                                                                                                                                                                                                                                                                                                                    "("
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    "o"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    "a"
	                                                                                                                                                                                                                                                                                                                    "l"
	                                                                                                                                                                                                                                                                                                                    "_"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "o"
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    ")"
	                                                                                                                                                                                                                                                                                                                    ","
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "u"
	                                                                                                                                                                                                                                                                                                                    "m"
	                                                                                                                                                                                                                                                                                                                    "("
	                                                                                                                                                                                                                                                                                                                    "i"
	                                                                                                                                                                                                                                                                                                                    "n"
	                                                                                                                                                                                                                                                                                                                    "p"
	                                                                                                                                                                                                                                                                                                                    "u"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    "_"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "o"
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    ")"
	                                                                                                                                                                                                                                                                                                                    ","
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "u"
	                                                                                                                                                                                                                                                                                                                    "m"
	                                                                                                                                                                                                                                                                                                                    "("
	                                                                                                                                                                                                                                                                                                                    "o"
	                                                                                                                                                                                                                                                                                                                    "u"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    "p"
	                                                                                                                                                                                                                                                                                                                    "u"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    "_"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "o"
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    ")"
	                                                                                                                                                                                                                                                                                                                    ","
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "u"
	                                                                                                                                                                                                                                                                                                                    "m"
	                                                                                                                                                                                                                                                                                                                    "("
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "a"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "h"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    "_"
	                                                                                                                                                                                                                                                                                                                    "r"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    "a"
	                                                                                                                                                                                                                                                                                                                    "d"
	                                                                                                                                                                                                                                                                                                                    "_"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "o"
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    ")"
	                                                                                                                                                                                                                                                                                                                    ","
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "u"
	                                                                                                                                                                                                                                                                                                                    "m"
	                                                                                                                                                                                                                                                                                                                    "("
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "a"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "h"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    "_"
	                                                                                                                                                                                                                                                                                                                    "w"
	                                                                                                                                                                                                                                                                                                                    "r"
	                                                                                                                                                                                                                                                                                                                    "i"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    "_"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "o"
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    ")"
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "F"
	                                                                                                                                                                                                                                                                                                                    "R"
	                                                                                                                                                                                                                                                                                                                    "O"
	                                                                                                                                                                                                                                                                                                                    "M"
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "p"
	                                                                                                                                                                                                                                                                                                                    "i"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "G"
	                                                                                                                                                                                                                                                                                                                    "R"
	                                                                                                                                                                                                                                                                                                                    "O"
	                                                                                                                                                                                                                                                                                                                    "U"
	                                                                                                                                                                                                                                                                                                                    "P"
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "B"
	                                                                                                                                                                                                                                                                                                                    "Y"
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "p"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    "r"
	                                                                                                                                                                                                                                                                                                                    "i"
	                                                                                                                                                                                                                                                                                                                    "o"
	                                                                                                                                                                                                                                                                                                                    "d"
	                                                                                                                                                                                                                                                                                                                    "_"
	                                                                                                                                                                                                                                                                                                                    "s"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    "a"
	                                                                                                                                                                                                                                                                                                                    "r"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    ","
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "r"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "o"
	                                                                                                                                                                                                                                                                                                                    "r"
	                                                                                                                                                                                                                                                                                                                    "d"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    "d"
	                                                                                                                                                                                                                                                                                                                    "_"
	                                                                                                                                                                                                                                                                                                                    "a"
	                                                                                                                                                                                                                                                                                                                    "t"
	                                                                                                                                                                                                                                                                                                                    ","
	                                                                                                                                                                                                                                                                                                                    " " DIMENSIONS
	                                                                                                                                                                                                                                                                                                                    ","
	                                                                                                                                                                                                                                                                                                                    " "
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "u"
	                                                                                                                                                                                                                                                                                                                    "r"
	                                                                                                                                                                                                                                                                                                                    "r"
	                                                                                                                                                                                                                                                                                                                    "e"
	                                                                                                                                                                                                                                                                                                                    "n"
	                                                                                                                                                                                                                                                                                                                    "c"
	                                                                                                                                                                                                                                                                                                                    "y",
	        timestamptz_to_str(merge.quarter), merge.shares, merge.next, merge.fold));
}

/* Merges one share of a quarter hour; argument: TimestampTz *, the end of those
 * that may be merged. */
static bool
MergeSome(void *argument)
{
	TimestampTz until = *(TimestampTz *) argument;

	SPI_connect();
	if (merge.quarter == 0)
		FindPieces(merged_until != 0 ? merged_until : until - MERGE_LOOKBACK_US, until);
	if (merge.quarter != 0)
		MergeShare();
	SPI_finish();
	if (merge.quarter == 0)
		merged_until = until;
	else if (++merge.next == merge.shares)
	{
		merged_until = merge.quarter + QUARTER_US;
		merge.quarter = 0;
	}
	return merged_until != until;
}

/* Everything recorded in a quarter hour is folded once a later one is being
 * recorded; merging waits for one more. */
bool
LedgerFoldSpend(bool force)
{
	static Chore merging = { .name = "merging of spend", .run = MergeSome };
	TimestampTz until = SpendQuarterOf(GetCurrentTimestamp()) - QUARTER_US;

	if (ChoreRun(&folding, &force))
		return true;
	if (merge.quarter == 0 && until - merged_until < MERGE_EVERY_US)
		return false;
	return ChoreRun(&merging, &until);
}
