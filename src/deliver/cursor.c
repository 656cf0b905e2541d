/*
 * How far each stream has been delivered.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "configure/own_table.h"
#include "deliver/cursor.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

/* Columns of genops.delivery. */
enum
{
	DELIVERY_TENANT_ID = 1,
	DELIVERY_ROUTE,
	DELIVERY_CURSOR_SEQ,
	DELIVERY_STORED,
	DELIVERY_NOT_SAMPLED,
	DELIVERY_EXPORTED,
	DELIVERY_REJECTED,
	DELIVERY_EXPIRED,
	DELIVERY_SKIPPED,
	DELIVERY_RESENT,
	DELIVERY_BYTES,
	DELIVERY_REQUESTS,
	DELIVERY_RETRIES,
	DELIVERY_STATE,
	DELIVERY_REASON,
	DELIVERY_LAST_SUCCESS,
	DELIVERY_LAST_ERROR,
	DELIVERY_LAST_ERROR_AT,
	DELIVERY_COLUMNS = DELIVERY_LAST_ERROR_AT
};

static HeapTuple
FindStream(Relation delivery, const char *tenant_id, const char *route)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&keys[0], DELIVERY_TENANT_ID, BTEqualStrategyNumber, F_TEXTEQ,
	            CStringGetTextDatum(tenant_id));
	ScanKeyInit(&keys[1], DELIVERY_ROUTE, BTEqualStrategyNumber, F_TEXTEQ,
	            CStringGetTextDatum(route));
	list_free(RelationGetIndexList(delivery)); /* fills rd_pkindex */
	scan = systable_beginscan(delivery, delivery->rd_pkindex, true, NULL, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	return tuple;
}

static HeapTuple
NewStream(Relation delivery, const char *tenant_id, const char *route)
{
	Datum values[DELIVERY_COLUMNS] = { 0 };
	bool nulls[DELIVERY_COLUMNS] = { false };
	HeapTuple tuple;

	values[DELIVERY_TENANT_ID - 1] = CStringGetTextDatum(tenant_id);
	values[DELIVERY_ROUTE - 1] = CStringGetTextDatum(route);
	values[DELIVERY_STATE - 1] = CStringGetTextDatum("delivering");
	for (int column = DELIVERY_REASON; column <= DELIVERY_COLUMNS; column++)
		nulls[column - 1] = true;
	tuple = heap_form_tuple(RelationGetDescr(delivery), values, nulls);
	CatalogTupleInsert(delivery, tuple);
	CommandCounterIncrement();
	return tuple;
}

/* The new values of one row while they are put together. */
typedef struct RowChange
{
	HeapTuple old;
	TupleDesc descriptor;
	Datum values[DELIVERY_COLUMNS];
	bool nulls[DELIVERY_COLUMNS];
	bool replace[DELIVERY_COLUMNS];
} RowChange;

static void
Put(RowChange *row, int column, Datum value)
{
	row->values[column - 1] = value;
	row->nulls[column - 1] = false;
	row->replace[column - 1] = true;
}

static void
PutText(RowChange *row, int column, const char *text)
{
	Put(row, column, text ? CStringGetTextDatum(text) : (Datum) 0);
	row->nulls[column - 1] = text == NULL;
}

static void
Add(RowChange *row, int column, int64 amount)
{
	bool null;

	if (amount != 0)
		Put(row, column,
		    Int64GetDatum(DatumGetInt64(heap_getattr(row->old, column, row->descriptor, &null)) +
		                  amount));
}

