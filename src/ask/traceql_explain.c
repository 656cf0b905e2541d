/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_traceql_explain(): what a query becomes.
 */
#include "postgres.h"

#include "ask/ledger_metrics.h"
#include "ask/ledger_search.h"
#include "ask/ledger_sql.h"
#include "ask/prepared.h"
#include "ask/reader.h"
#include "ask/stream.h"
#include "ask/traceql_arguments.h"
#include "ask/traceql_error.h"
#include "compat.h"
#include "core/traceql/normalise.h"
#include "funcapi.h"
#include "server_text.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(genops_traceql_explain);

/* A row: what it is about, and what is to be said. */
static void
Say(ReturnSetInfo *result, const char *item, const char *text)
{
	Datum values[2] = { CStringGetTextDatum(item), CStringGetTextDatum(text) };
	bool nulls[2] = { false };

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
SayQuery(ReturnSetInfo *result, const char *item, const GenopsQuery *query)
{
	Say(result, item, ServerString(TraceqlPrint(query)));
}

static void
SayNotices(ReturnSetInfo *result, const char *item, const GenopsTraceql *traceql)
{
	for (size_t i = 0; i < traceql->notice_count; i++)
		Say(result, item, ServerString(traceql->notices[i]));
}

static void
SayNormalised(ReturnSetInfo *result, const GenopsTraceql *traceql)
{
	GenopsTraceql normalised;
	GenopsTraceqlError error;

	if (!genops_traceql_normalise(traceql, &normalised, &error))
		TraceqlRaiseComplaint(&error);
	SayQuery(result, "for Tempo", &normalised.query);
	SayNotices(result, "rewritten for Tempo", &normalised);
	genops_traceql_free(&normalised);
}

static void
SayCondition(ReturnSetInfo *result, Condition condition)
{
	const char *kept = condition.exact ? "" : "; the rest is looked at in the spans' bytes";

	if (condition.kind == CONDITION_SQL)
		Say(result, "pushed down", psprintf("%s%s", condition.sql, kept));
	else if (condition.kind == CONDITION_NEVER)
		Say(result, "pushed down", "false: no span of this server's own can match");
	else
		Say(result, "pushed down", psprintf("nothing but the range of time%s", kept));
}

static void
SaySearch(ReturnSetInfo *result, const TraceqlRequest *request)
{
	const GenopsPipeline *pipeline = request->traceql->query.pipeline;
	bool local = genops_traceql_pipeline_is_span_local(PreparePipeline(pipeline));
	bool candidates = !local || request->max_traces != 0;
	Condition condition = candidates ? PushDownCandidates(pipeline) : PushDownPipeline(pipeline);
	LedgerSpanQueries queries = LedgerSpans(request, condition, candidates);

	Say(result, "evaluation",
	    local ? "each span by itself" : "whole traces, of which a span may match");
	SayCondition(result, condition);
	if (queries.columns != NULL)
		Say(result, "SQL on columns", queries.columns);
	Say(result, "SQL on bytes", queries.bytes);
	if (candidates)
		Say(result, "SQL for traces", LedgerTraces(request, true));
}

static void
SayCall(ReturnSetInfo *result, const TraceqlRequest *request, const GenopsMetricsGrid *grid,
        const GenopsMetrics *call, size_t number)
{
	bool local = genops_traceql_pipeline_is_span_local(PreparePipeline(call->pipeline));
	LedgerCountQueries queries;
	Condition condition;

	if (!local || LedgerCallIsOfTrace(&call->call))
	{
		Say(result, "evaluation", "whole traces, of which a span may match");
		SayCondition(result, PushDownCandidates(call->pipeline));
		Say(result, "SQL for traces", LedgerTraces(request, true));
		return;
	}
	condition = PushDownPipeline(call->pipeline);
	queries = LedgerCounts(request, condition, &call->call, number,
	                       LedgerExtrapolates(&request->traceql->query), grid);
	Say(result, "evaluation", "each span by itself");
	SayCondition(result, condition);
	if (queries.columns != NULL)
		Say(result, "SQL on columns", queries.columns);
	Say(result, "SQL on bytes", queries.bytes);
}

static void
SayMetrics(ReturnSetInfo *result, TraceqlRequest *request)
{
	GenopsMetricsGrid grid;
	GenopsTraceqlMetrics *metrics;

	TraceqlBoundRange(request);
	grid = LedgerGrid(request);
	metrics = PrepareMetrics(&request->traceql->query, &grid);
	Say(result, "points",
	    grid.instant
	        ? "one, over the whole range"
	        : psprintf("%zu, one every %g seconds", grid.count, (double) grid.step_ns / 1e9));
	for (size_t i = 0; i < genops_traceql_metrics_call_count(metrics); i++)
		SayCall(result, request, &grid, genops_traceql_metrics_call(metrics, i), i);
}

Datum
genops_traceql_explain(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TraceqlRequest request;
	int level;

	ReaderRequire();
	TraceqlReadArguments(fcinfo, &request);
	InitMaterializedSRF(fcinfo, 0);
	SayQuery(result, "parsed", &request.traceql->query);
	SayNotices(result, "read as", request.traceql);
	if (request.verbatim)
		SayQuery(result, "for Tempo", &request.traceql->query);
	else
		SayNormalised(result, request.traceql);
	level = StreamBegin();
	if (request.traceql->query.kind == GENOPS_QUERY_METRICS)
		SayMetrics(result, &request);
	else
		SaySearch(result, &request);
	StreamEnd(level);
	return (Datum) 0;
}
