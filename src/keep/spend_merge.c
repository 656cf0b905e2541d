/* SPDX-License-Identifier: PostgreSQL */
/*
 * Merging of spend.
 *
 * A quarter hour that was folded in pieces has several rows of the same
 * dimensions.  When it is over they are merged, by shares of its customers, each
 * in a short transaction, so that the worker is never away for long.  A quarter hour
 * is merged when all its rows have the same fold; one that is left half
 * merged is found again when the next worker looks back.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "keep/chore.h"
#include "keep/spend.h"
#include "keep/worker_sql.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Rows of one share: a tenth of a second. */
#define MERGE_ROWS 20000

/* Quarter hours that are looked at after the worker came. */
#define LOOKBACK_US (2 * USECS_PER_DAY)
#define LOOK_EVERY_US USECS_PER_HOUR

#define MERGE_WORK_MEM "16MB"

/* The first quarter hour between two times that is in pieces. */
#define FIND_PIECES                                                                           \
	"SELECT recorded_at, max(fold)::text, (count(*) / %d + 1)::text FROM genops.spend_total " \
	"WHERE recorded_at >= '%s' AND recorded_at < '%s' "                                       \
	"GROUP BY recorded_at HAVING min(fold) <> max(fold) ORDER BY recorded_at LIMIT 1"

/* The quarter hour, the number of shares, the share, the fold. */
#define MERGE_SHARE                                                                          \
	"WITH piece AS (DELETE FROM genops.spend_total WHERE recorded_at = '%s' "                \
	"AND (hashtext(coalesce(customer_id, '')) & 2147483647) %% %d = %d RETURNING *) "        \
	"INSERT INTO genops.spend_total (period_start, recorded_at, fold, tenant_id, team, "     \
	"project, customer_id, cost_center, environment, feature, provider, model, operation, "  \
	"currency, calls, errors, unpriced_calls, prompt_tokens, completion_tokens, "            \
	"cache_read_tokens, cache_write_tokens, reasoning_tokens, total_cost, input_cost, "      \
	"output_cost, cache_read_cost, cache_write_cost, blocked_calls, unfinished_calls) "      \
	"SELECT period_start, recorded_at, %lld, tenant_id, team, project, customer_id, "        \
	"cost_center, environment, feature, provider, model, operation, currency, "              \
	"sum(calls)::bigint, sum(errors)::bigint, sum(unpriced_calls)::bigint, "                 \
	"genops_internal.token_sum(sum(prompt_tokens)), "                                        \
	"genops_internal.token_sum(sum(completion_tokens)), "                                    \
	"genops_internal.token_sum(sum(cache_read_tokens)), "                                    \
	"genops_internal.token_sum(sum(cache_write_tokens)), "                                   \
	"genops_internal.token_sum(sum(reasoning_tokens)), "                                     \
	"sum(total_cost), sum(input_cost), sum(output_cost), "                                   \
	"sum(cache_read_cost), sum(cache_write_cost), "                                          \
	"sum(blocked_calls)::bigint, sum(unfinished_calls)::bigint "                             \
	"FROM piece GROUP BY period_start, recorded_at, tenant_id, team, project, customer_id, " \
	"cost_center, environment, feature, provider, model, operation, currency"

typedef struct MergeState
{
	TimestampTz done_until; /* 0: not since the worker came */
	TimestampTz quarter;    /* that is being merged; 0: none */
	long long fold;         /* that its rows will have */
	int shares;
	int next;
} MergeState;

static MergeState merge;

static void
FindPieces(TimestampTz until)
{
	TimestampTz from = merge.done_until != 0 ? merge.done_until : until - LOOKBACK_US;
	const char *from_text = pstrdup(timestamptz_to_str(from));
	const char *until_text = pstrdup(timestamptz_to_str(until));
	bool null;

	if (WorkerSql(psprintf(FIND_PIECES, MERGE_ROWS, from_text, until_text)) == 0)
		return;
	merge.quarter =
	    DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	merge.fold = strtoll(WorkerSqlText(0, 2), NULL, 10);
	merge.shares = (int) strtol(WorkerSqlText(0, 3), NULL, 10);
	merge.next = 0;
}

static void
MergeShare(void)
{
	WorkerSetLocal("work_mem", MERGE_WORK_MEM);
	WorkerSql(psprintf(MERGE_SHARE, timestamptz_to_str(merge.quarter), merge.shares, merge.next,
	                   merge.fold));
	if (++merge.next < merge.shares)
		return;
	merge.done_until = merge.quarter + SPEND_QUARTER_US;
	merge.quarter = 0;
}

/* argument: TimestampTz *, the end of the quarter hours that are over */
static bool
MergeSome(void *argument)
{
	TimestampTz until = *(TimestampTz *) argument;
	bool found;

	SPI_connect();
	if (merge.quarter == 0)
		FindPieces(until);
	found = merge.quarter != 0;
	if (found)
		MergeShare();
	else
		merge.done_until = until;
	SPI_finish();
	return found;
}

/* What was recorded in the last quarter hour may not all be folded yet. */
bool
SpendMergeSome(void)
{
	static Chore merging = { .name = "merging of spend", .run = MergeSome };
	TimestampTz until = SpendQuarterOf(GetCurrentTimestamp()) - SPEND_QUARTER_US;

	/* The clock went back. */
	if (merge.done_until > until)
		merge.done_until = 0;
	if (merge.quarter == 0 && until - merge.done_until < LOOK_EVERY_US)
		return false;
	return ChoreRun(&merging, &until);
}
