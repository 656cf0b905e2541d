/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading a queue: batches, their release, and what the worker is asked for.
 *
 * The reader is the one worker of a database; queue.c says how it and the writers
 * keep out of each other's way.
 */
#include "postgres.h"

#include "monotonic.h"
#include "settings.h"
#include "shared/private.h"
#include "shared/test_point.h"
#include "utils/timestamp.h"

/* Records are copied into pieces of memory of this size, so that none has to move. */
#define PIECE_SIZE ((Size) 256 * 1024)

static RingQueue *reading = NULL;

void
RingReadFrom(RingQueue *queue)
{
	reading = queue;
}

void
RingReadEnds(RingQueue *queue, RingPlace *head, RingPlace *tail)
{
	RingSignalsBlock();
	SpinLockAcquire(&queue->reserve_lock);
	*head = queue->head;
	*tail = queue->tail;
	SpinLockRelease(&queue->reserve_lock);
	RingSignalsUnblock();
}

static bool
WriterIsGone(const RingSlot *slot)
{
	return slot->owner == RING_NO_MEMBER ||
	       pg_atomic_read_u32(&ring_shared->members[slot->owner].life) != slot->owner_life;
}

/*
 * Goes to the next record that is published, before a tail that was seen; records
 * whose writer is gone are passed over and counted.  False where there is none (yet).
 */
bool
RingWalkNext(const RingPlace *tail, RingPlace *place, uint64 *abandoned, RingRecord *record)
{
	while (place->position < tail->position)
	{
		RingPage *page = RingPageAt(place->page);
		RingSlot *slot;
		uint32 state;

		if (place->page != tail->page && place->offset == page->used)
		{
			place->page = page->next;
			place->offset = 0;
			continue;
		}
		slot = (RingSlot *) (page->data + place->offset);
		state = pg_atomic_read_u32(&slot->state);
		if (state != RING_SLOT_PUBLISHED && !WriterIsGone(slot))
			return false;

		/* One who has gone may have published it just before. */
		pg_read_barrier();
		state = pg_atomic_read_u32(&slot->state);
		pg_read_barrier();
		place->offset += MAXALIGN(sizeof(RingSlot) + slot->length);
		place->position++;
		if (state == RING_SLOT_PUBLISHED)
		{
			record->data = (const char *) (slot + 1);
			record->length = slot->length;
			return true;
		}
		(*abandoned)++;
	}
	return false;
}

/*
 * Batches.
 */
typedef struct Piece
{
	char *data;
	Size left;
} Piece;

static const char *
CopyOut(MemoryContext context, Piece *piece, const RingRecord *record)
{
	Size size = MAXALIGN(record->length);
	char *copy;

	if (size > piece->left)
	{
		piece->left = Max(size, PIECE_SIZE);
		piece->data = MemoryContextAlloc(context, piece->left);
	}
	copy = piece->data;
	memcpy(copy, record->data, record->length);
	piece->data += size;
	piece->left -= size;
	return copy;
}

void
RingTake(MemoryContext context, int max_records, Size max_bytes, RingBatch *batch)
{
	RingPlace tail;
	RingRecord record;
	Piece piece = { NULL, 0 };
	uint64 ledger_position = pg_atomic_read_u64(&reading->ledger_position);
	uint64 begin;
	int room;

	memset(batch, 0, sizeof(RingBatch));
	batch->taken_at = MonotonicMs();
	RingReadEnds(reading, &batch->end, &tail);
	TEST_POINT("ends read");
	begin = batch->end.position;
	batch->seen_position = tail.position;
	room = (int) Min((uint64) max_records, tail.position - begin);
	batch->records = MemoryContextAlloc(context, Max(room, 1) * sizeof(RingRecord));
	while (batch->count < room && batch->bytes < max_bytes &&
	       RingWalkNext(&tail, &batch->end, &batch->abandoned, &record))
	{
		record.data = CopyOut(context, &piece, &record);
		batch->records[batch->count++] = record;
		batch->bytes += record.length;
		if (batch->end.position <= ledger_position)
			batch->outdated = batch->count;
	}
	batch->end_position = batch->end.position;
	batch->moved = batch->end.position > begin;
}

