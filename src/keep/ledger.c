/*
 * Storing segments, and reading them for delivery.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "compat.h"
#include "configure/own_table.h"
#include "executor/spi.h"
#include "keep/bulk_insert.h"
#include "keep/fact_row.h"
#include "keep/ledger.h"
#include "keep/ledger_state.h"
#include "keep/partition.h"
#include "keep/segment_scan.h"
#include "keep/span_time.h"
#include "keep/spend.h"
#include "keep/spend_sums.h"
#include "keep/worker_sql.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/*
 * The newest number that is stored, whatever genops.ledger_state says: it may
 * have been restored from another dump than the segments.  Numbering must not
 * go back, or new segments would pass for delivered.  Looked up once for a
 * table: from then on only this process gives numbers, and the state is right.
 */
static int64
NewestStored(void)
{
	static Oid seen = InvalidOid;
	static int64 newest;
	Oid table = OwnTable("ledger_segment");

	if (table != seen)
	{
		SPI_connect();
		newest = WorkerSqlNumber("SELECT max(seq) FROM genops.ledger_segment", 0);
		SPI_finish();
		seen = table;
	}
	return newest;
}

int64
LedgerNewestSegment(void)
{
	LedgerState state = LedgerStateRead();

	return Max(state.newest_seq, NewestStored());
}

static int
InsertFacts(Oid partition, const Segment *segments, int segment_count, TimestampTz recorded_at)
{
	BulkInsert *insert;
	int spans = 0;

	for (int i = 0; i < segment_count; i++)
		spans += segments[i].span_count;
	insert = BulkInsertBegin(partition, SPAN_COLUMNS_NEEDED, spans);
	for (int i = 0; i < segment_count; i++)
		for (int span = 0; span < segments[i].span_count; span++)
		{
			TupleTableSlot *row = BulkInsertRow(insert);
			MemoryContext caller = MemoryContextSwitchTo(BulkInsertMemory(insert));

			FactRowFill(row, &segments[i], span, recorded_at);
			MemoryContextSwitchTo(caller);
			BulkInsertPut(insert, row);
		}
	BulkInsertEnd(insert);
	return spans;
}

static void
InsertSegments(Oid partition, const Segment *segments, int segment_count, TimestampTz recorded_at)
{
	BulkInsert *insert = BulkInsertBegin(partition, SEGMENT_COLUMNS_NEEDED, segment_count);

	for (int i = 0; i < segment_count; i++)
	{
		TupleTableSlot *row = BulkInsertRow(insert);
		MemoryContext caller = MemoryContextSwitchTo(BulkInsertMemory(insert));

		SegmentRowFill(row, &segments[i], recorded_at);
		MemoryContextSwitchTo(caller);
		BulkInsertPut(insert, row);
	}
	BulkInsertEnd(insert);
}

void
LedgerStore(Segment *segments, int segment_count, TimestampTz recorded_at)
{
	int64 newest = LedgerNewestSegment();
	int64 seq = newest;
	LedgerDay day;
	int spans;

	if (segment_count == 0)
		return;
	for (int i = 0; i < segment_count; i++)
		segments[i].seq = ++seq;
	day = PartitionEnsure(recorded_at);
	spans = InsertFacts(day.span, segments, segment_count, recorded_at);
	InsertSegments(day.segment, segments, segment_count, recorded_at);
	LedgerStateAdvance(seq, recorded_at);
	SpendSumsAdd(newest, segments, segment_count, recorded_at);
	SpendNoteStored(spans);
}

static GenopsSlice
TextColumn(HeapTuple row, int column, TupleDesc descriptor)
{
	bool null;
	text *value = DatumGetTextPP(heap_getattr(row, column, descriptor, &null));
	Size length = VARSIZE_ANY_EXHDR(value);

	return (GenopsSlice){ pnstrdup(VARDATA_ANY(value), length), length };
}

static void
ReadSegment(HeapTuple row, TupleDesc descriptor, Segment *segment)
{
	Datum *values = palloc(descriptor->natts * sizeof(Datum));
	bool *nulls = palloc(descriptor->natts * sizeof(bool));

	heap_deform_tuple(row, descriptor, values, nulls);
	memset(segment, 0, sizeof(Segment));
	segment->seq = DatumGetInt64(values[SEGMENT_SEQ - 1]);
	segment->tenant_id = TextColumn(row, SEGMENT_TENANT_ID, descriptor);
	segment->route = TextColumn(row, SEGMENT_ROUTE, descriptor);
	segment->service_name = TextColumn(row, SEGMENT_SERVICE_NAME, descriptor);
	segment->environment = TextColumn(row, SEGMENT_ENVIRONMENT, descriptor);
	segment->sampled = DatumGetBool(values[SEGMENT_SAMPLED - 1]);
	segment->span_count = DatumGetInt32(values[SEGMENT_SPAN_COUNT - 1]);
	segment->min_start_ns = SpanTimeUnix(DatumGetTimestampTz(values[SEGMENT_MIN_START - 1]));
	segment->max_end_ns = SpanTimeUnix(DatumGetTimestampTz(values[SEGMENT_MAX_END - 1]));
	segment->bytes = (struct varlena *) PG_DETOAST_DATUM_COPY(values[SEGMENT_BYTES - 1]);
	pfree(values);
	pfree(nulls);
}

Segment *
LedgerReadSegments(const char *tenant_id, const char *route, int64 after, int limit, Size max_bytes,
                   int *segment_count)
{
	SegmentScan *scan = SegmentScanBegin(after, tenant_id, route);
	Segment *segments = palloc(Max(limit, 1) * sizeof(Segment));
	Size bytes = 0;
	TupleDesc descriptor;
	HeapTuple row;

	*segment_count = 0;
	while (*segment_count < limit && bytes < max_bytes &&
	       (row = SegmentScanNext(scan, &descriptor)) != NULL)
	{
		Segment *segment = &segments[(*segment_count)++];

		ReadSegment(row, descriptor, segment);
		bytes += VARSIZE_ANY_EXHDR(segment->bytes);
	}
	SegmentScanEnd(scan);
	return segments;
}
