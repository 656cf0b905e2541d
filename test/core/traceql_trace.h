/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the tests of traces and pipelines share: traces from JSON, and pipelines
 * run over them.  Comes first: traceql_span.h stands for otlp_read.h.
 */
#ifndef GENOPS_TEST_CORE_TRACEQL_TRACE_H
#define GENOPS_TEST_CORE_TRACEQL_TRACE_H

#include "test/core/traceql_span.h"

#include "core/traceql/pipeline.h"

/* A span of a trace: its id and its parent's as 16 digits, its kind and name. */
#define TRACE_SPAN(id, parent, kind, name, more)                             \
	"{\"traceId\":\"000000000000000000000000000000ab\",\"spanId\":\"" id     \
	"\",\"parentSpanId\":\"" parent "\",\"kind\":" #kind ",\"name\":\"" name \
	"\",\"startTimeUnixNano\":\"1000\",\"endTimeUnixNano\":\"2000\"" more "}"
#define TRACE_JSON(spans)                                       \
	"{\"resourceSpans\":[{\"resource\":{\"attributes\":[" TEXT( \
	    "service.name", "svc") "]},\"scopeSpans\":[{\"spans\":[" spans "]}]}]}"

/* Adds the spans of the request, of one trace only if "trace_id" is present. */
static inline void
add_spans(GenopsTrace *trace, const GenopsBytes *bytes, GenopsSlice trace_id)
{
	GenopsSpanWalk walk = walk_of(bytes);
	GenopsError error;
	GenopsSpanView view;

	while (genops_walk_next(&walk))
	{
		assert_true(genops_read_span(walk.span, &view));
		if (!genops_slice_present(trace_id) || genops_slice_equal(view.trace_id, trace_id))
			assert_true(genops_trace_add(trace, &walk, &error));
	}
	assert_true(genops_trace_complete(trace, &error));
}

static inline void
put_text(GenopsBytes *out, const char *text)
{
	genops_bytes_put(out, text, strlen(text));
}

static inline void
name_labels(const GenopsSpansetResult *set, GenopsBytes *out)
{
	for (size_t i = 0; i < set->label_count; i++)
	{
		const GenopsTraceqlValue *value = &set->labels[i].value;
		GenopsLiteral literal = { value->type, value->integer, value->real, value->text };

		put_text(out, i == 0 ? ": " : ", ");
		genops_bytes_put(out, set->labels[i].key.data, set->labels[i].key.length);
		put_text(out, " = ");
		genops_traceql_print_literal(out, &literal);
	}
}

/* Names of the spans of all sets, and labels: "a b: count() = 2 | c: count() = 1". */
static inline void
name_spans(const GenopsTrace *trace, const GenopsSpansets *sets, GenopsBytes *out)
{
	for (size_t i = 0; i < sets->count; i++)
	{
		put_text(out, i > 0 ? " | " : "");
		for (size_t j = 0; j < sets->sets[i].span_count; j++)
		{
			GenopsSlice name = trace->spans[sets->sets[i].spans[j]].span.name;

			put_text(out, j > 0 ? " " : "");
			genops_bytes_put(out, name.data, name.length);
		}
		name_labels(&sets->sets[i], out);
	}
}

/* The names of the spans in the result, or the error's message. */
static inline void
check_run(const char *json, const char *text, const char *expected, const char *file, int line)
{
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_STRICT);
	GenopsError error;
	GenopsTraceqlPipeline *pipeline = genops_traceql_pipeline_prepare(query.query.pipeline, &error);
	GenopsBytes bytes = request_of(genops_slice(json));
	GenopsBytes out = genops_bytes_growing();
	GenopsTrace trace = { 0 };
	GenopsSpansets sets;

	assert_non_null(pipeline);
	add_spans(&trace, &bytes, GENOPS_ABSENT);
	if (genops_traceql_pipeline_run(pipeline, &trace, &sets, &error))
		name_spans(&trace, &sets, &out);
	else
		put_text(&out, error.message);
	genops_bytes_put(&out, "", 1);
	if (strcmp((const char *) out.data, expected) != 0)
	{
		print_error("%s is \"%s\", not \"%s\"\n", text, (const char *) out.data, expected);
		_fail(file, line);
	}
	genops_bytes_free(&out);
	genops_bytes_free(&bytes);
	genops_trace_free(&trace);
	genops_traceql_pipeline_free(pipeline);
	genops_traceql_free(&query);
}

#define assert_run(json, text, expected) check_run(json, text, expected, __FILE__, __LINE__)

#endif
