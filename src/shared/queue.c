/*
 * The ring: where spans wait, in shared memory, to be stored.
 *
 * Memory.  A pool of pages of 64 KB, made when the server starts.  A queue per
 * database is a chain of pages; it takes a page from the pool when the last
 * one is full, gives pages back as they are stored, and holds none when it is
 * empty.  No database may take the last eighth of the pool from the others.
 *
 * A record's way.  Its writer takes the queue's spinlock, puts a slot header
 * (length, own pid, RESERVED) at the tail, moves the tail and lets go of the
 * lock: the place is reserved, and the header is complete for whoever reads up
 * to the tail later.  It copies the record behind the header and sets the slot
 * PUBLISHED, with a write barrier in between.  Between reserving and publishing
 * nothing allocates, raises or checks for interrupts.
 *
 * The only reader is the database's worker.  It looks at the tail under the
 * lock, then walks the slots without it.  A PUBLISHED slot's bytes are used in
 * place; pages are given back only by RingRelease, after the transaction that
 * stored them has committed.  So a worker that fails, or dies before its commit,
 * leaves everything where it was.
 *
 * When somebody dies.  A process that is killed takes the server down, and the
 * ring is made anew.  A process that exits in good order can't do so between
 * reserving and publishing, but for other extensions' background workers: the
 * default handler of SIGTERM raises FATAL inside the signal handler.  Signals
 * are blocked there for such processes.  If a slot is still found RESERVED and
 * the process whose pid it bears is gone, the reader passes over it and counts
 * it as abandoned.
 *
 * A clean shutdown writes what is left (calls that the shutdown itself closed
 * after the worker had gone) to a file, from the postmaster, and the next start
 * reads it back: leftover.c.
 */
#include "postgres.h"

#include <signal.h>

#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "shared/ring_private.h"
#include "settings.h"
#include "storage/ipc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

RingShared *ring_shared = NULL;

static RingQueue *my_queue = NULL;

static Size
PagesOffset(void)
{
	return TYPEALIGN(RING_PAGE_SIZE, sizeof(RingShared));
}

static uint32
PageCount(void)
{
	return (uint32) ((Size) setting_shared_memory_kb * 1024 / RING_PAGE_SIZE);
}

Size
RingShmemSize(void)
{
	return add_size(PagesOffset(), mul_size(PageCount(), RING_PAGE_SIZE));
}

RingPage *
RingPageAt(uint32 number)
{
	return (RingPage *) ((char *) ring_shared + PagesOffset() + (Size) number * RING_PAGE_SIZE);
}

/* As if nothing had ever been recorded. */
static void
EmptyQueue(RingQueue *queue)
{
	queue->head = queue->tail = (RingPlace){ .page = RING_NO_PAGE };
	queue->page_count = 0;
	queue->queued_bytes = 0;
	queue->max_queued = 0;
	queue->stored_position = queue->wanted_position = 0;
	queue->newest_segment = queue->settled_segment = 0;
	queue->wanted_segment = queue->stalled_segment = 0;
	queue->worker_state = RING_WORKER_NONE;
	queue->worker_pid = 0;
	queue->worker_proc = NULL;
	queue->worker_changed_at = 0;
	queue->worker_failed = queue->worker_wanted = queue->worker_must_leave = false;
	queue->keep_out = 0;
	memset(&queue->counts, 0, sizeof(queue->counts));
	queue->dropping = false;
}

static void
InitQueue(RingQueue *queue)
{
	SpinLockInit(&queue->lock);
	ConditionVariableInit(&queue->progress);
	queue->database = InvalidOid;
	EmptyQueue(queue);
}

void
RingShmemInit(void)
{
	bool found;

	ring_shared = ShmemInitStruct("genops_tempo ring", RingShmemSize(), &found);
	if (found)
		return;

	memset(ring_shared, 0, sizeof(RingShared));
	SpinLockInit(&ring_shared->lock);
	ring_shared->free_page = RING_NO_PAGE;
	ring_shared->page_count = PageCount();
	for (uint32 i = ring_shared->page_count; i-- > 0;)
	{
		RingPageAt(i)->next = ring_shared->free_page;
		ring_shared->free_page = i;
	}
	ring_shared->free_count = ring_shared->page_count;
	for (int i = 0; i < RING_MAX_QUEUES; i++)
		InitQueue(&ring_shared->queues[i]);
}

bool
RingExists(void)
{
	return ring_shared != NULL;
}

void
RingRequire(void)
{
	if (ring_shared == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("genops_tempo must be loaded when the server starts"),
		         errdetail("AI calls are recorded in shared memory, which is made at that time."),
		         errhint("Add \"shared_preload_libraries = 'genops_tempo'\" to postgresql.conf and "
		                 "restart the server.")));
}

