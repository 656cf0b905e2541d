/* SPDX-License-Identifier: PostgreSQL */
/*
 * Seats: which database has a worker, who needs one, and who must not have one.
 *
 *   empty --SeatClaim--> starting --SeatTake--> taken --exit--> empty
 *                            `-----SeatGiveUp-----------------> empty
 *
 * The ring has one reader and the ledger one writer: a worker takes its seat if no one
 * else has, and leaves at once if it comes too late.  A worker that dies leaves its seat
 * by its exit callback, marked as failed, with something pending; one that is killed takes
 * the server down, and all seats are made anew.
 *
 * A wish for the worker (worker_wanted) is kept until a worker hears it, be it the next.
 */
#include "postgres.h"

#include "compat.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "shared/private.h"
#include "shared/test_point.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/wait_event.h"

static RingQueue *my_seat = NULL;

/*
 * Waking.  A process's number may be another's by now, which is woken for nothing.
 */
static bool
WakeProcess(uint32 number)
{
	if (number == RING_NO_PROCESS)
		return false;
	SetLatch(&GetPGProcByNumber(number)->procLatch);
	return true;
}

void
RingWakeLauncher(void)
{
	(void) WakeProcess(pg_atomic_read_u32(&ring_shared->launcher_process));
}

void
RingWake(RingQueue *queue)
{
	if (!WakeProcess(pg_atomic_read_u32(&queue->worker_process)))
		RingWakeLauncher();
}

/* The time is of interest only while no worker is there to hear it. */
static void
NoteWish(RingQueue *queue)
{
	if (pg_atomic_read_u32(&queue->worker_wanted) == 0)
		pg_atomic_write_u64(&queue->wanted_at, (uint64) MonotonicMs());
	pg_atomic_exchange_u32(&queue->worker_wanted, 1);
}

void
RingWant(RingQueue *queue)
{
	NoteWish(queue);
	RingWake(queue);
}

bool
SeatWant(Oid database)
{
	RingQueue *queue = RingQueueOf(database, true);

	if (queue != NULL)
		RingWant(queue);
	return queue != NULL;
}

bool
SeatNoteLedger(Oid database)
{
	RingQueue *queue = RingQueueOf(database, true);

	if (queue == NULL)
		return false;
	RingLock(queue->lock, LW_EXCLUSIVE);
	if (queue->seat_changed_at == 0 && !queue->pending)
	{
		queue->pending = true;
		queue->pending_due_at = MonotonicMs();
	}
	RingUnlock(queue->lock);
	RingWakeLauncher();
	return true;
}

void
SeatWantAll(void)
{
	for (int i = 0; i < ring_shared->queue_count; i++)
		if (OidIsValid(RingDatabase(&ring_shared->queues[i])))
			NoteWish(&ring_shared->queues[i]);
}

/*
 * The launcher's side.
 */
int
SeatCount(void)
{
	return ring_shared->queue_count;
}

static void
ViewQueue(RingQueue *queue, SeatView *view)
{
	SpinLockAcquire(&queue->reserve_lock);
	view->queued = queue->tail.position - queue->head.position;
	view->oldest_at = queue->oldest_at;
	SpinLockRelease(&queue->reserve_lock);
	if (view->queued > 0 && view->oldest_at == 0)
		view->oldest_at = MonotonicMs();
}

/* A wish that a worker has heard, and left behind. */
static bool
HasWaiters(RingQueue *queue)
{
	for (int i = queue->first_waiter; i != RING_NO_MEMBER; i = ring_shared->members[i].next)
		if (ring_shared->members[i].wish == RING_WISH_STORED ||
		    ring_shared->members[i].wish == RING_WISH_SETTLED)
			return true;
	return false;
}

bool
SeatLookAt(int number, SeatView *view)
{
	RingQueue *queue = &ring_shared->queues[number];

	memset(view, 0, sizeof(SeatView));
	view->number = number;
	view->database = RingDatabase(queue);
	if (!OidIsValid(view->database))
		return false;
	RingLock(queue->lock, LW_SHARED);
	view->state = queue->seat_state;
	view->worker_pid = queue->worker_pid;
	view->changed_at = queue->seat_changed_at;
	view->not_before = queue->not_before;
	view->failed = queue->worker_failed;
	view->kept_out = queue->keep_out > 0;
	view->wanted = pg_atomic_read_u32(&queue->worker_wanted) != 0 || HasWaiters(queue);
	view->wanted_at = (int64) pg_atomic_read_u64(&queue->wanted_at);
	view->pending = queue->pending;
	view->pending_due_at = queue->pending_due_at;
	ViewQueue(queue, view);
	RingUnlock(queue->lock);
	view->dropped_full = pg_atomic_read_u64(&queue->dropped_full);
	view->dropping = pg_atomic_read_u32(&queue->dropping) != 0;
	return true;
}

