/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the worker has committed and the disk may not have yet.
 */
#ifndef GENOPS_DELIVER_DURABLE_H
#define GENOPS_DELIVER_DURABLE_H

#include "postgres.h"

#include "access/xlogdefs.h"

/* What the ledger has when the worker looks at it anew; less than before where
 * the extension was dropped and created again. */
extern void DurableStart(int64 newest_segment);

/* A commit that ends at "end" in the WAL stored all segments up to "segment"
 * and all records before "position". */
extern void DurableNote(XLogRecPtr end, int64 segment, uint64 position);

/* Publishes what has become durable meanwhile.  Doesn't wait, unless somebody
 * waits for a record or a commit is older than the WAL writer's delay. */
extern void DurablePoll(bool somebody_waits);

/* Makes all of it durable and publishes that. */
extern void DurableForce(void);

/* All segments up to this one would survive a crash: only they are sent. */
extern int64 DurableSegment(void);

#endif
