/* SPDX-License-Identifier: PostgreSQL */
/*
 * The launcher: gives turns to the databases that need a worker.
 *
 * It is one process for the server and connected to no database, so that it
 * is in no one's way.  A database needs a worker when its queue holds spans, when
 * somebody asks for the worker, when the last one left something to deliver and that is
 * due, when it has a ledger and no worker has looked at it since the server started, or
 * when the last one did so an hour ago (retention).  Which databases have a ledger is
 * a setting of theirs (ALTER DATABASE ... SET genops_tempo.ledger), in a catalog that
 * can only be read from within a database: a short-lived process, the census, does
 * that in any database that takes connections.  No one else gets a worker.
 *
 * At the most genops_tempo.max_workers run at a time.  Where more databases need one,
 * the one whose need is the oldest is first; workers that have nothing to do leave at
 * once, and one that has served for a turn is asked to.
 *
 * Workers are dynamic and never restarted by the postmaster: a worker that dies
 * is started again from here, after a while, if there still is work.
 *
 * All times are monotonic: the clock may jump.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "compat.h"
#include "deliver/databases.h"
#include "deliver/launcher.h"
#include "deliver/processes.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "settings.h"
#include "shared/ring.h"
#include "shared/seat.h"
#include "storage/ipc.h"
#include "storage/procsignal.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#define CENSUS_INTERVAL_MS (10 * 60 * 1000)
#define VISIT_INTERVAL_MS (60 * 60 * 1000)
#define RESTART_DELAY_MS 1000 /* after a worker that failed, or could not connect */
#define TURN_MS 1000          /* a worker's turn while others wait */
#define LEISURE_MS 10000      /* what no one waits for comes so much later */
#define NAP_MS 10000

/* No need, or none yet. */
#define NO_NEED INT64_MAX

void
LauncherRegister(void)
{
	BackgroundWorker worker = {
		.bgw_name = "genops launcher",
		.bgw_type = "genops launcher",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_ConsistentState,
		.bgw_restart_time = 5,
		.bgw_library_name = "genops_tempo",
		.bgw_function_name = "GenopsLauncherMain",
	};

	RegisterBackgroundWorker(&worker);
}

static void
StartCensus(int64 now)
{
	static int64 last = 0;
	Oid database;

	if (last != 0 && now < last + CENSUS_INTERVAL_MS)
		return;
	database = DatabaseForCensus();
	if (!OidIsValid(database) || ProcessStartCensus(database))
		last = now;
}

/*
 * Needs.
 */

/* Since when the database needs a worker, or from when on it will; NO_NEED if it
 * does not. */
static int64
NeedsSince(const SeatView *view)
{
	int64 since = NO_NEED;

	if (view->state != SEAT_EMPTY || view->kept_out)
		return NO_NEED;
	if (view->queued > 0)
		since = view->oldest_at;
	if (view->wanted)
		since = Min(since, view->wanted_at);
	if (view->pending)
		since = Min(since, view->pending_due_at + (view->changed_at == 0 ? LEISURE_MS : 0));
	if (view->changed_at != 0)
		since = Min(since, view->changed_at + VISIT_INTERVAL_MS);
	if (view->failed && since != NO_NEED)
		since = Max(since, view->changed_at + RESTART_DELAY_MS);
	return Max(since, view->not_before);
}

/* What no one waits for is done at once where there is a place. */
static int64
MayStartAt(const SeatView *view)
{
	if (view->pending && view->changed_at == 0 && view->state == SEAT_EMPTY && !view->kept_out)
		return Max(view->pending_due_at, view->not_before);
	return NeedsSince(view);
}

/*
 * Starting.
 */

/*
 * Says once that the server has no place for as many workers as may run, and once that it
 * has.
 */
static void
ReportPlaces(bool started, int running)
{
	static int lacking = 0; /* could not start one beside so many; 0: could */

	if (!started && lacking == 0 && WorkerTells(LOG_LEVEL_ERROR))
		ereport(LOG,
		        (errmsg("could not start a genops worker: all background worker slots are in use"),
		         errdetail("Of up to %d workers %d run. Recorded AI calls wait in shared memory "
		                   "meanwhile.",
		                   setting_max_workers, running),
		         errhint("You may need to increase \"max_worker_processes\".")));
	if (started && lacking > 0 && running >= lacking)
	{
		lacking = 0;
		if (WorkerTells(LOG_LEVEL_INFO))
			ereport(LOG, (errmsg("genops workers can be started again")));
	}
	else if (!started)
		lacking = Max(lacking, running + 1);
}

/* *no_place: the server has none. */
static bool
StartWorker(const SeatView *view, int running, bool *no_place)
{
	bool started;

	switch (DatabaseLookUp(view->database).state)
	{
		case DATABASE_GONE:
			SeatDiscard(view->database);
			return false;
		case DATABASE_CLOSED:
			SeatPostpone(view, MonotonicMs() + RESTART_DELAY_MS);
			return false;
		case DATABASE_OPEN:
			break;
	}
	if (!SeatClaim(view))
		return false;
	started = ProcessStartWorker(view);
	if (!started)
		(void) SeatGiveUp(view, false);
	*no_place = !started;
	ReportPlaces(started, running + (started ? 1 : 0));
	return started;
}

/* The database whose need is the oldest. */
static bool
NextInTurn(int64 now, SeatView *next)
{
	int64 oldest = NO_NEED;

	for (int i = 0; i < SeatCount(); i++)
	{
		SeatView view;
		int64 since;

		if (!SeatLookAt(i, &view) || ProcessRunsFor(&view) || MayStartAt(&view) > now)
			continue;
		since = NeedsSince(&view);
		if (since < oldest)
		{
			oldest = since;
			*next = view;
		}
	}
	return oldest != NO_NEED;
}