/* The pages from "first" up to, and without, "end"; the last of them if end is
 * RING_NO_PAGE, is the one that has no next. */
static void
GiveBackPages(RingQueue *queue, uint32 first, uint32 end)
{
	uint32 last = first;
	uint32 count = 1;

	if (first == end)
		return;
	while (RingPageAt(last)->next != end)
	{
		last = RingPageAt(last)->next;
		count++;
	}
	PoolGiveBack(queue, first, last, count);
}

/* The bytes that lie between the head and place. */
static uint64
BytesBefore(RingPlace head, RingPlace place)
{
	uint64 bytes = 0;
	uint32 offset = head.offset;

	for (uint32 page = head.page; page != place.page; page = RingPageAt(page)->next)
	{
		bytes += RingPageAt(page)->used - offset;
		offset = 0;
	}
	return bytes + place.offset - offset;
}

/*
 * Moves the head.  Where that empties the queue its last page goes, too.  What is
 * left was recorded after the batch was taken, or, where the batch did not take all
 * that it saw, counts as old as before.
 */
static void
MoveHead(RingQueue *queue, const RingBatch *batch)
{
	uint32 end = batch->end.page;
	RingPlace head;
	RingPlace tail;
	uint64 bytes;

	RingReadEnds(queue, &head, &tail);
	bytes = BytesBefore(head, batch->end);
	SpinLockAcquire(&queue->reserve_lock);
	queue->queued_bytes -= bytes;
	queue->head = batch->end;
	if (queue->head.position == queue->tail.position)
	{
		end = RING_NO_PAGE;
		queue->head.page = queue->tail.page = RING_NO_PAGE;
		queue->head.offset = queue->tail.offset = 0;
		queue->oldest_at = 0;
	}
	else if (batch->end.position >= batch->seen_position)
		queue->oldest_at = batch->taken_at;
	SpinLockRelease(&queue->reserve_lock);
	TEST_POINT("head moved");
	GiveBackPages(queue, head.page, end);
}

static void
AddFate(RingQueue *queue, const RingFate *fate)
{
	queue->fate.stored += fate->stored;
	queue->fate.sent += fate->sent;
	for (int i = 0; i < RING_DROP_COUNT; i++)
		queue->fate.dropped[i] += fate->dropped[i];
}

void
RingRelease(const RingBatch *batch, const RingFate *fate)
{
	RingQueue *queue = reading;
	TimestampTz now = GetCurrentTimestamp();

	if (!batch->moved)
		return;
	RingLock(queue->lock, LW_EXCLUSIVE);
	MoveHead(queue, batch);
	AddFate(queue, fate);
	queue->fate.dropped[RING_DROP_ABANDONED] += batch->abandoned;
	if (fate->stored > 0)
		queue->last_stored_at = now;
	RingWakeWaiters(queue, RING_WISH_ROOM, 0);
	RingUnlock(queue->lock);
}

void
RingCountFate(const RingFate *fate)
{
	RingLock(reading->lock, LW_EXCLUSIVE);
	AddFate(reading, fate);
	RingUnlock(reading->lock);
}

void
RingEmptyQueue(RingQueue *queue)
{
	RingPlace head;
	RingPlace tail;

	RingReadEnds(queue, &head, &tail);
	if (head.page != RING_NO_PAGE)
		GiveBackPages(queue, head.page, RING_NO_PAGE);
}

/*
 * Demand.
 */
static void
ReadWishes(RingQueue *queue, RingDemand *demand)
{
	uint64 stored = pg_atomic_read_u64(&queue->stored_position);

	for (int i = queue->first_waiter; i != RING_NO_MEMBER; i = ring_shared->members[i].next)
	{
		const RingMember *member = &ring_shared->members[i];

		if (member->wish == RING_WISH_ROOM)
			demand->room_wanted = true;
		else if (member->wish == RING_WISH_STORED && (uint64) member->target > stored)
			demand->position_wanted = Max(demand->position_wanted, (uint64) member->target);
		else if (member->wish == RING_WISH_SETTLED && member->target != RING_TARGET_UNKNOWN &&
		         member->target > queue->settled_segment)
			demand->segment_wanted = Max(demand->segment_wanted, member->target);
	}
}

