/*
 * A piece of housekeeping: a transaction of the worker in which an error
 * costs nothing but the attempt.
 */
#ifndef GENOPS_KEEP_CHORE_H
#define GENOPS_KEEP_CHORE_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef struct Chore
{
	const char *name; /* for the log: "folding of spend" */
	bool (*run)(void *argument);
	TimestampTz not_before;    /* after an error; private */
	TimestampTz failing_since; /* private */
	bool reported;             /* private */
} Chore;

/*
 * Runs the chore in a transaction; returns what it returned, false if it
 * failed or the extension isn't there.  A lock that isn't had is no news for
 * an hour; anything else is logged, once until it works again.  After an
 * error it rests for a while.
 */
extern bool ChoreRun(Chore *chore, void *argument);

#endif
