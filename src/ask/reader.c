/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whose spans the current user may read: what the policies of the ledger's
 * tables ask.
 *
 * genops.reader is read without the executor: row security keeps the user from
 * it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "ask/reader.h"
#include "ask/tempo_apart.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "configure/own_table.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

enum
{
	READER_ROLE = 1,
	READER_TENANT_ID
};

PG_FUNCTION_INFO_V1(genops_reads_all_tenants);
PG_FUNCTION_INFO_V1(genops_readable_tenants);
PG_FUNCTION_INFO_V1(genops_require_read);

/* They pass row security by, but not views that ask. */
static bool
PassesRowSecurity(Relation reader)
{
	return has_privs_of_role(GetUserId(), reader->rd_rel->relowner) ||
	       has_bypassrls_privilege(GetUserId());
}

/* Whether a row is about the user, and then about which tenant. */
static bool
GrantsToUser(HeapTuple row, TupleDesc descriptor, Datum *tenant_id, bool *all)
{
	bool null;
	Oid role = DatumGetObjectId(heap_getattr(row, READER_ROLE, descriptor, &null));

	if (role != ACL_ID_PUBLIC && !has_privs_of_role(GetUserId(), role))
		return false;
	*tenant_id = heap_getattr(row, READER_TENANT_ID, descriptor, all);
	return true;
}

static bool
ReadsAllTenants(void)
{
	Relation reader = OwnTableOpen("reader", AccessShareLock);
	bool all = PassesRowSecurity(reader);
	SysScanDesc scan = systable_beginscan(reader, InvalidOid, false, NULL, 0, NULL);
	HeapTuple row;

	while (!all && HeapTupleIsValid(row = systable_getnext(scan)))
	{
		Datum tenant_id;

		(void) GrantsToUser(row, RelationGetDescr(reader), &tenant_id, &all);
	}
	systable_endscan(scan);
	table_close(reader, AccessShareLock);
	return all;
}

/* A text[]. */
static Datum
ReadableTenants(void)
{
	Relation reader = OwnTableOpen("reader", AccessShareLock);
	ArrayBuildState *tenants = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	SysScanDesc scan = systable_beginscan(reader, InvalidOid, false, NULL, 0, NULL);
	HeapTuple row;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		Datum tenant_id;
		bool all;

		if (GrantsToUser(row, RelationGetDescr(reader), &tenant_id, &all) && !all)
			tenants = accumArrayResult(tenants, tenant_id, false, TEXTOID, CurrentMemoryContext);
	}
	systable_endscan(scan);
	table_close(reader, AccessShareLock);
	return makeArrayResult(tenants, CurrentMemoryContext);
}

Datum
genops_reads_all_tenants(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(ReadsAllTenants());
}

Datum
genops_readable_tenants(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_DATUM(ReadableTenants());
}

void
ReaderRequire(void)
{
	if (pg_class_aclcheck(OwnTable("ledger_segment"), GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return;
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	                errmsg("permission denied to read the ledger"),
	                errhint("An administrator gives the right: SELECT genops_grant(%s, 'read');",
	                        quote_literal_cstr(GetUserNameFromId(GetUserId(), false)))));
}

Datum
genops_require_read(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	ReaderRequire();
	PG_RETURN_VOID();
}

static int
CompareNames(const void *left, const void *right)
{
	const GenopsSlice *a = left;
	const GenopsSlice *b = right;

	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->data, b->data, a->length);
}

bool
ReadershipHas(const Readership *readership, GenopsSlice tenant)
{
	if (readership->all)
		return true;
	return bsearch(&tenant, readership->tenants, readership->count, sizeof(GenopsSlice),
	               CompareNames) != NULL;
}

void
ReadershipSet(Readership *readership, ArrayType *tenants)
{
	Datum *names;
	bool *nulls;
	int count;

	deconstruct_array(tenants, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	readership->tenants = palloc(Max(count, 1) * sizeof(GenopsSlice));
	readership->count = 0;
	for (int i = 0; i < count; i++)
	{
		text *name = nulls[i] ? NULL : DatumGetTextPP(names[i]);

		if (name != NULL)
			readership->tenants[readership->count++] =
			    (GenopsSlice){ VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name) };
	}
	qsort(readership->tenants, readership->count, sizeof(GenopsSlice), CompareNames);
}

static Readership *
LookUpReadership(void)
{
	Readership *readership = palloc0(sizeof(Readership));

	readership->user = GetUserId();
	readership->all = ReadsAllTenants();
	if (!readership->all)
		ReadershipSet(readership, DatumGetArrayTypeP(ReadableTenants()));
	return readership;
}

bool
ReaderMay(GenopsSlice tenant)
{
	return ReadershipHas(LookUpReadership(), tenant);
}

const Readership *
ReadershipOfUser(const Readership *known, MemoryContext context)
{
	Readership *readership;
	MemoryContext caller;

	if (known != NULL && known->user == GetUserId())
		return known;
	ReaderRequire();
	caller = MemoryContextSwitchTo(context);
	readership = LookUpReadership();
	MemoryContextSwitchTo(caller);
	return readership;
}

/* Each of "a|b". */
static bool
AreReadable(const Readership *readership, const char *tenants)
{
	for (;;)
	{
		Size length = strcspn(tenants, "|");

		if (!ReadershipHas(readership, (GenopsSlice){ tenants, length }))
			return false;
		if (tenants[length] == '\0')
			return true;
		tenants += length + 1;
	}
}

void
ReaderRequireTenants(const char *tenants)
{
	Readership *readership = LookUpReadership();

	if (readership->all)
		return;
	if (tenants == NULL || *tenants == '\0')
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		                errmsg("permission denied to ask Tempo without a tenant"),
		                errhint("Ask for a tenant that you may read: see "
		                        "genops.readable_tenants().")));
	if (!AreReadable(readership, tenants))
		ereport(ERROR,
		        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		         errmsg("permission denied for tenant \"%s\"", tenants),
		         errhint("Ask for a tenant that you may read: see genops.readable_tenants().")));
	TempoRequireApart();
}
