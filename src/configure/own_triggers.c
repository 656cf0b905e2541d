/*
 * Refusing to run others' triggers.
 *
 * Switching them off for a change (session_replication_role) would switch off
 * the foreign key of genops.secret as well, and hide what somebody is up
 * to.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "compat.h"
#include "configure/own_triggers.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

PG_FUNCTION_INFO_V1(genops_require_own_triggers);

static void
RequireOwn(Relation table, const Trigger *trigger)
{
	Oid extension = getExtensionOfObject(RelationRelationId, RelationGetRelid(table));

	/* Internal ones are a foreign key's, whose functions are the server's. */
	if (trigger->tgisinternal ||
	    (OidIsValid(extension) &&
	     getExtensionOfObject(ProcedureRelationId, trigger->tgfoid) == extension))
		return;
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	                errmsg("trigger \"%s\" on table \"genops.%s\" is refused", trigger->tgname,
	                       RelationGetRelationName(table)),
	                errdetail("It would run with the privileges of whoever changes the table."),
	                errhint("Drop it, and revoke the privilege TRIGGER on the table.")));
}

void
RequireOwnTriggers(Oid table_oid)
{
	Relation table = table_open(table_oid, RowExclusiveLock);

	if (table->trigdesc != NULL)
		for (int i = 0; i < table->trigdesc->numtriggers; i++)
			RequireOwn(table, &table->trigdesc->triggers[i]);

	/* The lock is kept: it conflicts with CREATE TRIGGER's. */
	table_close(table, NoLock);
}

Datum
genops_require_own_triggers(PG_FUNCTION_ARGS)
{
	RequireOwnTriggers(PG_GETARG_OID(0));
	PG_RETURN_VOID();
}
