/* SPDX-License-Identifier: PostgreSQL */
/*
 * The step that keeps house: folds spend, makes indexes, closes days, expires them, and
 * lets go of streams that have nothing to send.  It waits while it would be felt.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "configure/configuration.h"
#include "deliver/expired.h"
#include "deliver/follow.h"
#include "deliver/step.h"
#include "deliver/streams.h"
#include "keep/ledger.h"
#include "keep/work.h"
#include "monotonic.h"

#define INTERVAL_MS 10000
#define BUSY_POSTPONE_MS 60000 /* while it would be felt */
#define INDEXING_MS 500
#define IDLE_STREAM_MS 60000

/* What the C library keeps of freed memory is given back when so much was. */
#define TRIM_BYTES ((size_t) 4 * 1024 * 1024)

static int64 house_at = 0; /* MonotonicMs() */

static bool
IsBusy(const Turn *turn)
{
	return turn->demand.crowded || RingDueIn(&turn->demand) == 0;
}

static int64
HouseTime(const Turn *turn)
{
	return house_at + (IsBusy(turn) ? BUSY_POSTPONE_MS : 0);
}

/* What cannot wait until the housekeeping is due, and what is done when there is a
 * moment for it. */
static void
KeepUp(const Turn *turn)
{
	static int64 indexed_at = 0;
	bool busy = IsBusy(turn);

	if (LedgerFoldIsUrgent(busy))
		(void) LedgerFoldSpend(false);
	if (busy || turn->now < indexed_at + INDEXING_MS)
		return;
	LedgerIndexNew();
	indexed_at = turn->now;
}

/* Memory that streams had in a flood is not kept for the next one. */
static void
DropIdleStreams(const Turn *turn)
{
	static size_t most = 0;
	size_t memory;

	most = Max(most, genops_streams_memory(StreamsAll()));
	genops_streams_drop_idle(StreamsAll(), turn->now - IDLE_STREAM_MS);
	memory = genops_streams_memory(StreamsAll());
	if (most < memory + TRIM_BYTES)
		return;
#ifdef __GLIBC__
	(void) malloc_trim(0);
#endif
	most = memory;
}

/* False if the extension is gone. */
static bool
ReadRetention(int64 *retention_us)
{
	if (!LedgerBegin())
		return false;
	*retention_us = ConfigurationGet()->retention_us;
	WorkCommit();
	return true;
}

/* Lest what was sent just now counts as expired it is recorded first. */
static bool
Expire(const Turn *turn)
{
	Turn at_once = *turn;
	int64 retention_us;

	at_once.leaving = true;
	record_step.run(&at_once);
	if (!ReadRetention(&retention_us) || !LedgerExpire(retention_us, ExpiredCount))
		return false;
	ExpiredMoveStreams();
	return true;
}

static void
RunHouse(const Turn *turn)
{
	bool more = false;

	if (!LedgerIsKnown() || turn->leaving || store_step.delay_ms > 0)
		return;
	KeepUp(turn);
	if (turn->now < HouseTime(turn))
		return;
	house_at = turn->now + INTERVAL_MS;
	DropIdleStreams(turn);
	more |= LedgerFoldSpend(false);
	more |= LedgerCloseDays();
	more |= Expire(turn);
	if (more)
		house_at = turn->now;
}

static long
HouseDue(const Turn *turn)
{
	if (!LedgerIsKnown() || turn->leaving || store_step.delay_ms > 0)
		return -1;
	return (long) Max(HouseTime(turn) - turn->now, 1);
}

Step house_step = {
	.name = "keep house",
	.run = RunHouse,
	.due = HouseDue,
};
