/* SPDX-License-Identifier: PostgreSQL */
/*
 * Steps: what the worker does in each round, one after the other.
 *
 * A step is run in every round, and finds out by itself whether there is something to
 * do.  It fails by itself: an error ends its transaction and puts it off for a while,
 * longer each time, and the other steps go on.
 */
#ifndef GENOPS_DELIVER_STEP_H
#define GENOPS_DELIVER_STEP_H

#include "postgres.h"

#include "shared/reader.h"

/* What all steps of a round go by. */
typedef struct Turn
{
	int64 now;    /* MonotonicMs() when it began */
	bool leaving; /* the worker is about to go: nothing waits for company */
	RingDemand demand;
} Turn;

typedef struct Step
{
	const char *name; /* what it does, as in "could not ..." */

	/* Does what is due.  Never waits for the network. */
	void (*run)(const Turn *turn);

	/* Milliseconds until there is something to do, 0: there is now, -1: not unless the
	 * worker is woken, or a socket is ready.  Asked when the worker wants to sleep. */
	long (*due)(const Turn *turn);

	/* NULL, or hears of an error; true if the step is to be run again at once. */
	bool (*failed)(int sqlstate);

	/* Kept by step.c. */
	long delay_ms;           /* 0: the last run succeeded */
	int64 not_before;        /* MonotonicMs() */
	int reported;            /* SQLSTATE that the log knows of; 0: none */
	uint32 reported_message; /* its hash */
} Step;

/* Fills in the turn that begins now. */
extern void TurnBegin(Turn *turn, bool leaving);

/* Runs the step, unless it is put off. */
extern void StepRun(Step *step, const Turn *turn);

/* Runs it even so; false if it failed. */
extern bool StepRunNow(Step *step, const Turn *turn);

/* Milliseconds until the step should be run, -1: see "due". */
extern long StepWait(const Step *step, const Turn *turn);

/* The steps of a database that has a ledger to write. */
extern Step answer_step; /* reads answers */
extern Step follow_step; /* follows the configuration, and which ledger is there */
extern Step store_step;  /* stores what is queued */
extern Step send_step;   /* starts requests */
extern Step record_step; /* records the cursor */
extern Step house_step;  /* keeps house */

/* Those of a hot standby, beside answering, following and sending. */
extern Step standby_take_step;
extern Step standby_report_step;

/*
 * What the worker asks of steps that are not due.
 */

/* Drops and counts all that is queued: no one misses it. */
extern void StoreDiscard(void);

/* The extension has been missing for so long, ms; 0: it is there. */
extern long FollowMissingMs(void);

/* What a standby holds in memory, and in no ledger, returns to the queue. */
extern void StandbyGiveBack(int code, Datum arg);

#endif
