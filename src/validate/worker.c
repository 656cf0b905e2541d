/* SPDX-License-Identifier: PostgreSQL */
/*
 * Does the worker of this database run, and is there room for workers?
 */
#include "postgres.h"

#include "compat.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker_internals.h"
#include "shared/ring.h"
#include "shared/seat.h"
#include "shared/waiters.h"
#include "settings.h"
#include "storage/latch.h"
#include "utils/backend_status.h"
#include "validate/sql_texts.h"
#include "validate/validation.h"

#define WORKER "Worker"
#define SLOTS "Worker Slots"

/* A worker starts within milliseconds, unless it has to wait for its turn. */
#define PATIENCE_MS 2000
#define NAP_MS 10

/* Of all extensions and of parallel queries, the launcher's and our own among them. */
static int
SlotsInUse(void)
{
	int count = pgstat_fetch_stat_numbackends();
	int used = 0;

	for (int i = 1; i <= count; i++)
		if (compat_backend_status(i)->st_backendType == B_BG_WORKER)
			used++;
	return used;
}

/* 0: none came. */
static pid_t
AwaitWorker(const Validation *validation)
{
	long patience = Min(ValidationTimeLeft(validation) / 2, PATIENCE_MS);
	RingCounts counts;

	RingWakeWorker();
	for (RingReadCounts(&counts); counts.worker_pid == 0 && patience > 0; patience -= NAP_MS)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, NAP_MS,
		                 ValidationWaitEvent());
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		RingReadCounts(&counts);
	}
	return counts.worker_pid;
}

static void
ReportWorker(Validation *validation, pid_t worker_pid, int free_slots, bool waited_for)
{
	if (worker_pid != 0)
		CheckAdd(validation, WORKER, CHECK_OK, NULL,
		         "the worker of this database runs (process %d)", (int) worker_pid);
	else if (free_slots <= 0)
		CheckAdd(
		    validation, WORKER, CHECK_ERROR,
		    psprintf("ALTER SYSTEM SET max_worker_processes = %d; then restart the server.",
		             max_worker_processes + setting_max_workers),
		    "the worker of this database cannot start: all %d background worker slots are in use",
		    max_worker_processes);
	else if (!SeatLauncherRuns())
		CheckAdd(
		    validation, WORKER, CHECK_ERROR,
		    "Restart the server; if that is of no use, its log says why the genops launcher does "
		    "not start.",
		    "the launcher of genops workers does not run");
	else if (!waited_for)
		CheckAdd(validation, WORKER, CHECK_OK, NULL,
		         "no worker is needed now: one starts when there is something to store or to send");
	else
		CheckAdd(validation, WORKER, CHECK_WARNING,
		         "Ask again; if none comes, see the server's log, and genops_tempo.max_workers.",
		         "the worker of this database does not run yet");
}

static void
ReportSlots(Validation *validation, int free_slots)
{
	CheckAdd(validation, SLOTS, free_slots > 0 ? CHECK_OK : CHECK_WARNING,
	         free_slots > 0
	             ? NULL
	             : psprintf("ALTER SYSTEM SET max_worker_processes = %d; then restart the server.",
	                        max_worker_processes + setting_max_workers),
	         "%d of %d background worker slots are free", Max(free_slots, 0), max_worker_processes);
}

/* Those that are marked as having a ledger. */
static int
Databases(void)
{
	const char *count = SqlText("SELECT count(DISTINCT s.setdatabase)::text"
	                            " FROM pg_catalog.pg_db_role_setting s"
	                            " WHERE s.setdatabase <> 0 AND s.setrole = 0"
	                            " AND 'genops_tempo.ledger=on' = ANY (s.setconfig)");

	return count == NULL ? 0 : atoi(count);
}

/* Databases that share a worker wait for each other. */
#define MANY_TURNS 10

static void
ReportTurns(Validation *validation)
{
	int databases = Databases();
	bool many = databases > MANY_TURNS * setting_max_workers;

	if (databases > setting_max_workers)
		CheckAdd(
		    validation, SLOTS, many ? CHECK_WARNING : CHECK_OK,
		    many ? psprintf("ALTER SYSTEM SET genops_tempo.max_workers = %d; ALTER SYSTEM SET "
		                    "max_worker_processes = %d; then restart the server.",
		                    databases / MANY_TURNS + 1,
		                    max_worker_processes + databases / MANY_TURNS + 1 - setting_max_workers)
		         : NULL,
		    "%d databases have a ledger, and %d workers serve them in turns", databases,
		    setting_max_workers);
}

void
CheckWorker(Validation *validation)
{
	pid_t worker_pid;
	int free_slots;
	RingCounts counts;

	if (!RingExists())
	{
		CheckAdd(validation, WORKER, CHECK_SKIPPED, NULL, "no worker is started");
		return;
	}
	worker_pid = AwaitWorker(validation);
	free_slots = max_worker_processes - SlotsInUse();
	RingReadCounts(&counts);
	ReportWorker(validation, worker_pid, free_slots, counts.queued > 0);
	ReportSlots(validation, free_slots);
	ReportTurns(validation);
}
