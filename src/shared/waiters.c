/* SPDX-License-Identifier: PostgreSQL */
/*
 * Waiting for the worker: until spans are stored, until segments are settled, until
 * there is room, until the worker is gone.
 *
 * Each process of the server is a member of the ring, by the number of its PGPROC,
 * from its first use of the ring until its exit.  What it waits for is its wish; the
 * members that wish something of a queue are on that queue's list.  The worker reads
 * the list to know what is wanted, and sets the latches of those whose wish has come
 * true.  A wish is made before the condition is looked at, and the list is changed
 * under the queue's lock, so that no one sleeps through it.
 *
 * A wish ends with the wait, however that ends: RingWishEnd is called on success, and
 * on errors; a process that exits ends its wish and its membership.  A member's life is a
 * number that is never used again: whoever finds another, knows that the process
 * is gone.
 *
 * A wait for the worker is invisible to the deadlock detector.  So no one waits who
 * holds a lock that the worker may need (may_wait.c), every wait has an end, and
 * the worker itself waits for locks only a moment (lock_timeout).
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "compat.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "shared/private.h"
#include "shared/test_point.h"
#include "shared/waiters.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/resowner.h"

/* Should a latch ever be missed. */
#define LONGEST_SLEEP_MS 1000

static int my_number = RING_NO_MEMBER;
static RingQueue *wished_of = NULL; /* this process's wish is on its list */
static bool wake_at_commit = false;

/*
 * Members.
 */
static RingMember *
Me(void)
{
	return &ring_shared->members[my_number];
}

static void
LeaveRing(int code, Datum arg)
{
	(void) code;
	(void) arg;
	if (wished_of != NULL)
		RingWishEnd(wished_of);
	pg_atomic_fetch_add_u32(&Me()->life, 1);
}

static void
JoinRing(void)
{
	int number = compat_process_number(MyProc);

	if (number >= ring_shared->member_count)
		return; /* an auxiliary process, which records nothing */
	my_number = number;
	pg_atomic_write_u32(&Me()->life, (pg_atomic_read_u32(&Me()->life) + 1) | 1);
	on_shmem_exit(LeaveRing, (Datum) 0);
}

int
RingMemberNumber(void)
{
	if (unlikely(my_number == RING_NO_MEMBER) && MyProc != NULL)
		JoinRing();
	return my_number;
}

/*
 * Wishes.
 */
void
RingWishFor(RingQueue *queue, RingWish wish, int64 target)
{
	if (RingMemberNumber() == RING_NO_MEMBER)
		return;
	if (wished_of != NULL)
		RingWishEnd(wished_of);

	RingLock(queue->lock, LW_EXCLUSIVE);
	Me()->wish = wish;
	Me()->target = target;
	Me()->previous = RING_NO_MEMBER;
	Me()->next = queue->first_waiter;
	if (queue->first_waiter != RING_NO_MEMBER)
		ring_shared->members[queue->first_waiter].previous = my_number;
	queue->first_waiter = my_number;
	wished_of = queue;
	TEST_POINT("wish locked");
	RingUnlock(queue->lock);
	TEST_POINT("wish made");
}

void
RingWishEnd(RingQueue *queue)
{
	if (wished_of != queue)
		return;
	RingLock(queue->lock, LW_EXCLUSIVE);
	if (Me()->previous != RING_NO_MEMBER)
		ring_shared->members[Me()->previous].next = Me()->next;
	else
		queue->first_waiter = Me()->next;
	if (Me()->next != RING_NO_MEMBER)
		ring_shared->members[Me()->next].previous = Me()->previous;
	Me()->wish = RING_WISH_NONE;
	wished_of = NULL;
	RingUnlock(queue->lock);
}

void
RingWakeWaiters(RingQueue *queue, RingWish wish, int64 target)
{
	for (int i = queue->first_waiter; i != RING_NO_MEMBER; i = ring_shared->members[i].next)
	{
		const RingMember *member = &ring_shared->members[i];

		if (member->wish == wish && member->target <= target)
			SetLatch(&GetPGProcByNumber(i)->procLatch);
	}
}

void
RingSleep(long timeout_ms, uint32 wait_event)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
	                 Min(timeout_ms, LONGEST_SLEEP_MS), wait_event);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/*
 * Waiting.
 */
