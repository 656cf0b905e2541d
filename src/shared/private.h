/* SPDX-License-Identifier: PostgreSQL */
/*
 * What lies in shared memory.  Only files of src/shared include this.
 *
 * Four kinds of things, each with one owner:
 *
 *   pool       pages that belong to no queue            page_pool.c   pool_lock
 *   queue      the chain of a database's records        queue.c, queue_reader.c
 *                                                       reserve_lock, lock
 *   seat       who works for the database               seat.c        lock
 *   member     what a process of the server wants       waiters.c     its queue's lock
 *
 * Locks.  Who needs several takes them in this order: directory_lock, a queue's lock,
 * pool_lock.  They are LWLocks, which an abort or a FATAL releases.  The spinlock
 * reserve_lock comes last, is held for a few instructions without a loop, a call or
 * another lock, and guards just what reserving a slot needs.
 *
 * Signals.  The handler of SIGTERM of another extension's background worker raises
 * FATAL wherever it is, also while it holds one of these locks, and its exit would
 * then wait for itself.  So in background workers, and only there, signals are
 * blocked while a lock is held: RingLock, RingSignalsBlock.
 */
#ifndef GENOPS_SHARED_PRIVATE_H
#define GENOPS_SHARED_PRIVATE_H

#include "postgres.h"

#include "port/atomics.h"
#include "shared/reader.h"
#include "shared/ring.h"
#include "shared/seat.h"
#include "storage/lwlock.h"
#include "storage/s_lock.h"
#include "storage/spin.h"

#define RING_NO_PAGE UINT32_MAX
#define RING_NO_MEMBER (-1)
#define RING_NO_PROCESS UINT32_MAX

/* Enough queued to wake the worker; less waits for the flush interval. */
#define RING_FULL_BATCH_RECORDS 2048
#define RING_FULL_BATCH_BYTES (1024 * 1024)

typedef enum RingSlotState
{
	RING_SLOT_RESERVED = 1,
	RING_SLOT_PUBLISHED
} RingSlotState;

/* Precedes each record in a page; slots are MAXALIGNed. */
typedef struct RingSlot
{
	pg_atomic_uint32 state;
	uint32 length; /* of the record */
	int32 owner;   /* number of the member that writes it */
	uint32 owner_life;
} RingSlot;

typedef struct RingPage
{
	uint32 next; /* page number, or RING_NO_PAGE */
	uint32 used; /* bytes of data that are reserved */
	char data[RING_PAGE_SIZE - 2 * sizeof(uint32)];
} RingPage;

/* One database. */
typedef struct RingQueue
{
	/*
	 * By reserve_lock.  The head is moved by the reader alone, and by whoever
	 * appends to an empty queue.
	 */
	slock_t reserve_lock;
	RingPlace head; /* first record that is not released */
	RingPlace tail; /* where the next one goes */
	uint64 queued_bytes;
	int64 oldest_at;    /* since when the oldest waits; 0: who looks first sets it */
	int max_queued;     /* records; 0: as many as fit */
	int batch_records;  /* as many make a batch full */
	Size batch_bytes;   /* as many bytes do, too */

	/* Counted without a lock. */
	pg_atomic_uint64 ledger_position; /* records before it are another ledger's */
	pg_atomic_uint64 returned; /* records that were queued once more */
	pg_atomic_uint64 dropped_full;
	pg_atomic_uint64 dropped_too_large;
	pg_atomic_uint64 repaired_texts;
	pg_atomic_uint64 cut_attributes;
	pg_atomic_uint64 duplicates;
	pg_atomic_uint64 complaints;
	pg_atomic_uint64 waits;
	pg_atomic_uint32 dropping; /* the last outcome was a full ring */

	/* By whoever appends to wake, without a lock. */
	pg_atomic_uint32 worker_process; /* its PGPROC's number, or RING_NO_PROCESS */
	pg_atomic_uint32 worker_wanted;
	pg_atomic_uint64 wanted_at; /* when somebody first did */

	/* Read without the lock, written under it. */
	pg_atomic_uint64 stored_position; /* all before are stored, and durable, or dropped */
	pg_atomic_uint32 database;        /* InvalidOid: free.  Written under directory_lock */

	/* By pool_lock. */
	uint32 page_count;

	/* All that follows: by lock. */
	LWLock *lock;

	/* Progress of the worker, for those who wait for it. */
	bool ledger_known;       /* the worker has said what is in the ledger */
	int64 newest_segment;    /* newest that is stored */
	int64 settled_segment;   /* all up to here are settled */
	int64 stalled_segment;   /* nothing pending up to here can move now; 0: it can */
	int first_waiter;        /* number of a member, or RING_NO_MEMBER */

	/* The seat. */
	SeatState seat_state;
	pid_t worker_pid;
	int64 seat_changed_at;
	int64 not_before; /* no worker is to be started until then */
	bool worker_failed;
	bool worker_must_leave;
	bool pending;
	int64 pending_due_at;
	int keep_out; /* sessions that need the database without connections */

	/* What became of records that were queued. */
	RingFate fate;
	TimestampTz reset_at;
	TimestampTz last_stored_at;
} RingQueue;

