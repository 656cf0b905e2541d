/* SPDX-License-Identifier: PostgreSQL */
/*
 * Sums of the spend that is stored and not folded yet, in the worker's
 * memory.
 */
#ifndef GENOPS_KEEP_SPEND_SUMS_H
#define GENOPS_KEEP_SPEND_SUMS_H

#include "keep/segment.h"

#include "datatype/timestamp.h"

/* Adds segments that follow "after", the newest one before them, if the sums end
 * there.  Sums that go beyond are forgotten first: a transaction was lost.
 * Sums that are full are left as they are. */
extern void SpendSumsAdd(int64 after, const Segment *segments, int segment_count,
                         TimestampTz recorded_at);

/* Forgets everything; the sums begin after the segment. */
extern void SpendSumsForget(int64 after);

/* The sums are of the segments above "after" up to "upto". */
typedef struct SpendSumsState
{
	int64 after;
	int64 upto;
	TimestampTz first_recorded_at;
	bool full;     /* should be folded */
	bool pressing; /* must be, or newer segments can't be added */
} SpendSumsState;

extern SpendSumsState SpendSumsRead(void);

/* Inserts the sums into genops.spend_total. */
extern void SpendSumsStore(int64 fold);

#endif
