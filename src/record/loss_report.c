/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tells the session of calls that could not be recorded: one WARNING a statement, with
 * their number and the cause.
 *
 * A call that finds no room does not raise, and the next may find some.  So they are
 * counted, and told when the client's statement has run: the executor and the utility
 * commands are watched for the end of the outermost of them.  The executor runs AFTER
 * triggers when it finishes; a query that can have fired some is told of then, and others
 * when they have run, since what a client reads bit by bit is finished only at its next
 * statement.  What is lost outside of all that, by the end of a transaction say, is told
 * after the next.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "compat.h"
#include "record/loss_report.h"
#include "settings.h"
#include "shared/ring.h"
#include "tcop/utility.h"

static ExecutorRun_hook_type previous_executor_run = NULL;
static ExecutorFinish_hook_type previous_executor_finish = NULL;
static ProcessUtility_hook_type previous_process_utility = NULL;
static int depth = 0; /* of statements that run */

static void
TellNoQueue(uint64 count)
{
	RingUsage usage;

	RingReadUsage(&usage);
	ereport(WARNING,
	        (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
	         errmsg_plural("%llu AI call was not recorded", "%llu AI calls were not recorded",
	                       (unsigned long) count, (unsigned long long) count),
	         errdetail("Other databases have taken all %d places for databases that record.",
	                   usage.max_databases),
	         errhint("Increase \"genops_tempo.max_databases\" and restart the server.")));
}

static void
TellNoRoom(uint64 count)
{
	ereport(WARNING,
	        (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
	         errmsg_plural("%llu AI call was not recorded", "%llu AI calls were not recorded",
	                       (unsigned long) count, (unsigned long long) count),
	         errdetail("The queue in which they wait to be stored was full, and there was no room "
	                   "within %d ms.",
	                   setting_queue_timeout_ms),
	         errhint("See genops.stat_recording and genops.stat_delivery; "
	                 "\"genops_tempo.shared_memory\", \"genops_tempo.queue_timeout\" or "
	                 "\"max_queue_size\" may be too small.")));
}

static void
TellTooLarge(uint64 count)
{
	ereport(WARNING,
	        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
	         errmsg_plural("%llu AI call was not recorded", "%llu AI calls were not recorded",
	                       (unsigned long) count, (unsigned long long) count),
	         errdetail("A span can have up to %d bytes.", RING_MAX_RECORD)));
}

/* Of several causes, each has its own. */
static void
Tell(void)
{
	RingLosses losses;

	if (likely(!RingTakeLosses(&losses)))
		return;
	if (losses.no_queue > 0)
		TellNoQueue(losses.no_queue);
	if (losses.no_room > 0)
		TellNoRoom(losses.no_room);
	if (losses.too_large > 0)
		TellTooLarge(losses.too_large);
}

/* Triggers for each row that it changes may be run later. */
static bool
ChangesRows(const QueryDesc *query)
{
	return query->operation != CMD_SELECT || query->plannedstmt->hasModifyingCTE;
}

static void
RunExecutor(QueryDesc *query, ScanDirection direction, uint64 count COMPAT_EXECUTE_ONCE_PARAMETER)
{
	depth++;
	PG_TRY();
	{
		if (previous_executor_run)
			previous_executor_run(query, direction, count COMPAT_EXECUTE_ONCE);
		else
			standard_ExecutorRun(query, direction, count COMPAT_EXECUTE_ONCE);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	if (depth == 0 && !ChangesRows(query))
		Tell();
}

static void
FinishExecutor(QueryDesc *query)
{
	depth++;
	PG_TRY();
	{
		if (previous_executor_finish)
			previous_executor_finish(query);
		else
			standard_ExecutorFinish(query);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	if (depth == 0)
		Tell();
}

static void
RunUtility(PlannedStmt *statement, const char *query, bool read_only_tree,
           ProcessUtilityContext context, ParamListInfo parameters, QueryEnvironment *environment,
           DestReceiver *destination, QueryCompletion *completion)
{
	depth++;
	PG_TRY();
	{
		if (previous_process_utility)
			previous_process_utility(statement, query, read_only_tree, context, parameters,
			                         environment, destination, completion);
		else
			standard_ProcessUtility(statement, query, read_only_tree, context, parameters,
			                        environment, destination, completion);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	if (depth == 0)
		Tell();
}

void
LossReportInit(void)
{
	previous_executor_run = ExecutorRun_hook;
	ExecutorRun_hook = RunExecutor;
	previous_executor_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = FinishExecutor;
	previous_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = RunUtility;
}