RingQueue *
RingQueueOf(Oid database, bool create)
{
	RingQueue *unused = NULL;
	RingQueue *found = NULL;

	SpinLockAcquire(&ring_shared->lock);
	for (int i = 0; i < RING_MAX_QUEUES && found == NULL; i++)
	{
		RingQueue *queue = &ring_shared->queues[i];

		if (queue->database == database)
			found = queue;
		else if (queue->database == InvalidOid && unused == NULL)
			unused = queue;
	}
	if (found == NULL && create && unused != NULL)
	{
		found = unused;
		found->database = database;
	}
	SpinLockRelease(&ring_shared->lock);

	if (found != NULL && found->counts.reset_at == 0)
		found->counts.reset_at = GetCurrentTimestamp();
	return found;
}

RingQueue *
RingMyQueue(void)
{
	/* A queue is only taken away from a database that nobody is connected to. */
	if (my_queue == NULL && ring_shared != NULL)
		my_queue = RingQueueOf(MyDatabaseId, true);
	return my_queue;
}

void
RingWakeLauncher(void)
{
	PGPROC *launcher = ring_shared->launcher_proc;

	if (launcher != NULL)
		SetLatch(&launcher->procLatch);
}

void
RingWake(RingQueue *queue)
{
	PGPROC *worker;

	SpinLockAcquire(&queue->lock);
	queue->worker_wanted = true;
	worker = queue->worker_proc;
	SpinLockRelease(&queue->lock);

	if (worker != NULL)
		SetLatch(&worker->procLatch);
	else
		RingWakeLauncher();
}

/*
 * The pool.  Called with a queue's lock held; nothing else is locked the other
 * way round.
 */
static uint32
TakePage(RingQueue *queue)
{
	uint32 page = RING_NO_PAGE;
	uint32 share = ring_shared->page_count - ring_shared->page_count / 8;

	SpinLockAcquire(&ring_shared->lock);
	if (queue->page_count < share)
		page = ring_shared->free_page;
	if (page != RING_NO_PAGE)
	{
		ring_shared->free_page = RingPageAt(page)->next;
		ring_shared->free_count--;
	}
	SpinLockRelease(&ring_shared->lock);

	if (page != RING_NO_PAGE)
	{
		RingPageAt(page)->next = RING_NO_PAGE;
		RingPageAt(page)->used = 0;
		queue->page_count++;
	}
	return page;
}

static void
GiveBackPage(RingQueue *queue, uint32 page)
{
	SpinLockAcquire(&ring_shared->lock);
	RingPageAt(page)->next = ring_shared->free_page;
	ring_shared->free_page = page;
	ring_shared->free_count++;
	SpinLockRelease(&ring_shared->lock);
	queue->page_count--;
}

/* Under the queue's lock: makes the tail point at "size" free bytes. */
static bool
MakeRoom(RingQueue *queue, Size size)
{
	uint32 page;

	if (queue->max_queued > 0 &&
	    queue->tail.position - queue->head.position >= (uint64) queue->max_queued)
		return false;
	if (queue->tail.page != RING_NO_PAGE &&
	    sizeof(RingPageAt(0)->data) - queue->tail.offset >= size)
		return true;

	page = TakePage(queue);
	if (page == RING_NO_PAGE)
		return false;
	if (queue->tail.page == RING_NO_PAGE)
	{
		queue->head.page = page;
		queue->head.offset = 0;
	}
	else
		RingPageAt(queue->tail.page)->next = page;
	queue->tail.page = page;
	queue->tail.offset = 0;
	return true;
}

/* Reserves a slot; NULL when there is no room.  *wake: the worker should hear
 * of it. */
static RingSlot *
Reserve(RingQueue *queue, Size length, bool *wake)
{
	Size size = MAXALIGN(sizeof(RingSlot) + length);
	RingSlot *slot = NULL;
	bool ran_full = false;

	*wake = false;
	SpinLockAcquire(&queue->lock);
	if (MakeRoom(queue, size))
	{
		uint64 queued = queue->tail.position - queue->head.position;
		uint64 bytes = queue->queued_bytes;

		slot = (RingSlot *) (RingPageAt(queue->tail.page)->data + queue->tail.offset);
		pg_atomic_write_u32(&slot->state, RING_SLOT_RESERVED);
		slot->length = (uint32) length;
		slot->owner_pid = MyProcPid;
		queue->tail.offset += size;
		queue->tail.position++;
		RingPageAt(queue->tail.page)->used = queue->tail.offset;
		queue->queued_bytes += size;
		*wake = queued == 0 || queued + 1 == RING_FULL_BATCH_RECORDS ||
		        (bytes < RING_FULL_BATCH_BYTES && bytes + size >= RING_FULL_BATCH_BYTES);
		queue->counts.recorded++;
		ran_full = queue->dropping;
		queue->dropping = false;
	}
	SpinLockRelease(&queue->lock);
	if (ran_full)
		RingWakeLauncher(); /* which tells the log */
	return slot;
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
	pg_write_barrier();
	pg_atomic_write_u32(&slot->state, RING_SLOT_PUBLISHED);
}

