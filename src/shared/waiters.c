/*
 * Waiting for the worker: until spans are stored, until segments are settled.
 *
 * A wait for the worker is invisible to the deadlock detector.  So nobody
 * waits who holds a lock that the worker may need, every wait has an end, and
 * the worker itself waits for locks only a moment (lock_timeout).
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "compat.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "shared/ring_private.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"

static bool wake_at_commit = false;

/* The worker attaches partitions (SHARE UPDATE EXCLUSIVE) and writes. */
static bool
HoldsStrongLock(Oid relation)
{
	LOCKTAG tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation);
	for (LOCKMODE mode = ShareUpdateExclusiveLock; mode <= AccessExclusiveLock; mode++)
		if (compat_lock_held_by_me(&tag, mode))
			return true;
	return false;
}

bool
RingMayWait(void)
{
	static const char *const tables[] = { "ledger_span", "ledger_segment", "ledger_state",
		                                  "delivery",    "spend_total",    "setting" };
	Oid schema;

	if (!IsTransactionState())
		return false;
	schema = get_namespace_oid("genops", true);
	if (!OidIsValid(schema))
		return false;
	for (int i = 0; i < (int) lengthof(tables); i++)
	{
		Oid table = get_relname_relid(tables[i], schema);
		ListCell *cell;

		if (!OidIsValid(table))
			continue;
		if (HoldsStrongLock(table))
			return false;
		foreach (cell, find_inheritance_children(table, NoLock))
			if (HoldsStrongLock(lfirst_oid(cell)))
				return false;
	}
	return true;
}

uint64
RingNewestPosition(void)
{
	RingQueue *queue = RingMyQueue();
	uint64 position;

	if (queue == NULL)
		return 0;
	SpinLockAcquire(&queue->lock);
	position = queue->tail.position;
	SpinLockRelease(&queue->lock);
	return position;
}

/* What one turn of a wait finds; under the queue's lock. */
typedef bool (*WaitOver)(RingQueue *queue, int64 target, bool *give_up);

static bool
StoredUpTo(RingQueue *queue, int64 target, bool *give_up)
{
	(void) give_up;
	if (queue->stored_position >= (uint64) target)
		return true;
	queue->wanted_position = Max(queue->wanted_position, (uint64) target);
	return false;
}

static bool
SettledUpTo(RingQueue *queue, int64 target, bool *give_up)
{
	if (queue->settled_segment >= target)
		return true;
	*give_up = queue->stalled_segment >= target;
	queue->wanted_segment = Max(queue->wanted_segment, target);
	return false;
}

static bool
Wait(RingQueue *queue, WaitOver is_over, int64 target, long timeout_ms)
{
	int64 deadline = MonotonicMs() + timeout_ms;
	uint32 wait_event = compat_wait_event("GenopsWaitForWorker");
	bool over;
	bool asked = false;

	ConditionVariablePrepareToSleep(&queue->progress);
	for (;;)
	{
		bool give_up = false;
		long left = 1000;

		SpinLockAcquire(&queue->lock);
		over = is_over(queue, target, &give_up);
		SpinLockRelease(&queue->lock);
		if (over || give_up)
			break;
		if (timeout_ms >= 0)
			left = (long) (deadline - MonotonicMs());
		if (left <= 0)
			break;
		if (!asked)
			RingWake(queue);
		asked = true;
		ConditionVariableTimedSleep(&queue->progress, Min(left, 1000), wait_event);
	}
	ConditionVariableCancelSleep();
	return over;
}

bool
RingWaitStored(uint64 position, long timeout_ms)
{
	RingQueue *queue = RingMyQueue();

	if (queue == NULL || position == 0)
		return true;
	if (queue->stored_position >= position)
		return true;
	return RingMayWait() && Wait(queue, StoredUpTo, (int64) position, timeout_ms);
}

bool
RingWaitSettled(long timeout_ms)
{
	RingQueue *queue = RingMyQueue();
	int64 target;

	if (queue == NULL)
		return true;
	SpinLockAcquire(&queue->lock);
	target = queue->newest_segment;
	SpinLockRelease(&queue->lock);
	return RingMayWait() && Wait(queue, SettledUpTo, target, timeout_ms);
}

void
RingWakeWorker(void)
{
	RingQueue *queue = RingMyQueue();

	if (queue != NULL)
		RingWake(queue);
}

/* What kept delivery from moving may be mended now: the worker judges anew. */
static void
ForgetStalled(void)
{
	RingQueue *queue = RingMyQueue();

	if (queue == NULL)
		return;
	SpinLockAcquire(&queue->lock);
	queue->stalled_segment = 0;
	SpinLockRelease(&queue->lock);
}

/*
 * Not at XACT_EVENT_COMMIT: the worker could look before the transaction has
 * told others what it invalidated, and then sleep on.  When resources are
 * released after the locks, that has happened.
 */
static void
WakeAtCommit(ResourceReleasePhase phase, bool is_commit, bool is_top_level, void *arg)
{
	(void) arg;
	if (phase != RESOURCE_RELEASE_AFTER_LOCKS || !is_top_level)
		return;
	if (wake_at_commit && is_commit)
	{
		ForgetStalled();
		RingWakeWorker();
	}
	wake_at_commit = false;
}

void
RingWakeWorkerAtCommit(void)
{
	static bool registered = false;

	if (!registered)
		RegisterResourceReleaseCallback(WakeAtCommit, NULL);
	registered = true;
	wake_at_commit = ring_shared != NULL;
}
