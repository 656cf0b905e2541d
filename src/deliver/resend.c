/* SPDX-License-Identifier: PostgreSQL */
/*
 * Ranges of segments that genops_resend() wants sent once more.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "configure/own_table.h"
#include "deliver/resend.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

/* Columns of genops.delivery_resend. */
enum
{
	RESEND_TENANT_ID = 1,
	RESEND_ROUTE,
	RESEND_NEXT_SEQ,
	RESEND_LAST_SEQ,
	RESEND_REQUESTED_AT,
	RESEND_COLUMNS = RESEND_REQUESTED_AT
};

static Relation
OpenResend(LOCKMODE lock)
{
	return OwnTableOpen("delivery_resend", lock);
}

static ResendRange
ReadRange(HeapTuple tuple, TupleDesc descriptor)
{
	bool null;
	ResendRange range;

	range.tenant_id = TextDatumGetCString(heap_getattr(tuple, RESEND_TENANT_ID, descriptor, &null));
	range.route = TextDatumGetCString(heap_getattr(tuple, RESEND_ROUTE, descriptor, &null));
	range.next_seq = DatumGetInt64(heap_getattr(tuple, RESEND_NEXT_SEQ, descriptor, &null));
	range.last_seq = DatumGetInt64(heap_getattr(tuple, RESEND_LAST_SEQ, descriptor, &null));
	return range;
}

ResendRange *
ResendRanges(int *count)
{
	Relation relation = OpenResend(AccessShareLock);
	SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	ResendRange *ranges = palloc(sizeof(ResendRange));
	int room = 1;
	HeapTuple tuple;

	*count = 0;
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (*count == room)
			ranges = repalloc(ranges, (room *= 2) * sizeof(ResendRange));
		ranges[(*count)++] = ReadRange(tuple, RelationGetDescr(relation));
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return ranges;
}

static void
ReplaceRange(Relation relation, HeapTuple old, int64 next_seq)
{
	Datum values[RESEND_COLUMNS] = { 0 };
	bool nulls[RESEND_COLUMNS] = { false };
	bool replace[RESEND_COLUMNS] = { false };
	HeapTuple tuple;

	values[RESEND_NEXT_SEQ - 1] = Int64GetDatum(next_seq);
	replace[RESEND_NEXT_SEQ - 1] = true;
	tuple = heap_modify_tuple(old, RelationGetDescr(relation), values, nulls, replace);
	CatalogTupleUpdate(relation, &old->t_self, tuple);
}

/* Of ranges that overlap one may come to be what another is. */
static bool
RangeExists(Relation relation, int64 next_seq, const ResendRange *range)
{
	SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	bool exists = false;
	HeapTuple tuple;

	while (!exists && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		ResendRange found = ReadRange(tuple, RelationGetDescr(relation));

		exists = found.next_seq == next_seq && found.last_seq == range->last_seq &&
		         strcmp(found.tenant_id, range->tenant_id) == 0 &&
		         strcmp(found.route, range->route) == 0;
	}
	systable_endscan(scan);
	return exists;
}

void
ResendAdvance(ResendRange *range, int64 next_seq)
{
	Relation relation = OpenResend(RowExclusiveLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&keys[0], RESEND_TENANT_ID, BTEqualStrategyNumber, F_TEXTEQ,
	            CStringGetTextDatum(range->tenant_id));
	ScanKeyInit(&keys[1], RESEND_ROUTE, BTEqualStrategyNumber, F_TEXTEQ,
	            CStringGetTextDatum(range->route));
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		ResendRange found = ReadRange(tuple, RelationGetDescr(relation));

		if (found.next_seq != range->next_seq || found.last_seq != range->last_seq)
			continue;
		if (next_seq > range->last_seq || RangeExists(relation, next_seq, range))
			CatalogTupleDelete(relation, &tuple->t_self);
		else
			ReplaceRange(relation, tuple, next_seq);
		break;
	}
	systable_endscan(scan);
	CommandCounterIncrement();
	table_close(relation, NoLock);
	range->next_seq = next_seq;
}
