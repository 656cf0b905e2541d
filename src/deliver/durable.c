/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the worker has committed and the disk may not have yet.
 *
 * The worker commits without waiting for the disk, so that the ring is emptied
 * at once and nobody who records waits for an fsync.  Durability comes a
 * moment later: before the worker sleeps, or when somebody waits for it
 * (durability "sync", genops_flush), or from the WAL writer while there is a
 * lot to do.  Until then a record does not count as stored for those who wait,
 * and no segment is sent: what an endpoint has, the ledger has after a crash.
 *
 * Of the commits that are not durable two are remembered: the oldest and the
 * newest.  When the oldest has become durable the newest takes its place.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "deliver/durable.h"
#include "monotonic.h"
#include "shared/reader.h"

/* As the WAL writer's default; a commit is not left to it for longer. */
#define LONGEST_DELAY_MS 200

typedef struct Commit
{
	XLogRecPtr end; /* invalid: none */
	int64 segment;
	uint64 position;
	int64 at; /* by MonotonicMs() */
} Commit;

static Commit oldest;
static Commit newest;
static int64 durable_segment = 0;

int64
DurableSegment(void)
{
	return durable_segment;
}

static void
Publish(const Commit *commit)
{
	durable_segment = Max(durable_segment, commit->segment);
	RingPublishStored(commit->position, commit->segment);
}

void
DurableStart(int64 newest_segment)
{
	DurableForce();
	oldest = newest = (Commit){ 0 };
	durable_segment = newest_segment;
	RingPublishLedger(newest_segment);
}

void
DurableNote(XLogRecPtr end, int64 segment, uint64 position)
{
	Commit commit = { end, Max(segment, newest.segment), Max(position, newest.position),
		              MonotonicMs() };

	/* Nothing was written: durable as soon as what came before it is. */
	if (XLogRecPtrIsInvalid(end))
		commit.end = newest.end;
	newest = commit;
	if (XLogRecPtrIsInvalid(commit.end))
		Publish(&commit);
	else if (XLogRecPtrIsInvalid(oldest.end))
		oldest = commit;
}

static void
Forget(void)
{
	oldest.end = newest.end = InvalidXLogRecPtr;
}

void
DurableForce(void)
{
	if (XLogRecPtrIsInvalid(oldest.end))
		return;
	XLogFlush(newest.end);
	Publish(&newest);
	Forget();
}

void
DurablePoll(bool somebody_waits)
{
	XLogRecPtr flushed;

	if (XLogRecPtrIsInvalid(oldest.end))
		return;
	if (somebody_waits || MonotonicMs() >= oldest.at + LONGEST_DELAY_MS)
	{
		DurableForce();
		return;
	}
	flushed = GetFlushRecPtr(NULL);
	if (flushed >= newest.end)
	{
		Publish(&newest);
		Forget();
	}
	else if (flushed >= oldest.end)
	{
		Publish(&oldest);
		oldest = newest;
	}
}
