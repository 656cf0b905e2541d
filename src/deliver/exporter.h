/*
 * The exporter: sends what the ledger holds to where it belongs.
 */
#ifndef GENOPS_DELIVER_EXPORTER_H
#define GENOPS_DELIVER_EXPORTER_H

#include "postgres.h"

#include "keep/segment.h"
#include "storage/latch.h"

/* Once in the worker's life, after connecting. */
extern void ExporterInit(void);
extern void ExporterEnd(void);

/* In a transaction: reads streams, targets and whether delivery is on.  At the
 * start and whenever the configuration changed; a blocked stream tries again. */
extern void ExporterRefresh(void);

/* Newly committed segments, in order; they are copied. */
extern void ExporterTake(const Segment *segments, int segment_count);

/* Finishes and starts requests, with segments up to "durable", for some rounds.
 * Never waits.  In a hurry nothing waits for a batch to fill.  Reads the ledger in transactions of its own where a stream's
 * segments are not in memory. */
extern void ExporterStep(bool hurry, int64 durable, int rounds);

/* Writes what became of streams since the last time, in a transaction of its
 * own; at most a few times a second unless "now". */
extern void ExporterRecord(bool now);

/* What the worker's sleep has to watch: adds sockets to the set and returns
 * the milliseconds until something is due. */
extern int ExporterSocketCount(void);
extern void ExporterAddSockets(WaitEventSet *set);
extern long ExporterTimeout(int64 durable);

/* The segment up to which all are settled. */
extern int64 ExporterSettled(void);

/* The newest segment, if nothing that is pending can move now; else 0. */
extern int64 ExporterStalled(void);

/* Nothing is under way, and nothing is pending that could be sent. */
extern bool ExporterIdle(void);

/*
 * On a hot standby: sends segments that are in no ledger.  Start, then step and
 * wait until they are all answered for.
 */
extern void ExporterSendDirect(const Segment *segments, int segment_count);
extern bool ExporterDirectDone(uint64 *sent, uint64 *refused);

#endif
