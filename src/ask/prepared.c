/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/prepared.h"
#include "ask/traceql_error.h"
#include "compat.h"

static void
ReleasePipeline(void *pipeline)
{
	genops_traceql_pipeline_free(pipeline);
}

GenopsTraceqlPipeline *
PreparePipeline(const GenopsPipeline *pipeline)
{
	GenopsError error;
	GenopsTraceqlPipeline *prepared = genops_traceql_pipeline_prepare(pipeline, &error);

	if (prepared == NULL)
		TraceqlRaise(&error);
	TraceqlReleaseWithContext(ReleasePipeline, prepared);
	return prepared;
}

static void
ReleaseMetrics(void *metrics)
{
	genops_traceql_metrics_free(metrics);
}

GenopsTraceqlMetrics *
PrepareMetrics(const GenopsQuery *query, const GenopsMetricsGrid *grid)
{
	GenopsError error;
	GenopsTraceqlMetrics *prepared = genops_traceql_metrics_prepare(query, grid, &error);

	if (prepared == NULL)
		TraceqlRaise(&error);
	TraceqlReleaseWithContext(ReleaseMetrics, prepared);
	return prepared;
}

static bool
SameBytes(bytea *left, bytea *right)
{
	return VARSIZE_ANY_EXHDR(left) == VARSIZE_ANY_EXHDR(right) &&
	       memcmp(VARDATA_ANY(left), VARDATA_ANY(right), VARSIZE_ANY_EXHDR(left)) == 0;
}

static Prepared *
Prepare(bytea *query)
{
	Prepared *prepared = palloc(sizeof(Prepared));

	prepared->query = (bytea *) PG_DETOAST_DATUM_COPY(PointerGetDatum(query));
	prepared->traceql = TraceqlParse((GenopsSlice){ VARDATA_ANY(query), VARSIZE_ANY_EXHDR(query) },
	                                 GENOPS_TRACEQL_STRICT);
	if (prepared->traceql->query.kind != GENOPS_QUERY_SEARCH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("not a search query")));
	prepared->pipeline = PreparePipeline(prepared->traceql->query.pipeline);
	return prepared;
}

Prepared *
PreparedSearch(FunctionCallInfo fcinfo, bytea *query)
{
	Prepared *prepared = fcinfo->flinfo->fn_extra;
	MemoryContext caller;

	if (prepared != NULL && SameBytes(prepared->query, query))
		return prepared;
	/* What the one before held is given back with the statement: a call site has
	 * one query. */
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	prepared = Prepare(query);
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = prepared;
	return prepared;
}
