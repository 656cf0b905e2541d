/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the tests of TraceQL's metrics share: a query's series over spans, as text.
 *
 * A line is a series, such as
 *
 *	.team=`a` p=0.5: 1 - 3
 *
 * where - is a bucket without a value.
 */
#ifndef GENOPS_TEST_CORE_TRACEQL_METRICS_H
#define GENOPS_TEST_CORE_TRACEQL_METRICS_H

#include "test/core/traceql_span.h"

#include <math.h>

#include "core/traceql/metrics.h"
#include "core/traceql/pipeline.h"

#define SECONDS INT64_C(1000000000)

/* A query that is being counted. */
typedef struct MetricsRun
{
	GenopsTraceql query;
	GenopsMetricsGrid grid;
	GenopsTraceqlMetrics *metrics;
	GenopsSeriesList list;
	GenopsError error;
} MetricsRun;

static inline MetricsRun
start_metrics(const char *text, GenopsMetricsGrid grid)
{
	MetricsRun run = { .query = parse_valid(text, GENOPS_TRACEQL_DIALECT), .grid = grid };

	assert_int_equal(run.query.query.kind, GENOPS_QUERY_METRICS);
	run.metrics = genops_traceql_metrics_prepare(&run.query.query, &run.grid, &run.error);
	if (run.metrics == NULL)
		fail_msg("%s", run.error.message);
	return run;
}

static inline void
end_metrics(MetricsRun *run)
{
	genops_traceql_metrics_free(run->metrics);
	genops_traceql_free(&run->query);
}

/* The spans of a trace that a call's pipeline lets through. */
static inline void
count_trace(MetricsRun *run, size_t call, GenopsTrace *trace)
{
	const GenopsMetrics *node = genops_traceql_metrics_call(run->metrics, call);
	GenopsTraceqlPipeline *pipeline = genops_traceql_pipeline_prepare(node->pipeline, &run->error);
	GenopsSpansets sets;

	assert_non_null(pipeline);
	if (!genops_traceql_pipeline_run(pipeline, trace, &sets, &run->error))
		fail_msg("%s", run->error.message);
	for (size_t i = 0; i < sets.count; i++)
	{
		for (size_t j = 0; j < sets.sets[i].span_count; j++)
		{
			GenopsTraceqlSpan *span = &trace->spans[sets.sets[i].spans[j]];

			if (!genops_traceql_metrics_count(run->metrics, call, span, &run->error))
				fail_msg("%s", run->error.message);
		}
	}
	genops_traceql_pipeline_free(pipeline);
}

static inline void
count_complete(MetricsRun *run, GenopsTrace *trace, int64_t earlier_ns)
{
	assert_true(genops_trace_complete(trace, &run->error));
	for (size_t i = 0; i < trace->count; i++)
	{
		trace->spans[i].span.start_ns -= (uint64_t) earlier_ns;
		trace->spans[i].span.end_ns -= (uint64_t) earlier_ns;
	}
	for (size_t call = 0; call < genops_traceql_metrics_call_count(run->metrics); call++)
		count_trace(run, call, trace);
	genops_trace_clear(trace);
}

/* The spans of a trace follow each other; all began so much earlier. */
static inline void
count_request(MetricsRun *run, const GenopsBytes *request, int64_t earlier_ns)
{
	GenopsSpanWalk walk = walk_of(request);
	GenopsTrace trace = { 0 };
	GenopsSlice last = GENOPS_ABSENT;

	while (genops_walk_next(&walk))
	{
		GenopsSpanView view;

		assert_true(genops_read_span(walk.span, &view));
		if (trace.count > 0 && !genops_slice_equal(view.trace_id, last))
			count_complete(run, &trace, earlier_ns);
		last = view.trace_id;
		assert_true(genops_trace_add(&trace, &walk, &run->error));
	}
	count_complete(run, &trace, earlier_ns);
	genops_trace_free(&trace);
}

static inline void
put_text(GenopsBytes *out, const char *text)
{
	genops_bytes_put(out, text, strlen(text));
}

static inline void
print_label(GenopsBytes *out, const GenopsSeriesLabel *label)
{
	GenopsLiteral literal = { label->value.type, label->value.integer, label->value.real,
		                      label->value.text };

	genops_bytes_put(out, label->key.data, label->key.length);
	put_text(out, "=");
	genops_traceql_print_literal(out, &literal);
}

