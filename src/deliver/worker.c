/*
 * The worker of a database: stores what is queued and delivers what is stored.
 *
 * One process does both, in turns, and never waits for the network within a
 * transaction: a turn stores what the ring holds in one short transaction,
 * lets the exporter finish and start requests, writes down how far they got,
 * and does a piece of housekeeping if there is time.  Then it sleeps until
 * spans, an answer, a signal or a deadline come.
 *
 * The worker leaves when it is told to (shutdown, DROP DATABASE, another
 * database's turn) and when there has been nothing to do for a while.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "access/xact.h"
#include "access/xlog.h"
#include "compat.h"
#include "configure/configuration.h"
#include "deliver/durable.h"
#include "deliver/expired.h"
#include "deliver/exporter.h"
#include "deliver/storing.h"
#include "deliver/worker.h"
#include "keep/ledger.h"
#include "keep/work.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shared/reader.h"
#include "shared/seat.h"
#include "settings.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Of requests and answers in a turn; few while somebody may be waiting for room
 * in the ring. */
#define DELIVERY_ROUNDS 8
#define CROWDED_ROUNDS 1

#define IDLE_LEAVE_MS (60 * 1000)
#define FIRST_RETRY_MS 200
#define LAST_RETRY_MS 30000
#define LAST_LOCK_RETRY_MS 500 /* callers wait, and nobody tells when a lock goes */
#define HOUSEKEEPING_MS 10000
#define BUSY_POSTPONE_MS 60000 /* housekeeping, while it would be felt */
#define INDEXING_MS 500

/* A transaction that creates the extension and records may take as long. */
#define MISSING_LEAVE_MS (60 * 1000)
#define MISSING_NAP_MS 1000

static long retry_delay_ms = 0; /* 0: the last turn succeeded */

/* All by MonotonicMs(): the clock may jump. */
static int64 retry_at = 0;
static int64 idle_since = 0;
static int64 housekeeping_at = 0;
static int64 missing_since = 0; /* the extension; 0: it is there */

static bool configuration_loaded = false;
static uint64 loaded_news = 0; /* ConfigurationNews() before it was loaded */

/*
 * Coming and going.
 */
static void
Attach(int seat)
{
	Oid database = SeatTake(seat);

	if (!OidIsValid(database))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	pgstat_report_appname("genops worker");
	pgstat_report_activity(STATE_IDLE, NULL);
}

static bool
AskedToLeave(void)
{
	return ShutdownRequestPending || SeatAskedToLeave();
}

static bool
OthersWait(void)
{
	RingDemand demand;

	RingReadDemand(&demand);
	return demand.others_wait;
}

/* With an endpoint to deliver to, or spans on their way, it is not idle. */
static bool
IdleForLong(void)
{
	bool idle = configuration_loaded && StoringIdle() && ExporterIdle();

	if (!idle)
		idle_since = 0;
	else if (idle_since == 0)
		idle_since = MonotonicMs();
	return idle && (OthersWait() || MonotonicMs() >= idle_since + IDLE_LEAVE_MS);
}

static void
HearInterrupts(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
		configuration_loaded = false;
	}
}

/*
 * The rest of a turn.
 */
static void
RefreshConfiguration(void)
{
	uint64 news = ConfigurationNews();

	if (configuration_loaded && news == loaded_news)
		return;
	loaded_news = news;
	configuration_loaded = false; /* also if an error ends this half-way */
	ExporterRecord(true);
	if (!WorkBegin())
	{
		if (missing_since == 0)
			missing_since = MonotonicMs();
		return;
	}
	missing_since = 0;
	ExporterRefresh();
	RingSetLimit(ConfigurationGet()->max_queue_size);
	if (!RecoveryInProgress())
		DurableStart(LedgerNewestSegment());
	WorkCommit();
	configuration_loaded = true;
}

static void
Deliver(void)
{
	RingDemand demand;
	bool hurry;

	RingReadDemand(&demand);
	hurry = demand.segment_wanted > 0 || demand.others_wait;
	DurablePoll(demand.position_wanted > 0);
	if (!AskedToLeave())
		ExporterStep(hurry, DurableSegment(), demand.crowded ? CROWDED_ROUNDS : DELIVERY_ROUNDS);
	ExporterRecord(hurry || AskedToLeave());
	RingPublishSettled(ExporterSettled(), ExporterStalled());
}

/* Whether a stall of the worker would be felt by those who record. */
static bool
Busy(void)
{
	RingDemand demand;

	RingReadDemand(&demand);
	return demand.crowded || RingDueIn(&demand) == 0;
}

/* What can't wait until the housekeeping is due, and what is done when there
 * is a moment for it. */
static void
KeepUp(int64 now, bool busy)
{
	static int64 indexed_at = 0;

	if (LedgerFoldIsUrgent(busy))
		(void) LedgerFoldSpend(false);
	if (busy || now < indexed_at + INDEXING_MS)
		return;
	LedgerIndexNew();
	indexed_at = now;
}

static void
KeepHouse(void)
{
	int64 now = MonotonicMs();
	bool busy = Busy();
	bool more = false;

	KeepUp(now, busy);
	if (now < housekeeping_at + (busy ? BUSY_POSTPONE_MS : 0))
		return;
	housekeeping_at = now + HOUSEKEEPING_MS;
	more |= LedgerFoldSpend(false);
	more |= LedgerCloseDays();
	if (WorkBegin())
	{
		int64 retention_us = ConfigurationGet()->retention_us;

		WorkCommit();
		ExporterRecord(true); /* lest what was sent just now counts as expired */
		if (LedgerExpire(retention_us, ExpiredCount))
		{
			configuration_loaded = false; /* what is pending changed */
			more = true;
		}
	}
	if (more)
		housekeeping_at = now;
}

