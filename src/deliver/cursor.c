/*
 * How far each stream has been delivered.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "deliver/cursor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
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

/* Columns of genops.ledger_state. */
enum
{
	STATE_SINGLETON = 1,
	STATE_NEWEST_SEQ,
	STATE_FOLDED_SEQ,
	STATE_NEWEST_RECORDED_AT,
	STATE_SYSTEM_IDENTIFIER,
	STATE_DATABASE_OID,
	STATE_PAUSED,
	STATE_COLUMNS = STATE_PAUSED
};

static Relation
OpenTable(const char *name, LOCKMODE lock)
{
	Oid schema = get_namespace_oid("genops", false);
	Oid table = get_relname_relid(name, schema);

	if (!OidIsValid(table))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
		                errmsg("table \"genops.%s\" does not exist", name),
		                errhint("Create the extension \"genops_tempo\" again.")));
	return table_open(table, lock);
}

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
	Relation delivery = OpenTable("delivery", RowExclusiveLock);
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
	Relation delivery = OpenTable("delivery", AccessShareLock);
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

static HeapTuple
FindState(Relation relation)
{
	SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	HeapTuple tuple = systable_getnext(scan);

	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	return tuple;
}

LedgerState
LedgerStateRead(void)
{
	Relation relation = OpenTable("ledger_state", AccessShareLock);
	TupleDesc descriptor = RelationGetDescr(relation);
	HeapTuple tuple = FindState(relation);
	LedgerState state = { 0 };
	bool null;

	if (tuple != NULL)
	{
		state.exists = true;
		state.newest_seq = BigintOf(tuple, STATE_NEWEST_SEQ, descriptor);
		state.folded_seq = BigintOf(tuple, STATE_FOLDED_SEQ, descriptor);
		state.newest_recorded_at = BigintOf(tuple, STATE_NEWEST_RECORDED_AT, descriptor);
		state.is_copy =
		    BigintOf(tuple, STATE_SYSTEM_IDENTIFIER, descriptor) != (int64) GetSystemIdentifier() ||
		    DatumGetObjectId(heap_getattr(tuple, STATE_DATABASE_OID, descriptor, &null)) !=
		        MyDatabaseId;
		state.paused = DatumGetBool(heap_getattr(tuple, STATE_PAUSED, descriptor, &null));
	}
	table_close(relation, AccessShareLock);
	return state;
}

static void
InsertState(Relation relation, int64 newest_seq, TimestampTz newest_recorded_at)
{
	Datum values[STATE_COLUMNS];
	bool nulls[STATE_COLUMNS] = { false };

	values[STATE_SINGLETON - 1] = BoolGetDatum(true);
	values[STATE_NEWEST_SEQ - 1] = Int64GetDatum(newest_seq);
	values[STATE_FOLDED_SEQ - 1] = Int64GetDatum(0);
	values[STATE_NEWEST_RECORDED_AT - 1] = TimestampTzGetDatum(newest_recorded_at);
	values[STATE_SYSTEM_IDENTIFIER - 1] = Int64GetDatum((int64) GetSystemIdentifier());
	values[STATE_DATABASE_OID - 1] = ObjectIdGetDatum(MyDatabaseId);
	values[STATE_PAUSED - 1] = BoolGetDatum(false);
	CatalogTupleInsert(relation, heap_form_tuple(RelationGetDescr(relation), values, nulls));
}

static void
UpdateState(Relation relation, HeapTuple old, const Datum *values, bool *replace)
{
	bool nulls[STATE_COLUMNS] = { false };
	HeapTuple tuple =
	    heap_modify_tuple(old, RelationGetDescr(relation), (Datum *) values, nulls, replace);

	CatalogTupleUpdate(relation, &old->t_self, tuple);
}

void
LedgerStateAdvance(int64 newest_seq, TimestampTz newest_recorded_at)
{
	Relation relation = OpenTable("ledger_state", RowExclusiveLock);
	HeapTuple old = FindState(relation);
	Datum values[STATE_COLUMNS] = { 0 };
	bool replace[STATE_COLUMNS] = { false };

	values[STATE_NEWEST_SEQ - 1] = Int64GetDatum(newest_seq);
	values[STATE_NEWEST_RECORDED_AT - 1] = TimestampTzGetDatum(newest_recorded_at);
	replace[STATE_NEWEST_SEQ - 1] = replace[STATE_NEWEST_RECORDED_AT - 1] = true;
	if (old == NULL)
		InsertState(relation, newest_seq, newest_recorded_at);
	else
		UpdateState(relation, old, values, replace);
	CommandCounterIncrement();
	table_close(relation, NoLock);
}

void
LedgerStateFolded(int64 folded_seq)
{
	Relation relation = OpenTable("ledger_state", RowExclusiveLock);
	HeapTuple old = FindState(relation);
	Datum values[STATE_COLUMNS] = { 0 };
	bool replace[STATE_COLUMNS] = { false };

	values[STATE_FOLDED_SEQ - 1] = Int64GetDatum(folded_seq);
	replace[STATE_FOLDED_SEQ - 1] = true;
	if (old != NULL)
		UpdateState(relation, old, values, replace);
	CommandCounterIncrement();
	table_close(relation, NoLock);
}
