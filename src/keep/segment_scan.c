/* SPDX-License-Identifier: PostgreSQL */
/*
 * Walking over segments.
 *
 * Numbers grow with the days, so that a walk needs the partitions one after
 * the other.  It begins with the newest one whose first number is not beyond
 * what is looked for, which for a stream that keeps up is the newest of all.
 *
 * A stream has rows of its own and segments in rows that several share: two walks,
 * of which the lower number is taken next.
 *
 * A clock that was ahead for a while leaves a day of the future behind, whose numbers lie
 * between those of other days.  As long as there is one, all partitions are walked at
 * once.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "compat.h"
#include "configure/own_table.h"
#include "core/base/bloom.h"
#include "keep/fact_row.h"
#include "keep/ledger_state.h"
#include "keep/pack.h"
#include "keep/partition.h"
#include "keep/segment_scan.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Rows of one partition by one index. */
typedef struct RowWalk
{
	Relation heap;
	Relation index;
	SysScanDesc rows;
	HeapTuple row;             /* NULL: there are no more */
	struct varlena *directory; /* of the row, if several share it */
	PackReader packed;
	StoredSegment next; /* where row is not NULL */
	uint32 offset;      /* of its bytes in the row's */
	uint32 length;
} RowWalk;

typedef enum ScanOf
{
	SCAN_ALL,
	SCAN_STREAM,
	SCAN_PACKED
} ScanOf;

struct SegmentScan
{
	ScanOf of;
	int64 after;
	GenopsSlice tenant_id; /* of SCAN_STREAM */
	GenopsSlice route;
	uint8 stream_key[GENOPS_TRACE_ID_SIZE];
	WantsPack *wants; /* NULL: any */
	void *argument;
	Oid *partitions;
	int count;
	int next;       /* partition to be opened */
	bool in_order;  /* one after the other; else all at once */
	RowWalk *walks; /* of the partitions that are open */
	int walk_count;
	RowWalk *returned; /* that the last segment came from */
};

/* The index that begins with the column. */
static Relation
OpenIndex(Relation heap, int column)
{
	List *indexes = RelationGetIndexList(heap);
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_index->indisvalid && index->rd_index->indkey.values[0] == column)
		{
			list_free(indexes);
			return index;
		}
		index_close(index, AccessShareLock);
	}
	ereport(ERROR,
	        (errcode(ERRCODE_UNDEFINED_OBJECT),
	         errmsg("table \"genops.%s\" lacks one of its indexes", RelationGetRelationName(heap)),
	         errhint("Create it again as in the ledger's other partitions.")));
	return NULL; /* not reached */
}

static void
BeginRows(RowWalk *walk, Relation heap, int column, ScanKey keys, int key_count)
{
	memset(walk, 0, sizeof(RowWalk));
	walk->heap = heap;
	walk->index = OpenIndex(heap, column);
	walk->rows =
	    systable_beginscan_ordered(heap, walk->index, GetActiveSnapshot(), key_count, keys);
}

static void
BeginBySeq(RowWalk *walk, Relation heap, int64 after)
{
	ScanKeyData key;

	ScanKeyInit(&key, SEGMENT_SEQ, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(after));
	BeginRows(walk, heap, SEGMENT_SEQ, &key, 1);
}

static void
BeginByStream(RowWalk *walk, Relation heap, GenopsSlice tenant_id, GenopsSlice route, int64 after)
{
	ScanKeyData keys[3];
	Datum tenant = PointerGetDatum(cstring_to_text_with_len(tenant_id.data, tenant_id.length));
	Datum name = PointerGetDatum(cstring_to_text_with_len(route.data, route.length));

	ScanKeyInit(&keys[0], SEGMENT_TENANT_ID, BTEqualStrategyNumber, F_TEXTEQ, tenant);
	ScanKeyInit(&keys[1], SEGMENT_ROUTE, BTEqualStrategyNumber, F_TEXTEQ, name);
	ScanKeyInit(&keys[2], SEGMENT_SEQ, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(after));
	BeginRows(walk, heap, SEGMENT_TENANT_ID, keys, 3);
}

static void
EndRows(RowWalk *walk)
{
	if (walk->directory != NULL)
		pfree(walk->directory);
	systable_endscan_ordered(walk->rows);
	index_close(walk->index, AccessShareLock);
}