static inline void
print_value(GenopsBytes *out, double value)
{
	char text[32];

	snprintf(text, sizeof(text), isnan(value) ? " -" : " %.12g", value);
	put_text(out, text);
}

/* NUL-terminated, in a growing buffer that the caller frees. */
static inline const char *
print_series(GenopsBytes *out, const MetricsRun *run)
{
	for (size_t i = 0; i < run->list.count; i++)
	{
		const GenopsSeries *series = &run->list.series[i];

		for (size_t j = 0; j < series->label_count; j++)
		{
			if (j > 0)
				put_text(out, " ");
			print_label(out, &series->labels[j]);
		}
		put_text(out, ":");
		for (size_t j = 0; j < run->grid.count; j++)
			print_value(out, series->values[j]);
		put_text(out, "\n");
	}
	genops_bytes_put(out, "", 1);
	assert_false(out->failed);
	return (const char *) out->data;
}

/* A span that starts and lasts so many nanoseconds; "more" is JSON behind that. */
typedef struct SimpleSpan
{
	int64_t start_ns;
	int64_t duration_ns;
	const char *more;
} SimpleSpan;

/* Each a trace of its own, in one resource without attributes. */
static inline GenopsBytes
request_of_spans(const SimpleSpan *spans, size_t count)
{
	GenopsBytes json = genops_bytes_growing();
	GenopsBytes request;
	char text[1024];

	put_text(&json, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[");
	for (size_t i = 0; i < count; i++)
	{
		int length = snprintf(text, sizeof(text),
		                      "%s{\"traceId\":\"%032zx\",\"spanId\":\"%016zx\",\"name\":\"n\","
		                      "\"startTimeUnixNano\":\"%lld\",\"endTimeUnixNano\":\"%lld\"%s}",
		                      i > 0 ? "," : "", i + 1, i + 1, (long long) spans[i].start_ns,
		                      (long long) (spans[i].start_ns + spans[i].duration_ns),
		                      spans[i].more == NULL ? "" : spans[i].more);

		assert_uint_in_range(length, 1, sizeof(text) - 1);
		genops_bytes_put(&json, text, (size_t) length);
	}
	put_text(&json, "]}]}]}");
	request = request_of((GenopsSlice){ (const char *) json.data, json.length });
	genops_bytes_free(&json);
	return request;
}

static inline void
finish_metrics(MetricsRun *run)
{
	if (!genops_traceql_metrics_finish(run->metrics, &run->list, &run->error))
		fail_msg("%s", run->error.message);
}

static inline void
check_series(const char *text, const GenopsBytes *request, GenopsMetricsGrid grid,
             const char *expected, const char *file, int line)
{
	MetricsRun run = start_metrics(text, grid);
	GenopsBytes out = genops_bytes_growing();

	count_request(&run, request, 0);
	finish_metrics(&run);
	_assert_string_equal(print_series(&out, &run), expected, file, line);
	genops_bytes_free(&out);
	end_metrics(&run);
}

static inline void
check_spans_series(const char *text, const SimpleSpan *spans, size_t count, GenopsMetricsGrid grid,
                   const char *expected, const char *file, int line)
{
	GenopsBytes request = request_of_spans(spans, count);

	check_series(text, &request, grid, expected, file, line);
	genops_bytes_free(&request);
}

/* "spans" is an array. */
#define assert_spans_series(text, spans, grid, expected) \
	check_spans_series(text, spans, COUNT_OF(spans), grid, expected, __FILE__, __LINE__)
#define assert_series(text, request, grid, expected) \
	check_series(text, request, grid, expected, __FILE__, __LINE__)

/* From "start" to "end" seconds. */
static inline GenopsMetricsGrid
range_of(int64_t start, int64_t end, int64_t step)
{
	GenopsMetricsGrid grid;
	GenopsError error;

	assert_true(
	    genops_metrics_range(start * SECONDS, end * SECONDS, step * SECONDS, &grid, &error));
	return grid;
}

static inline GenopsMetricsGrid
instant_of(int64_t start, int64_t end)
{
	GenopsMetricsGrid grid;
	GenopsError error;

	assert_true(genops_metrics_instant(start * SECONDS, end * SECONDS, &grid, &error));
	return grid;
}

#endif
