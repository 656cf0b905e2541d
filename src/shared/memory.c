/* SPDX-License-Identifier: PostgreSQL */
/*
 * The shared memory of the ring, its locks, and whose queue is whose.
 *
 * A queue is given to a database when it first records, or is known to have a ledger,
 * and taken away when the database is dropped.  There are genops_tempo.max_databases.
 */
#include "postgres.h"

#include <signal.h>

#include "compat.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "settings.h"
#include "shared/private.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#define TRANCHE "genops_tempo"

/* Beside one for each queue. */
#define DIRECTORY_LOCK 0
#define POOL_LOCK 1
#define FIRST_QUEUE_LOCK 2

RingShared *ring_shared = NULL;

static RingQueue *my_queue = NULL;
static int blocked = 0; /* how often RingSignalsBlock was called */
static sigset_t mask_before;

static Size
MembersOffset(void)
{
	return CACHELINEALIGN(add_size(offsetof(RingShared, queues),
	                               mul_size(setting_max_databases, sizeof(RingQueue))));
}

static Size
PagesOffset(void)
{
	return TYPEALIGN(RING_PAGE_SIZE, add_size(MembersOffset(),
	                                          mul_size(MaxBackends, sizeof(RingMember))));
}

static uint32
PageCount(void)
{
	return (uint32) ((Size) setting_shared_memory_kb * 1024 / RING_PAGE_SIZE);
}

static Size
MemorySize(void)
{
	return add_size(PagesOffset(), mul_size(PageCount(), RING_PAGE_SIZE));
}

void
RingShmemRequest(void)
{
	RequestAddinShmemSpace(MemorySize());
	RequestNamedLWLockTranche(TRANCHE, FIRST_QUEUE_LOCK + setting_max_databases);
}

RingPage *
RingPageAt(uint32 number)
{
	static char *pages = NULL;

	if (unlikely(pages == NULL))
		pages = (char *) ring_shared + PagesOffset();
	return (RingPage *) (pages + (Size) number * RING_PAGE_SIZE);
}

void
RingResetQueue(RingQueue *queue, Oid database)
{
	queue->head = queue->tail = (RingPlace){ .page = RING_NO_PAGE };
	queue->queued_bytes = 0;
	queue->oldest_at = 0;
	queue->max_queued = 0;
	RingSetBatchSize(queue);
	pg_atomic_write_u64(&queue->ledger_position, 0);
	pg_atomic_write_u64(&queue->returned, 0);
	pg_atomic_write_u64(&queue->dropped_full, 0);
	pg_atomic_write_u64(&queue->dropped_too_large, 0);
	pg_atomic_write_u64(&queue->repaired_texts, 0);
	pg_atomic_write_u64(&queue->cut_attributes, 0);
	pg_atomic_write_u64(&queue->duplicates, 0);
	pg_atomic_write_u64(&queue->complaints, 0);
	pg_atomic_write_u64(&queue->waits, 0);
	pg_atomic_write_u32(&queue->dropping, 0);
	pg_atomic_write_u32(&queue->worker_process, RING_NO_PROCESS);
	pg_atomic_write_u32(&queue->worker_wanted, 0);
	pg_atomic_write_u64(&queue->wanted_at, 0);
	pg_atomic_write_u64(&queue->stored_position, 0);
	queue->page_count = 0;
	queue->ledger_known = false;
	queue->newest_segment = queue->settled_segment = queue->stalled_segment = 0;
	queue->seat_state = SEAT_EMPTY;
	queue->worker_pid = 0;
	queue->seat_changed_at = 0;
	queue->not_before = 0;
	queue->worker_failed = queue->worker_must_leave = queue->pending = false;
	queue->pending_due_at = 0;
	queue->keep_out = 0;
	memset(&queue->fate, 0, sizeof(queue->fate));
	queue->reset_at = OidIsValid(database) ? GetCurrentTimestamp() : 0;
	queue->last_stored_at = 0;
	pg_write_barrier();
	pg_atomic_write_u32(&queue->database, database);
}

static void
InitQueue(RingQueue *queue, LWLock *lock)
{
	SpinLockInit(&queue->reserve_lock);
	pg_atomic_init_u64(&queue->ledger_position, 0);
	pg_atomic_init_u64(&queue->returned, 0);
	pg_atomic_init_u64(&queue->dropped_full, 0);
	pg_atomic_init_u64(&queue->dropped_too_large, 0);
	pg_atomic_init_u64(&queue->repaired_texts, 0);
	pg_atomic_init_u64(&queue->cut_attributes, 0);
	pg_atomic_init_u64(&queue->duplicates, 0);
	pg_atomic_init_u64(&queue->complaints, 0);
	pg_atomic_init_u64(&queue->waits, 0);
	pg_atomic_init_u32(&queue->dropping, 0);
	pg_atomic_init_u32(&queue->worker_process, RING_NO_PROCESS);
	pg_atomic_init_u32(&queue->worker_wanted, 0);
	pg_atomic_init_u64(&queue->wanted_at, 0);
	pg_atomic_init_u64(&queue->stored_position, 0);
	pg_atomic_init_u32(&queue->database, InvalidOid);
	queue->lock = lock;
	queue->first_waiter = RING_NO_MEMBER;
	RingResetQueue(queue, InvalidOid);
}

