/* SPDX-License-Identifier: PostgreSQL */
/*
 * Who must not wait for the worker: who holds a lock that the worker may need.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "compat.h"
#include "miscadmin.h"
#include "shared/waiters.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"

/* The worker attaches partitions (SHARE UPDATE EXCLUSIVE) and writes. */
static bool
HoldsStrongLock(Oid relation)
{
	LOCKTAG tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation);
	for (LOCKMODE mode = ShareUpdateExclusiveLock; mode <= AccessExclusiveLock; mode++)
		if (compat_lock_held_by_me(&tag, mode))
			return true;
	return false;
}

bool
RingMayWait(void)
{
	static const char *const tables[] = { "ledger_span", "ledger_segment", "ledger_state",
		                                  "delivery",    "spend_total",    "setting",
		                                  "call_key" };
	Oid schema;

	if (!IsTransactionState())
		return false;
	schema = get_namespace_oid("genops", true);
	if (!OidIsValid(schema))
		return false;
	for (int i = 0; i < (int) lengthof(tables); i++)
	{
		Oid table = get_relname_relid(tables[i], schema);
		ListCell *cell;

		if (!OidIsValid(table))
			continue;
		if (HoldsStrongLock(table))
			return false;
		foreach (cell, find_inheritance_children(table, NoLock))
			if (HoldsStrongLock(lfirst_oid(cell)))
				return false;
	}
	return true;
}
