/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ring: where spans wait, in shared memory, to be stored.
 *
 * This is what those who record need.  Those who wait for the worker include
 * shared/waiters.h; the worker shared/reader.h; those who start, stop and keep out
 * workers shared/seat.h.  What lies in shared memory is nobody's business outside
 * of src/shared/.
 */
#ifndef GENOPS_SHARED_RING_H
#define GENOPS_SHARED_RING_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* What does not fit into one page cannot be recorded. */
#define RING_PAGE_SIZE (64 * 1024)
#define RING_MAX_RECORD (RING_PAGE_SIZE - 256)

/* One of the runs of bytes that make up a record. */
typedef struct RingPart
{
	const void *data;
	Size length;
} RingPart;

typedef enum RingOutcome
{
	RING_RECORDED,
	RING_FULL, /* no room, also after waiting */
	RING_TOO_LARGE,
	RING_NO_QUEUE /* more databases record than there are queues */
} RingOutcome;

/* Why a span was lost before it was stored. */
typedef enum RingDrop
{
	RING_DROP_FULL,
	RING_DROP_TOO_LARGE,
	RING_DROP_ABANDONED,  /* its backend died while it wrote */
	RING_DROP_UNSTORABLE, /* the ledger refused it */
	RING_DROP_STANDBY,    /* on a hot standby, its endpoint refused it */
	RING_DROP_DISCARDED,  /* its database was dropped */
	RING_DROP_COUNT
} RingDrop;

/* What a queue counted since the server started. */
typedef struct RingCounts
{
	uint64 recorded;
	uint64 queued;
	uint64 stored;
	uint64 sent_outside_ledger; /* on a hot standby */
	uint64 dropped[RING_DROP_COUNT];
	uint64 repaired_texts; /* were not valid UTF-8 */
	uint64 cut_attributes; /* were longer than the limit */
	uint64 duplicates;     /* calls that were recorded before */
	uint64 complaints;     /* see complaint.h */
	uint64 queued_bytes;
	uint64 waits;     /* callers that waited for room */
	pid_t worker_pid; /* 0: none is running */
	TimestampTz reset_at;
	TimestampTz last_stored_at; /* 0: never */
} RingCounts;

/* Shared memory and its locks: from the hooks that request and start it. */
extern void RingShmemRequest(void);
extern void RingShmemStart(void);

/* Whether the library was preloaded, so that there is a ring at all. */
extern bool RingExists(void);

/* Raises, naming the line to add to postgresql.conf, when it was not. */
extern void RingRequire(void);

/*
 * Recording.  The parts are copied in order; nothing is allocated, raised or
 * interrupted on the way.  With may_wait, waits up to
 * genops_tempo.queue_timeout for room (and can be cancelled there, before
 * anything was reserved): a statement whose own records fill the queue, as long from
 * each progress of the worker on.  Without, it never blocks and is safe in transaction
 * callbacks.  The outcome is counted.
 */
extern RingOutcome RingAppend(const RingPart *parts, int part_count, bool may_wait);

/* What this session could not record since it was last asked. */
typedef struct RingLosses
{
	uint64 no_room;
	uint64 too_large;
	uint64 no_queue;
} RingLosses;

/* False if nothing was lost. */
extern bool RingTakeLosses(RingLosses *losses);

/* How many databases of the server have a queue, of how many that may; and calls that
 * were lost since the server started because theirs had none. */
typedef struct RingUsage
{
	int databases;
	int max_databases;
	uint64 lost;
	Oid last_refused; /* the last database that had none; InvalidOid: none */
} RingUsage;

extern void RingReadUsage(RingUsage *usage);

/* Whether the current database has a queue, or gets one. */
extern bool RingHasQueue(void);

/* What is recorded by now was for another ledger, once this transaction commits: it is
 * dropped and counted, and not stored in the one that this transaction makes. */
extern void RingBeginLedger(void);

/* Counts what happened to texts while a span was made. */
extern void RingCountText(uint32 repaired, uint32 cut);
extern void RingCountDuplicate(void);
extern void RingCountDuplicates(uint64 count);
extern void RingCountComplaint(void);

/* The counts of the current database, all of one moment; all zero if nothing was
 * recorded. */
extern void RingReadCounts(RingCounts *counts);

#endif