typedef enum RingWish
{
	RING_WISH_NONE,
	RING_WISH_ROOM,    /* that there is room */
	RING_WISH_STORED,  /* that records up to a position are stored */
	RING_WISH_SETTLED, /* that segments up to one are settled */
	RING_WISH_EMPTY    /* that the worker leaves */
} RingWish;

/* The target of RING_WISH_SETTLED until the worker has looked at the ledger. */
#define RING_TARGET_UNKNOWN INT64_MAX

/* One process of the server, by the number of its PGPROC. */
typedef struct RingMember
{
	pg_atomic_uint32 life; /* odd: the process lives; another number, another process */

	/* By the lock of the queue that it waits for. */
	RingWish wish;
	int64 target;
	int next;
	int previous;
} RingMember;

typedef struct RingShared
{
	LWLock *directory_lock; /* guards which queue is whose */
	LWLock *pool_lock;
	uint32 free_page; /* head of the list of free pages */
	uint32 free_count;
	uint32 page_count;
	int queue_count;
	int member_count;
	RingMember *members;
	pg_atomic_uint32 launcher_process;
	pg_atomic_uint64 lost_without_queue; /* calls of databases that have none */
	pg_atomic_uint32 last_refused;       /* one of these databases */
	pg_atomic_uint32 others_wait;
	RingQueue queues[FLEXIBLE_ARRAY_MEMBER];
} RingShared;

extern RingShared *ring_shared;

/*
 * memory.c
 */
extern RingPage *RingPageAt(uint32 number);
extern void RingSignalsBlock(void);
extern void RingSignalsUnblock(void);
extern void RingLock(LWLock *lock, LWLockMode mode);
extern void RingUnlock(LWLock *lock);

/* The queue of a database, or NULL; "create" makes one if there is a free
 * place. */
extern RingQueue *RingQueueOf(Oid database, bool create);

/* The queue of the current database; NULL if it has none, and gets none. */
extern RingQueue *RingMyQueue(void);

/* Makes the queue one that never recorded anything, in the database's name. */
extern void RingResetQueue(RingQueue *queue, Oid database);

static inline Oid
RingDatabase(RingQueue *queue)
{
	return (Oid) pg_atomic_read_u32(&queue->database);
}

/*
 * page_pool.c
 */

/* RING_NO_PAGE if there is none for this queue. */
extern uint32 PoolTake(RingQueue *queue);

/* Gives back a chain of pages, linked by "next" from the first to the last. */
extern void PoolGiveBack(RingQueue *queue, uint32 first, uint32 last, uint32 count);

/* How many pages one queue may have. */
extern uint32 PoolShare(void);

/*
 * queue.c
 */

/* What this process has recorded. */
extern uint64 ring_own_records;

/* Appends to another database's queue, without waiting: for what is read
 * back at the start. */
extern bool RingAppendFor(Oid database, const RingPart *parts, int part_count);
extern void RingSetBatchSize(RingQueue *queue);

/*
 * queue_reader.c
 */

/* The records of a queue, in place: from its head to its tail at a moment. */
extern void RingReadEnds(RingQueue *queue, RingPlace *head, RingPlace *tail);
extern bool RingWalkNext(const RingPlace *tail, RingPlace *place, uint64 *abandoned,
                         RingRecord *record);

/* What shared/reader.h reads from now on. */
extern void RingReadFrom(RingQueue *queue);

/* Gives back all pages of a queue; with its lock held. */
extern void RingEmptyQueue(RingQueue *queue);

/*
 * waiters.c
 */

/* The number of this process, which is made a member with the first call.
 * RING_NO_MEMBER in the postmaster. */
extern int RingMemberNumber(void);

/* Sets the wish of this process, or ends it; the caller holds no lock. */
extern void RingWishFor(RingQueue *queue, RingWish wish, int64 target);
extern void RingWishEnd(RingQueue *queue);

/* Wakes those whose wish this is, up to a target; with the queue's lock held. */
extern void RingWakeWaiters(RingQueue *queue, RingWish wish, int64 target);

/* Sleeps until the latch is set or the time is over; can be cancelled. */
extern void RingSleep(long timeout_ms, uint32 wait_event);

/*
 * seat.c
 */

/* Wakes the worker, or, if there is none, the launcher. */
extern void RingWake(RingQueue *queue);

/* Wakes it and has it look at everything. */
extern void RingWant(RingQueue *queue);
extern void RingWakeLauncher(void);

/*
 * leftover.c: what a clean shutdown leaves in the ring is kept in a file meanwhile.
 */
extern void RingSaveLeftover(int code, Datum arg);
extern void RingLoadLeftover(void);

#endif
