/* SPDX-License-Identifier: PostgreSQL */
/*
 * Folding of spend: see genops.spend_total.
 */
#ifndef GENOPS_KEEP_SPEND_H
#define GENOPS_KEEP_SPEND_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define SPEND_QUARTER_US (15 * 60 * USECS_PER_SEC)

/* The beginning of the quarter hour. */
extern TimestampTz SpendQuarterOf(TimestampTz time);

/* That many spans were inserted (their transaction may still fail: it is only
 * about when to fold). */
extern void SpendNoteStored(int spans);

/* Merges some rows, if it is time to; in a transaction of its own.  True if there is
 * more to do. */
extern bool SpendMergeSome(void);

#endif
