/* SPDX-License-Identifier: PostgreSQL */
/*
 * The worker's transactions.
 *
 * The worker is connected as the bootstrap superuser, and a role may have been
 * granted the right to put a trigger on a table of the ledger.  So rows are
 * written without the executor (no trigger runs), and everything happens as
 * the extension's owner in a security-restricted operation, where nothing that
 * is run nevertheless can do more than that owner.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "keep/work.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

static Oid saved_user;
static int saved_context;

static void
Set(const char *name, const char *value)
{
	SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
}

void
WorkPrepare(void)
{
	Set("search_path", "pg_catalog, pg_temp");
	Set("synchronous_commit", "off"); /* durable.c sees to it */
	Set("lock_timeout", "200ms");
	Set("statement_timeout", "0");
	Set("idle_in_transaction_session_timeout", "0");
	if (GetConfigOption("transaction_timeout", true, false) != NULL)
		Set("transaction_timeout", "0"); /* PostgreSQL 17 */
	Set("session_replication_role", "replica");
	Set("default_transaction_isolation", "read committed");
	Set("default_transaction_read_only", "off");
	Set("row_security", "off");
	Set("TimeZone", "UTC");
	Set("jit", "off"); /* its library is larger than the worker */
	if (GetConfigOption("pg_stat_statements.track", true, false) != NULL)
		Set("pg_stat_statements.track", "none");
}

static Oid
ExtensionOwner(Oid extension)
{
	Relation relation = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	Oid owner = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ,
	            ObjectIdGetDatum(extension));
	scan = systable_beginscan(relation, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return owner;
}

bool
WorkBegin(void)
{
	Oid extension;
	Oid owner;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	extension = get_extension_oid("genops_tempo", true);
	owner = OidIsValid(extension) ? ExtensionOwner(extension) : InvalidOid;
	if (!OidIsValid(owner))
	{
		PopActiveSnapshot();
		CommitTransactionCommand();
		return false;
	}
	GetUserIdAndSecContext(&saved_user, &saved_context);
	SetUserIdAndSecContext(owner, saved_context | SECURITY_RESTRICTED_OPERATION |
	                                  SECURITY_LOCAL_USERID_CHANGE);
	return true;
}

void
WorkCommit(void)
{
	SetUserIdAndSecContext(saved_user, saved_context);
	PopActiveSnapshot();
	CommitTransactionCommand();
}
