/*
 * Storing: what is in the ring goes into the ledger; on a hot standby, which has
 * none, to the endpoints.
 *
 * A record leaves the ring after the commit that stored it, with nothing in
 * between that could fail.  When storing fails, the batch stays in the ring and
 * is tried again, smaller each time if a record may be to blame, so that one that
 * the ledger can't take ends up alone; it is then dropped and counted.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "configure/configuration.h"
#include "deliver/cursor.h"
#include "deliver/durable.h"
#include "deliver/exporter.h"
#include "deliver/storing.h"
#include "keep/call_keys.h"
#include "keep/ledger.h"
#include "keep/work.h"
#include "monotonic.h"
#include "record/span_record.h"
#include "settings.h"
#include "shared/reader.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define MAX_BATCH_RECORDS 8192
#define MAX_BATCH_BYTES (4 * 1024 * 1024)

/* While the ring is filling up somebody may be waiting for room: there is some
 * every few milliseconds. */
#define CROWDED_BATCH_RECORDS 512

#define RESERVED_NAP_MS 10

static MemoryContext batch_context;
static int batch_limit = MAX_BATCH_RECORDS; /* smaller after a failure */
static bool storing = false;                /* should the turn fail, it is a batch's failure */
static bool sending_directly = false;       /* a batch of a standby's is on its way */
static bool nothing_published = false;      /* only reserved slots are queued */

void
StoringInit(void)
{
	batch_context = AllocSetContextCreate(TopMemoryContext, "genops batch", ALLOCSET_DEFAULT_SIZES);
}

typedef struct Batch
{
	RingBatch taken;
	SpanRecord *records;
	int count;
} Batch;

static Batch
ReadBatch(const RingDemand *demand)
{
	Batch batch;
	int limit = batch_limit;

	if (demand->crowded)
		limit = Min(limit, CROWDED_BATCH_RECORDS);
	RingTake(batch_context, limit, MAX_BATCH_BYTES, &batch.taken);
	batch.count = batch.taken.count;
	batch.records = MemoryContextAlloc(batch_context, Max(batch.count, 1) * sizeof(SpanRecord));
	for (int i = 0; i < batch.count; i++)
		SpanRecordRead(batch.taken.records[i].data, batch.taken.records[i].length,
		               &batch.records[i]);
	return batch;
}

/* "stored" and "not sampled" are counted with the rows, or not at all. */
static void
CountStored(const Segment *segments, int segment_count)
{
	for (int i = 0; i < segment_count; i++)
	{
		const Segment *segment = &segments[i];
		CursorChange change = { .stored = segment->span_count };

		if (!segment->sampled)
			change.not_sampled = segment->span_count;
		CursorApply(pnstrdup(segment->tenant_id.data, segment->tenant_id.length),
		            pnstrdup(segment->route.data, segment->route.length), &change);
	}
}

/* The records of the batch leave the ring. */
static void
Release(const Batch *batch, const RingFate *fate, XLogRecPtr commit_end, int64 segment)
{
	RingRelease(&batch->taken, fate);
	DurableNote(commit_end, segment, batch->taken.end_position);
}

/* They are dropped, or were none. */
static void
ReleaseUnstored(const Batch *batch, RingDrop reason)
{
	RingFate fate = { 0 };

	fate.dropped[reason] = batch->count;
	Release(batch, &fate, InvalidXLogRecPtr, 0);
}

static void
StoreBatch(const Batch *batch, bool *current)
{
	RingFate fate = { .stored = batch->count };
	Segment *segments;
	int segment_count;

	if (!WorkBegin())
	{
		*current = false;
		return;
	}
	MemoryContextSwitchTo(batch_context);
	storing = true;
	CallKeysTake(batch->records, batch->count, LedgerRecordingTime());
	segments = SegmentsBuild(batch->records, batch->count,
	                         ConfigurationGet()->max_export_batch_size, &segment_count);
	LedgerStore(segments, segment_count, LedgerRecordingTime());
	CountStored(segments, segment_count);
	WorkCommit();

	/* Committed: nothing may fail before the ring has given up the records. */
	Release(batch, &fate, XactLastCommitEnd, segments[segment_count - 1].seq);
	batch_limit = MAX_BATCH_RECORDS;
	storing = false;
	*current = false; /* should the next fail */
	ExporterTake(segments, segment_count);
	*current = true;
	if (WorkerTells(LOG_LEVEL_DEBUG))
		ereport(LOG, (errmsg("stored %d spans in %d segments", batch->count, segment_count)));
}

