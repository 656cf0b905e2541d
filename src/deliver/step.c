/* SPDX-License-Identifier: PostgreSQL */
/*
 * Running steps, and what happens when one fails.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "deliver/step.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "pgstat.h"
#include "settings.h"
#include "utils/memutils.h"

#define FIRST_DELAY_MS 200
#define LAST_DELAY_MS 30000
#define LAST_LOCK_DELAY_MS 500 /* callers wait, and no one tells when a lock goes */

void
TurnBegin(Turn *turn, bool leaving)
{
	turn->now = MonotonicMs();
	turn->leaving = leaving;
	RingReadDemand(&turn->demand);
}

/* The log hears of a failure once, until something else happens. */
static void
ReportFailure(Step *step, const ErrorData *error)
{
	uint32 message =
	    hash_bytes((const unsigned char *) error->message, (int) strlen(error->message));

	if (error->sqlerrcode == step->reported && message == step->reported_message)
		return;
	step->reported = error->sqlerrcode;
	step->reported_message = message;
	if (WorkerTells(LOG_LEVEL_ERROR))
		ereport(LOG, (errcode(error->sqlerrcode),
		              errmsg("the genops worker will try again: %s", error->message),
		              errdetail("It could not %s.%s%s", step->name, error->detail ? " " : "",
		                        error->detail ? error->detail : "")));
}

static void
ReportSuccess(Step *step)
{
	if (step->reported != 0 && WorkerTells(LOG_LEVEL_INFO))
		ereport(LOG, (errmsg("the genops worker can %s again", step->name)));
	step->reported = 0;
}

static void
PutOff(Step *step, int sqlstate)
{
	long longest = sqlstate == ERRCODE_LOCK_NOT_AVAILABLE ? LAST_LOCK_DELAY_MS : LAST_DELAY_MS;
	bool again = step->failed != NULL && step->failed(sqlstate);

	if (again)
		return;
	step->delay_ms = step->delay_ms == 0 ? FIRST_DELAY_MS : Min(step->delay_ms * 2, longest);
	step->not_before = MonotonicMs() + step->delay_ms;
}

static void
RecoverFrom(Step *step)
{
	ErrorData *error;

	HOLD_INTERRUPTS();
	MemoryContextSwitchTo(TopMemoryContext);
	error = CopyErrorData();
	FlushErrorState();
	AbortOutOfAnyTransaction();
	pgstat_report_activity(STATE_IDLE, NULL);
	ReportFailure(step, error);
	PutOff(step, error->sqlerrcode);
	FreeErrorData(error);
	RESUME_INTERRUPTS();
}

bool
StepRunNow(Step *step, const Turn *turn)
{
	volatile bool worked = false;

	PG_TRY();
	{
		CHECK_FOR_INTERRUPTS();
		step->run(turn);
		worked = true;
	}
	PG_CATCH();
	{
		RecoverFrom(step);
	}
	PG_END_TRY();
	if (worked && (step->delay_ms > 0 || step->reported != 0))
	{
		ReportSuccess(step);
		step->delay_ms = 0;
	}
	return worked;
}

void
StepRun(Step *step, const Turn *turn)
{
	if (step->delay_ms == 0 || turn->now >= step->not_before)
		(void) StepRunNow(step, turn);
}

long
StepWait(const Step *step, const Turn *turn)
{
	long due = step->due(turn);

	if (due < 0 || step->delay_ms == 0)
		return due;
	return Max(due, (long) Max(step->not_before - turn->now, 0));
}
