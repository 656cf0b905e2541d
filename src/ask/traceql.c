/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_traceql(): TraceQL as a table.
 */
#include "postgres.h"

#include "ask/await_stored.h"
#include "ask/ledger_metrics.h"
#include "ask/ledger_search.h"
#include "ask/reader.h"
#include "ask/request.h"
#include "ask/stream.h"
#include "ask/tempo_ask.h"
#include "ask/tempo_exchange.h"
#include "ask/traceql_arguments.h"
#include "compat.h"
#include "funcapi.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_traceql);

/* An open range is given its bounds where the query needs them. */
static void
AskLedger(TraceqlRequest *request, Tuplestorestate *rows, TupleDesc row_type)
{
	int level;

	AwaitStored();
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

static void
AskTempo(const TraceqlRequest *request, Tuplestorestate *rows, TupleDesc row_type)
{
	const char *tenant = TempoTenant(request->tenant_id);
	TempoQuestion question = { .query = request->traceql,
		                       .verbatim = request->verbatim,
		                       .range = { request->range.start, request->range.end },
		                       .max_traces = request->max_traces,
		                       .spans_per_trace = request->spans_per_trace,
		                       .step_us = request->step_us };

	if (TIMESTAMP_IS_NOEND(question.range.end))
		question.range.end = request->asked_at;
	if (TIMESTAMP_IS_NOBEGIN(question.range.start))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("Tempo needs a time range"),
		         errhint("Give \"since\" or \"start_time\".")));
	if (question.range.start >= question.range.end)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the range of time is empty"),
		         errhint("Set start_time before end_time, or a positive \"since\".")));
	ReaderRequireTenants(tenant);
	question.tenant = tenant != NULL ? tenant : "";
	request->traceql->query.instant = request->instant;
	TempoAsk(&question, rows, row_type);
}

Datum
genops_traceql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TraceqlRequest request;

	ReaderRequire();
	TraceqlReadArguments(fcinfo, &request);
	InitMaterializedSRF(fcinfo, MAT_SRF_BLESS);
	if (request.from_tempo)
		AskTempo(&request, result->setResult, result->setDesc);
	else
		AskLedger(&request, result->setResult, result->setDesc);
	return (Datum) 0;
}
