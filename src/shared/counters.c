/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is counted of a database's queue since the server started.
 *
 * What callers count is counted without a lock; what becomes of queued records is
 * counted under the queue's lock as they leave.  So that the counts of a moment fit
 * together (recorded = stored + queued + dropped, with what was sent on a standby),
 * "recorded" is not counted: it is what was reserved and what never could be.  Nor is
 * "queued": it is what was reserved and has not come to an end, be it in the queue
 * or in the memory of a standby's worker.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "shared/private.h"

void
RingCountText(uint32 repaired, uint32 cut)
{
	RingQueue *queue = RingMyQueue();

	if (queue == NULL)
		return;
	pg_atomic_fetch_add_u64(&queue->repaired_texts, repaired);
	pg_atomic_fetch_add_u64(&queue->cut_attributes, cut);
}

void
RingCountComplaint(void)
{
	RingQueue *queue = RingExists() ? RingMyQueue() : NULL;

	if (queue != NULL)
		pg_atomic_fetch_add_u64(&queue->complaints, 1);
}

void
RingCountDuplicates(uint64 count)
{
	RingQueue *queue = RingMyQueue();

	if (queue != NULL && count > 0)
		pg_atomic_fetch_add_u64(&queue->duplicates, count);
}

void
RingCountDuplicate(void)
{
	RingCountDuplicates(1);
}

bool
RingHasQueue(void)
{
	return RingMyQueue() != NULL;
}

void
RingReadUsage(RingUsage *usage)
{
	memset(usage, 0, sizeof(RingUsage));
	if (ring_shared == NULL)
		return;
	usage->max_databases = ring_shared->queue_count;
	for (int i = 0; i < ring_shared->queue_count; i++)
		if (OidIsValid(RingDatabase(&ring_shared->queues[i])))
			usage->databases++;
	usage->lost = pg_atomic_read_u64(&ring_shared->lost_without_queue);
	usage->last_refused = (Oid) pg_atomic_read_u32(&ring_shared->last_refused);
}

static void
ReadFate(const RingQueue *queue, RingCounts *counts)
{
	counts->stored = queue->fate.stored;
	counts->sent_outside_ledger = queue->fate.sent;
	memcpy(counts->dropped, queue->fate.dropped, sizeof(counts->dropped));
	counts->worker_pid = queue->worker_pid;
	counts->reset_at = queue->reset_at;
	counts->last_stored_at = queue->last_stored_at;
}

/* Of records that were queued: those of which something has become. */
static uint64
CountEnded(const RingCounts *counts)
{
	uint64 ended = counts->stored + counts->sent_outside_ledger;

	for (int i = 0; i < RING_DROP_COUNT; i++)
		ended += counts->dropped[i];
	return ended;
}

void
RingReadCounts(RingCounts *counts)
{
	RingQueue *queue = ring_shared ? RingQueueOf(MyDatabaseId, false) : NULL;
	uint64 reserved;

	memset(counts, 0, sizeof(RingCounts));
	if (queue == NULL)
		return;
	RingLock(queue->lock, LW_SHARED);
	ReadFate(queue, counts);
	SpinLockAcquire(&queue->reserve_lock);
	reserved = queue->tail.position;
	counts->queued_bytes = queue->queued_bytes;
	SpinLockRelease(&queue->reserve_lock);
	RingUnlock(queue->lock);

	reserved -= pg_atomic_read_u64(&queue->returned);
	counts->queued = reserved - CountEnded(counts);
	counts->dropped[RING_DROP_FULL] += pg_atomic_read_u64(&queue->dropped_full);
	counts->dropped[RING_DROP_TOO_LARGE] += pg_atomic_read_u64(&queue->dropped_too_large);
	counts->recorded = reserved + counts->dropped[RING_DROP_FULL] +
	                   counts->dropped[RING_DROP_TOO_LARGE];
	counts->repaired_texts = pg_atomic_read_u64(&queue->repaired_texts);
	counts->cut_attributes = pg_atomic_read_u64(&queue->cut_attributes);
	counts->complaints = pg_atomic_read_u64(&queue->complaints);
	counts->duplicates = pg_atomic_read_u64(&queue->duplicates);
	counts->waits = pg_atomic_read_u64(&queue->waits);
}
