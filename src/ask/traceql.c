/*
 * genops_traceql(): TraceQL as a table.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "ask/ledger_metrics.h"
#include "ask/ledger_search.h"
#include "ask/stream.h"
#include "ask/tempo_ask.h"
#include "ask/traceql.h"
#include "ask/traceql_arguments.h"
#include "compat.h"
#include "funcapi.h"
#include "keep/partition.h"
#include "miscadmin.h"
#include "record/ring.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_traceql);
PG_FUNCTION_INFO_V1(genops_await_stored);

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
genops_await_stored(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	TraceqlAwaitStored();
	PG_RETURN_VOID();
}

void
TraceqlAskLedger(TraceqlRequest *request, Tuplestorestate *rows, TupleDesc row_type)
{
	int level;

	TraceqlAwaitStored();
	level = StreamBegin();
	if (request->traceql->query.kind == GENOPS_QUERY_METRICS)
	{
		TraceqlBoundRange(request);
		LedgerMetrics(request, rows, row_type);
	}
	else
		LedgerSearch(request, rows, row_type);
	StreamEnd(level);
}

void
TraceqlAskTempo(const TraceqlRequest *request, Tuplestorestate *rows, TupleDesc row_type)
{
	TempoQuestion question = { .query = request->traceql,
		                       .verbatim = request->verbatim,
		                       .range = { request->range.start, request->range.end },
		                       .max_traces = request->max_traces,
		                       .spans_per_trace = request->spans_per_trace,
		                       .step_us = request->step_us,
		                       .tenant = request->tenant_id };

	if (TIMESTAMP_IS_NOEND(question.range.end))
		question.range.end = GetCurrentTimestamp();
	if (TIMESTAMP_IS_NOBEGIN(question.range.start))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("Tempo needs a time range"),
		         errhint("Give \"since\" or \"start_time\".")));
	request->traceql->query.instant = request->instant;
	TempoAsk(&question, rows, row_type);
}

/* Asking Tempo, too, is for those who may read the ledger. */
void
TraceqlRequireReader(void)
{
	AclResult allowed =
	    pg_class_aclcheck(PartitionParent("ledger_segment"), GetUserId(), ACL_SELECT);

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_TABLE, "ledger_segment");
}

Datum
genops_traceql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TraceqlRequest request;

	TraceqlRequireReader();
	TraceqlReadArguments(fcinfo, &request);
	InitMaterializedSRF(fcinfo, MAT_SRF_BLESS);
	if (request.from_tempo)
		TraceqlAskTempo(&request, result->setResult, result->setDesc);
	else
		TraceqlAskLedger(&request, result->setResult, result->setDesc);
	return (Datum) 0;
}