static void
InitMember(RingMember *member)
{
	pg_atomic_init_u32(&member->life, 0);
	member->wish = RING_WISH_NONE;
	member->next = member->previous = RING_NO_MEMBER;
}

static void
InitPages(void)
{
	ring_shared->free_page = RING_NO_PAGE;
	ring_shared->page_count = ring_shared->free_count = PageCount();
	for (uint32 i = ring_shared->page_count; i-- > 0;)
	{
		RingPageAt(i)->next = ring_shared->free_page;
		ring_shared->free_page = i;
	}
}

static void
InitMemory(void)
{
	LWLockPadded *locks = GetNamedLWLockTranche(TRANCHE);

	memset(ring_shared, 0, PagesOffset());
	ring_shared->directory_lock = &locks[DIRECTORY_LOCK].lock;
	ring_shared->pool_lock = &locks[POOL_LOCK].lock;
	ring_shared->queue_count = setting_max_databases;
	ring_shared->member_count = MaxBackends;
	ring_shared->members = (RingMember *) ((char *) ring_shared + MembersOffset());
	pg_atomic_init_u32(&ring_shared->launcher_process, RING_NO_PROCESS);
	pg_atomic_init_u32(&ring_shared->others_wait, 0);
	pg_atomic_init_u64(&ring_shared->lost_without_queue, 0);
	pg_atomic_init_u32(&ring_shared->last_refused, InvalidOid);
	InitPages();
	for (int i = 0; i < ring_shared->member_count; i++)
		InitMember(&ring_shared->members[i]);
	for (int i = 0; i < ring_shared->queue_count; i++)
		InitQueue(&ring_shared->queues[i], &locks[FIRST_QUEUE_LOCK + i].lock);
}

void
RingShmemStart(void)
{
	bool found;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	ring_shared = ShmemInitStruct("genops_tempo ring", MemorySize(), &found);
	if (!found)
		InitMemory();
	LWLockRelease(AddinShmemInitLock);

	if (!IsUnderPostmaster)
	{
		RingLoadLeftover();
		on_shmem_exit(RingSaveLeftover, (Datum) 0);
	}
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

/*
 * Locks.
 */
void
RingSignalsBlock(void)
{
	if (likely(MyBackendType != B_BG_WORKER))
		return;
	if (blocked++ == 0)
		sigprocmask(SIG_SETMASK, &BlockSig, &mask_before);
}

void
RingSignalsUnblock(void)
{
	if (likely(MyBackendType != B_BG_WORKER))
		return;
	if (--blocked == 0)
		sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

void
RingLock(LWLock *lock, LWLockMode mode)
{
	RingSignalsBlock();
	LWLockAcquire(lock, mode);
}

void
RingUnlock(LWLock *lock)
{
	LWLockRelease(lock);
	RingSignalsUnblock();
}

/*
 * Whose queue is whose.
 */
static RingQueue *
FindQueue(Oid database)
{
	for (int i = 0; i < ring_shared->queue_count; i++)
		if (RingDatabase(&ring_shared->queues[i]) == database)
			return &ring_shared->queues[i];
	return NULL;
}

RingQueue *
RingQueueOf(Oid database, bool create)
{
	RingQueue *queue;

	RingLock(ring_shared->directory_lock, LW_SHARED);
	queue = FindQueue(database);
	RingUnlock(ring_shared->directory_lock);
	if (queue != NULL || !create)
		return queue;

	RingLock(ring_shared->directory_lock, LW_EXCLUSIVE);
	queue = FindQueue(database);
	if (queue == NULL)
	{
		queue = FindQueue(InvalidOid);
		if (queue != NULL)
			RingResetQueue(queue, database);
	}
	RingUnlock(ring_shared->directory_lock);
	return queue;
}

RingQueue *
RingMyQueue(void)
{
	/* A queue is only taken away from a database that no one is connected to. */
	if (unlikely(my_queue == NULL) && ring_shared != NULL)
		my_queue = RingQueueOf(MyDatabaseId, true);
	return my_queue;
}
