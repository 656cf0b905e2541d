/* SPDX-License-Identifier: PostgreSQL */
/*
 * A hostile query over a hostile trace: the text up to the first NUL, then the
 * bytes of a request, whose spans are one trace.  The pipeline ends, gives the
 * same answer twice, and what a span alone tells agrees with it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/traceql/pipeline.h"

#include "core/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
read_trace(GenopsSlice request, GenopsTrace *trace)
{
	GenopsSpanWalk walk = genops_walk_request(request);
	GenopsError error;

	while (genops_walk_next(&walk))
		(void) genops_trace_add(trace, &walk, &error);
	return genops_trace_complete(trace, &error);
}

static void
check_facts(const GenopsTrace *trace)
{
	int64_t most = 2 * (int64_t) trace->count;

	for (size_t i = 0; i < trace->count; i++)
	{
		const GenopsTraceFacts *facts = &trace->spans[i].trace;

		assert(facts->nested_set_right <= most && facts->nested_set_parent >= -1);
		assert((facts->nested_set_left == 0) == (facts->nested_set_right == 0));
		assert(facts->nested_set_left == 0 || facts->nested_set_left < facts->nested_set_right);
		assert(facts->nested_set_parent < 1 || facts->nested_set_parent < facts->nested_set_left);
	}
}

/* Which spans are in the result; their number in it is also checked. */
static void
mark(const GenopsTrace *trace, const GenopsSpansets *sets, uint8_t *marks)
{
	memset(marks, 0, trace->count);
	for (size_t i = 0; i < sets->count; i++)
	{
		const GenopsSpansetResult *set = &sets->sets[i];

		assert(set->span_count > 0);
		for (size_t j = 0; j < set->span_count; j++)
		{
			assert(set->spans[j] < trace->count && (j == 0 || set->spans[j - 1] < set->spans[j]));
			marks[set->spans[j]] = 1;
		}
	}
}

static void
check_span(GenopsTraceqlPipeline *pipeline, GenopsTraceqlSpan *span, bool found)
{
	GenopsError error;
	bool matches = false;

	assert(genops_traceql_pipeline_may_match(pipeline, span, &matches, &error));
	assert(matches || !found);
	if (!genops_traceql_pipeline_is_span_local(pipeline))
		return;
	assert(genops_traceql_pipeline_match(pipeline, span, &matches, &error));
	assert(matches == found);
}

static void
run(GenopsTraceqlPipeline *pipeline, GenopsTrace *trace)
{
	uint8_t *first = malloc(2 * trace->count + 1);
	uint8_t *second = first + trace->count;
	GenopsError error;
	GenopsSpansets sets;

	if (genops_traceql_pipeline_run(pipeline, trace, &sets, &error))
	{
		size_t count = sets.count;

		mark(trace, &sets, first);
		assert(genops_traceql_pipeline_run(pipeline, trace, &sets, &error));
		assert(sets.count == count);
		mark(trace, &sets, second);
		assert(memcmp(first, second, trace->count) == 0);
		for (size_t i = 0; i < trace->count; i++)
			check_span(pipeline, &trace->spans[i], first[i] != 0);
	}
	else
		assert(error.message[0] != '\0' && genops_utf8_valid(genops_slice(error.message)));
	free(first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	size_t length = size == 0 ? 0 : strnlen(text, size);
	GenopsSlice rest = { text + length + 1, size > length ? size - length - 1 : 0 };
	GenopsTrace trace = { 0 };
	GenopsTraceql query;
	GenopsTraceqlError error;

	if (length == size || !genops_traceql_parse((GenopsSlice){ text, length },
	                                            GENOPS_TRACEQL_DIALECT, &query, &error))
		return 0;
	if (query.query.pipeline != NULL && read_trace(rest, &trace))
	{
		GenopsTraceqlPipeline *pipeline =
		    genops_traceql_pipeline_prepare(query.query.pipeline, &error.error);

		assert(pipeline != NULL);
		check_facts(&trace);
		run(pipeline, &trace);
		genops_traceql_pipeline_free(pipeline);
	}
	genops_trace_free(&trace);
	genops_traceql_free(&query);
	return 0;
}