/* What was seen may have changed: a session may need the database for itself, and
 * waits only for a worker that it knows of. */
bool
SeatClaim(const SeatView *view)
{
	RingQueue *queue = &ring_shared->queues[view->number];
	bool claimed;

	RingLock(queue->lock, LW_EXCLUSIVE);
	claimed = RingDatabase(queue) == view->database && queue->seat_state == SEAT_EMPTY &&
	          queue->keep_out == 0;
	if (claimed)
	{
		queue->seat_state = SEAT_STARTING;
		queue->seat_changed_at = MonotonicMs();
	}
	RingUnlock(queue->lock);
	return claimed;
}

bool
SeatGiveUp(const SeatView *view, bool failed)
{
	RingQueue *queue = &ring_shared->queues[view->number];
	bool empty;

	RingLock(queue->lock, LW_EXCLUSIVE);
	empty = RingDatabase(queue) == view->database && queue->worker_pid == 0;
	if (empty)
	{
		queue->seat_state = SEAT_EMPTY;
		queue->worker_failed |= failed;
		queue->seat_changed_at = MonotonicMs();
		RingWakeWaiters(queue, RING_WISH_EMPTY, 0);
	}
	RingUnlock(queue->lock);
	return empty;
}

void
SeatPostpone(const SeatView *view, int64 not_before)
{
	RingQueue *queue = &ring_shared->queues[view->number];

	RingLock(queue->lock, LW_EXCLUSIVE);
	if (RingDatabase(queue) == view->database)
		queue->not_before = not_before;
	RingUnlock(queue->lock);
}

void
SeatAskToLeave(int number)
{
	RingQueue *queue = &ring_shared->queues[number];

	RingLock(queue->lock, LW_EXCLUSIVE);
	queue->worker_must_leave = queue->seat_state != SEAT_EMPTY;
	RingUnlock(queue->lock);
	(void) WakeProcess(pg_atomic_read_u32(&queue->worker_process));
}

/* Those that sleep are told. */
void
SeatSetOthersWait(bool others_wait)
{
	if (pg_atomic_exchange_u32(&ring_shared->others_wait, others_wait) == others_wait ||
	    !others_wait)
		return;
	for (int i = 0; i < ring_shared->queue_count; i++)
		(void) WakeProcess(pg_atomic_read_u32(&ring_shared->queues[i].worker_process));
}

static void
LauncherDepart(int code, Datum arg)
{
	(void) code;
	(void) arg;
	pg_atomic_write_u32(&ring_shared->launcher_process, RING_NO_PROCESS);
}

void
SeatLauncherArrive(void)
{
	pg_atomic_write_u32(&ring_shared->launcher_process, (uint32) compat_process_number(MyProc));
	before_shmem_exit(LauncherDepart, (Datum) 0);
}

bool
SeatLauncherRuns(void)
{
	return ring_shared != NULL &&
	       pg_atomic_read_u32(&ring_shared->launcher_process) != RING_NO_PROCESS;
}

/*
 * The worker's side.
 */
static void
LeaveSeat(int code, Datum arg)
{
	RingQueue *queue = my_seat;

	(void) arg;
	RingLock(queue->lock, LW_EXCLUSIVE);
	if (queue->worker_pid == MyProcPid) /* else the database is gone */
	{
		queue->worker_failed = code != 0;
		queue->seat_state = SEAT_EMPTY;
		queue->worker_pid = 0;
		pg_atomic_write_u32(&queue->worker_process, RING_NO_PROCESS);
		queue->worker_must_leave = false;
		queue->seat_changed_at = MonotonicMs();
		RingWakeWaiters(queue, RING_WISH_EMPTY, 0);
	}
	RingUnlock(queue->lock);
	RingWakeLauncher();
}

