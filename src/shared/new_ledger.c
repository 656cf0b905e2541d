/* SPDX-License-Identifier: PostgreSQL */
/*
 * A new ledger: what was queued for another one, that was dropped, is not for it.
 *
 * The script of CREATE EXTENSION says that a ledger begins (RingBeginLedger).  When its
 * transaction commits, all records up to a position count as outdated: they were
 * recorded by functions that the transaction has dropped, or that were dropped before.  The
 * position is that of the commit, unless this transaction has itself recorded something
 * in the new ledger; then it is that of the script.  An abort, also of a
 * subtransaction, leaves everything as it was.
 *
 * PREPARE TRANSACTION counts as the commit: nothing tells the session that later commits
 * what was prepared that it has begun a ledger.  Should it be rolled back, and another
 * ledger have been there before, then what was queued for that one is dropped, and counted
 * as such; the transaction's locks keep all from recording in it meanwhile.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "shared/private.h"
#include "shared/waiters.h"

static int begun_at_level = 0; /* of subtransactions; 0: no ledger begins */
static uint64 begin_position;
static uint64 own_records_then;

static uint64
NewestPosition(void)
{
	RingQueue *queue = RingQueueOf(MyDatabaseId, false);
	RingPlace head;
	RingPlace tail;

	if (queue == NULL)
		return 0;
	RingReadEnds(queue, &head, &tail);
	return tail.position;
}

static void
OutdateRecords(void)
{
	RingQueue *queue = RingQueueOf(MyDatabaseId, false);

	if (queue != NULL)
		pg_atomic_write_u64(&queue->ledger_position, begin_position);
}

static void
AtTransactionEnd(XactEvent event, void *arg)
{
	(void) arg;
	if (begun_at_level == 0)
		return;
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
	{
		if (ring_own_records == own_records_then)
			begin_position = NewestPosition();
	}
	else if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
	{
		OutdateRecords();
		begun_at_level = 0;
	}
	else if (event == XACT_EVENT_ABORT)
		begun_at_level = 0;
}

static void
AtSubtransactionEnd(SubXactEvent event, SubTransactionId own, SubTransactionId parent, void *arg)
{
	int level = GetCurrentTransactionNestLevel();

	(void) own;
	(void) parent;
	(void) arg;
	if (begun_at_level < level)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		begun_at_level = 0;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		begun_at_level = level - 1;
}

void
RingBeginLedger(void)
{
	static bool registered = false;

	if (ring_shared == NULL)
		return;
	if (!registered)
	{
		RegisterXactCallback(AtTransactionEnd, NULL);
		RegisterSubXactCallback(AtSubtransactionEnd, NULL);
		registered = true;
	}
	begun_at_level = GetCurrentTransactionNestLevel();
	begin_position = NewestPosition();
	own_records_then = ring_own_records;
}