/* Null, too, where the table is of an older version and has no such column. */
static Datum
RowColumn(const RowWalk *walk, int column, bool *null)
{
	TupleDesc descriptor = RelationGetDescr(walk->heap);

	*null = true;
	return column > descriptor->natts ? (Datum) 0
	                                  : heap_getattr(walk->row, column, descriptor, null);
}

/* In the row itself. */
static GenopsSlice
RowText(const RowWalk *walk, int column)
{
	bool null;
	text *value = DatumGetTextPP(RowColumn(walk, column, &null));

	return (GenopsSlice){ VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value) };
}

static void
TakeRow(RowWalk *walk)
{
	StoredSegment *next = &walk->next;
	bool null;

	next->recorded_at = DatumGetTimestampTz(RowColumn(walk, SEGMENT_RECORDED_AT, &null));
	next->seq = DatumGetInt64(RowColumn(walk, SEGMENT_SEQ, &null));
	next->min_start = DatumGetTimestampTz(RowColumn(walk, SEGMENT_MIN_START, &null));
	next->max_end = DatumGetTimestampTz(RowColumn(walk, SEGMENT_MAX_END, &null));
	next->span_count = DatumGetInt32(RowColumn(walk, SEGMENT_SPAN_COUNT, &null));
	next->sampled = DatumGetBool(RowColumn(walk, SEGMENT_SAMPLED, &null));
	next->exact = DatumGetBool(RowColumn(walk, SEGMENT_EXACT, &null));
	next->tenant_id = RowText(walk, SEGMENT_TENANT_ID);
	next->route = RowText(walk, SEGMENT_ROUTE);
}

/* The next segment of the walk's pack that the scan is about. */
static bool
TakePacked(const SegmentScan *scan, RowWalk *walk)
{
	PackedSegment packed;

	while (PackReadNext(&walk->packed, &packed))
	{
		if (packed.seq <= scan->after)
			continue;
		if (scan->of == SCAN_STREAM &&
		    (!packed.sampled || !genops_slice_equal(packed.tenant_id, scan->tenant_id) ||
		     !genops_slice_equal(packed.route, scan->route)))
			continue;
		walk->next.seq = packed.seq;
		walk->next.min_start = packed.min_start;
		walk->next.max_end = packed.max_end;
		walk->next.span_count = packed.span_count;
		walk->next.sampled = packed.sampled;
		walk->next.exact = packed.exact;
		walk->next.tenant_id = packed.tenant_id;
		walk->next.route = packed.route;
		walk->offset = packed.offset;
		walk->length = packed.length;
		return true;
	}
	pfree(walk->directory);
	walk->directory = NULL;
	return false;
}

static bool
MayHaveStream(const SegmentScan *scan, const RowWalk *walk)
{
	bool null;
	Datum value = RowColumn(walk, SEGMENT_STREAM_BLOOM, &null);
	struct varlena *bloom = PG_DETOAST_DATUM_PACKED(value);
	bool may = genops_bloom_may_have((const uint8 *) VARDATA_ANY(bloom), VARSIZE_ANY_EXHDR(bloom),
	                                 scan->stream_key);

	if ((Pointer) bloom != DatumGetPointer(value))
		pfree(bloom);
	return may;
}

static bool
WantsRow(const SegmentScan *scan, const RowWalk *walk, bool shared)
{
	if (!shared)
		return scan->of != SCAN_PACKED;
	if (scan->of == SCAN_STREAM && !MayHaveStream(scan, walk))
		return false;
	return scan->wants == NULL ||
	       scan->wants(scan->argument, walk->row, RelationGetDescr(walk->heap));
}

/* Goes to the walk's next segment, or to its end. */
static void
Advance(const SegmentScan *scan, RowWalk *walk)
{
	for (;;)
	{
		bool not_shared;
		Datum directory;

		if (walk->directory != NULL && TakePacked(scan, walk))
			return;
		CHECK_FOR_INTERRUPTS();
		walk->row = systable_getnext_ordered(walk->rows, ForwardScanDirection);
		if (!HeapTupleIsValid(walk->row))
		{
			walk->row = NULL;
			return;
		}
		directory = RowColumn(walk, SEGMENT_DIRECTORY, &not_shared);
		if (!WantsRow(scan, walk, !not_shared))
			continue;
		TakeRow(walk);
		if (not_shared)
			return;
		walk->directory = (struct varlena *) PG_DETOAST_DATUM_COPY(directory);
		walk->packed = PackReadBegin(walk->directory, walk->next.seq, walk->next.min_start);
	}
}