typedef enum WaitEnd
{
	WAIT_ON,
	WAIT_OVER,   /* the wish has come true */
	WAIT_IN_VAIN /* it will not, for now */
} WaitEnd;

static WaitEnd
LookAtSettled(RingQueue *queue)
{
	int64 target = Me()->target;

	if (!queue->ledger_known || target == RING_TARGET_UNKNOWN)
		return WAIT_ON;
	if (queue->settled_segment >= target)
		return WAIT_OVER;
	return queue->stalled_segment >= target ? WAIT_IN_VAIN : WAIT_ON;
}

static WaitEnd
LookAtWish(RingQueue *queue)
{
	WaitEnd end;

	RingLock(queue->lock, LW_SHARED);
	if (Me()->wish == RING_WISH_STORED)
		end = pg_atomic_read_u64(&queue->stored_position) >= (uint64) Me()->target ? WAIT_OVER
		                                                                            : WAIT_ON;
	else
		end = LookAtSettled(queue);
	RingUnlock(queue->lock);
	return end;
}

static void
EndWish(int code, Datum arg)
{
	(void) code;
	RingWishEnd((RingQueue *) DatumGetPointer(arg));
}

/* Waits for the wish of this process; timeout_ms < 0: no limit. */
static bool
AwaitWish(RingQueue *queue, long timeout_ms)
{
	int64 deadline = MonotonicMs() + timeout_ms;
	uint32 wait_event = compat_wait_event("GenopsWaitForWorker");
	volatile WaitEnd end = WAIT_ON;

	PG_ENSURE_ERROR_CLEANUP(EndWish, PointerGetDatum(queue));
	{
		bool asked = false;

		while ((end = LookAtWish(queue)) == WAIT_ON)
		{
			long left = timeout_ms < 0 ? LONGEST_SLEEP_MS : (long) (deadline - MonotonicMs());

			if (left <= 0)
				break;
			if (!asked)
				RingWant(queue);
			asked = true;
			TEST_POINT("before sleep");
			RingSleep(left, wait_event);
		}
	}
	PG_END_ENSURE_ERROR_CLEANUP(EndWish, PointerGetDatum(queue));
	RingWishEnd(queue);
	return end == WAIT_OVER;
}

uint64
RingNewestPosition(void)
{
	RingQueue *queue = RingMyQueue();
	RingPlace head;
	RingPlace tail;

	if (queue == NULL)
		return 0;
	RingReadEnds(queue, &head, &tail);
	return tail.position;
}

bool
RingWaitStored(uint64 position, long timeout_ms)
{
	RingQueue *queue = RingMyQueue();

	if (queue == NULL || pg_atomic_read_u64(&queue->stored_position) >= position)
		return true;
	if (!RingMayWait())
		return false;
	RingWishFor(queue, RING_WISH_STORED, (int64) position);
	return AwaitWish(queue, timeout_ms);
}

bool
RingWaitSettled(long timeout_ms)
{
	RingQueue *queue = RingMyQueue();
	int64 target = RING_TARGET_UNKNOWN;

	/* A standby has no segments; what was recorded on it counts as stored when it is
	 * answered for. */
	if (queue == NULL || RecoveryInProgress())
		return true;
	if (!RingMayWait())
		return false;
	RingLock(queue->lock, LW_SHARED);
	if (queue->ledger_known)
		target = queue->newest_segment;
	RingUnlock(queue->lock);
	RingWishFor(queue, RING_WISH_SETTLED, target);
	return AwaitWish(queue, timeout_ms);
}

/*
 * Asking for the worker.
 */
void
RingWakeWorker(void)
{
	RingQueue *queue = RingMyQueue();

	if (queue != NULL)
		RingWant(queue);
}

/* What kept delivery from moving may be fixed now. */
void
RingWakeWorkerAnew(void)
{
	RingQueue *queue = RingMyQueue();

	if (queue == NULL)
		return;
	RingLock(queue->lock, LW_EXCLUSIVE);
	queue->stalled_segment = 0;
	RingUnlock(queue->lock);
	RingWant(queue);
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
		RingWakeWorkerAnew();
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
