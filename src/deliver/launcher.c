/*
 * The launcher: starts a worker for each database that has something to do.
 *
 * It is one process for the server and connected to no database, so that it
 * is in nobody's way.  A database has something to do when its queue holds
 * spans, when somebody asked for its worker, when it was marked by CREATE
 * EXTENSION and has not been looked at since the server started, or when it was
 * last looked at an hour ago (retention).  The marks are settings of databases
 * (ALTER DATABASE ... SET genops_tempo.ledger), in a catalog that can only be
 * read from within a database: a short-lived process, the census, does that in
 * any database that takes connections.
 *
 * Workers are dynamic and never restarted by the postmaster: a worker that dies
 * is started again from here, after a while, if there still is work.  At the
 * most genops_tempo.max_workers run at a time; where more databases wait, the
 * worker that has served longest is asked to leave.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_database.h"
#include "compat.h"
#include "deliver/launcher.h"
#include "deliver/worker.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shared/ring_private.h"
#include "settings.h"
#include "storage/ipc.h"
#include "storage/procsignal.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define CENSUS_INTERVAL_MS (10 * 60 * 1000)
#define VISIT_INTERVAL_MS (60 * 60 * 1000)
#define START_TIMEOUT_MS 10000 /* for a worker to come up */
#define RESTART_DELAY_MS 1000  /* after one that went */
#define TURN_MS 5000           /* a worker's turn while others wait */
#define NAP_MS 10000

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

static bool
StartProcess(const char *name, const char *type, const char *function, Datum argument)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_ConsistentState,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_library_name = "genops_tempo",
		.bgw_main_arg = argument,
		.bgw_notify_pid = MyProcPid,
	};

	strlcpy(worker.bgw_name, name, BGW_MAXLEN);
	strlcpy(worker.bgw_type, type, BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}

typedef void (*DatabaseLook)(Form_pg_database database, void *result);

/* Looks at each row of pg_database, in a transaction of its own. */
static void
LookAtDatabases(DatabaseLook look, void *result)
{
	Relation relation;
	TableScanDesc scan;
	HeapTuple tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
		look((Form_pg_database) GETSTRUCT(tuple), result);
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
}

/* result: Oid */
static void
ChooseForCensus(Form_pg_database database, void *result)
{
	Oid *chosen = result;

	if (!database->datallowconn || database->datistemplate)
		return;
	if (!OidIsValid(*chosen) || strcmp(NameStr(database->datname), "postgres") == 0)
		*chosen = database->oid;
}

/* Any database that takes connections, rather "postgres" than another, and
 * rather none than a template, which CREATE DATABASE needs for itself. */
static Oid
DatabaseForCensus(void)
{
	Oid chosen = InvalidOid;

	LookAtDatabases(ChooseForCensus, &chosen);
	return chosen;
}

typedef enum DatabaseState
{
	DATABASE_GONE,
	DATABASE_CLOSED, /* takes no connections */
	DATABASE_OPEN
} DatabaseState;

typedef struct DatabaseQuestion
{
	Oid oid;
	DatabaseState state;
} DatabaseQuestion;

/* result: DatabaseQuestion */
static void
FindState(Form_pg_database database, void *result)
{
	DatabaseQuestion *question = result;

	if (database->oid == question->oid)
		question->state = database->datallowconn ? DATABASE_OPEN : DATABASE_CLOSED;
}

static DatabaseState
StateOfDatabase(Oid oid)
{
	DatabaseQuestion question = { oid, DATABASE_GONE };

	LookAtDatabases(FindState, &question);
	return question.state;
}

static void
StartCensus(void)
{
	static TimestampTz last = 0;
	TimestampTz now = GetCurrentTimestamp();
	Oid database;

	if (last != 0 && !TimestampDifferenceExceeds(last, now, CENSUS_INTERVAL_MS))
		return;
	database = DatabaseForCensus();
	if (!OidIsValid(database) || StartProcess("genops census", "genops census", "GenopsCensusMain",
	                                          ObjectIdGetDatum(database)))
		last = now;
}

/* What the launcher needs to know of a queue at a moment. */
typedef struct QueueView
{
	RingQueue *queue;
	Oid database;
	RingWorkerState state;
	TimestampTz changed_at;
	bool has_work;
	bool kept_out;
	bool failed;
	pid_t pid;
} QueueView;