static bool
Due(bool leaving, const RingDemand *demand)
{
	return demand->queued > 0 && (leaving || RingDueIn(demand) == 0);
}

void
StoreQueued(bool leaving, bool *current)
{
	RingDemand demand;
	Batch batch;

	RingReadDemand(&demand);
	nothing_published = false;
	if (!Due(leaving, &demand))
		return;
	batch = ReadBatch(&demand);
	nothing_published = !batch.taken.moved;
	if (batch.count > 0)
		StoreBatch(&batch, current);
	else if (batch.taken.moved)
		ReleaseUnstored(&batch, RING_DROP_ABANDONED);
	MemoryContextReset(batch_context);
}

/*
 * On a hot standby there is no ledger to write: what is in the ring goes out,
 * and leaves the ring when it has arrived.
 */
static Batch direct;

void
SendQueuedDirectly(bool leaving)
{
	RingDemand demand;
	Segment *segments;
	int segment_count;

	if (sending_directly)
		return;
	RingReadDemand(&demand);
	nothing_published = false;
	if (!Due(leaving, &demand))
		return;
	MemoryContextReset(batch_context);
	direct = ReadBatch(&demand);
	nothing_published = !direct.taken.moved;
	if (direct.count == 0 && direct.taken.moved)
		ReleaseUnstored(&direct, RING_DROP_ABANDONED);
	if (direct.count == 0 || !WorkBegin())
		return;
	MemoryContextSwitchTo(batch_context);
	segments = SegmentsBuild(direct.records, direct.count,
	                         ConfigurationGet()->max_export_batch_size, &segment_count);
	WorkCommit();
	ExporterSendDirect(segments, segment_count);
	MemoryContextReset(batch_context);
	sending_directly = true;
}

/* After the answers were read: nothing else would wake the worker. */
void
FinishDirectly(void)
{
	RingFate fate = { 0 };

	if (!sending_directly || !ExporterDirectDone(&fate.sent, &fate.dropped[RING_DROP_STANDBY]))
		return;
	Release(&direct, &fate, InvalidXLogRecPtr, 0);
	sending_directly = false;
}

/*
 * Whether a record of the batch may be to blame.  Of a table that is missing, a
 * right, a lock or a disk that is full, none is: all records would be dropped
 * one after the other.
 */
static bool
IsOfARecord(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
			return true;
		default:
			return sqlstate == ERRCODE_INTERNAL_ERROR;
	}
}

static void
DropOneRecord(void)
{
	RingDemand demand;
	Batch batch;

	RingReadDemand(&demand);
	batch = ReadBatch(&demand);
	ReleaseUnstored(&batch, RING_DROP_UNSTORABLE);
	MemoryContextReset(batch_context);
	batch_limit = MAX_BATCH_RECORDS;
}

bool
StoringFailed(int sqlstate)
{
	bool of_a_batch = storing && IsOfARecord(sqlstate);

	storing = false;
	MemoryContextReset(batch_context);
	if (!of_a_batch)
		return false;
	if (batch_limit == 1)
	{
		DropOneRecord();
		return false;
	}
	batch_limit = Max(batch_limit / 8, 1);
	return true;
}

bool
StoringIdle(void)
{
	RingDemand demand;

	RingReadDemand(&demand);
	return demand.queued == 0 && !sending_directly;
}

long
StoringWait(void)
{
	RingDemand demand;

	if (nothing_published)
		return RESERVED_NAP_MS;
	if (sending_directly)
		return -1;
	RingReadDemand(&demand);
	return RingDueIn(&demand);
}

void
StoringDiscard(void)
{
	RingDemand demand;
	Batch batch;

	do
	{
		RingReadDemand(&demand);
		batch = ReadBatch(&demand);
		ReleaseUnstored(&batch, RING_DROP_DISCARDED);
		MemoryContextReset(batch_context);
	} while (batch.taken.moved);
}
