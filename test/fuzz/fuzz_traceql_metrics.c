/* SPDX-License-Identifier: PostgreSQL */
/*
 * A hostile metrics query over hostile spans, and hostile saved metrics: the text up
 * to the first NUL, the length of a request in two bytes, the request, and what
 * claims to be saved.  Counting ends; what was counted, saved and loaded gives the
 * same series as that which stayed.
 */
#include <assert.h>
#include <math.h>
#include <stdint.h>

#include "core/traceql/metrics.h"

#include "core/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_error(const GenopsError *error)
{
	assert(error->message[0] != '\0' && genops_utf8_valid(genops_slice(error->message)));
}

/* Every span for every call, whatever the pipelines say. */
static void
count(GenopsTraceqlMetrics *metrics, GenopsSlice request)
{
	GenopsSpanWalk walk = genops_walk_request(request);

	while (genops_walk_next(&walk))
	{
		for (size_t i = 0; i < genops_traceql_metrics_call_count(metrics); i++)
		{
			GenopsTraceqlSpan span;
			GenopsError error;

			if (!genops_traceql_span_at(&walk, NULL, &span, &error))
				continue;
			/* Into the range in any case. */
			span.span.start_ns %= 100;
			if (!genops_traceql_metrics_count(metrics, i, &span, &error))
				check_error(&error);
		}
	}
}

static bool
same_values(const GenopsSeries *one, const GenopsSeries *other, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (isnan(one->values[i]) != isnan(other->values[i]) ||
		    (!isnan(one->values[i]) && one->values[i] != other->values[i]))
			return false;
	}
	return one->label_count == other->label_count;
}

static void
finish_both(GenopsTraceqlMetrics *one, GenopsTraceqlMetrics *other, size_t buckets)
{
	GenopsSeriesList list;
	GenopsSeriesList other_list;
	GenopsError error;

	if (!genops_traceql_metrics_finish(one, &list, &error))
	{
		check_error(&error);
		return;
	}
	assert(genops_traceql_metrics_finish(other, &other_list, &error));
	assert(list.count == other_list.count);
	for (size_t i = 0; i < list.count; i++)
		assert(same_values(&list.series[i], &other_list.series[i], buckets));
}

static void
run(const GenopsQuery *query, GenopsSlice request, GenopsSlice saved)
{
	GenopsMetricsGrid grid;
	GenopsError error;
	GenopsTraceqlMetrics *metrics;
	GenopsTraceqlMetrics *other;
	GenopsBytes kept = genops_bytes_growing();

	assert(genops_metrics_range(0, 100, 10, &grid, &error));
	metrics = genops_traceql_metrics_prepare(query, &grid, &error);
	other = genops_traceql_metrics_prepare(query, &grid, &error);
	assert(metrics != NULL && other != NULL);
	if (!genops_traceql_metrics_load(metrics, saved, &error))
	{
		check_error(&error);
		genops_traceql_metrics_reset(metrics);
	}
	count(metrics, request);
	genops_traceql_metrics_save(metrics, &kept);
	assert(genops_traceql_metrics_load(
	    other, (GenopsSlice){ (const char *) kept.data, kept.length }, &error));
	finish_both(metrics, other, grid.count);
	genops_bytes_free(&kept);
	genops_traceql_metrics_free(metrics);
	genops_traceql_metrics_free(other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	size_t length = size == 0 ? 0 : strnlen(text, size);
	GenopsSlice request;
	GenopsSlice saved;
	GenopsTraceql query;
	GenopsTraceqlError error;

	if (size < length + 3 || !genops_traceql_parse((GenopsSlice){ text, length },
	                                               GENOPS_TRACEQL_DIALECT, &query, &error))
		return 0;
	request =
	    (GenopsSlice){ text + length + 3, data[length + 1] * (size_t) 256 + data[length + 2] };
	if (request.length > size - length - 3)
		request.length = size - length - 3;
	saved = (GenopsSlice){ request.data + request.length, size - length - 3 - request.length };
	if (query.query.kind == GENOPS_QUERY_METRICS)
		run(&query.query, request, saved);
	genops_traceql_free(&query);
	return 0;
}
