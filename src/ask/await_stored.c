/* SPDX-License-Identifier: PostgreSQL */
/*
 * Who asks right after recording wants the answer with what was recorded.
 *
 * Functions that take a snapshot of their own wait and then take it.  A view cannot: by the time that
 * it runs, the statement's snapshot is taken.  So views and functions that read with the statement's
 * snapshot have a support function, which the planner calls before that, and wait there.  A
 * statement whose plan is kept (PREPARE, PL/pgSQL, after a few executions) is not planned again and does
 * not wait; genops_flush('stored') does.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "ask/await_stored.h"
#include "compat.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/supportnodes.h"
#include "shared/waiters.h"
#include "utils/inval.h"

PG_FUNCTION_INFO_V1(genops_await_stored);
PG_FUNCTION_INFO_V1(genops_await_stored_support);
PG_FUNCTION_INFO_V1(genops_is_awaited);

/* As long as a flush may take when the server is busy.  Milliseconds. */
#define STORE_TIMEOUT_MS 5000

/* What is recorded is asked about, too.  A snapshot that is older cannot see it;
 * on a standby nothing is stored. */
void
AwaitStored(void)
{
	if (IsolationUsesXactSnapshot() || RecoveryInProgress() || !RingMayWait())
		return;
	if (!RingWaitStored(RingNewestPosition(), STORE_TIMEOUT_MS))
		ereport(WARNING, (errcode(ERRCODE_WARNING), errmsg("the newest spans are missing"),
		                  errdetail("They are recorded, and not stored yet."),
		                  errhint("See genops.stat_recording.")));
}

Datum
genops_await_stored(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	AwaitStored();
	PG_RETURN_VOID();
}

/* What views ask, so that the planner comes by. */
Datum
genops_is_awaited(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(true);
}

/* A constant, which the planner drops from what it joins; the call itself where the function is
 * another.  Tables that were opened before have to hear of a new day's partition. */
Datum
genops_await_stored_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(NULL);
	AwaitStored();
	AcceptInvalidationMessages();
	PG_RETURN_POINTER(((SupportRequestSimplify *) request)->fcall->funcresulttype == BOOLOID
	                      ? makeBoolConst(true, false)
	                      : NULL);
}
