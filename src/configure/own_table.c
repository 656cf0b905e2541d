/* SPDX-License-Identifier: PostgreSQL */
/*
 * The one door to our own tables.
 *
 * Others' triggers are refused, not switched off: session_replication_role would
 * switch off the foreign key of genops.secret as well, and hide what somebody is up
 * to.  What is written without the executor runs no trigger at all.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "compat.h"
#include "configure/own_table.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

PG_FUNCTION_INFO_V1(genops_require_own_triggers);

#define OWN_SCHEMA "genops"

Oid
OwnTableIfThere(const char *name)
{
	Oid schema = get_namespace_oid(OWN_SCHEMA, true);

	return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

static void
RaiseMissing(const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
	                errmsg("table \"" OWN_SCHEMA ".%s\" does not exist", name),
	                errhint("Create the extension \"genops_tempo\" again.")));
}

Oid
OwnTable(const char *name)
{
	Oid table = OwnTableIfThere(name);

	if (!OidIsValid(table))
		RaiseMissing(name);
	return table;
}

static Relation
RequireKind(Relation table, char kind)
{
	if (table->rd_rel->relkind != kind)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		                errmsg("\"" OWN_SCHEMA ".%s\" is not the table that the extension made",
		                       RelationGetRelationName(table)),
		                errdetail("It is of another kind of relation."),
		                errhint("Drop it, and create the extension \"genops_tempo\" again.")));
	return table;
}

/* NULL if it is missing, or was dropped while the lock was waited for. */
static Relation
TryOpen(const char *name, LOCKMODE lock, char kind)
{
	Oid oid = OwnTableIfThere(name);
	Relation table = OidIsValid(oid) ? try_relation_open(oid, lock) : NULL;

	return table == NULL ? NULL : RequireKind(table, kind);
}

Relation
OwnTableOpenIfThere(const char *name, LOCKMODE lock)
{
	return TryOpen(name, lock, RELKIND_RELATION);
}

/* How often a lock is asked for. */
#define ASK_EVERY_MS 10

static void
WaitToAskAgain(void)
{
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = compat_wait_event("GenopsConfigurationLock");
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ASK_EVERY_MS,
	                 wait_event);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

bool
OwnTableLockToRead(const char *name, int64 deadline, Oid *locked)
{
	*locked = OwnTableIfThere(name);
	while (OidIsValid(*locked) && !ConditionalLockRelationOid(*locked, AccessShareLock))
	{
		if (MonotonicMs() >= deadline)
		{
			*locked = InvalidOid;
			return false;
		}
		WaitToAskAgain();
		*locked = OwnTableIfThere(name); /* it may be another by now, or gone */
	}
	return true;
}

Relation
OwnTableOpenUnlocked(const char *name)
{
	Oid oid = OwnTableIfThere(name);
	Relation table = OidIsValid(oid) ? RelationIdGetRelation(oid) : NULL;

	return table == NULL ? NULL : RequireKind(table, RELKIND_RELATION);
}

Relation
OwnTableOpen(const char *name, LOCKMODE lock)
{
	Relation table = TryOpen(name, lock, RELKIND_RELATION);

	if (table == NULL)
		RaiseMissing(name);
	return table;
}

Relation
OwnParentOpen(const char *name, LOCKMODE lock)
{
	Relation table = TryOpen(name, lock, RELKIND_PARTITIONED_TABLE);

	if (table == NULL)
		RaiseMissing(name);
	return table;
}

Relation
OwnPartitionOpen(Oid partition, LOCKMODE lock)
{
	return RequireKind(relation_open(partition, lock), RELKIND_RELATION);
}

void
OwnTableRequireColumn(Relation table, int column)
{
	if (RelationGetNumberOfAttributes(table) >= column)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         errmsg("table \"" OWN_SCHEMA ".%s\" has %d columns, but at least %d are needed",
	                RelationGetRelationName(table), RelationGetNumberOfAttributes(table), column),
	         errhint("The library is newer than the extension: run ALTER EXTENSION "
	                 "genops_tempo UPDATE.")));
}

static void
RequireOwnTrigger(Relation table, const Trigger *trigger)
{
	Oid extension = getExtensionOfObject(RelationRelationId, RelationGetRelid(table));

	/* Internal ones are a foreign key's, whose functions are the server's. */
	if (trigger->tgisinternal ||
	    (OidIsValid(extension) &&
	     getExtensionOfObject(ProcedureRelationId, trigger->tgfoid) == extension))
		return;
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	                errmsg("trigger \"%s\" on table \"" OWN_SCHEMA ".%s\" is refused",
	                       trigger->tgname, RelationGetRelationName(table)),
	                errdetail("It would run with the privileges of whoever changes the table."),
	                errhint("Drop it, and revoke the privilege TRIGGER on the table.")));
}

void
OwnTableRequireOwnTriggers(Oid table_oid)
{
	Relation table = OwnPartitionOpen(table_oid, RowExclusiveLock);

	if (table->trigdesc != NULL)
		for (int i = 0; i < table->trigdesc->numtriggers; i++)
			RequireOwnTrigger(table, &table->trigdesc->triggers[i]);
	table_close(table, NoLock);
}

Datum
genops_require_own_triggers(PG_FUNCTION_ARGS)
{
	OwnTableRequireOwnTriggers(PG_GETARG_OID(0));
	PG_RETURN_VOID();
}
