/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_flush(): waits until what is recorded is stored, or delivered.
 */
#include "postgres.h"

#include "compat.h"
#include "access/htup_details.h"
#include "access/xlog.h"
#include "deliver/cursor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "monotonic.h"
#include "shared/ring.h"
#include "shared/waiters.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(genops_flush);

/* Any role that may record may flush; it cannot hold on to a session for ever. */
#define MAX_TIMEOUT_S 3600.0

static bool
WantsExported(text *argument)
{
	char *wait_for = text_to_cstring(argument);

	if (strcmp(wait_for, "exported") == 0)
		return true;
	if (strcmp(wait_for, "stored") == 0)
		return false;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("invalid value for parameter \"wait_for\": \"%s\"", wait_for),
	                errhint("Wait for \"stored\" (in the ledger) or \"exported\" (answered for by "
	                        "the endpoint).")));
	return false; /* not reached */
}

static long
TimeoutMs(double seconds)
{
	if (!(seconds >= 0 && seconds <= MAX_TIMEOUT_S))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid value for parameter \"timeout\": %g", seconds),
		                errdetail("It is in seconds, from 0 to %g.", MAX_TIMEOUT_S)));
	return (long) (seconds * 1000);
}

/* Says why the function does not wait, where waiting cannot help. */
static bool
MayWait(bool exported)
{
	if (RecoveryInProgress() && !exported)
		ereport(NOTICE,
		        (errmsg("genops_flush does not wait"),
		         errdetail("A hot standby has no ledger of its own: what is recorded on it is sent "
		                   "to the endpoint and not stored."),
		         errhint("Wait for \"exported\".")));
	else if (!RingMayWait())
		ereport(NOTICE, (errmsg("genops_flush does not wait"),
		                 errdetail("This transaction holds a lock on a table of the ledger that "
		                           "its worker may need.")));
	else
		return true;
	return false;
}

/* On a standby what is sent counts as stored for those who wait. */
static bool
Await(bool exported, long timeout_ms)
{
	int64 deadline = MonotonicMs() + timeout_ms;

	if (!MayWait(exported) || !RingWaitStored(RingNewestPosition(), timeout_ms))
		return false;
	return !exported || RingWaitSettled((long) Max(deadline - MonotonicMs(), 0));
}

Datum
genops_flush(PG_FUNCTION_ARGS)
{
	bool exported = WantsExported(PG_GETARG_TEXT_PP(0));
	long timeout_ms = TimeoutMs(PG_GETARG_FLOAT8(1));
	TupleDesc descriptor;
	RingCounts counts;
	int64 pending;
	Datum values[3];
	bool nulls[3] = { false };

	RingRequire();
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = BoolGetDatum(Await(exported, timeout_ms));
	RingReadCounts(&counts);
	values[1] = Int64GetDatum((int64) counts.queued);
	nulls[2] = !CursorPendingSpans(&pending);
	values[2] = Int64GetDatum(pending);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
