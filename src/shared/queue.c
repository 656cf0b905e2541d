/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ring: where spans wait, in shared memory, to be stored.
 *
 * Memory.  A pool of pages of 64 KB, made when the server starts.  A queue per
 * database is a chain of pages; it takes a page from the pool when the last
 * one is full, gives pages back as they are stored, and holds none when it is
 * empty.
 *
 * A record's way.  Its writer takes the queue's spinlock, puts a slot header
 * (length, who writes it, RESERVED) at the tail, moves the tail and lets go of the
 * lock: the place is reserved, and the header is complete for whoever reads up
 * to the tail later.  It copies the record behind the header and sets the slot
 * PUBLISHED, with a write barrier in between.  Where the last page has no room
 * the writer gets a page from the pool first, without the spinlock, and comes back;
 * if another writer was faster it gives its page back.  Between reserving and
 * publishing nothing allocates, raises or checks for interrupts.
 *
 * The only reader is the database's worker.  It looks at head and tail under the
 * spinlock, then walks the slots without it, and copies what is PUBLISHED.  Pages
 * are given back only by RingRelease, after the transaction that stored their records
 * has committed.  So a worker that fails, or dies before its commit, leaves
 * everything where it was.  The tail's page is the writers' alone until it is full;
 * where a release empties the queue, the reader takes that page off under the
 * spinlock, and gives it back afterwards.
 *
 * When somebody dies.  A process that is killed takes the server down, and the
 * ring is made anew.  A process that exits in good order cannot do so between
 * reserving and publishing, but for other extensions' background workers: the
 * default handler of SIGTERM raises FATAL inside the signal handler.  Signals
 * are blocked there for such processes.  If a slot is still found RESERVED and
 * its writer's life is over, the reader passes over it and counts it as abandoned.
 *
 * A clean shutdown writes what is left (calls that the shutdown itself closed
 * after the worker had gone) to a file, from the postmaster, and the next start
 * reads it back: leftover.c.
 */
#include "postgres.h"

#include "access/xact.h"
#include "compat.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "settings.h"
#include "shared/private.h"
#include "shared/test_point.h"
#include "shared/waiters.h"
#include "storage/ipc.h"

uint64 ring_own_records = 0;

typedef enum ReserveResult
{
	RESERVED,
	QUEUE_FULL,
	PAGE_NEEDED
} ReserveResult;

/* Where a reserved slot is, and who should hear of it. */
typedef struct Reservation
{
	RingSlot *slot;
	uint64 position; /* behind it */
	bool wake;       /* the worker */
} Reservation;

/* What this session could not record. */
static RingLosses losses;

/* The newest record of this session, and the statement that it is of. */
static uint64 own_position = 0;
static TimestampTz own_statement = 0;

/* A batch of a small queue is full before the queue is: storing takes a moment, in
 * which others record. */
void
RingSetBatchSize(RingQueue *queue)
{
	Size share = (Size) PoolShare() * RING_PAGE_SIZE;

	queue->batch_records = RING_FULL_BATCH_RECORDS;
	if (queue->max_queued > 0)
		queue->batch_records = Min(queue->batch_records, Max(queue->max_queued / 2, 1));
	queue->batch_bytes = Min(RING_FULL_BATCH_BYTES, share / 4);
}

/* Under the spinlock: a page at the end of the chain. */
static inline void
LinkPage(RingQueue *queue, uint32 page)
{
	if (queue->tail.page == RING_NO_PAGE)
	{
		queue->head.page = page;
		queue->head.offset = 0;
	}
	else
		RingPageAt(queue->tail.page)->next = page;
	queue->tail.page = page;
	queue->tail.offset = 0;
}

/* Reserves a slot, in the spare page where there is one and it is needed: *spare is
 * set to RING_NO_PAGE then. */
static ReserveResult
TryReserve(RingQueue *queue, Size length, int owner, uint32 owner_life, int64 now, uint32 *spare,
           Reservation *reservation)
{
	Size size = MAXALIGN(sizeof(RingSlot) + length);
	ReserveResult result = PAGE_NEEDED;
	uint64 queued;

	SpinLockAcquire(&queue->reserve_lock);
	queued = queue->tail.position - queue->head.position;
	if (queue->max_queued > 0 && queued >= (uint64) queue->max_queued)
		result = QUEUE_FULL;
	else if (queue->tail.page != RING_NO_PAGE &&
	         sizeof(RingPageAt(0)->data) - queue->tail.offset >= size)
		result = RESERVED;
	else if (*spare != RING_NO_PAGE)
	{
		LinkPage(queue, *spare);
		*spare = RING_NO_PAGE;
		result = RESERVED;
	}
	if (result == RESERVED)
	{
		uint64 bytes = queue->queued_bytes;
		RingPage *page = RingPageAt(queue->tail.page);
		RingSlot *slot = (RingSlot *) (page->data + queue->tail.offset);

		pg_atomic_write_u32(&slot->state, RING_SLOT_RESERVED);
		slot->length = (uint32) length;
		slot->owner = owner;
		slot->owner_life = owner_life;
		queue->tail.offset += size;
		queue->tail.position++;
		page->used = queue->tail.offset;
		queue->queued_bytes = bytes + size;
		if (queued == 0)
			queue->oldest_at = now;
		reservation->slot = slot;
		reservation->position = queue->tail.position;
		reservation->wake = queued == 0 || queued + 1 == (uint64) queue->batch_records ||
		                    (bytes < queue->batch_bytes && bytes + size >= queue->batch_bytes);
	}
	SpinLockRelease(&queue->reserve_lock);
	return result;
}

