/* SPDX-License-Identifier: PostgreSQL */
/*
 * The step that follows the configuration, and which ledger is there.
 *
 * A ledger is known by its table genops.delivery.  If that is another than before,
 * the extension was dropped and created again: streams and requests of the old one are
 * forgotten, whatever they are about to hear.  If it is the same in another file, it
 * was truncated or rewritten: streams are read anew, and rows that are missing
 * are made.
 *
 * A reload of the server's settings ends no request, unless a target is another now.
 * genops_configure() does, if it has no answer within a second: whoever calls it
 * wants things to be tried anew.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "deliver/control.h"
#include "deliver/durable.h"
#include "deliver/follow.h"
#include "deliver/request.h"
#include "deliver/step.h"
#include "deliver/streams.h"
#include "keep/ledger.h"
#include "keep/ledger_state.h"
#include "keep/work.h"
#include "monotonic.h"
#include "settings.h"

/* A transaction that creates the extension and records may take as long as a minute. */
#define MISSING_NAP_MS 1000

static CursorIdentity known = { InvalidOid, InvalidOid };
static bool meeting = false;   /* it was met in this transaction */
static bool current = false;   /* the configuration is the one that was read */
static uint64 loaded_news = 0; /* ConfigurationNews() before it was */
static int queue_limit = 0;
static int64 missing_since = 0; /* the extension, MonotonicMs(); 0: it is there */

bool
LedgerIsKnown(void)
{
	return OidIsValid(known.table);
}

CursorIdentity
LedgerCursor(void)
{
	return known;
}

void
FollowAgain(void)
{
	current = false;
}

long
FollowMissingMs(void)
{
	return missing_since == 0 ? 0 : (long) (MonotonicMs() - missing_since);
}

int
FollowQueueLimit(void)
{
	return queue_limit;
}

static bool
IsKnown(CursorIdentity identity)
{
	return identity.table == known.table && identity.file == known.file;
}

bool
LedgerBegin(void)
{
	if (LedgerIsKnown() && WorkBegin())
	{
		if (IsKnown(CursorIdentify()))
			return true;
		WorkCommit();
	}
	current = false;
	return false;
}

/* Nothing is inherited from what was known before. */
static void
ForgetLedger(void)
{
	known = (CursorIdentity){ InvalidOid, InvalidOid };
	RequestsDrop();
	StreamsReset();
}

static const char *
WhyNot(void)
{
	LedgerState state = LedgerStateRead();
	DeliveryHold hold = HOLD_NONE;

	if (!setting_export)
		hold = HOLD_SWITCHED_OFF;
	else if (RecoveryInProgress())
		hold = HOLD_NONE; /* the row is the primary's */
	else if (state.is_copy)
		hold = HOLD_COPY;
	else if (state.paused)
		hold = HOLD_PAUSED;
	return hold == HOLD_NONE ? "" : DeliveryHoldReason(hold);
}

static void
MeetLedger(CursorIdentity identity)
{
	int64 newest = 0;

	ForgetLedger();
	if (!RecoveryInProgress())
	{
		newest = LedgerNewestSegment();
		CursorRestore();
		DurableStart(newest);
	}
	StreamsSetNewest(newest);
	known = identity;
	meeting = true;
}

/* A dump that is restored brings segments that no worker stored; who brings them has
 * committed. */
static void
NoticeRestored(void)
{
	int64 newest = LedgerNewestSegment();

	if (newest <= StreamsNewest())
		return;
	DurableStart(newest);
	StreamsSetNewest(newest);
}

static void
Follow(bool asked)
{
	CursorIdentity identity = CursorIdentify();
	const Configuration *configuration;

	if (!IsKnown(identity))
		MeetLedger(identity);
	configuration = ConfigurationGet();
	queue_limit = configuration->max_queue_size;
	RingSetLimit(queue_limit);
	if ((StreamsConfigure(configuration, WhyNot(), asked) || asked) && RequestsUnderWay() > 0)
		RequestsStartAnew();
	if (RecoveryInProgress())
		return;
	NoticeRestored();
	StreamsMeetRows();
	StreamsLoadRanges();
}

static void
NoteMissing(bool missing)
{
	if (!missing)
		missing_since = 0;
	else if (missing_since == 0)
		missing_since = MonotonicMs();
}

static void
RunFollow(const Turn *turn)
{
	uint64 news = ConfigurationNews();
	bool there;

	(void) turn;
	if (current && news == loaded_news)
		return;
	there = WorkBegin();
	NoteMissing(!there);
	if (!there)
	{
		ForgetLedger();
		return;
	}
	Follow(news != loaded_news);
	WorkCommit();
	meeting = false;
	loaded_news = news;
	current = true;
}

static long
FollowDue(const Turn *turn)
{
	(void) turn;
	if (current)
		return -1; /* changes wake the worker */
	return missing_since == 0 ? 0 : MISSING_NAP_MS;
}

/* What was read half-way is read again. */
static bool
FollowFailed(int sqlstate)
{
	(void) sqlstate;
	current = false;
	if (meeting)
		ForgetLedger();
	meeting = false;
	return false;
}

Step follow_step = {
	.name = "follow the configuration",
	.run = RunFollow,
	.due = FollowDue,
	.failed = FollowFailed,
};
