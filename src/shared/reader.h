/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ring's one reader: the worker of a database, for the database whose seat it
 * has taken (shared/seat.h).  It takes batches, says what became of them, learns
 * what it is asked for, and tells those who wait how far it is.
 */
#ifndef GENOPS_SHARED_READER_H
#define GENOPS_SHARED_READER_H

#include "postgres.h"

#include "shared/ring.h"

/* A record, copied. */
typedef struct RingRecord
{
	const char *data; /* MAXALIGNed */
	Size length;
} RingRecord;

/* Where a batch ends.  Of use only to RingRelease. */
typedef struct RingPlace
{
	uint32 page;
	uint32 offset;
	uint64 position;
} RingPlace;

typedef struct RingBatch
{
	RingRecord *records;
	int count;
	Size bytes;          /* of all records */
	uint64 end_position; /* behind the batch: what RingPublishStored takes */
	int outdated;        /* so many, from the first, were recorded for a ledger that is gone */
	bool moved;          /* there is something to release, be it only what the dead left */

	/* For RingRelease. */
	uint64 abandoned;
	uint64 seen_position;
	int64 taken_at;
	RingPlace end;
} RingBatch;

/*
 * Copies the oldest records into the context, up to max_records and, but for the
 * last of them, max_bytes.  Records whose writer died while it wrote are passed over;
 * one that is still being written ends the batch.  What was taken stays in the ring
 * until it is released: a worker that fails, or dies before, finds it again.
 */
extern void RingTake(MemoryContext context, int max_records, Size max_bytes, RingBatch *batch);

/* What became of a batch's records. */
typedef struct RingFate
{
	uint64 stored;                   /* went to the ledger */
	uint64 sent;                     /* went to an endpoint, on a standby */
	uint64 dropped[RING_DROP_COUNT]; /* were lost */
} RingFate;

/* Gives the batch's records back, all of them.  Nothing in it can fail. */
extern void RingRelease(const RingBatch *batch, const RingFate *fate);

/* Counts what becomes of records that were released before. */
extern void RingCountFate(const RingFate *fate);

/* Such a record is queued once more, behind all others; false if there is no room, which
 * is then the caller's to count. */
extern bool RingReturn(const void *data, Size length);

/* What the worker is asked for, all of one moment. */
typedef struct RingDemand
{
	uint64 queued; /* records, also those that are still being written */
	uint64 queued_bytes;
	int64 oldest_at;        /* since when the oldest waits, by MonotonicMs(); 0: none */
	bool batch_is_full;     /* as much as a batch should have, or as fits */
	bool crowded;           /* the queue takes up much of the pool */
	bool room_wanted;       /* somebody waits for room */
	uint64 position_wanted; /* somebody waits for this to be stored; 0: no one */
	int64 segment_wanted;   /* somebody waits for this to be settled; 0: no one */
	bool others_wait;       /* databases without a worker have something to do */
} RingDemand;

extern void RingReadDemand(RingDemand *demand);

/*
 * Milliseconds until what is queued should be stored; 0: now, -1: nothing is queued.
 * A full queue, somebody who waits for room or for a record, and a database that waits
 * for this worker to leave do not wait for the flush interval.
 */
extern long RingDueIn(const RingDemand *demand);

/* At most so many records are queued; 0: as many as fit. */
extern void RingSetLimit(int max_queued);

/*
 * Progress, for those who wait.
 *
 * RingPublishLedger: the worker has looked at the ledger, whose newest segment this
 * is; it may be less than before, if the ledger is a new one.  Only then it is
 * known what "all settled" means.
 * RingPublishStored: all records before the position are stored durably, or dropped,
 * with all segments up to this one.
 * RingPublishSettled: all segments up to "settled" are settled, and nothing that is
 * pending up to "stalled" can move now (0: it can).
 */
extern void RingPublishLedger(int64 newest_segment);
extern void RingPublishStored(uint64 position, int64 newest_segment);
extern void RingPublishSettled(int64 settled, int64 stalled);

#endif
