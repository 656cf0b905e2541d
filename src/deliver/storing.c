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
#include "keep/ledger.h"
#include "keep/ledger_state.h"
#include "keep/work.h"
#include "monotonic.h"
#include "record/span_record.h"
#include "settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define MAX_BATCH_RECORDS 8192
#define MAX_BATCH_BYTES (4 * 1024 * 1024)

/* While the ring is filling up somebody may be waiting for room: there is some
 * every few milliseconds. */
#define CROWDED_BATCH_RECORDS 512

#define RESERVED_NAP_MS 10

static RingQueue *queue;
static MemoryContext batch_context;
static int batch_limit = MAX_BATCH_RECORDS; /* smaller after a failure */
static bool storing = false;                /* should the turn fail, it is a batch's failure */
static bool sending_directly = false;       /* a batch of a standby's is on its way */
static bool nothing_published = false;      /* only reserved slots are queued */
static int64 queued_since = 0;              /* by MonotonicMs(); 0: nothing is queued */

void
StoringInit(RingQueue *own_queue)
{
	queue = own_queue;
	batch_context = AllocSetContextCreate(TopMemoryContext, "genops batch", ALLOCSET_DEFAULT_SIZES);
}

typedef struct Batch
{
	SpanRecord *records;
	int count;
	RingPlace end; /* in the ring, behind the last record */
	bool moved;    /* end is not where the batch began */
} Batch;

static Batch
ReadBatch(void)
{
	RingPlace start = RingReadStart(queue);
	Batch batch = { .end = start };
	int limit = batch_limit;
	Size bytes = 0;
	const void *data;
	Size length;

	if (RingIsCrowded(queue))
		limit = Min(limit, CROWDED_BATCH_RECORDS);
	batch.records = MemoryContextAlloc(batch_context, limit * sizeof(SpanRecord));
	while (batch.count < limit && bytes < MAX_BATCH_BYTES &&
	       RingReadNext(queue, &batch.end, &data, &length))
	{
		SpanRecordRead(data, length, &batch.records[batch.count++]);
		bytes += length;
	}
	batch.moved = batch.end.position > start.position;
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

static TimestampTz
RecordingTime(void)
{
	LedgerState state = LedgerStateRead();

	return Max(GetCurrentTimestamp(), state.newest_recorded_at);
}

/* The records of the batch leave the ring. */
static void
Release(const Batch *batch, uint64 stored, uint64 sent, XLogRecPtr commit_end, int64 segment)
{
	RingRelease(queue, batch->end, stored, sent);
	DurableNote(queue, commit_end, segment, batch->end.position);
}

/* They are dropped, or were none. */
static void
ReleaseUnstored(const Batch *batch)
{
	Release(batch, 0, 0, InvalidXLogRecPtr, 0);
}

static void
StoreBatch(const Batch *batch, bool *current)
{
	Segment *segments;
	int segment_count;

	if (!WorkBegin())
	{
		*current = false;
		return;
	}
	MemoryContextSwitchTo(batch_context);
	storing = true;
	segments = SegmentsBuild(batch->records, batch->count,
	                         ConfigurationGet()->max_export_batch_size, &segment_count);
	LedgerStore(segments, segment_count, RecordingTime());
	CountStored(segments, segment_count);
	WorkCommit();

	/* Committed: nothing may fail before the ring has given up the records. */
	Release(batch, batch->count, 0, XactLastCommitEnd, segments[segment_count - 1].seq);
	batch_limit = MAX_BATCH_RECORDS;
	storing = false;
	*current = false; /* should the next fail */
	ExporterTake(segments, segment_count);
	*current = true;
	if (WorkerTells(LOG_LEVEL_DEBUG))
		ereport(LOG, (errmsg("stored %d spans in %d segments", batch->count, segment_count)));
}

static bool
Due(bool leaving)
{
	uint64 queued;
	uint64 bytes;
	bool wanted;
	int64 now = MonotonicMs();

	SpinLockAcquire(&queue->lock);
	queued = queue->tail.position - queue->head.position;
	bytes = queue->queued_bytes;
	wanted = queue->wanted_position > queue->stored_position;
	SpinLockRelease(&queue->lock);

	if (queued == 0)
	{
		queued_since = 0;
		return false;
	}
	if (queued_since == 0)
		queued_since = now;
	return wanted || leaving || queued >= RING_FULL_BATCH_RECORDS ||
	       bytes >= RING_FULL_BATCH_BYTES || now >= queued_since + setting_flush_interval_ms;
}

void
StoreQueued(bool leaving, bool *current)
{
	Batch batch;

	if (!Due(leaving))
		return;
	batch = ReadBatch();
	nothing_published = !batch.moved;
	if (batch.count > 0)
		StoreBatch(&batch, current);
	else if (batch.moved)
		ReleaseUnstored(&batch);
	queued_since = 0;
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
	if (!sending_directly)
	{
		Segment *segments;
		int segment_count;

		MemoryContextReset(batch_context);
		if (!Due(leaving))
			return;
		direct = ReadBatch();
		nothing_published = !direct.moved;
		queued_since = 0;
		if (direct.count == 0 && direct.moved)
			ReleaseUnstored(&direct);
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
}

/* After the answers were read: nothing else would wake the worker. */
void
FinishDirectly(void)
{
	uint64 sent;
	uint64 refused;

	if (!sending_directly || !ExporterDirectDone(&sent, &refused))
		return;
	RingCountDrop(queue, RING_DROP_STANDBY, refused);
	Release(&direct, 0, sent, InvalidXLogRecPtr, 0);
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
	Batch batch = ReadBatch();

	RingCountDrop(queue, RING_DROP_UNSTORABLE, batch.count);
	ReleaseUnstored(&batch);
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
	return queued_since == 0 && !sending_directly;
}

long
StoringWait(void)
{
	if (nothing_published)
		return RESERVED_NAP_MS;
	if (sending_directly)
		return -1;
	if (Due(false))
		return 0;
	if (queued_since == 0)
		return -1;
	return Max((long) (queued_since + setting_flush_interval_ms - MonotonicMs()), 1);
}

void
StoringDiscard(void)
{
	Batch batch;

	do
	{
		batch = ReadBatch();
		RingCountDrop(queue, RING_DROP_DISCARDED, batch.count);
		ReleaseUnstored(&batch);
		MemoryContextReset(batch_context);
	} while (batch.moved);
}