static bool
Reserve(RingQueue *queue, Size length, Reservation *reservation)
{
	int owner = RingMemberNumber();
	uint32 owner_life =
	    owner == RING_NO_MEMBER ? 0 : pg_atomic_read_u32(&ring_shared->members[owner].life);
	uint32 spare = RING_NO_PAGE;
	ReserveResult result;

	/* The time is read where the queue looks empty; a glance that errs leaves it to
	 * whoever looks at the queue next. */
	int64 now = queue->tail.page == RING_NO_PAGE ? MonotonicMs() : 0;

	while ((result = TryReserve(queue, length, owner, owner_life, now, &spare, reservation)) ==
	       PAGE_NEEDED)
	{
		TEST_POINT("page needed");
		spare = PoolTake(queue);
		TEST_POINT("page taken");
		if (spare == RING_NO_PAGE)
			break;
	}
	if (spare != RING_NO_PAGE)
		PoolGiveBack(queue, spare, spare, 1);
	return result == RESERVED;
}

/* Most parts are short texts, for which two copies of a fixed size that overlap
 * cost less than a call of memcpy. */
static inline void
CopyPart(char *to, const char *from, Size length)
{
	if (length > 16)
		memcpy(to, from, length);
	else if (length >= 8)
	{
		memcpy(to, from, 8);
		memcpy(to + length - 8, from + length - 8, 8);
	}
	else
	{
		for (Size i = 0; i < length; i++)
			to[i] = from[i];
	}
}

static void
CopyParts(RingSlot *slot, const RingPart *parts, int part_count)
{
	char *to = (char *) (slot + 1);

	for (int i = 0; i < part_count; i++)
	{
		CopyPart(to, parts[i].data, parts[i].length);
		to += parts[i].length;
	}
	TEST_POINT("copied");
	pg_write_barrier();
	pg_atomic_write_u32(&slot->state, RING_SLOT_PUBLISHED);
}

/* Reserve, copy, publish; false when there is no room. */
static bool
TryAppend(RingQueue *queue, Size length, const RingPart *parts, int part_count)
{
	Reservation reservation;
	bool reserved;

	RingSignalsBlock();
	reserved = Reserve(queue, length, &reservation);
	if (reserved)
	{
		own_position = reservation.position;
		own_statement = GetCurrentStatementStartTimestamp();
		TEST_POINT("reserved");
		CopyParts(reservation.slot, parts, part_count);
	}
	RingSignalsUnblock();
	if (!reserved)
		return false;
	ring_own_records++;

	TEST_POINT("published");
	if (reservation.wake)
		RingWake(queue);
	if (unlikely(pg_atomic_read_u32(&queue->dropping) != 0))
	{
		pg_atomic_write_u32(&queue->dropping, 0);
		RingWakeLauncher(); /* which tells the log */
	}
	return true;
}

/*
 * Losses.
 */
static RingOutcome
CountTooLarge(RingQueue *queue)
{
	losses.too_large++;
	pg_atomic_fetch_add_u64(&queue->dropped_too_large, 1);
	return RING_TOO_LARGE;
}

static RingOutcome
CountNoRoom(RingQueue *queue)
{
	losses.no_room++;
	pg_atomic_fetch_add_u64(&queue->dropped_full, 1);
	if (pg_atomic_exchange_u32(&queue->dropping, 1) == 0)
		RingWakeLauncher();
	return RING_FULL;
}

static RingOutcome
CountNoQueue(void)
{
	if (ring_shared == NULL)
		return RING_NO_QUEUE;
	losses.no_queue++;
	pg_atomic_fetch_add_u64(&ring_shared->lost_without_queue, 1);
	if (pg_atomic_exchange_u32(&ring_shared->last_refused, MyDatabaseId) != MyDatabaseId)
		RingWakeLauncher(); /* which tells the log */
	return RING_NO_QUEUE;
}

bool
RingTakeLosses(RingLosses *taken)
{
	if (likely(losses.no_room == 0 && losses.too_large == 0 && losses.no_queue == 0))
		return false;
	*taken = losses;
	memset(&losses, 0, sizeof(losses));
	return true;
}

/*
 * Waiting for room.
 *
 * A session that finds the queue full because others record waits for the queue's
 * timeout.  A statement whose own records are still queued fills it itself: it waits as
 * long as records leave the queue, within the timeout each time.  A worker that comes
 * meanwhile gets the timeout as well, once in a wait, and not if the last one failed: one
 * that fails at each start would make the wait endless.  A statement that has waited in
 * vain does not wait again before records have left: all its calls together would wait
 * for hours.
 */
