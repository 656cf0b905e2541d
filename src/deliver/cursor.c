/* SPDX-License-Identifier: PostgreSQL */
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
#include "compat.h"
#include "configure/own_table.h"
#include "deliver/cursor.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "keep/segment_scan.h"
#include "keep/worker_sql.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
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
	DELIVERY_NEWEST_SEQ,
	DELIVERY_COLUMNS = DELIVERY_NEWEST_SEQ
};

struct CursorTable
{
	Relation relation;
	TupleDesc descriptor;
	CatalogIndexState indexes;
	TupleTableSlot *slot;
	MemoryContext scratch; /* of one change */
};

static CursorIdentity
IdentityOf(Relation relation)
{
	return (CursorIdentity){ RelationGetRelid(relation), relation->rd_rel->relfilenode };
}

static bool
SameIdentity(CursorIdentity a, CursorIdentity b)
{
	return a.table == b.table && a.file == b.file;
}

CursorIdentity
CursorIdentify(void)
{
	Relation relation = OwnTableOpen("delivery", AccessShareLock);
	CursorIdentity identity = IdentityOf(relation);

	table_close(relation, AccessShareLock);
	return identity;
}

static Datum
TextDatum(GenopsSlice slice)
{
	return PointerGetDatum(cstring_to_text_with_len(slice.data, (int) slice.length));
}

/*
 * Where rows were last.  While somebody's snapshot is old, all versions of a row stay, and
 * the index leads to each of them: so the worker, which makes them, remembers the
 * newest.  What it finds there is looked at; where it is not the row, the index is asked.
 */
#define PLACES 16384

typedef struct RowPlace
{
	uint64 hash; /* of the stream's names */
	ItemPointerData tid;
} RowPlace;

static RowPlace *places = NULL;
static CursorIdentity places_of; /* the table that they are in */

/* Before they are used: those of another table, or file, are none. */
static void
PreparePlaces(CursorIdentity identity)
{
	if (places == NULL)
		places = MemoryContextAllocZero(TopMemoryContext, PLACES * sizeof(RowPlace));
	else if (!SameIdentity(identity, places_of))
		memset(places, 0, PLACES * sizeof(RowPlace));
	places_of = identity;
}

/* VACUUM may have cut the file. */
static bool
IsInFile(Relation relation, ItemPointer tid)
{
	return ItemPointerIsValid(tid) &&
	       ItemPointerGetBlockNumber(tid) < RelationGetNumberOfBlocks(relation);
}

CursorTable *
CursorOpen(CursorIdentity expected)
{
	CursorTable *table = palloc(sizeof(CursorTable));
	CursorIdentity found;

	table->relation = OwnTableOpen("delivery", RowExclusiveLock);
	OwnTableRequireColumn(table->relation, DELIVERY_COLUMNS);
	found = IdentityOf(table->relation);
	if (!SameIdentity(found, expected))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("table \"genops.delivery\" is not the one that it was")));
	PreparePlaces(found);
	table->descriptor = RelationGetDescr(table->relation);
	table->indexes = CatalogOpenIndexes(table->relation);
	table->slot = table_slot_create(table->relation, NULL);
	table->scratch =
	    AllocSetContextCreate(CurrentMemoryContext, "genops cursor", ALLOCSET_SMALL_SIZES);
	return table;
}

void
CursorClose(CursorTable *table)
{
	ExecDropSingleTupleTableSlot(table->slot);
	CatalogCloseIndexes(table->indexes);
	table_close(table->relation, NoLock);
	MemoryContextDelete(table->scratch);
	pfree(table);
}

static RowPlace *
PlaceOf(GenopsSlice tenant_id, GenopsSlice route, uint64 *hash)
{
	*hash = hash_bytes_extended((const unsigned char *) tenant_id.data, (int) tenant_id.length, 1) ^
	        hash_bytes_extended((const unsigned char *) route.data, (int) route.length, 2);
	return &places[*hash % PLACES];
}