Oid
SeatTake(int number)
{
	RingQueue *queue = &ring_shared->queues[number];
	Oid database;
	bool taken;
	bool kept_out;

	RingLock(queue->lock, LW_EXCLUSIVE);
	database = RingDatabase(queue);
	taken = OidIsValid(database) && queue->worker_pid == 0;
	kept_out = queue->keep_out > 0;
	if (taken)
	{
		queue->seat_state = SEAT_TAKEN;
		queue->worker_pid = MyProcPid;
		pg_atomic_write_u32(&queue->worker_process, (uint32) compat_process_number(MyProc));
		queue->worker_must_leave = false;
		queue->seat_changed_at = MonotonicMs();
		queue->pending = true; /* should this one die */
		queue->pending_due_at = 0;
	}
	RingUnlock(queue->lock);
	if (!taken)
		return InvalidOid;

	TEST_POINT("seat taken");
	my_seat = queue;
	before_shmem_exit(LeaveSeat, (Datum) 0);
	RingReadFrom(queue);
	return kept_out ? InvalidOid : database;
}

bool
SeatAskedToLeave(void)
{
	bool leave;

	RingLock(my_seat->lock, LW_SHARED);
	leave = my_seat->worker_must_leave || my_seat->keep_out > 0;
	RingUnlock(my_seat->lock);
	return leave;
}

bool
SeatHearWish(void)
{
	return pg_atomic_exchange_u32(&my_seat->worker_wanted, 0) != 0;
}

void
SeatLeavePending(bool pending, int64 due_at)
{
	RingLock(my_seat->lock, LW_EXCLUSIVE);
	my_seat->pending = pending;
	my_seat->pending_due_at = due_at;
	RingUnlock(my_seat->lock);
}

/*
 * Keeping the worker out.
 */
bool
SeatKeepOut(Oid database)
{
	RingQueue *queue = ring_shared ? RingQueueOf(database, false) : NULL;
	bool marked;

	if (queue == NULL)
		return false;
	RingLock(queue->lock, LW_EXCLUSIVE);
	marked = RingDatabase(queue) == database;
	if (marked)
		queue->keep_out++;
	RingUnlock(queue->lock);
	(void) WakeProcess(pg_atomic_read_u32(&queue->worker_process));
	return marked;
}

/* A worker that is about to start counts, since it looks at the mark only when it is
 * up. */
static bool
IsEmpty(RingQueue *queue)
{
	bool empty;

	RingLock(queue->lock, LW_SHARED);
	empty = queue->seat_state == SEAT_EMPTY;
	RingUnlock(queue->lock);
	return empty;
}

static void
EndEmptyWish(int code, Datum arg)
{
	(void) code;
	RingWishEnd((RingQueue *) DatumGetPointer(arg));
}

void
SeatAwaitEmpty(Oid database, long timeout_ms)
{
	RingQueue *queue = RingQueueOf(database, false);
	uint32 wait_event = compat_wait_event("GenopsWaitForWorker");
	int64 deadline = MonotonicMs() + timeout_ms;

	if (queue == NULL)
		return;
	RingWishFor(queue, RING_WISH_EMPTY, 0);
	PG_ENSURE_ERROR_CLEANUP(EndEmptyWish, PointerGetDatum(queue));
	{
		long left;

		while (!IsEmpty(queue) && (left = (long) (deadline - MonotonicMs())) > 0)
			RingSleep(left, wait_event);
	}
	PG_END_ENSURE_ERROR_CLEANUP(EndEmptyWish, PointerGetDatum(queue));
	RingWishEnd(queue);
}

void
SeatLetIn(Oid database)
{
	RingQueue *queue = RingQueueOf(database, false);

	if (queue == NULL)
		return;
	RingLock(queue->lock, LW_EXCLUSIVE);
	if (RingDatabase(queue) == database && queue->keep_out > 0)
		queue->keep_out--;
	RingUnlock(queue->lock);
	RingWakeLauncher();
}

/*
 * Others may look at the queue still: the launcher, or a session that wants to drop the
 * same database.  So its locks stay, and so does the list of those who wish something
 * of it.
 */
void
SeatDiscard(Oid database)
{
	RingQueue *queue;

	RingLock(ring_shared->directory_lock, LW_EXCLUSIVE);
	queue = NULL;
	for (int i = 0; i < ring_shared->queue_count && queue == NULL; i++)
		if (RingDatabase(&ring_shared->queues[i]) == database)
			queue = &ring_shared->queues[i];
	if (queue != NULL)
	{
		RingLock(queue->lock, LW_EXCLUSIVE);
		RingEmptyQueue(queue);
		RingResetQueue(queue, InvalidOid);
		RingWakeWaiters(queue, RING_WISH_EMPTY, 0);
		RingUnlock(queue->lock);
	}
	RingUnlock(ring_shared->directory_lock);
}