/* Reserve, copy, publish; false when there is no room. */
static bool
TryAppend(RingQueue *queue, Size length, const RingPart *parts, int part_count)
{
	bool block_signals = MyBackendType == B_BG_WORKER;
	sigset_t mask;
	RingSlot *slot;
	bool wake;

	if (block_signals)
		sigprocmask(SIG_SETMASK, &BlockSig, &mask);
	slot = Reserve(queue, length, &wake);
	if (slot != NULL)
		CopyParts(slot, parts, part_count);
	if (block_signals)
		sigprocmask(SIG_SETMASK, &mask, NULL);

	if (slot != NULL && wake)
		RingWake(queue);
	return slot != NULL;
}

static RingOutcome
CountLost(RingQueue *queue, RingDrop reason)
{
	bool first;

	SpinLockAcquire(&queue->lock);
	queue->counts.recorded++;
	queue->counts.dropped[reason]++;
	first = reason == RING_DROP_FULL && !queue->dropping;
	if (reason == RING_DROP_FULL)
		queue->dropping = true;
	SpinLockRelease(&queue->lock);
	if (first)
		RingWakeLauncher();
	return reason == RING_DROP_FULL ? RING_FULL : RING_TOO_LARGE;
}

static void
CountInterrupted(int code, Datum arg)
{
	(void) code;
	CountLost((RingQueue *) DatumGetPointer(arg), RING_DROP_FULL);
}

/* Waits for the worker to make room; cancel and die are heard, and counted. */
static bool
AppendWhenRoom(RingQueue *queue, Size length, const RingPart *parts, int part_count)
{
	int64 deadline;
	bool done;

	if (setting_queue_timeout_ms == 0 || !RingMayWait())
		return false;

	deadline = MonotonicMs() + setting_queue_timeout_ms;
	SpinLockAcquire(&queue->lock);
	queue->counts.waits++;
	SpinLockRelease(&queue->lock);

	ConditionVariablePrepareToSleep(&queue->progress);
	while (!(done = TryAppend(queue, length, parts, part_count)))
	{
		long left = (long) (deadline - MonotonicMs());

		if (left <= 0)
			break;
		RingWake(queue);
		PG_ENSURE_ERROR_CLEANUP(CountInterrupted, PointerGetDatum(queue));
		{
			ConditionVariableTimedSleep(&queue->progress, left, PG_WAIT_EXTENSION);
		}
		PG_END_ENSURE_ERROR_CLEANUP(CountInterrupted, PointerGetDatum(queue));
	}
	ConditionVariableCancelSleep();
	return done;
}

