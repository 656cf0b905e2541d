/*
 * Walking over segments.
 *
 * Numbers grow with the days, so that a walk needs the partitions one after
 * the other.  It begins with the newest one whose first number is not beyond
 * what is looked for, which for a stream that keeps up is the newest of all.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "configure/own_table.h"
#include "keep/fact_row.h"
#include "keep/partition.h"
#include "keep/segment_scan.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

struct SegmentScan
{
	int64 after;
	Datum tenant_id; /* 0: all streams */
	Datum route;
	Oid *partitions;
	int count;
	int next;      /* partition to be opened */
	Relation heap; /* NULL: none is open */
	Relation index;
	SysScanDesc rows;
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
OpenPartition(SegmentScan *scan, Oid partition)
{
	ScanKeyData keys[3];
	int count = 0;

	scan->heap = OwnPartitionOpen(partition, AccessShareLock);
	scan->index = OpenIndex(scan->heap, scan->tenant_id ? SEGMENT_TENANT_ID : SEGMENT_SEQ);
	if (scan->tenant_id)
	{
		ScanKeyInit(&keys[count++], SEGMENT_TENANT_ID, BTEqualStrategyNumber, F_TEXTEQ,
		            scan->tenant_id);
		ScanKeyInit(&keys[count++], SEGMENT_ROUTE, BTEqualStrategyNumber, F_TEXTEQ, scan->route);
	}
	ScanKeyInit(&keys[count++], SEGMENT_SEQ, BTGreaterStrategyNumber, F_INT8GT,
	            Int64GetDatum(scan->after));
	scan->rows =
	    systable_beginscan_ordered(scan->heap, scan->index, GetActiveSnapshot(), count, keys);
}

static void
ClosePartition(SegmentScan *scan)
{
	systable_endscan_ordered(scan->rows);
	index_close(scan->index, AccessShareLock);
	table_close(scan->heap, AccessShareLock);
	scan->heap = NULL;
}

/* Whether no segment of an earlier partition can be above "after". */
static bool
BeginsBefore(Oid partition, int64 after)
{
	SegmentScan probe = { .after = PG_INT64_MIN };
	HeapTuple first;
	bool before = false;

	OpenPartition(&probe, partition);
	first = systable_getnext_ordered(probe.rows, ForwardScanDirection);
	if (HeapTupleIsValid(first))
	{
		bool null;
		Datum seq = heap_getattr(first, SEGMENT_SEQ, RelationGetDescr(probe.heap), &null);

		before = DatumGetInt64(seq) <= after + 1;
	}
	ClosePartition(&probe);
	return before;
}

SegmentScan *
SegmentScanBegin(int64 after, const char *tenant_id, const char *route)
{
	SegmentScan *scan = palloc0(sizeof(SegmentScan));

	scan->after = after;
	if (tenant_id != NULL)
	{
		scan->tenant_id = CStringGetTextDatum(tenant_id);
		scan->route = CStringGetTextDatum(route);
	}
	scan->partitions = PartitionSegmentTables(&scan->count);
	scan->next = scan->count;
	while (scan->next > 0)
		if (BeginsBefore(scan->partitions[--scan->next], after))
			break;
	return scan;
}

HeapTuple
SegmentScanNext(SegmentScan *scan, TupleDesc *descriptor)
{
	for (;;)
	{
		HeapTuple row;

		if (scan->heap == NULL)
		{
			if (scan->next >= scan->count)
				return NULL;
			OpenPartition(scan, scan->partitions[scan->next++]);
		}
		row = systable_getnext_ordered(scan->rows, ForwardScanDirection);
		if (HeapTupleIsValid(row))
		{
			*descriptor = RelationGetDescr(scan->heap);
			return row;
		}
		ClosePartition(scan);
	}
}

void
SegmentScanEnd(SegmentScan *scan)
{
	if (scan->heap != NULL)
		ClosePartition(scan);
	pfree(scan->partitions);
	pfree(scan);
}