void
RingReadDemand(RingDemand *demand)
{
	RingQueue *queue = reading;
	int64 now = MonotonicMs();

	memset(demand, 0, sizeof(RingDemand));
	RingLock(queue->lock, LW_SHARED);
	ReadWishes(queue, demand);
	SpinLockAcquire(&queue->reserve_lock);
	demand->queued = queue->tail.position - queue->head.position;
	demand->queued_bytes = queue->queued_bytes;
	if (demand->queued > 0 && queue->oldest_at == 0)
		queue->oldest_at = now;
	demand->oldest_at = queue->oldest_at;
	demand->batch_is_full = demand->queued >= (uint64) queue->batch_records ||
	                        demand->queued_bytes >= queue->batch_bytes;
	SpinLockRelease(&queue->reserve_lock);
	RingUnlock(queue->lock);
	demand->crowded = queue->page_count > ring_shared->page_count / 4;
	demand->others_wait = pg_atomic_read_u32(&ring_shared->others_wait) != 0;
}

long
RingDueIn(const RingDemand *demand)
{
	if (demand->queued == 0)
		return -1;
	if (demand->batch_is_full || demand->room_wanted || demand->position_wanted > 0 ||
	    demand->others_wait)
		return 0;
	return (long) Max(demand->oldest_at + setting_flush_interval_ms - MonotonicMs(), 0);
}

void
RingSetLimit(int max_queued)
{
	RingQueue *queue = reading;

	RingSignalsBlock();
	SpinLockAcquire(&queue->reserve_lock);
	queue->max_queued = max_queued;
	SpinLockRelease(&queue->reserve_lock);
	RingSignalsUnblock();
	RingSetBatchSize(queue);
}

/*
 * Progress.
 */
void
RingPublishLedger(int64 newest_segment)
{
	RingQueue *queue = reading;

	RingLock(queue->lock, LW_EXCLUSIVE);
	queue->ledger_known = true;
	queue->newest_segment = newest_segment;
	queue->settled_segment = Min(queue->settled_segment, newest_segment);
	queue->stalled_segment = 0;
	for (int i = queue->first_waiter; i != RING_NO_MEMBER; i = ring_shared->members[i].next)
	{
		RingMember *member = &ring_shared->members[i];

		if (member->wish == RING_WISH_SETTLED &&
		    (member->target == RING_TARGET_UNKNOWN || member->target > newest_segment))
			member->target = newest_segment;
	}
	RingWakeWaiters(queue, RING_WISH_SETTLED, INT64_MAX);
	RingUnlock(queue->lock);
}

void
RingPublishStored(uint64 position, int64 newest_segment)
{
	RingQueue *queue = reading;

	RingLock(queue->lock, LW_EXCLUSIVE);
	queue->newest_segment = Max(queue->newest_segment, newest_segment);
	if (position > pg_atomic_read_u64(&queue->stored_position))
		pg_atomic_write_u64(&queue->stored_position, position);
	TEST_POINT("stored");
	RingWakeWaiters(queue, RING_WISH_STORED,
	                (int64) pg_atomic_read_u64(&queue->stored_position));
	RingUnlock(queue->lock);
}

void
RingPublishSettled(int64 settled, int64 stalled)
{
	RingQueue *queue = reading;

	RingLock(queue->lock, LW_EXCLUSIVE);

	/* What somebody has asked for since may be that it moves again. */
	if (pg_atomic_read_u32(&queue->worker_wanted) != 0)
		stalled = 0;
	if (queue->settled_segment != settled || queue->stalled_segment != stalled)
	{
		queue->settled_segment = settled;
		queue->stalled_segment = stalled;
		RingWakeWaiters(queue, RING_WISH_SETTLED, Max(settled, stalled));
	}
	RingUnlock(queue->lock);
}
