/* SPDX-License-Identifier: PostgreSQL */
/*
 * The step that stores: what is in the ring goes into the ledger.
 *
 * A record leaves the ring after the commit that stored it, with nothing in between
 * that could fail.  When storing fails, the batch stays in the ring and is tried again.
 * If a record may be to blame the batches get smaller, until it is alone; of an error that
 * is plainly the data's it is then dropped and counted, of one that might be anything's
 * (an internal error) after a few tries.  Until something is stored again each such
 * drop waits longer than the one before: a server that fails on everything loses few
 * records.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "configure/configuration.h"
#include "deliver/durable.h"
#include "deliver/follow.h"
#include "deliver/step.h"
#include "deliver/streams.h"
#include "keep/call_keys.h"
#include "keep/ledger.h"
#include "keep/work.h"
#include "miscadmin.h"
#include "record/span_record.h"
#include "settings.h"
#include "utils/memutils.h"

#define MAX_BATCH_RECORDS 8192
#define USUAL_BATCH_RECORDS 2048
#define MAX_BATCH_BYTES (3 * 1024 * 1024)

/* While the ring is filling up somebody may be waiting for room: there is some
 * every few milliseconds. */
#define CROWDED_BATCH_RECORDS 512

#define RESERVED_NAP_MS 10
#define GATHERING_NAP_MS 20
#define BLAME_TRIES 3

static MemoryContext batch_context = NULL;
static int batch_limit = MAX_BATCH_RECORDS; /* smaller after a failure */
static int alone_tries = 0;                 /* of a record that is the first, and alone */
static bool storing = false;                /* an error is a batch's */
static bool nothing_published = false;      /* only reserved slots are queued */

typedef struct StoreBatch
{
	RingBatch taken;
	SpanRecord *records;
	int count;
} StoreBatch;

