/* SPDX-License-Identifier: PostgreSQL */
/*
 * Storing segments, and reading them for delivery.
 */
#include "postgres.h"

#include "access/table.h"
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
#include "utils/rel.h"
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

TimestampTz
LedgerRecordingTime(void)
{
	TimestampTz now = GetCurrentTimestamp();
	LedgerState state = LedgerStateRead();

	if (state.newest_recorded_at > now + LEDGER_CLOCK_TOLERANCE_US)
		return now;
	return Max(now, state.newest_recorded_at);
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
InsertSegments(Oid partition, const SegmentGroup *groups, int group_count, TimestampTz recorded_at)
{
	BulkInsert *insert = BulkInsertBegin(partition, SEGMENT_COLUMNS_NEEDED, group_count);

	for (int i = 0; i < group_count; i++)
	{
		TupleTableSlot *row = BulkInsertRow(insert);
		MemoryContext caller = MemoryContextSwitchTo(BulkInsertMemory(insert));

		if (groups[i].count == 1)
			SegmentRowFill(row, groups[i].segments, recorded_at);
		else
			PackRowFill(row, &groups[i], recorded_at);
		MemoryContextSwitchTo(caller);
		BulkInsertPut(insert, row);
	}
	BulkInsertEnd(insert);
}

/* Tables that were made by an older version have none. */
static bool
HasDirectory(Oid partition)
{
	Relation relation = OwnPartitionOpen(partition, AccessShareLock);
	bool has = RelationGetNumberOfAttributes(relation) >= SEGMENT_STREAM_BLOOM;

	table_close(relation, AccessShareLock);
	return has;
}

/* The mean of spans in a segment, of the last batches; 0: not known. */
static double spans_per_segment = 0;

#define FEW_SPANS 4.0

int
LedgerWorthwhileBatch(int usual, int most)
{
	if (spans_per_segment == 0 || spans_per_segment >= FEW_SPANS)
		return usual;
	return (int) Min(usual * FEW_SPANS / spans_per_segment, most);
}

static void
NoteBatch(int spans, int segments)
{
	double mean = (double) spans / segments;

	spans_per_segment = spans_per_segment == 0 ? mean : (3 * spans_per_segment + mean) / 4;
}

void
LedgerStore(Segment *segments, int segment_count, TimestampTz recorded_at)
{
	int64 newest = LedgerNewestSegment();
	int64 seq = newest;
	SegmentGroup *groups;
	int group_count;
	LedgerDay day;
	int spans;

	if (segment_count == 0)
		return;
	day = PartitionEnsure(recorded_at);
	groups = PackGroups(segments, segment_count, HasDirectory(day.segment), &group_count);
	for (int i = 0; i < segment_count; i++)
		segments[i].seq = ++seq;
	spans = InsertFacts(day.span, segments, segment_count, recorded_at);
	InsertSegments(day.segment, groups, group_count, recorded_at);
	LedgerStateAdvance(seq, recorded_at);
	SpendSumsAdd(newest, segments, segment_count, recorded_at);
	SpendNoteStored(spans);
	NoteBatch(spans, segment_count);
	pfree(groups);
}

static GenopsSlice
CopyText(GenopsSlice text)
{
	return (GenopsSlice){ pnstrdup(text.data, text.length), text.length };
}

static void
ReadSegment(SegmentScan *scan, const StoredSegment *stored, Segment *segment)
{
	memset(segment, 0, sizeof(Segment));
	segment->seq = stored->seq;
	segment->tenant_id = CopyText(stored->tenant_id);
	segment->route = CopyText(stored->route);
	segment->sampled = stored->sampled;
	segment->exact = stored->exact;
	segment->span_count = stored->span_count;
	segment->min_start_ns = SpanTimeUnix(stored->min_start);
	segment->max_end_ns = SpanTimeUnix(stored->max_end);
	segment->bytes = SegmentScanBytes(scan);
}

Segment *
LedgerReadSegments(const char *tenant_id, const char *route, int64 after, int limit, Size max_bytes,
                   int *segment_count)
{
	SegmentScan *scan = SegmentScanStream(after, tenant_id, route);
	Segment *segments = palloc(Max(limit, 1) * sizeof(Segment));
	Size bytes = 0;
	StoredSegment stored;

	*segment_count = 0;
	while (*segment_count < limit && bytes < max_bytes && SegmentScanNext(scan, &stored))
	{
		Segment *segment = &segments[(*segment_count)++];

		ReadSegment(scan, &stored, segment);
		bytes += VARSIZE_ANY_EXHDR(segment->bytes);
	}
	SegmentScanEnd(scan);
	return segments;
}
