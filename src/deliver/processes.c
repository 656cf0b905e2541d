/* SPDX-License-Identifier: PostgreSQL */
/*
 * The processes that the launcher starts.
 *
 * A worker leaves its seat before it leaves the server, and the server's place for it is
 * free only when it is gone.  So the launcher counts processes, not seats, and the
 * postmaster tells it when one ends.  Workers that a launcher before this one has
 * started are known by their seats.
 */
#include "postgres.h"

#include "deliver/processes.h"
#include "deliver/worker.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "postmaster/bgworker.h"
#include "settings.h"
#include "utils/memutils.h"

/* For a worker that another launcher has started to come up. */
#define START_TIMEOUT_MS 10000

/* By the seat's number; NULL: none. */
static BackgroundWorkerHandle **workers = NULL;

static BackgroundWorkerHandle *
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
	BackgroundWorkerHandle *handle = NULL;
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	strlcpy(worker.bgw_name, name, BGW_MAXLEN);
	strlcpy(worker.bgw_type, type, BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		handle = NULL;
	MemoryContextSwitchTo(old);
	return handle;
}

static void
MakeTable(void)
{
	if (workers == NULL)
		workers = MemoryContextAllocZero(TopMemoryContext,
		                                 SeatCount() * sizeof(BackgroundWorkerHandle *));
}

/* The process is gone without ever having taken the seat. */
static void
GiveUp(const SeatView *view)
{
	if (!SeatGiveUp(view, true) || !WorkerTells(LOG_LEVEL_ERROR))
		return;
	ereport(LOG, (errmsg("the genops worker of database %u did not start", view->database),
	              errhint("See the messages before this one.")));
}

static void
LookAtProcess(int seat)
{
	bool of_mine = workers[seat] != NULL;
	SeatView view;
	pid_t pid;

	if (of_mine && GetBackgroundWorkerPid(workers[seat], &pid) != BGWH_STOPPED)
		return;
	if (of_mine)
		pfree(workers[seat]);
	workers[seat] = NULL;
	if (!SeatLookAt(seat, &view) || view.state != SEAT_STARTING)
		return;

	/* A launcher that died may have started it, or not. */
	if (of_mine || MonotonicMs() >= view.changed_at + START_TIMEOUT_MS)
		GiveUp(&view);
}

void
ProcessesLook(void)
{
	MakeTable();
	for (int i = 0; i < SeatCount(); i++)
		LookAtProcess(i);
}

int
ProcessesRunning(void)
{
	int running = 0;

	for (int i = 0; i < SeatCount(); i++)
	{
		SeatView view;

		if (workers[i] != NULL || (SeatLookAt(i, &view) && view.state != SEAT_EMPTY))
			running++;
	}
	return running;
}

bool
ProcessRunsFor(const SeatView *view)
{
	return workers[view->number] != NULL;
}

bool
ProcessStartWorker(const SeatView *view)
{
	char name[BGW_MAXLEN];

	snprintf(name, sizeof(name), "genops worker of database %u", view->database);
	workers[view->number] =
	    StartProcess(name, "genops worker", "GenopsWorkerMain", Int32GetDatum(view->number));
	return workers[view->number] != NULL;
}

bool
ProcessStartCensus(Oid database)
{
	BackgroundWorkerHandle *handle = StartProcess("genops census", "genops census",
	                                              "GenopsCensusMain", ObjectIdGetDatum(database));

	if (handle == NULL)
		return false;
	pfree(handle);
	return true;
}