/* Two for each partition that may be open at a time. */
static void
OpenPartition(SegmentScan *scan, Oid partition)
{
	Relation heap = OwnPartitionOpen(partition, AccessShareLock);
	int first = scan->walk_count;

	if (scan->of == SCAN_STREAM)
		BeginByStream(&scan->walks[scan->walk_count++], heap, scan->tenant_id, scan->route,
		              scan->after);
	if (scan->of == SCAN_ALL)
		BeginBySeq(&scan->walks[scan->walk_count++], heap, scan->after);
	else
		BeginByStream(&scan->walks[scan->walk_count++], heap, GENOPS_LITERAL(PACK_TENANT),
		              GENOPS_LITERAL(""), scan->after);
	for (int i = first; i < scan->walk_count; i++)
		Advance(scan, &scan->walks[i]);
}

/* A partition's last walk has its table. */
static void
CloseWalks(SegmentScan *scan)
{
	for (int i = 0; i < scan->walk_count; i++)
	{
		Relation heap = scan->walks[i].heap;

		EndRows(&scan->walks[i]);
		if (i + 1 == scan->walk_count || scan->walks[i + 1].heap != heap)
			table_close(heap, AccessShareLock);
	}
	scan->walk_count = 0;
	scan->returned = NULL;
}

/* Whether no segment of an earlier partition can be above "after". */
static bool
BeginsBefore(Oid partition, int64 after)
{
	RowWalk walk;
	SegmentScan probe = { .of = SCAN_ALL, .after = PG_INT64_MIN, .walks = &walk };
	bool before;

	OpenPartition(&probe, partition);
	before = walk.row != NULL && walk.next.seq <= after + 1;
	CloseWalks(&probe);
	return before;
}

static SegmentScan *
NewScan(ScanOf of, int64 after)
{
	SegmentScan *scan = palloc0(sizeof(SegmentScan));

	scan->of = of;
	scan->after = after;
	return scan;
}

/* Whether the numbers of a day are above those of the days before: not where one is
 * later than what was recorded last.  Where that cannot be read at once they are taken
 * not to be, which is right in any case. */
static bool
DaysAreInOrder(const Oid *partitions, int count)
{
	LedgerState state;

	if (count == 0)
		return true;
	return LedgerStateReadAtOnce(&state) &&
	       (!state.exists || !PartitionBeginsAfter(partitions[count - 1], state.newest_recorded_at));
}

static void
ListPartitions(SegmentScan *scan)
{
	scan->partitions = PartitionSegmentTables(&scan->count);
	scan->in_order = DaysAreInOrder(scan->partitions, scan->count);
	scan->walks = palloc(2 * (scan->in_order ? 1 : scan->count) * sizeof(RowWalk));
}

static void
OpenAll(SegmentScan *scan)
{
	while (!scan->in_order && scan->next < scan->count)
		OpenPartition(scan, scan->partitions[scan->next++]);
}

static SegmentScan *
BeginAtNumber(SegmentScan *scan)
{
	ListPartitions(scan);
	scan->next = scan->in_order ? scan->count : 0;
	while (scan->next > 0)
		if (BeginsBefore(scan->partitions[--scan->next], scan->after))
			break;
	OpenAll(scan);
	return scan;
}

SegmentScan *
SegmentScanBegin(int64 after)
{
	return BeginAtNumber(NewScan(SCAN_ALL, after));
}

SegmentScan *
SegmentScanStream(int64 after, const char *tenant_id, const char *route)
{
	SegmentScan *scan = NewScan(SCAN_STREAM, after);

	scan->tenant_id = genops_slice(pstrdup(tenant_id));
	scan->route = genops_slice(pstrdup(route));
	PackStreamKey(scan->tenant_id, scan->route, scan->stream_key);
	return BeginAtNumber(scan);
}

