/* SPDX-License-Identifier: PostgreSQL */
/*
 * Spans that retention removes before they were delivered.
 */
#ifndef GENOPS_DELIVER_EXPIRED_H
#define GENOPS_DELIVER_EXPIRED_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * Counts, in genops.delivery, the spans recorded on a day that are behind no cursor
 * yet, and those that their streams thereby pass over; returns how many there are.
 * Within SPI, in the transaction that drops the day.
 */
extern int64 ExpiredCount(TimestampTz day_start, TimestampTz day_end);

/* The streams in memory go on behind what is gone: once that transaction has committed, and
 * not if it failed, which leaves the day, the rows and the streams as they were. */
extern void ExpiredMoveStreams(void);

#endif
