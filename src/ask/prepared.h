/* SPDX-License-Identifier: PostgreSQL */
/*
 * A query that a function is called with again and again, for one segment
 * after the other: parsed and prepared once per call site.
 */
#ifndef GENOPS_ASK_PREPARED_H
#define GENOPS_ASK_PREPARED_H

#include "postgres.h"

#include "core/traceql/metrics.h"
#include "core/traceql/pipeline.h"
#include "fmgr.h"

typedef struct Prepared
{
	bytea *query;
	GenopsTraceql *traceql;
	GenopsTraceqlPipeline *pipeline;
} Prepared;

/* A search query in UTF-8, kept in the call site's memory. */
extern Prepared *PreparedSearch(FunctionCallInfo fcinfo, bytea *query);

/* Of a parsed query: given back with the current memory context. */
extern GenopsTraceqlPipeline *PreparePipeline(const GenopsPipeline *pipeline);
extern GenopsTraceqlMetrics *PrepareMetrics(const GenopsQuery *query,
                                            const GenopsMetricsGrid *grid);

#endif
