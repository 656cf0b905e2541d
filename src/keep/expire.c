/* SPDX-License-Identifier: PostgreSQL */
/*
 * Retention.
 *
 * A day is dropped as a whole once its last span is older than the retention,
 * spend is folded beyond it, and it is delivered; what isn't, and still lies
 * there when its day comes, is counted as expired, and the log says so once.
 *
 * DROP TABLE has to lock the parent against readers, and while it waits for
 * one, all others wait for it.  So it waits a moment only and is tried again
 * later, for hours if need be.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "keep/chore.h"
#include "keep/ledger.h"
#include "keep/ledger_state.h"
#include "keep/partition.h"
#include "keep/worker_sql.h"
#include "monotonic.h"
#include "settings.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#define LOCK_TIMEOUT "100ms"

static int64
LastSegment(Oid table)
{
	return WorkerSqlNumber(psprintf("SELECT max(seq) FROM genops.%s", get_rel_name(table)), 0);
}

/* The parent is locked before the day, as readers do.  It is locked last, after what goes is
 * counted, which may take long and nobody is to wait for; without the lock all of it is undone. */
static void
DropDay(const LedgerDay *day)
{
	WorkerSetLocal("lock_timeout", LOCK_TIMEOUT);
	WorkerSql(
	    "LOCK TABLE ONLY genops.ledger_span, ONLY genops.ledger_segment IN ACCESS EXCLUSIVE MODE");
	WorkerSql(psprintf("DROP TABLE genops.%s", get_rel_name(day->span)));
	if (OidIsValid(day->segment))
		WorkerSql(psprintf("DROP TABLE genops.%s", get_rel_name(day->segment)));
}

static void
Expire(const LedgerDay *day, CountUndelivered *count_undelivered)
{
	char *name = get_rel_name(day->span);
	int64 lost = OidIsValid(day->segment) ? count_undelivered(day->start, day->end) : 0;

	DropDay(day);
	if (lost > 0 && WorkerTells(LOG_LEVEL_WARNING))
		ereport(WARNING,
		        (errcode(ERRCODE_WARNING),
		         errmsg("retention removed " INT64_FORMAT " spans that were not delivered", lost),
		         errdetail("They were in table \"genops.%s\".", name),
		         errhint("See genops.stat_delivery for the streams that are behind, and setting "
		                 "\"retention\" of genops_configure().")));
}

/*
 * The clock.
 *
 * A clock that is set 100 days ahead for a minute would make all of a ledger older than
 * its retention.  So what it says is compared with what it said before and the
 * time that has passed since, which the monotonic clock tells; after a start, with what
 * was recorded last.  A step of more than a day is believed when it was seen an hour ago
 * and stands; until then the time goes on from before the step.
 */
#define CLOCK_STEP_US USECS_PER_DAY
#define SECOND_LOOK_MS (60 * 60 * 1000)

typedef struct ExpiryClock
{
	TimestampTz believed; /* 0: nothing yet */
	int64 at;             /* when that was, by MonotonicMs() */
	int64 doubted_since;  /* 0: not */
} ExpiryClock;

static ExpiryClock expiry_clock;

static TimestampTz
FirstRecordedOn(const LedgerDay *day)
{
	return WorkerSqlNumber(psprintf("SELECT recorded_at FROM genops.%s ORDER BY seq LIMIT 1",
	                                get_rel_name(day->segment)),
	                       day->start);
}

/* By the times of its last spans, which are the clock's as well. */
static TimestampTz
LastSpanOf(const LedgerDay *day)
{
	return WorkerSqlNumber(psprintf("SELECT max_end FROM genops.%s ORDER BY seq DESC LIMIT 1",
	                                get_rel_name(day->segment)),
	                       day->end);
}

/* What the ledger tells of the time after a start.  Where it began again less than an
 * hour ago after a day or more of silence, that is the clock's word alone. */
static TimestampTz
TimeOfLedger(const LedgerState *state, const LedgerDay *days, int count, TimestampTz now)
{
	int open = count - 1;
	TimestampTz before;

	while (open > 0 && days[open].start > state->newest_recorded_at)
		open--;
	if (open == 0 || !OidIsValid(days[open].segment) || !OidIsValid(days[open - 1].segment))
		return state->newest_recorded_at;
	before = Max(days[open - 1].end, LastSpanOf(&days[open - 1]));
	if (days[open].start >= before + CLOCK_STEP_US &&
	    now < FirstRecordedOn(&days[open]) + USECS_PER_HOUR)
		return before;
	return state->newest_recorded_at;
}

/* The time by which spans expire. */
static TimestampTz
ExpiryTime(const LedgerState *state, const LedgerDay *days, int count)
{
	TimestampTz now = GetCurrentTimestamp();
	int64 monotonic = MonotonicMs();
	TimestampTz expected;

	if (expiry_clock.believed == 0)
	{
		expiry_clock.believed = state->exists ? TimeOfLedger(state, days, count, now) : now;
		expiry_clock.at = monotonic;
	}
	expected = expiry_clock.believed + (monotonic - expiry_clock.at) * 1000;
	if (now > expected + CLOCK_STEP_US)
	{
		if (expiry_clock.doubted_since == 0)
		{
			expiry_clock.doubted_since = monotonic;
			if (WorkerTells(LOG_LEVEL_WARNING))
				ereport(WARNING,
				        (errcode(ERRCODE_WARNING),
				         errmsg("retention of the genops ledger waits an hour"),
				         errdetail("The clock is at %s, where about %s was expected.",
				                   pstrdup(timestamptz_to_str(now)), timestamptz_to_str(expected)),
				         errhint("If the clock is wrong, set it right before spans are removed.")));
		}
		if (monotonic < expiry_clock.doubted_since + SECOND_LOOK_MS)
			return expected;
	}
	expiry_clock = (ExpiryClock){ .believed = now, .at = monotonic };
	return now;
}

typedef struct Retention
{
	int64 keep_us;
	CountUndelivered *count_undelivered;
} Retention;

/*
 * A day that lies ahead of what was recorded last was recorded by a clock that was wrong.
 * It goes before the first day that was recorded after it.
 */
static const LedgerDay *
DayToExpire(const LedgerState *state, const LedgerDay *days, int count)
{
	for (int i = count - 1; i > 0 && days[i].start > state->newest_recorded_at; i--)
		if (OidIsValid(days[i].segment) && OidIsValid(days[0].segment) &&
		    LastSegment(days[i].segment) < LastSegment(days[0].segment))
			return &days[i];
	return &days[0];
}

/* Drops at most one day; argument: Retention *. */
static bool
ExpireOne(void *argument)
{
	const Retention *retention = argument;
	LedgerState state = LedgerStateRead();
	int count;
	LedgerDay *days = PartitionDays(&count);
	const LedgerDay *day;
	bool dropped = false;

	if (count == 0)
		return false;
	SPI_connect();
	if (days[0].end <= ExpiryTime(&state, days, count) - retention->keep_us)
	{
		day = DayToExpire(&state, days, count);
		if (!OidIsValid(day->segment) || LastSegment(day->segment) <= state.folded_seq)
		{
			Expire(day, retention->count_undelivered);
			dropped = true;
		}
	}
	SPI_finish();
	return dropped;
}

bool
LedgerExpire(int64 retention_us, CountUndelivered *count_undelivered)
{
	static Chore expiring = { .name = "retention", .run = ExpireOne };
	Retention retention = { .keep_us = retention_us, .count_undelivered = count_undelivered };

	if (retention_us <= 0)
		return false;
	return ChoreRun(&expiring, &retention);
}
