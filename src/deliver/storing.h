/*
 * Storing: what is in the ring goes into the ledger; on a hot standby, which has
 * none, to the endpoints.
 */
#ifndef GENOPS_DELIVER_STORING_H
#define GENOPS_DELIVER_STORING_H

#include "postgres.h"

/* Once in the worker's life. */
extern void StoringInit(void);

/*
 * Stores a batch if it is time: enough is queued, or for long enough, or
 * somebody waits for it, or the worker is leaving.  Raises on failure, which
 * StoringFailed must then hear of.  *current is set to false where the exporter's
 * streams have to be read anew, because a segment was not handed over or
 * the extension is gone.
 */
extern void StoreQueued(bool leaving, bool *current);

/* On a standby: sends a batch, and, once it is answered for, lets go of it. */
extern void SendQueuedDirectly(bool leaving);
extern void FinishDirectly(void);

/* After an error in a turn.  True if a smaller batch is to be tried at once. */
extern bool StoringFailed(int sqlstate);

/* Nothing is queued, as far as the last look told, or on its way. */
extern bool StoringIdle(void);

/* Milliseconds until it is time; -1: nothing is queued. */
extern long StoringWait(void);

/* Drops and counts all that is queued. */
extern void StoringDiscard(void);

#endif