RingOutcome
RingAppend(const RingPart *parts, int part_count, bool may_wait)
{
	RingQueue *queue = RingMyQueue();
	Size length = 0;

	if (queue == NULL)
		return RING_NO_QUEUE;
	for (int i = 0; i < part_count; i++)
		length += parts[i].length;
	if (length > RING_MAX_RECORD)
		return CountLost(queue, RING_DROP_TOO_LARGE);
	if (TryAppend(queue, length, parts, part_count))
		return RING_RECORDED;
	if (may_wait && AppendWhenRoom(queue, length, parts, part_count))
		return RING_RECORDED;
	return CountLost(queue, RING_DROP_FULL);
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

void
RingCountText(uint32 repaired, uint32 cut)
{
	RingQueue *queue = RingMyQueue();

	if (queue == NULL)
		return;
	SpinLockAcquire(&queue->lock);
	queue->counts.repaired_texts += repaired;
	queue->counts.cut_attributes += cut;
	SpinLockRelease(&queue->lock);
}

void
RingCountDuplicate(void)
{
	RingQueue *queue = RingMyQueue();

	if (queue == NULL)
		return;
	SpinLockAcquire(&queue->lock);
	queue->counts.duplicates++;
	SpinLockRelease(&queue->lock);
}

void
RingCountDrop(RingQueue *queue, RingDrop reason, uint64 count)
{
	SpinLockAcquire(&queue->lock);
	queue->counts.dropped[reason] += count;
	SpinLockRelease(&queue->lock);
}

void
RingReadCounts(RingCounts *counts)
{
	RingQueue *queue = ring_shared ? RingQueueOf(MyDatabaseId, false) : NULL;

	memset(counts, 0, sizeof(RingCounts));
	if (queue == NULL)
		return;
	SpinLockAcquire(&queue->lock);
	*counts = queue->counts;
	counts->queued = queue->tail.position - queue->head.position;
	counts->queued_bytes = queue->queued_bytes;
	counts->worker_pid = queue->worker_pid;
	SpinLockRelease(&queue->lock);
}

/*
 * Reading, by the worker of the database.
 */
RingPlace
RingReadStart(RingQueue *queue)
{
	RingPlace place;

	SpinLockAcquire(&queue->lock);
	place = queue->head;
	SpinLockRelease(&queue->lock);
	return place;
}

static bool
OwnerIsGone(const RingSlot *slot)
{
	return BackendPidGetProc(slot->owner_pid) == NULL;
}

bool
RingReadNext(RingQueue *queue, RingPlace *place, const void **data, Size *length)
{
	RingPlace tail;

	SpinLockAcquire(&queue->lock);
	tail = queue->tail;
	if (place->page == RING_NO_PAGE)
		*place = queue->head;
	SpinLockRelease(&queue->lock);

	while (place->position < tail.position)
	{
		RingPage *page = RingPageAt(place->page);
		RingSlot *slot;
		uint32 state;

		if (place->page != tail.page && place->offset == page->used)
		{
			place->page = page->next;
			place->offset = 0;
			continue;
		}
		slot = (RingSlot *) (page->data + place->offset);
		state = pg_atomic_read_u32(&slot->state);
		if (state != RING_SLOT_PUBLISHED && !OwnerIsGone(slot))
			return false;
		pg_read_barrier();
		place->offset += MAXALIGN(sizeof(RingSlot) + slot->length);
		place->position++;
		if (pg_atomic_read_u32(&slot->state) == RING_SLOT_PUBLISHED)
		{
			*data = slot + 1;
			*length = slot->length;
			return true;
		}
		RingCountDrop(queue, RING_DROP_ABANDONED, 1);
	}
	return false;
}

/* Under the lock: gives back the pages before place. */
static void
MoveHead(RingQueue *queue, RingPlace place)
{
	while (queue->head.page != place.page)
	{
		uint32 done = queue->head.page;

		queue->head.page = RingPageAt(done)->next;
		GiveBackPage(queue, done);
	}
	queue->head = place;
	if (queue->head.position == queue->tail.position)
	{
		GiveBackPage(queue, queue->head.page);
		queue->head.page = queue->tail.page = RING_NO_PAGE;
		queue->head.offset = queue->tail.offset = 0;
	}
}

/* The bytes that lie between the head and place. */
static uint64
BytesBefore(RingQueue *queue, RingPlace place)
{
	uint64 bytes = 0;
	uint32 offset = queue->head.offset;

	for (uint32 page = queue->head.page; page != place.page; page = RingPageAt(page)->next)
	{
		bytes += RingPageAt(page)->used - offset;
		offset = 0;
	}
	return bytes + place.offset - offset;
}

void
RingRelease(RingQueue *queue, RingPlace place, uint64 stored, uint64 sent)
{
	TimestampTz now = GetCurrentTimestamp();

	SpinLockAcquire(&queue->lock);
	if (place.position > queue->head.position)
	{
		queue->queued_bytes -= BytesBefore(queue, place);
		MoveHead(queue, place);
		queue->counts.stored += stored;
		queue->counts.sent_outside_ledger += sent;
		if (stored > 0)
			queue->counts.last_stored_at = now;
	}
	SpinLockRelease(&queue->lock);
	ConditionVariableBroadcast(&queue->progress);
}

bool
RingIsCrowded(RingQueue *queue)
{
	bool crowded;

	SpinLockAcquire(&queue->lock);
	crowded = queue->page_count > ring_shared->page_count / 4;
	SpinLockRelease(&queue->lock);
	return crowded;
}

/*
 * Others may hold a pointer to the queue still: the launcher, or a session that
 * wants to drop the same database.  So the lock stays a lock, and whoever sleeps on
 * the condition variable stays on its list.
 */
void
RingDiscard(RingQueue *queue, Oid database)
{
	SpinLockAcquire(&queue->lock);
	if (queue->database != database)
	{
		SpinLockRelease(&queue->lock);
		return;
	}
	while (queue->head.page != RING_NO_PAGE)
	{
		uint32 page = queue->head.page;

		queue->head.page = page == queue->tail.page ? RING_NO_PAGE : RingPageAt(page)->next;
		GiveBackPage(queue, page);
	}
	EmptyQueue(queue);
	SpinLockAcquire(&ring_shared->lock);
	queue->database = InvalidOid;
	SpinLockRelease(&ring_shared->lock);
	SpinLockRelease(&queue->lock);
	ConditionVariableBroadcast(&queue->progress);
}
