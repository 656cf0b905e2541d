/* SPDX-License-Identifier: PostgreSQL */
/*
 * Waiting for the worker of the current database, and asking for it.
 *
 * A wish belongs to who waits, and ends with the wait: by its success, its time,
 * an error, a cancel or the end of the session.
 */
#ifndef GENOPS_SHARED_WAITERS_H
#define GENOPS_SHARED_WAITERS_H

#include "postgres.h"

/* The position of the newest record of this database; 0: there is none. */
extern uint64 RingNewestPosition(void);

/*
 * Waits until all records up to a position are stored durably, or dropped; or until
 * all segments that the ledger holds by now are settled at their tenants' endpoints.
 * Which these are is decided by a worker that has looked at the ledger.  Both
 * return false when the time is over (timeout_ms < 0: no limit), can be cancelled, and
 * return false at once where waiting cannot help or could deadlock: see RingMayWait.
 */
extern bool RingWaitStored(uint64 position, long timeout_ms);
extern bool RingWaitSettled(long timeout_ms);

/* False while the caller holds a lock on a genops table that the worker could
 * have to wait for: no one would see that deadlock. */
extern bool RingMayWait(void);

/* Asks for the worker of this database at once; the second, to have it judge anew what
 * kept delivery from moving; the third does that when this transaction commits.  A
 * transaction that is prepared wakes no one then: configure/prepared_changes.c. */
extern void RingWakeWorker(void);
extern void RingWakeWorkerAnew(void);
extern void RingWakeWorkerAtCommit(void);

#endif