SegmentScan *
SegmentScanPacked(int64 after, TimestampTz recorded_from, WantsPack *wants, void *argument)
{
	SegmentScan *scan = NewScan(SCAN_PACKED, after);

	scan->wants = wants;
	scan->argument = argument;
	ListPartitions(scan);
	while (scan->next < scan->count &&
	       PartitionEndsBefore(scan->partitions[scan->next], recorded_from))
		scan->next++;
	OpenAll(scan);
	return scan;
}

SegmentScan *
SegmentScanOne(TimestampTz recorded_at, int64 seq)
{
	SegmentScan *scan = NewScan(SCAN_ALL, seq - 1);

	scan->partitions = palloc(sizeof(Oid));
	scan->partitions[0] = PartitionOfSegments(recorded_at);
	scan->count = OidIsValid(scan->partitions[0]) ? 1 : 0;
	scan->in_order = true;
	scan->walks = palloc(2 * sizeof(RowWalk));
	return scan;
}

/* The walk that comes next; NULL at the end of those that are open. */
static RowWalk *
LowestWalk(SegmentScan *scan)
{
	RowWalk *lowest = NULL;

	for (int i = 0; i < scan->walk_count; i++)
	{
		RowWalk *walk = &scan->walks[i];

		if (walk->row != NULL && (lowest == NULL || walk->next.seq < lowest->next.seq))
			lowest = walk;
	}
	return lowest;
}

bool
SegmentScanNext(SegmentScan *scan, StoredSegment *segment)
{
	if (scan->returned != NULL)
		Advance(scan, scan->returned);
	while ((scan->returned = LowestWalk(scan)) == NULL)
	{
		CloseWalks(scan);
		if (scan->next >= scan->count)
			return false;
		OpenPartition(scan, scan->partitions[scan->next++]);
	}
	*segment = scan->returned->next;
	return true;
}

bool
SegmentsSharingRows(TimestampTz recorded_from)
{
	SegmentScan *scan = SegmentScanPacked(PG_INT64_MIN, recorded_from, NULL, NULL);
	StoredSegment segment;
	bool any = SegmentScanNext(scan, &segment);

	SegmentScanEnd(scan);
	return any;
}

bool
SegmentScanIsPacked(const SegmentScan *scan)
{
	return scan->returned->directory != NULL;
}

int64
SegmentScanRow(const SegmentScan *scan)
{
	const RowWalk *walk = scan->returned;

	return walk->directory == NULL ? walk->next.seq : walk->next.seq + walk->packed.left;
}

StoredPack
SegmentScanUnpack(const SegmentScan *scan)
{
	const RowWalk *walk = scan->returned;
	StoredPack pack = { .recorded_at = walk->next.recorded_at };
	bool null;
	Datum min_start = RowColumn(walk, SEGMENT_MIN_START, &null);
	Datum bytes = RowColumn(walk, SEGMENT_BYTES, &null);
	Size size = VARSIZE_ANY(walk->directory);
	struct varlena *directory = palloc(size);
	PackReader reader;

	memcpy(directory, walk->directory, size);
	reader = PackReadBegin(directory, SegmentScanRow(scan), DatumGetTimestampTz(min_start));
	pack.segments = palloc(Max(reader.left, 1) * sizeof(PackedSegment));
	while (PackReadNext(&reader, &pack.segments[pack.count]))
		pack.count++;
	pack.bytes = (struct varlena *) PG_DETOAST_DATUM_COPY(bytes);
	return pack;
}

struct varlena *
SegmentScanBytes(SegmentScan *scan)
{
	const RowWalk *walk = scan->returned;
	bool null;
	Datum bytes = RowColumn(walk, SEGMENT_BYTES, &null);

	if (walk->directory != NULL)
		return PackRead(RelationGetRelid(walk->heap), walk->next.recorded_at,
		                walk->next.seq + walk->packed.left, bytes, walk->offset, walk->length);
	return (struct varlena *) PG_DETOAST_DATUM_COPY(bytes);
}

void
SegmentScanEnd(SegmentScan *scan)
{
	CloseWalks(scan);
	pfree(scan->walks);
	pfree(scan->partitions);
	pfree(scan);
}
