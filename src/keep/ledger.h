/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ledger: facts in genops.ledger_span, bytes in genops.ledger_segment.
 *
 * Only the worker of the database writes.  It numbers the segments, so that
 * the order of commits is the order of numbers.
 */
#ifndef GENOPS_KEEP_LEDGER_H
#define GENOPS_KEEP_LEDGER_H

#include "keep/segment.h"

/*
 * Stores segments in the current transaction: makes the day's partitions if
 * they are missing, inserts facts and bytes without running anybody's
 * trigger, and fills in each segment's seq, in the order of the segments.  Raises on
 * failure (also when a lock is not had within lock_timeout), which leaves nothing behind.
 */
extern void LedgerStore(Segment *segments, int segment_count, TimestampTz recorded_at);

/*
 * How many records make a batch that is worth storing, where "usual" are one of
 * ordinary spans: more, up to "most", while batches are cut into segments of few spans
 * each, as with thousands of tenants.  Nobody who waits is to be kept waiting for it.
 */
extern int LedgerWorthwhileBatch(int usual, int most);

/*
 * When what is stored now is said to be recorded: by the clock, but not before what was
 * recorded last, unless the clock was ahead then by more than LEDGER_CLOCK_TOLERANCE_US:
 * one moment of a wrong clock must not hold up the ledger's time.
 */
#define LEDGER_CLOCK_TOLERANCE_US USECS_PER_HOUR
extern TimestampTz LedgerRecordingTime(void);

/* The number of the newest stored segment, 0 if there is none. */
extern int64 LedgerNewestSegment(void);

/*
 * Reads segments for delivery, in order: at most "limit" of a stream with
 * seq > after and sampled, bytes included, in the current memory context.
 */
extern Segment *LedgerReadSegments(const char *tenant_id, const char *route, int64 after, int limit,
                                   Size max_bytes, int *segment_count);

/*
 * Housekeeping, each in transactions of its own, called when the worker has
 * time; true when there is more to do.  Never waits longer than a short
 * lock_timeout and never on the way of a flush.
 */
extern bool LedgerFoldSpend(bool force);

/* Whether folding should not wait for the next round of housekeeping.  While
 * the worker is busy, so that a stall would be felt, it waits as long as it can. */
extern bool LedgerFoldIsUrgent(bool busy);
extern void LedgerIndexNew(void);  /* new rows of the day that is open */
extern bool LedgerCloseDays(void); /* indexes of days that are over */

/* Says, of a day that is about to go, how many of its spans are not delivered, and
 * makes a note of it in the database.  Within SPI and the transaction. */
typedef int64 CountUndelivered(TimestampTz day_start, TimestampTz day_end);

/* Drops a day that is older than the retention, never past what is not delivered in silence.
 * True if one was dropped, and that is committed; what count_undelivered() noted of a try
 * that failed is undone with the transaction. */
extern bool LedgerExpire(int64 retention_us, CountUndelivered *count_undelivered);

#endif