static void
TakeTurn(void)
{
	RefreshConfiguration();
	if (!configuration_loaded)
		return;
	if (RecoveryInProgress())
		SendQueuedDirectly(AskedToLeave());
	else
		StoreQueued(AskedToLeave(), &configuration_loaded);
	Deliver();
	FinishDirectly();
	if (!RecoveryInProgress() && retry_delay_ms == 0)
		KeepHouse();
	pgstat_report_stat(false);
}

/*
 * Errors.
 */

static void
AfterFailure(int sqlstate)
{
	long longest = sqlstate == ERRCODE_LOCK_NOT_AVAILABLE ? LAST_LOCK_RETRY_MS : LAST_RETRY_MS;

	retry_delay_ms = retry_delay_ms == 0 ? FIRST_RETRY_MS : Min(retry_delay_ms * 2, longest);
	retry_at = MonotonicMs() + retry_delay_ms;
	if (StoringFailed(sqlstate))
		retry_at = MonotonicMs();
}

/* The log hears of a failure once, until something else happens. */
static void
ReportFailure(ErrorData *error)
{
	static int reported = 0;

	if (error == NULL)
	{
		if (reported != 0 && WorkerTells(LOG_LEVEL_INFO))
			ereport(LOG, (errmsg("the genops worker works again")));
		reported = 0;
		return;
	}
	if (error->sqlerrcode == reported)
		return;
	reported = error->sqlerrcode;
	if (WorkerTells(LOG_LEVEL_ERROR))
		ereport(LOG, (errcode(error->sqlerrcode),
		              errmsg("the genops worker will try again: %s", error->message),
		              error->detail ? errdetail_internal("%s", error->detail) : 0));
}

static void
TakeTurnSafely(void)
{
	if (retry_delay_ms > 0 && MonotonicMs() < retry_at)
		return;

	PG_TRY();
	{
		TakeTurn();
		if (retry_delay_ms > 0)
			ReportFailure(NULL);
		retry_delay_ms = 0;
	}
	PG_CATCH();
	{
		ErrorData *error;

		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(TopMemoryContext);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
		pgstat_report_activity(STATE_IDLE, NULL);
		ReportFailure(error);
		AfterFailure(error->sqlerrcode);
		FreeErrorData(error);
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
}

/*
 * Sleeping.
 */
static long
SleepTime(void)
{
	int64 now = MonotonicMs();
	long sleep = IDLE_LEAVE_MS;
	long timeout;

	if (retry_delay_ms > 0)
		return Max((long) (retry_at - now), 1);
	if (missing_since != 0)
		return MISSING_NAP_MS;
	timeout = StoringWait();
	if (timeout >= 0)
		sleep = Min(sleep, timeout);
	timeout = ExporterTimeout(DurableSegment());
	if (timeout >= 0)
		sleep = Min(sleep, timeout);
	if (!RecoveryInProgress()) /* a standby has no house to keep */
		sleep = Min(sleep, Max((long) (housekeeping_at - now), 1));
	return sleep;
}

static void
Sleep(void)
{
	static uint32 wait_event = 0;
	long sleep_ms = SleepTime();
	int64 durable = DurableSegment();
	WaitEventSet *set;
	WaitEvent event;

	if (sleep_ms == 0)
		return;
	DurableForce();
	if (DurableSegment() > durable)
		return; /* there may be something to send */
	if (wait_event == 0)
		wait_event = compat_wait_event("GenopsWorkerMain");
	set = compat_create_wait_event_set(2 + ExporterSocketCount());
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	ExporterAddSockets(set);
	(void) WaitEventSetWait(set, sleep_ms, &event, 1, wait_event);
	FreeWaitEventSet(set);
	ResetLatch(MyLatch);
}

/* The extension was dropped, or never came to be: nobody misses the spans. */
static bool
ExtensionGone(void)
{
	if (missing_since == 0 || MonotonicMs() < missing_since + MISSING_LEAVE_MS)
		return false;
	StoringDiscard();
	return true;
}

/* Batches come and go: the C library needn't give their memory back to the
 * system each time, and get it zeroed again. */
static void
KeepMemory(void)
{
#ifdef M_TRIM_THRESHOLD
	(void) mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
	(void) mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
#endif
}

void
GenopsWorkerMain(Datum seat)
{
	bool was_standby;

	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	Attach(DatumGetInt32(seat));
	KeepMemory();
	WorkPrepare();
	StoringInit();
	ExporterInit();
	was_standby = RecoveryInProgress();

	while (!AskedToLeave() && !IdleForLong() && !ExtensionGone() &&
	       RecoveryInProgress() == was_standby)
	{
		(void) SeatHearWish();
		HearInterrupts();
		TakeTurnSafely();
		Sleep();
	}

	/* What is queued by now is stored; requests under way are given up, and
	 * sent again by the next worker. */
	retry_delay_ms = 0;
	TakeTurnSafely();
	DurableForce();
	SeatLeavePending(!ExporterIdle(), MonotonicMs());
	ExporterEnd();
	proc_exit(0);
}