static QueueView
LookAt(RingQueue *queue, TimestampTz now)
{
	QueueView view = { .queue = queue };
	bool overdue;

	SpinLockAcquire(&queue->lock);
	view.database = queue->database;
	view.state = queue->worker_state;
	view.changed_at = queue->worker_changed_at;
	view.kept_out = queue->keep_out > 0;
	view.failed = queue->worker_failed;
	view.pid = queue->worker_pid;
	view.has_work = queue->worker_wanted || queue->head.position < queue->tail.position;
	SpinLockRelease(&queue->lock);

	overdue = TimestampDifferenceExceeds(view.changed_at, now, VISIT_INTERVAL_MS);
	view.has_work = view.has_work || (view.changed_at != 0 && overdue);
	return view;
}

/* No worker comes; false if one has come after all. */
static bool
SetNone(RingQueue *queue, bool failed, TimestampTz now)
{
	bool none;

	SpinLockAcquire(&queue->lock);
	none = queue->worker_pid == 0;
	if (none)
	{
		queue->worker_state = RING_WORKER_NONE;
		queue->worker_failed |= failed;
		queue->worker_changed_at = now;
	}
	SpinLockRelease(&queue->lock);
	return none;
}

static void
GiveUpStarting(QueueView *view, TimestampTz now)
{
	if (!SetNone(view->queue, true, now) || !WorkerTells(LOG_LEVEL_ERROR))
		return;
	ereport(
	    LOG,
	    (errmsg("the genops worker of database %u did not start", view->database),
	     errhint("See the messages before this one; \"max_worker_processes\" may be too low.")));
}

/* Says once that the server has no place for a worker, and once that it has. */
static void
ReportSlots(bool started)
{
	static bool lacking = false;

	if (!started && !lacking && WorkerTells(LOG_LEVEL_ERROR))
		ereport(LOG,
		        (errmsg("could not start a genops worker: all background worker slots are in use"),
		         errdetail("Recorded AI calls wait in shared memory meanwhile."),
		         errhint("You may need to increase \"max_worker_processes\".")));
	if (started && lacking && WorkerTells(LOG_LEVEL_INFO))
		ereport(LOG, (errmsg("genops workers can be started again")));
	lacking = !started;
}

/* What was seen may have changed: a session may need the database for itself, and
 * waits only for a worker that it knows of. */
static bool
ClaimStart(const QueueView *view, TimestampTz now)
{
	RingQueue *queue = view->queue;
	bool claimed;

	SpinLockAcquire(&queue->lock);
	claimed = queue->database == view->database && queue->worker_state == RING_WORKER_NONE &&
	          queue->keep_out == 0;
	if (claimed)
	{
		queue->worker_state = RING_WORKER_STARTING;
		queue->worker_changed_at = now;
	}
	SpinLockRelease(&queue->lock);
	return claimed;
}

static bool
StartWorker(QueueView *view, TimestampTz now)
{
	char name[BGW_MAXLEN];
	bool started;

	if (view->failed && !TimestampDifferenceExceeds(view->changed_at, now, RESTART_DELAY_MS))
		return false;
	switch (StateOfDatabase(view->database))
	{
		case DATABASE_GONE:
			RingDiscard(view->queue, view->database);
			return false;
		case DATABASE_CLOSED:
			(void) SetNone(view->queue, false, now);
			return false;
		case DATABASE_OPEN:
			break;
	}
	if (!ClaimStart(view, now))
		return false;
	snprintf(name, sizeof(name), "genops worker of database %u", view->database);
	started = StartProcess(name, "genops worker", "GenopsWorkerMain",
	                       Int32GetDatum((int32) (view->queue - ring_shared->queues)));
	if (!started)
		(void) SetNone(view->queue, false, now);
	ReportSlots(started);
	return started;
}

static void
AskToLeave(RingQueue *queue)
{
	SpinLockAcquire(&queue->lock);
	queue->worker_must_leave = true;
	SpinLockRelease(&queue->lock);
	RingWake(queue);
}