typedef struct RoomWait
{
	RingQueue *queue;
	uint64 own_position; /* when it began */
	uint64 head;         /* records that have left the queue, when it last looked */
	pid_t worker;        /* who had the seat when it began */
	bool worker_came;    /* since then */
} RoomWait;

static uint64
RecordsThatLeft(RingQueue *queue)
{
	RingPlace head;
	RingPlace tail;

	RingReadEnds(queue, &head, &tail);
	return head.position;
}

/* 0: nobody, or the successor of one that failed. */
static pid_t
WorkerOfPromise(RingQueue *queue)
{
	pid_t worker;

	RingLock(queue->lock, LW_SHARED);
	worker = queue->worker_failed ? 0 : queue->worker_pid;
	RingUnlock(queue->lock);
	return worker;
}

/* Of a statement that waited in vain. */
static TimestampTz vain_statement = 0;
static uint64 vain_head;

static bool
WouldWaitInVain(uint64 head)
{
	return vain_statement == GetCurrentStatementStartTimestamp() && head == vain_head;
}

static bool
FillsQueueItself(uint64 head)
{
	return own_statement == GetCurrentStatementStartTimestamp() && own_position > head;
}

/* Whether the wait may take the timeout from now on. */
static bool
IsPromising(RoomWait *wait)
{
	uint64 head_before = wait->head;
	pid_t worker;

	wait->head = RecordsThatLeft(wait->queue);
	if (!FillsQueueItself(head_before))
		return false;
	if (wait->head != head_before)
		return true;
	if (wait->worker_came)
		return false;
	worker = WorkerOfPromise(wait->queue);
	wait->worker_came = worker != 0 && worker != wait->worker;
	return wait->worker_came;
}

/* An error, a cancel or the session's end while it waited. */
static void
StopWaiting(int code, Datum arg)
{
	RoomWait *wait = (RoomWait *) DatumGetPointer(arg);

	(void) code;
	RingWishEnd(wait->queue);
	if (own_position == wait->own_position) /* else a slot is reserved, which counts */
		CountNoRoom(wait->queue);
}

/* Appends when there is room; false when the time is over. */
static bool
AwaitRoom(RoomWait *wait, Size length, const RingPart *parts, int part_count)
{
	uint32 wait_event = compat_wait_event("GenopsWaitForRoom");
	int64 deadline = MonotonicMs() + setting_queue_timeout_ms;

	while (!TryAppend(wait->queue, length, parts, part_count))
	{
		int64 now = MonotonicMs();

		if (IsPromising(wait))
			deadline = now + setting_queue_timeout_ms;
		if (now >= deadline)
			return false;
		RingWant(wait->queue);
		TEST_POINT("no room");
		RingSleep((long) (deadline - now), wait_event);
	}
	return true;
}

/* Cancel and die are heard, and counted. */
static bool
AppendWhenRoom(RingQueue *queue, Size length, const RingPart *parts, int part_count)
{
	RoomWait wait = {
		.queue = queue,
		.own_position = own_position,
		.head = RecordsThatLeft(queue),
	};
	volatile bool done = false;

	if (setting_queue_timeout_ms == 0 || WouldWaitInVain(wait.head) || !RingMayWait())
		return false;
	wait.worker = WorkerOfPromise(queue);

	pg_atomic_fetch_add_u64(&queue->waits, 1);
	RingWishFor(queue, RING_WISH_ROOM, 0);
	PG_ENSURE_ERROR_CLEANUP(StopWaiting, PointerGetDatum(&wait));
	{
		done = AwaitRoom(&wait, length, parts, part_count);
	}
	PG_END_ENSURE_ERROR_CLEANUP(StopWaiting, PointerGetDatum(&wait));
	RingWishEnd(queue);
	if (!done)
	{
		vain_statement = GetCurrentStatementStartTimestamp();
		vain_head = wait.head;
	}
	return done;
}

RingOutcome
RingAppend(const RingPart *parts, int part_count, bool may_wait)
{
	RingQueue *queue = RingMyQueue();
	Size length = 0;

	if (queue == NULL)
		return CountNoQueue();
	for (int i = 0; i < part_count; i++)
		length += parts[i].length;
	if (length > RING_MAX_RECORD)
		return CountTooLarge(queue);
	if (TryAppend(queue, length, parts, part_count))
		return RING_RECORDED;
	if (may_wait && AppendWhenRoom(queue, length, parts, part_count))
		return RING_RECORDED;
	return CountNoRoom(queue);
}

bool
RingReturn(const void *data, Size length)
{
	RingQueue *queue = RingMyQueue();
	RingPart part = { data, length };

	if (queue == NULL || !TryAppend(queue, length, &part, 1))
		return false;
	pg_atomic_fetch_add_u64(&queue->returned, 1);
	return true;
}

bool
RingAppendFor(Oid database, const RingPart *parts, int part_count)
{
	RingQueue *queue = RingQueueOf(database, true);
	Size length = 0;

	for (int i = 0; i < part_count; i++)
		length += parts[i].length;
	return queue != NULL && TryAppend(queue, length, parts, part_count);
}