static StoreBatch
TakeBatch(const Turn *turn)
{
	StoreBatch batch;
	int limit = batch_limit;

	if (batch_context == NULL)
		batch_context =
		    AllocSetContextCreate(TopMemoryContext, "genops batch", ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(batch_context);
	if (turn->demand.crowded)
		limit = Min(limit, CROWDED_BATCH_RECORDS);
	RingTake(batch_context, limit, MAX_BATCH_BYTES, &batch.taken);
	batch.count = batch.taken.count;
	batch.records = MemoryContextAlloc(batch_context, Max(batch.count, 1) * sizeof(SpanRecord));
	for (int i = 0; i < batch.count; i++)
		SpanRecordRead(batch.taken.records[i].data, batch.taken.records[i].length,
		               &batch.records[i]);
	return batch;
}

/* The records of the batch leave the ring. */
static void
Release(const StoreBatch *batch, const RingFate *fate, XLogRecPtr commit_end, int64 segment)
{
	RingRelease(&batch->taken, fate);
	DurableNote(commit_end, segment, batch->taken.end_position);
}

/* They are dropped, or were none. */
static void
ReleaseUnstored(const StoreBatch *batch, RingDrop reason)
{
	RingFate fate = { 0 };

	fate.dropped[reason] = batch->count;
	Release(batch, &fate, InvalidXLogRecPtr, 0);
}

/* What was recorded for a ledger that is gone is not for this one. */
static void
DropOutdated(int count)
{
	StoreBatch batch = { .count = 0 };

	RingTake(batch_context, count, MAX_BATCH_BYTES, &batch.taken);
	batch.count = batch.taken.count;
	ReleaseUnstored(&batch, RING_DROP_DISCARDED);
}

/*
 * The segments of a stream that were stored together.
 */
typedef struct StoredStream
{
	const Segment **segments; /* in the order of their numbers */
	int count;
	CursorRow before;
} StoredStream;

static int
CompareSlices(GenopsSlice a, GenopsSlice b)
{
	int order = memcmp(a.data, b.data, Min(a.length, b.length));

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int
CompareStreams(const Segment *a, const Segment *b)
{
	int order = CompareSlices(a->tenant_id, b->tenant_id);

	return order != 0 ? order : CompareSlices(a->route, b->route);
}

static int
CompareSegments(const void *a, const void *b)
{
	const Segment *x = *(const Segment *const *) a;
	const Segment *y = *(const Segment *const *) b;
	int order = CompareStreams(x, y);

	return order != 0 ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

static StoredStream *
SortIntoStreams(const Segment *segments, int segment_count, int *stream_count)
{
	const Segment **sorted = palloc(segment_count * sizeof(Segment *));
	StoredStream *streams = palloc(segment_count * sizeof(StoredStream));
	int count = 0;

	for (int i = 0; i < segment_count; i++)
		sorted[i] = &segments[i];
	qsort(sorted, segment_count, sizeof(Segment *), CompareSegments);
	for (int i = 0; i < segment_count; i++)
	{
		if (i == 0 || CompareStreams(sorted[i - 1], sorted[i]) != 0)
			streams[count++] = (StoredStream){ .segments = &sorted[i] };
		streams[count - 1].count++;
	}
	*stream_count = count;
	return streams;
}

/* "stored" and "not sampled" are counted with the rows, or not at all. */
static void
CountStored(CursorTable *table, StoredStream *stream)
{
	const Segment *first = stream->segments[0];
	CursorChange change = { 0 };

	for (int i = 0; i < stream->count; i++)
	{
		const Segment *segment = stream->segments[i];

		change.stored += segment->span_count;
		if (segment->sampled)
			change.newest_seq = segment->seq;
		else
			change.not_sampled += segment->span_count;
	}
	(void) CursorApply(table, first->tenant_id, first->route, first->seq - 1, &change,
	                   &stream->before);
}

static StoredStream *
CountAllStored(const Segment *segments, int segment_count, int *stream_count)
{
	StoredStream *streams = SortIntoStreams(segments, segment_count, stream_count);
	CursorTable *table = CursorOpen(LedgerCursor());

	for (int i = 0; i < *stream_count; i++)
		CountStored(table, &streams[i]);
	CursorClose(table);
	return streams;
}

/*
 * Storing a batch.
 */
static void
Store(const StoreBatch *batch)
{
	RingFate fate = { .stored = batch->count };
	Segment *segments;
	int segment_count;
	StoredStream *streams;
	int stream_count;
	int duplicates;
	int64 newest;

	if (!LedgerBegin())
		return;
	MemoryContextSwitchTo(batch_context);
	storing = true;
	duplicates = CallKeysTake(batch->records, batch->count, LedgerRecordingTime());
	segments = SegmentsBuild(batch->records, batch->count,
	                         ConfigurationGet()->max_export_batch_size, &segment_count);
	LedgerStore(segments, segment_count, LedgerRecordingTime());
	streams = CountAllStored(segments, segment_count, &stream_count);
	newest = segments[segment_count - 1].seq;

	/* Committed: from here on nothing fails but what is told to the log, for want of memory.
	 * What its streams were not given then they read (Find in streams.c). */
	HOLD_INTERRUPTS();
	WorkCommit();

	/* Whoever waits for the release finds the duplicates counted. */
	RingCountDuplicates(duplicates);
	Release(batch, &fate, XactLastCommitEnd, newest);
	storing = false;
	batch_limit = MAX_BATCH_RECORDS;
	alone_tries = 0;
	StreamsSetNewest(newest);
	for (int i = 0; i < stream_count; i++)
		StreamsTake(streams[i].segments, streams[i].count, &streams[i].before);
	if (WorkerTells(LOG_LEVEL_DEBUG))
		ereport(LOG, (errmsg("stored %d spans in %d segments", batch->count, segment_count)));
	RESUME_INTERRUPTS();
}

/*
 * While segments are small it is worth while to gather more than a batch, as long as no
 * one waits for it and there is room.
 */
static bool
IsWorthwhile(const Turn *turn)
{
	const RingDemand *demand = &turn->demand;
	int most = MAX_BATCH_RECORDS;

	if (!demand->batch_is_full || demand->queued < USUAL_BATCH_RECORDS || demand->crowded ||
	    demand->room_wanted || demand->position_wanted > 0 || demand->others_wait ||
	    turn->now >= demand->oldest_at + setting_flush_interval_ms)
		return true;
	if (FollowQueueLimit() > 0)
		most = Min(most, FollowQueueLimit() / 2);
	return demand->queued >= (uint64) Min(LedgerWorthwhileBatch(USUAL_BATCH_RECORDS, most), most);
}

static bool
IsDue(const Turn *turn)
{
	return turn->demand.queued > 0 &&
	       (turn->leaving || (RingDueIn(&turn->demand) == 0 && IsWorthwhile(turn)));
}

static void
RunStore(const Turn *turn)
{
	StoreBatch batch;

	nothing_published = false;
	if (!LedgerIsKnown() || !IsDue(turn))
		return;
	batch = TakeBatch(turn);
	nothing_published = !batch.taken.moved;
	if (batch.taken.outdated > 0)
		DropOutdated(batch.taken.outdated);
	else if (batch.count > 0)
		Store(&batch);
	else if (batch.taken.moved)
		ReleaseUnstored(&batch, RING_DROP_ABANDONED);
	MemoryContextReset(batch_context);
}

static long
StoreDue(const Turn *turn)
{
	if (!LedgerIsKnown())
		return -1; /* following finds it */
	if (nothing_published)
		return RESERVED_NAP_MS;
	if (IsDue(turn))
		return 0;
	return turn->demand.batch_is_full ? GATHERING_NAP_MS : RingDueIn(&turn->demand);
}

/*
 * Failures.
 */
typedef enum Blame
{
	BLAME_NOBODY, /* no record: a table, a right, a lock, a disk that is full */
	BLAME_MAYBE,
	BLAME_RECORD
} Blame;

static Blame
WhoIsToBlame(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
			return BLAME_RECORD;
		default:
			return sqlstate == ERRCODE_INTERNAL_ERROR ? BLAME_MAYBE : BLAME_NOBODY;
	}
}

static void
DropFirstRecord(void)
{
	StoreBatch batch = { .count = 0 };

	RingTake(batch_context, 1, MAX_BATCH_BYTES, &batch.taken);
	batch.count = batch.taken.count;
	ReleaseUnstored(&batch, RING_DROP_UNSTORABLE);
	MemoryContextReset(batch_context);
}

/* True if a smaller batch is to be tried at once. */
static bool
StoreFailed(int sqlstate)
{
	Blame blame = storing ? WhoIsToBlame(sqlstate) : BLAME_NOBODY;

	storing = false;
	if (batch_context != NULL)
		MemoryContextReset(batch_context);
	if (blame == BLAME_NOBODY)
		return false;
	if (batch_limit > 1)
	{
		batch_limit = Max(batch_limit / 8, 1);
		return true;
	}
	if (blame == BLAME_RECORD || ++alone_tries >= BLAME_TRIES)
	{
		DropFirstRecord();
		alone_tries = 0;
	}
	return false;
}

void
StoreDiscard(void)
{
	StoreBatch batch;
	Turn turn = { 0 };

	do
	{
		batch = TakeBatch(&turn);
		ReleaseUnstored(&batch, RING_DROP_DISCARDED);
	} while (batch.taken.moved);
	MemoryContextReset(batch_context);
}

Step store_step = {
	.name = "store spans",
	.run = RunStore,
	.due = StoreDue,
	.failed = StoreFailed,
};