/* Starts what has work, round robin, and makes room where there is none. */
static void
StartWorkers(void)
{
	static int turn = 0;
	int first = turn;
	TimestampTz now = GetCurrentTimestamp();
	QueueView longest = { 0 };
	int running = 0;
	bool waiting = false;

	for (int i = 0; i < RING_MAX_QUEUES; i++)
	{
		QueueView view = LookAt(&ring_shared->queues[i], now);

		if (view.state == RING_WORKER_STARTING &&
		    TimestampDifferenceExceeds(view.changed_at, now, START_TIMEOUT_MS))
			GiveUpStarting(&view, now);
		else if (view.state != RING_WORKER_NONE)
			running++;
		if (view.state == RING_WORKER_RUNNING &&
		    (longest.queue == NULL || view.changed_at < longest.changed_at))
			longest = view;
	}

	for (int i = 0; i < RING_MAX_QUEUES; i++)
	{
		int index = (first + i) % RING_MAX_QUEUES;
		QueueView view = LookAt(&ring_shared->queues[index], now);

		if (!OidIsValid(view.database) || view.state != RING_WORKER_NONE || !view.has_work ||
		    view.kept_out)
			continue;
		if (running >= setting_max_workers)
			waiting = true;
		else if (StartWorker(&view, now))
		{
			running++;
			turn = index + 1;
		}
	}

	if (waiting && longest.queue != NULL &&
	    TimestampDifferenceExceeds(longest.changed_at, now, TURN_MS))
		AskToLeave(longest.queue);
}

/* Says once that a ring ran full, and once that it is over. */
static void
ReportFullRings(void)
{
	static uint64 reported[RING_MAX_QUEUES];
	static bool full[RING_MAX_QUEUES];

	for (int i = 0; i < RING_MAX_QUEUES; i++)
	{
		RingQueue *queue = &ring_shared->queues[i];
		Oid database;
		uint64 dropped;
		bool dropping;

		SpinLockAcquire(&queue->lock);
		database = queue->database;
		dropped = queue->counts.dropped[RING_DROP_FULL];
		dropping = queue->dropping;
		SpinLockRelease(&queue->lock);

		if (dropping && !full[i] && WorkerTells(LOG_LEVEL_ERROR))
			ereport(
			    LOG,
			    (errmsg("AI calls of database %u are not recorded: the ring is full", database),
			     errhint(
			         "See genops.stat_recording and genops.stat_delivery; "
			         "\"genops_tempo.shared_memory\" or \"max_queue_size\" may be too small.")));
		if (!dropping && dropped > reported[i])
		{
			if (WorkerTells(LOG_LEVEL_INFO))
				ereport(LOG, (errmsg("AI calls of database %u are recorded again: " UINT64_FORMAT
				                     " were not",
				                     database, dropped - reported[i])));
			reported[i] = dropped;
		}
		full[i] = dropping;
	}
}

/* A standby that has become a primary has a ledger of its own to go on with, and
 * nobody may have recorded anything on it. */
static void
NoticePromotion(void)
{
	static bool was_standby = false;
	bool is_standby = RecoveryInProgress();

	for (int i = 0; was_standby && !is_standby && i < RING_MAX_QUEUES; i++)
	{
		RingQueue *queue = &ring_shared->queues[i];

		SpinLockAcquire(&queue->lock);
		queue->worker_wanted |= OidIsValid(queue->database);
		SpinLockRelease(&queue->lock);
	}
	was_standby = is_standby;
}

/* Shared memory knows where we are, for as long as we are. */
static void
Detach(int code, Datum arg)
{
	(void) code;
	(void) arg;
	ring_shared->launcher_proc = NULL;
}

bool
LauncherRuns(void)
{
	return ring_shared != NULL && ring_shared->launcher_proc != NULL;
}

static long
NapTime(void)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < RING_MAX_QUEUES; i++)
	{
		QueueView view = LookAt(&ring_shared->queues[i], now);

		if (OidIsValid(view.database) && view.state == RING_WORKER_NONE && view.has_work &&
		    !view.kept_out)
			return RESTART_DELAY_MS;
	}
	return NAP_MS;
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
	ring_shared->launcher_proc = MyProc;
	before_shmem_exit(Detach, (Datum) 0);
	pgstat_report_appname("genops launcher");

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		NoticePromotion();
		StartCensus();
		StartWorkers();
		ReportFullRings();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, NapTime(),
		                 wait_event);
		ResetLatch(MyLatch);
	}
}
