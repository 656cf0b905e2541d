/*
 * genops_traceql(): TraceQL as a table.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "ask/ledger_metrics.h"
#include "ask/ledger_search.h"
#include "ask/stream.h"
#include "ask/traceql_arguments.h"
#include "compat.h"
#include "funcapi.h"
#include "record/ring.h"

PG_FUNCTION_INFO_V1(genops_traceql);

/* As long as a flush may take when the server is busy.  Milliseconds. */
#define STORE_TIMEOUT_MS 5000

/* What is recorded is asked about, too.  A snapshot that is older can't see it;
 * on a standby nothing is stored. */
void
TraceqlAwaitStored(void)
{
	if (IsolationUsesXactSnapshot() || RecoveryInProgress() || !RingMayWait())
		return;
	if (!RingWaitStored(RingNewestPosition(), STORE_TIMEOUT_MS))
		ereport(WARNING, (errcode(ERRCODE_WARNING), errmsg("the newest spans are missing"),
		                  errdetail("They are recorded, and not stored yet."),
		                  errhint("See genops.stat_recording.")));
}

Datum
genops_traceql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TraceqlRequest request;
	int level;

	TraceqlReadArguments(fcinfo, &request);
	InitMaterializedSRF(fcinfo, MAT_SRF_BLESS);
	TraceqlAwaitStored();
	level = StreamBegin();
	if (request.traceql->query.kind == GENOPS_QUERY_METRICS)
	{
		TraceqlBoundRange(&request);
		LedgerMetrics(&request, result->setResult, result->setDesc);
	}
	else
		LedgerSearch(&request, result->setResult, result->setDesc);
	StreamEnd(level);
	return (Datum) 0;
}