static void
RememberPlace(GenopsSlice tenant_id, GenopsSlice route, ItemPointer tid)
{
	uint64 hash;
	RowPlace *place = PlaceOf(tenant_id, route, &hash);

	place->hash = hash;
	place->tid = *tid;
}

static bool
IsText(HeapTuple tuple, int column, TupleDesc descriptor, GenopsSlice expected)
{
	bool null;
	text *value = DatumGetTextPP(heap_getattr(tuple, column, descriptor, &null));

	return VARSIZE_ANY_EXHDR(value) == expected.length &&
	       memcmp(VARDATA_ANY(value), expected.data, expected.length) == 0;
}

/* A copy, or NULL. */
static HeapTuple
FetchRow(const CursorTable *table, GenopsSlice tenant_id, GenopsSlice route)
{
	uint64 hash;
	RowPlace *place = PlaceOf(tenant_id, route, &hash);
	HeapTuple tuple = NULL;

	if (place->hash != hash || !IsInFile(table->relation, &place->tid))
		return NULL;
	if (table_tuple_fetch_row_version(table->relation, &place->tid, SnapshotSelf, table->slot))
		tuple = ExecCopySlotHeapTuple(table->slot);
	ExecClearTuple(table->slot);
	if (tuple == NULL || !IsText(tuple, DELIVERY_TENANT_ID, table->descriptor, tenant_id) ||
	    !IsText(tuple, DELIVERY_ROUTE, table->descriptor, route))
		return NULL;
	return tuple;
}

static HeapTuple
FindRow(Relation delivery, GenopsSlice tenant_id, GenopsSlice route)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&keys[0], DELIVERY_TENANT_ID, BTEqualStrategyNumber, F_TEXTEQ,
	            TextDatum(tenant_id));
	ScanKeyInit(&keys[1], DELIVERY_ROUTE, BTEqualStrategyNumber, F_TEXTEQ, TextDatum(route));
	list_free(RelationGetIndexList(delivery)); /* fills rd_pkindex */
	scan = systable_beginscan(delivery, delivery->rd_pkindex, true, NULL, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	return tuple;
}

