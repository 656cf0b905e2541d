/* SPDX-License-Identifier: PostgreSQL */
/*
 * A piece of housekeeping: a transaction of the worker in which an error
 * costs nothing but the attempt.
 */
#ifndef GENOPS_KEEP_CHORE_H
#define GENOPS_KEEP_CHORE_H

#include "postgres.h"

typedef struct Chore
{
	const char *name; /* for the log: "folding of spend" */
	bool (*run)(void *argument);
	int64 not_before;    /* after an error, by MonotonicMs(); private, as are the next */
	int64 failing_since; /* likewise; 0: it works */
	bool reported;
} Chore;

/* Whether the chore rests after an error. */
extern bool ChoreRests(const Chore *chore);

/*
 * Runs the chore in a transaction; returns what it returned, false if it
 * failed or the extension isn't there.  A lock that isn't had is no news for
 * an hour; anything else is logged, once until it works again.  After an
 * error it rests for a while.
 */
extern bool ChoreRun(Chore *chore, void *argument);

#endif
