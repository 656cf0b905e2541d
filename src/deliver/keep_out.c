/*
 * Keeping the worker out of a database that must have no connections.
 *
 * DROP, RENAME and SET TABLESPACE of a database, and CREATE DATABASE from it,
 * wait five seconds for its connections to go and then fail.  Nothing tells
 * a background worker to go.  So the session that runs such a command marks
 * the database, asks the worker to leave, waits a moment for it, and takes the
 * mark away when the command is over, however it ends.
 */
#include "postgres.h"

#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "compat.h"
#include "deliver/launcher.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "nodes/parsenodes.h"
#include "shared/ring_private.h"
#include "storage/ipc.h"
#include "tcop/utility.h"
#include "utils/wait_event.h"

#define LEAVE_TIMEOUT_MS 3000

static ProcessUtility_hook_type previous_process_utility = NULL;

static const char *
OptionText(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return NULL;
}

/* The database that the statement needs for itself, or NULL. */
static const char *
DatabaseNeeded(Node *statement)
{
	const char *template;

	switch (nodeTag(statement))
	{
		case T_DropdbStmt:
			return ((DropdbStmt *) statement)->dbname;
		case T_CreatedbStmt:
			template = OptionText(((CreatedbStmt *) statement)->options, "template");
			return template ? template : "template1";
		case T_RenameStmt:
			return ((RenameStmt *) statement)->renameType == OBJECT_DATABASE
			           ? ((RenameStmt *) statement)->subname
			           : NULL;
		case T_AlterDatabaseStmt:
			return OptionText(((AlterDatabaseStmt *) statement)->options, "tablespace")
			           ? ((AlterDatabaseStmt *) statement)->dbname
			           : NULL;
		default:
			return NULL;
	}
}

/* A database's queue; its place may be another's when the database is gone. */
typedef struct Mark
{
	RingQueue *queue;
	Oid database;
} Mark;

static void
LetIn(int code, Datum arg)
{
	Mark *mark = (Mark *) DatumGetPointer(arg);
	RingQueue *queue = mark->queue;
	bool marked;

	(void) code;
	SpinLockAcquire(&queue->lock);
	marked = queue->database == mark->database && queue->keep_out > 0;
	if (marked)
		queue->keep_out--;
	SpinLockRelease(&queue->lock);
	if (marked)
		RingWake(queue);
}

/* Whether the worker is there; a worker that is about to start counts, since
 * it looks at the mark only when it is up. */
static bool
WorkerIsIn(RingQueue *queue)
{
	bool in;

	SpinLockAcquire(&queue->lock);
	in = queue->worker_state != RING_WORKER_NONE;
	SpinLockRelease(&queue->lock);
	return in;
}

static void
KeepOut(Mark *mark)
{
	RingQueue *queue = mark->queue;
	int64 deadline = MonotonicMs() + LEAVE_TIMEOUT_MS;

	SpinLockAcquire(&queue->lock);
	queue->keep_out++;
	SpinLockRelease(&queue->lock);

	PG_ENSURE_ERROR_CLEANUP(LetIn, PointerGetDatum(mark));
	{
		RingWake(queue);
		ConditionVariablePrepareToSleep(&queue->progress);
		while (WorkerIsIn(queue) && MonotonicMs() < deadline)
			ConditionVariableTimedSleep(&queue->progress, 100, PG_WAIT_EXTENSION);
		ConditionVariableCancelSleep();
	}
	PG_END_ENSURE_ERROR_CLEANUP(LetIn, PointerGetDatum(mark));
}

/* CREATE DATABASE needs no right on most of its templates. */
static bool
MayNeed(Node *statement, Oid database)
{
	return IsA(statement, CreatedbStmt) || compat_owns_database(database, GetUserId());
}

static void
RunUtility(PlannedStmt *statement, const char *query, bool read_only_tree,
           ProcessUtilityContext context, ParamListInfo parameters, QueryEnvironment *environment,
           DestReceiver *destination, QueryCompletion *completion)
{
	if (previous_process_utility)
		previous_process_utility(statement, query, read_only_tree, context, parameters, environment,
		                         destination, completion);
	else
		standard_ProcessUtility(statement, query, read_only_tree, context, parameters, environment,
		                        destination, completion);
}

static void
KeepOutUtility(PlannedStmt *statement, const char *query, bool read_only_tree,
               ProcessUtilityContext context, ParamListInfo parameters,
               QueryEnvironment *environment, DestReceiver *destination,
               QueryCompletion *completion)
{
	const char *name = DatabaseNeeded(statement->utilityStmt);
	Oid database = name ? get_database_oid(name, true) : InvalidOid;
	Mark mark = { OidIsValid(database) ? RingQueueOf(database, false) : NULL, database };

	/* Who will be refused must not keep the worker from its work. */
	if (mark.queue == NULL || !MayNeed(statement->utilityStmt, database))
	{
		RunUtility(statement, query, read_only_tree, context, parameters, environment, destination,
		           completion);
		return;
	}

	KeepOut(&mark);
	PG_ENSURE_ERROR_CLEANUP(LetIn, PointerGetDatum(&mark));
	{
		RunUtility(statement, query, read_only_tree, context, parameters, environment, destination,
		           completion);
	}
	PG_END_ENSURE_ERROR_CLEANUP(LetIn, PointerGetDatum(&mark));

	if (IsA(statement->utilityStmt, DropdbStmt))
		RingDiscard(mark.queue, database);
	else
		LetIn(0, PointerGetDatum(&mark));
}

void
KeepOutInit(void)
{
	previous_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = KeepOutUtility;
}
