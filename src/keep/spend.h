/*
 * Folding of spend: see genops.spend_total.
 */
#ifndef GENOPS_KEEP_SPEND_H
#define GENOPS_KEEP_SPEND_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* The beginning of the quarter hour. */
extern TimestampTz SpendQuarterOf(TimestampTz time);

/* That many spans were inserted (their transaction may still fail: it is only
 * about when to fold). */
extern void SpendNoteStored(int spans);

#endif
