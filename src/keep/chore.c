/* SPDX-License-Identifier: PostgreSQL */
/*
 * Housekeeping.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/pg_prng.h"
#include "keep/chore.h"
#include "keep/work.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "settings.h"
#include "utils/memutils.h"

/* A reader that holds a lock may do so for long, and several workers must not
 * ask at the same beat. */
#define REST_MS 20000
#define REST_JITTER_MS 20000
#define LOCK_PATIENCE_MS (60 * 60 * 1000)

static void
Report(Chore *chore, ErrorData *error, int64 now)
{
	if (chore->reported)
		return;
	if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE &&
	    now < chore->failing_since + LOCK_PATIENCE_MS)
		return;
	chore->reported = true;
	if (WorkerTells(LOG_LEVEL_WARNING))
		ereport(WARNING, (errcode(error->sqlerrcode),
		                  errmsg("%s of the genops ledger fails: %s", chore->name, error->message),
		                  error->detail ? errdetail_internal("%s", error->detail) : 0,
		                  errhint("It is tried again; recording and delivery go on.")));
}

static void
Failed(Chore *chore)
{
	int64 now = MonotonicMs();
	ErrorData *error;

	HOLD_INTERRUPTS();
	MemoryContextSwitchTo(TopMemoryContext);
	error = CopyErrorData();
	FlushErrorState();
	AbortOutOfAnyTransaction();
	if (chore->failing_since == 0)
		chore->failing_since = now;
	chore->not_before =
	    now + REST_MS + pg_prng_uint64_range(&pg_global_prng_state, 0, REST_JITTER_MS);
	Report(chore, error, now);
	FreeErrorData(error);
	RESUME_INTERRUPTS();
}

static bool
RunInTransaction(Chore *chore, void *argument)
{
	bool more;

	if (!WorkBegin())
		return false;
	more = chore->run(argument);
	WorkCommit();
	if (chore->reported && WorkerTells(LOG_LEVEL_INFO))
		ereport(LOG, (errmsg("%s of the genops ledger works again", chore->name)));
	chore->failing_since = 0;
	chore->reported = false;
	return more;
}

bool
ChoreRests(const Chore *chore)
{
	return MonotonicMs() < chore->not_before;
}

bool
ChoreRun(Chore *chore, void *argument)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool more = false;

	if (ChoreRests(chore))
		return false;
	PG_TRY();
	{
		more = RunInTransaction(chore, argument);
	}
	PG_CATCH();
	{
		Failed(chore);
		more = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	return more;
}