/* All columns that are not given are nullable, or 0. */
static HeapTuple
NewRow(const CursorTable *table, GenopsSlice tenant_id, GenopsSlice route, int64 start_seq)
{
	int columns = table->descriptor->natts;
	Datum *values = palloc0(columns * sizeof(Datum));
	bool *nulls = palloc(columns * sizeof(bool));

	memset(nulls, true, columns * sizeof(bool));
	for (int column = DELIVERY_TENANT_ID; column <= DELIVERY_STATE; column++)
		nulls[column - 1] = false;
	nulls[DELIVERY_NEWEST_SEQ - 1] = false;
	values[DELIVERY_TENANT_ID - 1] = TextDatum(tenant_id);
	values[DELIVERY_ROUTE - 1] = TextDatum(route);
	values[DELIVERY_CURSOR_SEQ - 1] = Int64GetDatum(start_seq);
	values[DELIVERY_NEWEST_SEQ - 1] = Int64GetDatum(start_seq);
	values[DELIVERY_STATE - 1] = CStringGetTextDatum("delivering");
	return heap_form_tuple(table->descriptor, values, nulls);
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

static CursorRow
RowOf(HeapTuple tuple, TupleDesc descriptor)
{
	bool never;

	(void) heap_getattr(tuple, DELIVERY_LAST_SUCCESS, descriptor, &never);
	return (CursorRow){
		.cursor_seq = BigintOf(tuple, DELIVERY_CURSOR_SEQ, descriptor),
		.newest_seq = BigintOf(tuple, DELIVERY_NEWEST_SEQ, descriptor),
		.established = !never,
	};
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
	if (amount != 0)
		Put(row, column, Int64GetDatum(BigintOf(row->old, column, row->descriptor) + amount));
}

static void
PutCounts(RowChange *row, const CursorChange *change)
{
	Add(row, DELIVERY_STORED, change->stored);
	Add(row, DELIVERY_NOT_SAMPLED, change->not_sampled);
	Add(row, DELIVERY_EXPIRED, change->expired);
	Add(row, DELIVERY_RESENT, change->resent);
	Add(row, DELIVERY_BYTES, change->bytes);
	Add(row, DELIVERY_REQUESTS, change->requests);
	Add(row, DELIVERY_RETRIES, change->retries);
}

static void
PutState(RowChange *row, const CursorChange *change)
{
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

/* False if the cursor does not stand where the change begins. */
static bool
PutPosition(RowChange *row, const CursorChange *change, const CursorRow *before)
{
	if (change->newest_seq > before->newest_seq)
		Put(row, DELIVERY_NEWEST_SEQ, Int64GetDatum(change->newest_seq));
	if (change->expired_seq > before->cursor_seq)
		Put(row, DELIVERY_CURSOR_SEQ, Int64GetDatum(change->expired_seq));
	if (change->settled_seq == 0)
		return true;
	if (change->from_seq != before->cursor_seq)
		return false;
	Put(row, DELIVERY_CURSOR_SEQ, Int64GetDatum(change->settled_seq));
	Add(row, DELIVERY_EXPORTED, change->exported);
	Add(row, DELIVERY_REJECTED, change->rejected);
	return true;
}

static HeapTuple
WriteRow(CursorTable *table, const RowChange *row, HeapTuple found)
{
	int columns = table->descriptor->natts;
	Datum *values = palloc0(columns * sizeof(Datum));
	bool *nulls = palloc0(columns * sizeof(bool));
	bool *replace = palloc0(columns * sizeof(bool));
	HeapTuple tuple;

	memcpy(values, row->values, sizeof(row->values));
	memcpy(nulls, row->nulls, sizeof(row->nulls));
	memcpy(replace, row->replace, sizeof(row->replace));
	tuple = heap_modify_tuple(row->old, table->descriptor, values, nulls, replace);
	if (found != NULL)
		CatalogTupleUpdateWithInfo(table->relation, &found->t_self, tuple, table->indexes);
	else
		CatalogTupleInsertWithInfo(table->relation, tuple, table->indexes);
	CommandCounterIncrement();
	return tuple;
}

bool
CursorApply(CursorTable *table, GenopsSlice tenant_id, GenopsSlice route, int64 start_seq,
            const CursorChange *change, CursorRow *before)
{
	MemoryContext caller = MemoryContextSwitchTo(table->scratch);
	RowChange row = { .descriptor = table->descriptor };
	HeapTuple written;
	HeapTuple found = FetchRow(table, tenant_id, route);
	bool moved;

	if (found == NULL)
		found = FindRow(table->relation, tenant_id, route);

	row.old = found ? found : NewRow(table, tenant_id, route, start_seq);
	*before = RowOf(row.old, table->descriptor);
	moved = PutPosition(&row, change, before);
	PutCounts(&row, change);
	PutState(&row, change);
	written = WriteRow(table, &row, found);
	RememberPlace(tenant_id, route, &written->t_self);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(table->scratch);
	return moved;
}

/*
 * Reading.
 */
static bool
IsOfInterest(HeapTuple tuple, TupleDesc descriptor, CursorStream *stream)
{
	stream->row = RowOf(tuple, descriptor);
	stream->state = TextOf(tuple, DELIVERY_STATE, descriptor);
	return stream->row.newest_seq > stream->row.cursor_seq ||
	       strcmp(stream->state, "delivering") != 0;
}

void
CursorVisitRows(bool only_these, CursorVisit *visit, void *argument)
{
	Relation delivery = OwnTableOpen("delivery", AccessShareLock);
	TupleDesc descriptor = RelationGetDescr(delivery);
	SysScanDesc scan = systable_beginscan(delivery, InvalidOid, false, NULL, 0, NULL);
	MemoryContext visiting =
	    AllocSetContextCreate(CurrentMemoryContext, "genops cursor", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(visiting);
	HeapTuple tuple;

	OwnTableRequireColumn(delivery, DELIVERY_COLUMNS);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CursorStream stream;

		if (IsOfInterest(tuple, descriptor, &stream) || !only_these)
		{
			stream.tenant_id = TextOf(tuple, DELIVERY_TENANT_ID, descriptor);
			stream.route = TextOf(tuple, DELIVERY_ROUTE, descriptor);
			stream.reason = TextOf(tuple, DELIVERY_REASON, descriptor);
			visit(&stream, argument);
		}
		MemoryContextReset(visiting);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(visiting);
	systable_endscan(scan);
	table_close(delivery, AccessShareLock);
}

bool
CursorEstablished(GenopsSlice tenant_id, GenopsSlice route)
{
	Relation delivery = OwnTableOpenIfThere("delivery", AccessShareLock);
	HeapTuple tuple;
	bool established;

	if (delivery == NULL)
		return false;
	tuple = FindRow(delivery, tenant_id, route);
	established = tuple != NULL && RowOf(tuple, RelationGetDescr(delivery)).established;
	table_close(delivery, AccessShareLock);
	return established;
}

int64
CursorPending(const CursorStream *stream)
{
	SegmentScan *scan;
	StoredSegment segment;
	int64 spans = 0;

	if (stream->row.newest_seq <= stream->row.cursor_seq)
		return 0;
	scan = SegmentScanStream(stream->row.cursor_seq, stream->tenant_id, stream->route);
	while (SegmentScanNext(scan, &segment))
		spans += segment.span_count;
	SegmentScanEnd(scan);
	return spans;
}

static void
AddPending(const CursorStream *stream, void *spans)
{
	*(int64 *) spans += CursorPending(stream);
}

/* Until the transaction ends. */
static bool
LockToRead(void)
{
	static const char *const tables[] = { "delivery", "ledger_state", "ledger_segment" };

	for (int i = 0; i < (int) lengthof(tables); i++)
		if (!ConditionalLockRelationOid(OwnTable(tables[i]), AccessShareLock))
			return false;
	return true;
}

bool
CursorPendingSpans(int64 *spans)
{
	*spans = 0;
	if (!LockToRead())
		return false;
	PushActiveSnapshot(GetLatestSnapshot()); /* the rows are read as they are now, too */
	CursorVisitRows(true, AddPending, spans);
	PopActiveSnapshot();
	return true;
}

/* What was sent and what not is not known any more.  At least once is what is
 * promised: so all of it is sent. */
#define RESTORE                                                                       \
	"INSERT INTO genops.delivery (tenant_id, route, cursor_seq, newest_seq, stored, " \
	"not_sampled, exported, rejected, expired, skipped, resent, bytes, requests, "    \
	"retries, state) SELECT tenant_id, route, 0, coalesce(max(seq) FILTER (WHERE "    \
	"sampled), 0), sum(span_count), coalesce(sum(span_count) FILTER (WHERE NOT "      \
	"sampled), 0), 0, 0, 0, 0, 0, 0, 0, 0, 'delivering' "                             \
	"FROM genops.segment GROUP BY 1, 2"

static bool
IsEmpty(void)
{
	Relation delivery = OwnTableOpen("delivery", AccessShareLock);
	SysScanDesc scan = systable_beginscan(delivery, InvalidOid, false, NULL, 0, NULL);
	bool empty = !HeapTupleIsValid(systable_getnext(scan));

	systable_endscan(scan);
	table_close(delivery, AccessShareLock);
	return empty;
}

void
CursorRestore(void)
{
	if (!IsEmpty())
		return;
	OwnTableRequireOwnTriggers(OwnTable("delivery"));
	SPI_connect();
	(void) WorkerSql(RESTORE);
	SPI_finish();
}
