/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ledger's one row.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/indexing.h"
#include "configure/own_table.h"
#include "keep/ledger_state.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "storage/lmgr.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

enum
{
	STATE_SINGLETON = 1,
	STATE_NEWEST_SEQ,
	STATE_FOLDED_SEQ,
	STATE_NEWEST_RECORDED_AT,
	STATE_SYSTEM_IDENTIFIER,
	STATE_DATABASE_OID,
	STATE_PAUSED,
	STATE_TIMELINE,
	STATE_COLUMNS_NEEDED = STATE_PAUSED
};

static Relation
OpenState(LOCKMODE lock)
{
	Relation relation = OwnTableOpen("ledger_state", lock);

	OwnTableRequireColumn(relation, STATE_COLUMNS_NEEDED);
	return relation;
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

/* 0 for NULL, and for a column that a table of an older version lacks. */
static Datum
StateColumn(HeapTuple tuple, int column, TupleDesc descriptor)
{
	bool null;
	Datum value =
	    column > descriptor->natts ? (Datum) 0 : heap_getattr(tuple, column, descriptor, &null);

	return column > descriptor->natts || null ? (Datum) 0 : value;
}

LedgerState
LedgerStateRead(void)
{
	Relation relation = OpenState(AccessShareLock);
	TupleDesc descriptor = RelationGetDescr(relation);
	HeapTuple tuple = FindState(relation);
	LedgerState state = { 0 };

	if (tuple != NULL)
	{
		int64 system = DatumGetInt64(StateColumn(tuple, STATE_SYSTEM_IDENTIFIER, descriptor));
		Oid database = DatumGetObjectId(StateColumn(tuple, STATE_DATABASE_OID, descriptor));

		state.exists = true;
		state.newest_seq = DatumGetInt64(StateColumn(tuple, STATE_NEWEST_SEQ, descriptor));
		state.folded_seq = DatumGetInt64(StateColumn(tuple, STATE_FOLDED_SEQ, descriptor));
		state.newest_recorded_at =
		    DatumGetTimestampTz(StateColumn(tuple, STATE_NEWEST_RECORDED_AT, descriptor));
		state.is_copy = system != (int64) GetSystemIdentifier() || database != MyDatabaseId;
		state.paused = DatumGetBool(StateColumn(tuple, STATE_PAUSED, descriptor));
		state.timeline = (uint32) DatumGetInt32(StateColumn(tuple, STATE_TIMELINE, descriptor));
		heap_freetuple(tuple);
	}
	table_close(relation, AccessShareLock);
	return state;
}

bool
LedgerStateReadAtOnce(LedgerState *state)
{
	Oid locked;

	if (!OwnTableLockToRead("ledger_state", MonotonicMs(), &locked))
		return false;
	*state = LedgerStateRead();
	if (OidIsValid(locked))
		UnlockRelationOid(locked, AccessShareLock);
	return true;
}

/* The values of a row while it is put together; columns that this library does not
 * know stay null or as they are. */
typedef struct StateRow
{
	Relation relation;
	Datum *values;
	bool *nulls;
	bool *replace;
} StateRow;

static StateRow
StateRowStart(Relation relation)
{
	int columns = RelationGetNumberOfAttributes(relation);
	StateRow row = { .relation = relation,
		             .values = palloc0(columns * sizeof(Datum)),
		             .nulls = palloc(columns * sizeof(bool)),
		             .replace = palloc0(columns * sizeof(bool)) };

	memset(row.nulls, true, columns * sizeof(bool));
	return row;
}

static void
StatePut(StateRow *row, int column, Datum value)
{
	if (column > RelationGetNumberOfAttributes(row->relation))
		return; /* of a table of an older version */
	row->values[column - 1] = value;
	row->nulls[column - 1] = false;
	row->replace[column - 1] = true;
}

static void
InsertState(StateRow *row)
{
	StatePut(row, STATE_SINGLETON, BoolGetDatum(true));
	StatePut(row, STATE_FOLDED_SEQ, Int64GetDatum(0));
	StatePut(row, STATE_SYSTEM_IDENTIFIER, Int64GetDatum((int64) GetSystemIdentifier()));
	StatePut(row, STATE_DATABASE_OID, ObjectIdGetDatum(MyDatabaseId));
	StatePut(row, STATE_PAUSED, BoolGetDatum(false));
	StatePut(row, STATE_TIMELINE, Int32GetDatum((int32) GetWALInsertionTimeLine()));
	CatalogTupleInsert(row->relation,
	                   heap_form_tuple(RelationGetDescr(row->relation), row->values, row->nulls));
}

static void
UpdateState(StateRow *row, HeapTuple old)
{
	HeapTuple tuple = heap_modify_tuple(old, RelationGetDescr(row->relation), row->values,
	                                    row->nulls, row->replace);

	CatalogTupleUpdate(row->relation, &old->t_self, tuple);
}

void
LedgerStateAdvance(int64 newest_seq, TimestampTz newest_recorded_at)
{
	Relation relation = OpenState(RowExclusiveLock);
	HeapTuple old = FindState(relation);
	StateRow row = StateRowStart(relation);

	StatePut(&row, STATE_NEWEST_SEQ, Int64GetDatum(newest_seq));
	StatePut(&row, STATE_NEWEST_RECORDED_AT, TimestampTzGetDatum(newest_recorded_at));
	if (old == NULL)
		InsertState(&row);
	else
		UpdateState(&row, old);
	CommandCounterIncrement();
	table_close(relation, NoLock);
}

void
LedgerStateFolded(int64 folded_seq)
{
	Relation relation = OpenState(RowExclusiveLock);
	HeapTuple old = FindState(relation);
	StateRow row = StateRowStart(relation);

	StatePut(&row, STATE_FOLDED_SEQ, Int64GetDatum(folded_seq));
	if (old != NULL)
		UpdateState(&row, old);
	CommandCounterIncrement();
	table_close(relation, NoLock);
}