/* One that has had its turn makes room. */
static void
EndTurn(int64 now)
{
	SeatView longest = { .changed_at = now };

	for (int i = 0; i < SeatCount(); i++)
	{
		SeatView view;

		if (SeatLookAt(i, &view) && view.state == SEAT_TAKEN &&
		    view.changed_at < longest.changed_at)
			longest = view;
	}
	if (OidIsValid(longest.database) && now >= longest.changed_at + TURN_MS)
		SeatAskToLeave(longest.number);
}

/* Starts what needs a worker; true if some have to wait.  *place_free: another worker
 * could be started. */
static bool
GiveTurns(int64 now, bool *place_free)
{
	int running = ProcessesRunning();
	bool no_place = false;
	SeatView next;
	int tries = SeatCount();

	while (running < setting_max_workers && !no_place && tries-- > 0 && NextInTurn(now, &next))
		if (StartWorker(&next, running, &no_place))
			running++;
	*place_free = running < setting_max_workers && !no_place;
	return NextInTurn(now, &next) && NeedsSince(&next) <= now;
}

/*
 * What the log hears of full rings: once that one ran full, and once that it is over.
 */
typedef struct FullRing
{
	Oid database;
	bool full;
	uint64 reported; /* drops that the log knows of */
} FullRing;

static void
ReportFullRing(FullRing *ring, const SeatView *view)
{
	if (ring->database != view->database)
		*ring = (FullRing){ .database = view->database };
	if (view->dropping && !ring->full && WorkerTells(LOG_LEVEL_ERROR))
		ereport(LOG, (errmsg("AI calls of database \"%s\" are not recorded: the ring is full",
		                     NameStr(DatabaseLookUp(view->database).name)),
		              errhint("See genops.stat_recording and genops.stat_delivery; "
		                      "\"genops_tempo.shared_memory\" or \"max_queue_size\" may be too "
		                      "small.")));
	if (!view->dropping && view->dropped_full > ring->reported)
	{
		if (WorkerTells(LOG_LEVEL_INFO))
			ereport(LOG, (errmsg("AI calls of database \"%s\" are recorded again: " UINT64_FORMAT
			                     " were not",
			                     NameStr(DatabaseLookUp(view->database).name),
			                     view->dropped_full - ring->reported)));
		ring->reported = view->dropped_full;
	}
	ring->full = view->dropping;
}

static void
ReportFullRings(void)
{
	static FullRing *rings = NULL;

	if (rings == NULL)
		rings = MemoryContextAllocZero(TopMemoryContext, SeatCount() * sizeof(FullRing));
	for (int i = 0; i < SeatCount(); i++)
	{
		SeatView view;

		if (SeatLookAt(i, &view))
			ReportFullRing(&rings[i], &view);
	}
}

/* Says once of each database that it has no place, until there is one. */
static void
ReportRefused(void)
{
	static List *told = NIL;
	RingUsage usage;
	MemoryContext old;

	RingReadUsage(&usage);
	if (usage.databases < usage.max_databases)
	{
		list_free(told);
		told = NIL;
		return;
	}
	if (!OidIsValid(usage.last_refused) || list_member_oid(told, usage.last_refused))
		return;
	old = MemoryContextSwitchTo(TopMemoryContext);
	told = lappend_oid(told, usage.last_refused);
	MemoryContextSwitchTo(old);
	if (WorkerTells(LOG_LEVEL_ERROR))
		ereport(LOG,
		        (errmsg("AI calls of database \"%s\" are not recorded: all %d places for "
		                "databases are taken",
		                NameStr(DatabaseLookUp(usage.last_refused).name), usage.max_databases),
		         errhint("Increase \"genops_tempo.max_databases\" and restart the server.")));
}

/* A standby that has become a primary has a ledger of its own to go on with, and
 * no one may have recorded anything on it. */
static void
NoticePromotion(void)
{
	static bool was_standby = false;
	bool is_standby = RecoveryInProgress();

	if (was_standby && !is_standby)
		SeatWantAll();
	was_standby = is_standby;
}

/* Until a need arises of which no one tells; while others wait, a turn's end.  Where no
 * worker can be started now, what may be done at leisure does not end the nap. */
static long
NapTime(int64 now, bool others_wait, bool place_free)
{
	int64 until = now + NAP_MS;

	if (others_wait)
		return TURN_MS / 4;
	for (int i = 0; i < SeatCount(); i++)
	{
		SeatView view;

		if (SeatLookAt(i, &view) && !ProcessRunsFor(&view))
			until = Min(until, place_free ? MayStartAt(&view) : NeedsSince(&view));
	}
	return (long) Max(until - now, 10);
}

static void
HearReload(void)
{
	CHECK_FOR_INTERRUPTS();
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
}

void
GenopsLauncherMain(Datum unused)
{
	uint32 wait_event = compat_wait_event("GenopsLauncherMain");

	(void) unused;
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	SeatLauncherArrive();
	pgstat_report_appname("genops launcher");

	for (;;)
	{
		int64 now = MonotonicMs();
		bool others_wait;
		bool place_free;

		HearReload();
		NoticePromotion();
		StartCensus(now);
		ProcessesLook();
		others_wait = GiveTurns(now, &place_free);
		SeatSetOthersWait(others_wait);
		if (others_wait)
			EndTurn(now);
		ReportFullRings();
		ReportRefused();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
		                 NapTime(now, others_wait, place_free), wait_event);
		ResetLatch(MyLatch);
	}
}
