/* SPDX-License-Identifier: PostgreSQL */
/*
 * Runs the search side of a query, a pipeline, over one trace at a time.
 *
 * Every stage maps a list of spansets of the trace to a list; traceql.md 5.7
 * has the rules, and the meaning is the language's over whole spans (no stage
 * sees less than another, whatever Tempo fetched).
 *
 * A pipeline is "span-local" when each span decides by itself whether it is in
 * the result: filters, "||" of filters, select, without what only the whole
 * trace tells.  Then the spans may be looked at one by one.
 */
#ifndef GENOPS_CORE_TRACEQL_PIPELINE_H
#define GENOPS_CORE_TRACEQL_PIPELINE_H

#include "core/traceql/trace.h"
#include "core/traceql/traceql.h"

/* What by() and the aggregates say of a spanset: "by(.team)" = "a",
 * "count()" = 3. */
typedef struct GenopsSpansetLabel
{
	GenopsSlice key;
	GenopsTraceqlValue value; /* NIL for a missing attribute; never an array by() could not print */
} GenopsSpansetLabel;

typedef struct GenopsSpansetResult
{
	const uint32_t *spans; /* indexes into the trace's, each once */
	size_t span_count;
	const GenopsSpansetLabel *labels; /* in the order of the stages */
	size_t label_count;
} GenopsSpansetResult;

typedef struct GenopsSpansets
{
	const GenopsSpansetResult *sets;
	size_t count;
} GenopsSpansets;

typedef struct GenopsTraceqlPipeline GenopsTraceqlPipeline;

/* "pipeline" has been checked (check.h) and must live as long. */
extern GenopsTraceqlPipeline *genops_traceql_pipeline_prepare(const GenopsPipeline *pipeline,
                                                              GenopsError *error);
extern void genops_traceql_pipeline_free(GenopsTraceqlPipeline *pipeline);

/* The result is valid until the next run or the end of the pipeline or of the
 * trace.  False for an error, which ends the query. */
extern bool genops_traceql_pipeline_run(GenopsTraceqlPipeline *pipeline, GenopsTrace *trace,
                                        GenopsSpansets *result, GenopsError *error);

extern bool genops_traceql_pipeline_is_span_local(const GenopsTraceqlPipeline *pipeline);

/* Of a span-local pipeline: whether the span is in the result. */
extern bool genops_traceql_pipeline_match(GenopsTraceqlPipeline *pipeline, GenopsTraceqlSpan *span,
                                          bool *matches, GenopsError *error);

/*
 * Of any pipeline: false if no trace can be in the result on account of this
 * span alone.  A trace with a result has a span for which this is true, and
 * every span of every result is such a span.  Looks at the span only, never at
 * the trace's facts.
 */
extern bool genops_traceql_pipeline_may_match(GenopsTraceqlPipeline *pipeline,
                                              GenopsTraceqlSpan *span, bool *may,
                                              GenopsError *error);

#endif