static void
PutChange(RowChange *row, const CursorChange *change)
{
	if (change->settled_seq != 0)
		Put(row, DELIVERY_CURSOR_SEQ, Int64GetDatum(change->settled_seq));
	Add(row, DELIVERY_STORED, change->stored);
	Add(row, DELIVERY_NOT_SAMPLED, change->not_sampled);
	Add(row, DELIVERY_EXPORTED, change->exported);
	Add(row, DELIVERY_REJECTED, change->rejected);
	Add(row, DELIVERY_EXPIRED, change->expired);
	Add(row, DELIVERY_RESENT, change->resent);
	Add(row, DELIVERY_BYTES, change->bytes);
	Add(row, DELIVERY_REQUESTS, change->requests);
	Add(row, DELIVERY_RETRIES, change->retries);
	if (change->state != NULL)
	{
		PutText(row, DELIVERY_STATE, change->state);
		PutText(row, DELIVERY_REASON, change->reason);
	}
	if (change->last_success != 0)
		Put(row, DELIVERY_LAST_SUCCESS, TimestampTzGetDatum(change->last_success));
	if (change->last_error_at != 0)
	{
		PutText(row, DELIVERY_LAST_ERROR, change->last_error);
		Put(row, DELIVERY_LAST_ERROR_AT, TimestampTzGetDatum(change->last_error_at));
	}
}

void
CursorApply(const char *tenant_id, const char *route, const CursorChange *change)
{
	Relation delivery = OwnTableOpen("delivery", RowExclusiveLock);
	RowChange row = { .descriptor = RelationGetDescr(delivery) };
	HeapTuple tuple;

	row.old = FindStream(delivery, tenant_id, route);
	if (row.old == NULL)
		row.old = NewStream(delivery, tenant_id, route);
	PutChange(&row, change);
	tuple = heap_modify_tuple(row.old, row.descriptor, row.values, row.nulls, row.replace);
	CatalogTupleUpdate(delivery, &row.old->t_self, tuple);
	CommandCounterIncrement();
	table_close(delivery, NoLock);
}

static int64
BigintOf(HeapTuple tuple, int column, TupleDesc descriptor)
{
	bool null;
	Datum value = heap_getattr(tuple, column, descriptor, &null);

	return null ? 0 : DatumGetInt64(value);
}

static char *
TextOf(HeapTuple tuple, int column, TupleDesc descriptor)
{
	bool null;
	Datum value = heap_getattr(tuple, column, descriptor, &null);

	return null ? pstrdup("") : TextDatumGetCString(value);
}

static void
StreamFromRow(HeapTuple tuple, TupleDesc descriptor, CursorStream *stream)
{
	stream->tenant_id = TextOf(tuple, DELIVERY_TENANT_ID, descriptor);
	stream->route = TextOf(tuple, DELIVERY_ROUTE, descriptor);
	stream->state = TextOf(tuple, DELIVERY_STATE, descriptor);
	stream->reason = TextOf(tuple, DELIVERY_REASON, descriptor);
	stream->cursor_seq = BigintOf(tuple, DELIVERY_CURSOR_SEQ, descriptor);
	stream->pending = BigintOf(tuple, DELIVERY_STORED, descriptor) -
	                  BigintOf(tuple, DELIVERY_NOT_SAMPLED, descriptor) -
	                  BigintOf(tuple, DELIVERY_EXPORTED, descriptor) -
	                  BigintOf(tuple, DELIVERY_REJECTED, descriptor) -
	                  BigintOf(tuple, DELIVERY_EXPIRED, descriptor) -
	                  BigintOf(tuple, DELIVERY_SKIPPED, descriptor);
}

CursorStream *
CursorStreams(int *count)
{
	Relation delivery = OwnTableOpen("delivery", AccessShareLock);
	SysScanDesc scan = systable_beginscan(delivery, InvalidOid, false, NULL, 0, NULL);
	CursorStream *streams = NULL;
	int room = 0;
	HeapTuple tuple;

	*count = 0;
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (*count == room)
		{
			room = Max(room * 2, 16);
			streams = streams ? repalloc_huge(streams, room * sizeof(CursorStream))
			                  : palloc(room * sizeof(CursorStream));
		}
		StreamFromRow(tuple, RelationGetDescr(delivery), &streams[(*count)++]);
	}
	systable_endscan(scan);
	table_close(delivery, AccessShareLock);
	return streams;
}
