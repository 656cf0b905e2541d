/* SPDX-License-Identifier: PostgreSQL */
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
 * dimensions: spend_merge.c makes one of them.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "keep/chore.h"
#include "keep/ledger.h"
#include "keep/ledger_state.h"
#include "keep/segment_scan.h"
#include "keep/spend.h"
#include "keep/spend_sums.h"
#include "keep/worker_sql.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Unfolded spans that a query is asked to add up. */
#define FOLD_SPANS 250000

/* Spans of one fold by SQL: a fifth of a second. */
#define SLICE_SPANS 50000

/* Memory of one fold; what doesn't fit is sorted on disk. */
#define FOLD_WORK_MEM "16MB"

/* The last segment; the first and the last one again, the former excluded; the
 * first and the last time of recording. */
#define FOLD_ROWS                                                                           \
	"INSERT INTO genops.spend_total (period_start, recorded_at, fold, tenant_id, team, "    \
	"project, customer_id, cost_center, environment, feature, provider, model, operation, " \
	"currency, calls, errors, unpriced_calls, prompt_tokens, completion_tokens, "           \
	"cache_read_tokens, cache_write_tokens, reasoning_tokens, total_cost, input_cost, "     \
	"output_cost, cache_read_cost, cache_write_cost, blocked_calls, unfinished_calls) "     \
	"SELECT date_bin('15 minutes', start_time, '2000-01-01 00:00:00+00') AS started, "      \
	"date_bin('15 minutes', recorded_at, '2000-01-01 00:00:00+00') AS recorded, %lld, "     \
	"tenant_id, team, project, customer_id, cost_center, environment, feature, provider, "  \
	"model, operation, coalesce(currency, 'USD') AS unit, "                                 \
	"count(*) FILTER (WHERE ai_call AND (flags & 128) IS DISTINCT FROM 128), "              \
	"count(*) FILTER (WHERE ai_call AND (flags & 128) IS DISTINCT FROM 128 "                \
	"AND status = 2), "                                                                     \
	"sum(genops_internal.unpriced_calls(ai_call, total_cost_e12, cost_source, flags)), "    \
	"genops_internal.token_sum(sum(prompt_tokens)), "                                       \
	"genops_internal.token_sum(sum(completion_tokens)), "                                   \
	"genops_internal.token_sum(sum(cache_read_tokens)), "                                   \
	"genops_internal.token_sum(sum(cache_write_tokens)), "                                  \
	"genops_internal.token_sum(sum(reasoning_tokens)), "                                    \
	"trim_scale(sum(total_cost_e12) * 0.000000000001), "                                    \
	"trim_scale(sum(input_cost_e12) * 0.000000000001), "                                    \
	"trim_scale(sum(output_cost_e12) * 0.000000000001), "                                   \
	"trim_scale(sum(cache_read_cost_e12) * 0.000000000001), "                               \
	"trim_scale(sum(cache_write_cost_e12) * 0.000000000001), "                              \
	"count(*) FILTER (WHERE (flags & 16) <> 0), count(*) FILTER (WHERE (flags & 4) <> 0) "  \
	"FROM genops.ledger_span "                                                              \
	"WHERE seq > %lld AND seq <= %lld AND recorded_at BETWEEN '%s' AND '%s' "               \
	"AND (ai_call OR (flags & 20) <> 0) "                                                   \
	"GROUP BY started, recorded, tenant_id, team, project, customer_id, cost_center, "      \
	"environment, feature, provider, model, operation, unit"

static int64 unfolded = -1;      /* spans, not exactly; -1: not known yet */
static bool catching_up = false; /* there were many: everything is folded */

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
	TimestampTz first_recorded_at; /* the least and the greatest */
	TimestampTz last_recorded_at;
	bool more; /* segments follow that are due as well */
} FoldRange;

/* "until" is the beginning of the current quarter hour.  What a clock that was ahead
 * recorded is not waited for. */
static bool
QuarterIsOver(TimestampTz recorded_at, TimestampTz until)
{
	return recorded_at < until || recorded_at > until + 2 * LEDGER_CLOCK_TOLERANCE_US;
}

/* The oldest unfolded segments up to "last" recorded before "until", of
 * SLICE_SPANS spans or a little more. */
static FoldRange
FindRange(int64 after, int64 last, TimestampTz until)
{
	FoldRange range = { .after = after, .upto = after };
	SegmentScan *scan = SegmentScanBegin(after);
	StoredSegment segment;

	while (SegmentScanNext(scan, &segment))
	{
		if (!QuarterIsOver(segment.recorded_at, until) || segment.seq > last)
			break;
		if (range.spans >= SLICE_SPANS)
		{
			range.more = true;
			break;
		}
		if (range.upto == after)
			range.first_recorded_at = range.last_recorded_at = segment.recorded_at;
		range.first_recorded_at = Min(range.first_recorded_at, segment.recorded_at);
		range.last_recorded_at = Max(range.last_recorded_at, segment.recorded_at);
		range.upto = segment.seq;
		range.spans += segment.span_count;
	}
	SegmentScanEnd(scan);
	return range;
}

static void
FoldRows(const FoldRange *range)
{
	const char *first = pstrdup(timestamptz_to_str(range->first_recorded_at));
	const char *last = pstrdup(timestamptz_to_str(range->last_recorded_at));

	SPI_connect();
	WorkerSetLocal("work_mem", FOLD_WORK_MEM);
	WorkerSql(psprintf(FOLD_ROWS, (long long) range->upto, (long long) range->after,
	                   (long long) range->upto, first, last));
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
	return time - ((time % SPEND_QUARTER_US) + SPEND_QUARTER_US) % SPEND_QUARTER_US;
}

static int64
CountUnfolded(int64 after)
{
	int64 count;

	SPI_connect();
	count = WorkerSqlNumber(
	    psprintf("SELECT sum(span_count)::bigint FROM genops.ledger_segment WHERE seq > %lld",
	             (long long) after),
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
		catching_up = false;
		return false;
	}
	if (unfolded < 0)
		unfolded = CountUnfolded(state.folded_seq);
	catching_up |= unfolded >= FOLD_SPANS;
	all |= catching_up;

	if (sums.after == state.folded_seq && sums.upto > sums.after && sums.upto <= state.newest_seq)
	{
		if (!all && !QuarterIsOver(sums.first_recorded_at, until))
			return false;
		FoldSums(&sums, state.newest_seq);
		catching_up &= sums.upto < state.newest_seq;
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
LedgerFoldIsUrgent(bool busy)
{
	SpendSumsState sums = SpendSumsRead();

	return (sums.pressing || (!busy && (sums.full || unfolded >= FOLD_SPANS))) &&
	       !ChoreRests(&folding);
}

bool
LedgerFoldSpend(bool force)
{
	return ChoreRun(&folding, &force) || SpendMergeSome();
}
