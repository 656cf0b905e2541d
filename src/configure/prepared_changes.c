/* SPDX-License-Identifier: PostgreSQL */
/*
 * Changes of the configuration by transactions that were prepared.
 *
 * Who changes the configuration wakes the worker when the transaction commits.  One
 * that was prepared commits later, in another session, which knows nothing of its
 * changes but what PostgreSQL tells everybody: that something of the configuration's
 * table is to be read anew.  So that session listens, and wakes the worker.
 */
#include "postgres.h"

#include "compat.h"
#include "configure/configuration.h"
#include "configure/prepared_changes.h"
#include "shared/waiters.h"
#include "tcop/utility.h"

static ProcessUtility_hook_type previous_process_utility = NULL;

static bool
CommitsPrepared(Node *statement)
{
	return IsA(statement, TransactionStmt) &&
	       ((TransactionStmt *) statement)->kind == TRANS_STMT_COMMIT_PREPARED;
}

static void
RunUtility(PlannedStmt *statement, const char *query, bool read_only_tree,
           ProcessUtilityContext context, ParamListInfo parameters, QueryEnvironment *environment,
           DestReceiver *destination, QueryCompletion *completion)
{
	bool listen = CommitsPrepared(statement->utilityStmt);
	uint64 news = listen ? ConfigurationNewsOfAny() : 0;

	if (previous_process_utility)
		previous_process_utility(statement, query, read_only_tree, context, parameters, environment,
		                         destination, completion);
	else
		standard_ProcessUtility(statement, query, read_only_tree, context, parameters, environment,
		                        destination, completion);
	if (listen && ConfigurationNewsOfAny() != news)
		RingWakeWorkerAnew();
}

void
PreparedChangesInit(void)
{
	previous_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = RunUtility;
}
