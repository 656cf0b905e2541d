/*
 * What lies in shared memory: pages, queues, and who works on them.
 *
 * Only ring*.c and the launcher and worker look in here.
 */
#ifndef GENOPS_SHARED_RING_PRIVATE_H
#define GENOPS_SHARED_RING_PRIVATE_H

#include "postgres.h"

#include "port/atomics.h"
#include "shared/ring.h"
#include "storage/condition_variable.h"
#include "storage/proc.h"
#include "storage/s_lock.h"
#include "storage/spin.h"

#define RING_MAX_QUEUES 256
#define RING_NO_PAGE UINT32_MAX

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
	int32 owner_pid;
	uint32 padding;
} RingSlot;

typedef struct RingPage
{
	uint32 next; /* page number, or RING_NO_PAGE */
	uint32 used; /* bytes of data that are reserved */
	char data[RING_PAGE_SIZE - 2 * sizeof(uint32)];
} RingPage;

/* Where a reader or writer stands: in a page, at a byte, at the n-th record
 * since the server started. */
typedef struct RingPlace
{
	uint32 page;
	uint32 offset;
	uint64 position;
} RingPlace;

typedef enum RingWorkerState
{
	RING_WORKER_NONE,
	RING_WORKER_STARTING,
	RING_WORKER_RUNNING
} RingWorkerState;

/* One database.  Everything is guarded by "lock" but where it says so. */
struct RingQueue
{
	slock_t lock;
	Oid database; /* InvalidOid: free.  Set under the pool's lock */

	RingPlace head; /* first record that is not released */
	RingPlace tail; /* where the next one goes */
	uint32 page_count;
	uint64 queued_bytes;
	int max_queued; /* records; 0: as many as fit */

	/* Progress of the worker, for those who wait for it. */
	uint64 stored_position;     /* all before are stored, and durable, or
									 * dropped */
	uint64 wanted_position;     /* somebody waits for this to be stored */
	int64 newest_segment;       /* newest that is stored */
	int64 settled_segment;      /* all up to here are settled */
	int64 wanted_segment;       /* somebody waits for this to be settled */
	int64 stalled_segment;      /* nothing pending up to here can move now; 0:
									 * it can */
	ConditionVariable progress; /* has a lock of its own */

	/* The worker. */
	RingWorkerState worker_state;
	pid_t worker_pid;
	PGPROC *worker_proc;
	TimestampTz worker_changed_at; /* when worker_state changed */
	bool worker_failed;            /* the last one did not leave in good order */
	bool worker_wanted;            /* something is to be done */
	bool worker_must_leave;        /* another database waits for its place */
	int keep_out;                  /* sessions that need the database without
								 * connections */

	RingCounts counts; /* queued and the like are computed */
	bool dropping;     /* the last outcome was a full ring */
};

typedef struct RingShared
{
	slock_t lock;     /* guards the fields up to queues */
	uint32 free_page; /* head of the list of free pages */
	uint32 free_count;
	uint32 page_count;
	PGPROC *launcher_proc;
	RingQueue queues[RING_MAX_QUEUES];
} RingShared;

extern RingShared *ring_shared;

extern RingPage *RingPageAt(uint32 number);

/* The queue of a database, or NULL; "create" makes one if there is a free
 * place. */
extern RingQueue *RingQueueOf(Oid database, bool create);

/* The queue of the current database. */
extern RingQueue *RingMyQueue(void);

extern void RingWake(RingQueue *queue);
extern void RingWakeLauncher(void);

/*
 * The worker's side.  RingReadStart stands before the first record that is not
 * released.  RingReadNext goes to the next that is published, in place;
 * records whose writer is gone are passed over and counted.  False where there
 * is none (yet).  What was read stays valid until RingRelease.
 */
extern RingPlace RingReadStart(RingQueue *queue);
extern bool RingReadNext(RingQueue *queue, RingPlace *place, const void **data, Size *length);

/* Gives back everything before place; "stored" of the records went to the
 * ledger, "sent" to an endpoint on a standby. */
extern void RingRelease(RingQueue *queue, RingPlace place, uint64 stored, uint64 sent);

/* Whether the queue takes up much of the pool. */
extern bool RingIsCrowded(RingQueue *queue);

extern void RingCountDrop(RingQueue *queue, RingDrop reason, uint64 count);

/* Empties the queue of a database that is gone and frees its place.  Does nothing
 * where the place is another database's by now. */
extern void RingDiscard(RingQueue *queue, Oid database);

/* Appends to another database's queue, without waiting: for what is read
 * back at the start. */
extern bool RingAppendFor(Oid database, const RingPart *parts, int part_count);

/* What a clean shutdown leaves in the ring is kept in a file meanwhile. */
extern void RingSaveLeftover(int code, Datum arg);
extern void RingLoadLeftover(void);

#endif
