/* SPDX-License-Identifier: PostgreSQL */
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

#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "compat.h"
#include "deliver/launcher.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "shared/seat.h"
#include "storage/ipc.h"
#include "tcop/utility.h"
#include "utils/syscache.h"

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

static void
LetIn(int code, Datum database)
{
	(void) code;
	SeatLetIn(DatumGetObjectId(database));
}

static bool
HasCreatedb(Oid role)
{
	HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool has;

	if (!HeapTupleIsValid(tuple))
		return false;
	has = ((Form_pg_authid) GETSTRUCT(tuple))->rolcreatedb;
	ReleaseSysCache(tuple);
	return has;
}

static bool
IsTemplate(Oid database)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	bool is_template;

	if (!HeapTupleIsValid(tuple))
		return false;
	is_template = ((Form_pg_database) GETSTRUCT(tuple))->datistemplate;
	ReleaseSysCache(tuple);
	return is_template;
}

/* Whether the server will let the current role: the rights that createdb() and the others
 * ask for.  A superuser owns everything. */
static bool
MayNeed(Node *statement, Oid database)
{
	bool owns = compat_owns_database(database, GetUserId());

	if (!IsA(statement, CreatedbStmt) || superuser())
		return owns;
	return HasCreatedb(GetUserId()) && (owns || IsTemplate(database));
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

	/* Who will be refused must not keep the worker from its work. */
	if (!OidIsValid(database) || !MayNeed(statement->utilityStmt, database) ||
	    !SeatKeepOut(database))
	{
		RunUtility(statement, query, read_only_tree, context, parameters, environment, destination,
		           completion);
		return;
	}

	PG_ENSURE_ERROR_CLEANUP(LetIn, ObjectIdGetDatum(database));
	{
		SeatAwaitEmpty(database, LEAVE_TIMEOUT_MS);
		RunUtility(statement, query, read_only_tree, context, parameters, environment, destination,
		           completion);
	}
	PG_END_ENSURE_ERROR_CLEANUP(LetIn, ObjectIdGetDatum(database));

	if (IsA(statement->utilityStmt, DropdbStmt))
		SeatDiscard(database);
	else
		SeatLetIn(database);
}

void
KeepOutInit(void)
{
	previous_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = KeepOutUtility;
}
