/* SPDX-License-Identifier: PostgreSQL */
/*
 * Faults and pauses at named points, and a history of what processes did: what a
 * randomised test of several processes needs, whatever it tests.
 *
 * The points are src/shared/test_point.h's.  What happens at each is set from SQL for
 * all processes, in shared memory: with some probability a pause, an ERROR or a FATAL;
 * or every process that comes is held until it is let go.  The history is a list in
 * shared memory, so that it outlives the processes; its times are of one clock.
 */
#ifndef GENOPS_TEST_POINTS_H
#define GENOPS_TEST_POINTS_H

#include "postgres.h"

extern Size PointsShmemSize(void);
extern void PointsShmemStart(void);

/* Nanoseconds of the monotonic clock. */
extern int64 TestClock(void);

/* A random number below the limit, of this session's sequence. */
extern uint64 TestRandom(uint64 limit);

/* Notes that an actor begins something; HistoryEnd notes how it ended.  What has no end
 * was cut short. */
extern int HistoryBegin(const char *what, int actor, int64 item);
extern void HistoryEnd(int entry, int64 outcome);

#endif
