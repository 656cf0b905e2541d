/* SPDX-License-Identifier: PostgreSQL */
/*
 * Spans, one by one or many that were counted elsewhere, into groups and cells.
 */
#include <math.h>

#include "core/traceql/metrics_call.h"
#include "core/traceql/metrics_key.h"
#include "core/traceql/metrics_value.h"
#include "core/traceql/metrics_weight.h"

static bool
no_memory(GenopsError *error)
{
	return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for the metrics");
}

/* The cell of the group whose key has been put together. */
static double *
cell_of_key(GenopsTraceqlMetrics *metrics, GenopsMetricsCounter *counter, size_t bucket,
            int exponent, GenopsError *error)
{
	GenopsSlice key = { (const char *) metrics->key.data, metrics->key.length };
	size_t group;

	if (metrics->key.failed)
	{
		no_memory(error);
		return NULL;
	}
	if (!genops_groups_find(&counter->groups, key, GENOPS_METRICS_MAX_SERIES, &group, error))
		return NULL;
	return genops_cells_at(&counter->cells, group, exponent, bucket, error);
}

/* A group without any of its attributes is that of the text "nil" in the first,
 * which is also how its label reads; beside a label of the function's own it needs
 * none. */
static void
put_missing(GenopsBytes *key, const GenopsMetricsCall *call)
{
	GenopsTraceqlValue value = { .type = GENOPS_TYPE_STRING, .text = GENOPS_LITERAL("nil") };
	size_t count = call->by_count;

	if (genops_metrics_is_histogram(call->function))
		return;
	genops_bytes_clear(key);
	for (size_t i = 0; i < count; i++)
	{
		genops_key_put(key, &value);
		value.type = GENOPS_TYPE_NIL;
	}
}

static bool
put_span_key(GenopsTraceqlMetrics *metrics, const GenopsMetricsCall *call, GenopsTraceqlSpan *span,
             GenopsError *error)
{
	bool missing = call->by_count > 0;

	genops_bytes_clear(&metrics->key);
	for (size_t i = 0; i < call->by_count; i++)
	{
		GenopsTraceqlValue value;

		if (!genops_metrics_look_up(span, &call->by[i], &value, error))
			return false;
		missing = missing && value.type == GENOPS_TYPE_NIL;
		genops_key_put(&metrics->key, &value);
	}
	if (missing)
		put_missing(&metrics->key, call);
	return true;
}

/* What the function takes of the span: false for nothing. */
static bool
takes(const GenopsMetricsCall *call, const GenopsTraceqlValue *value, double *number, int *exponent)
{
	*number = 0;
	*exponent = 0;
	if (genops_metrics_is_histogram(call->function))
	{
		if (value->type == GENOPS_TYPE_INT || value->type == GENOPS_TYPE_DURATION)
			*exponent = genops_metrics_exponent(value->integer);
		return *exponent > 0;
	}
	*number = genops_metrics_number(&call->attribute, value);
	return !isnan(*number);
}

static bool
count_span(GenopsTraceqlMetrics *metrics, GenopsMetricsCounter *counter, GenopsTraceqlSpan *span,
           size_t bucket, double weight, GenopsError *error)
{
	const GenopsMetricsCall *call = &counter->metrics->call;
	double number = 0;
	int exponent = 0;
	double *cell;

	if (!genops_metrics_is_count(call->function))
	{
		GenopsTraceqlValue value;

		if (!genops_metrics_look_up(span, &call->attribute, &value, error))
			return false;
		if (!takes(call, &value, &number, &exponent))
			return true;
	}
	if (!put_span_key(metrics, call, span, error))
		return false;
	cell = cell_of_key(metrics, counter, bucket, exponent, error);
	if (cell == NULL)
		return false;
	genops_cell_add(&counter->cells, cell, number, weight);
	return true;
}

bool
genops_traceql_metrics_count(GenopsTraceqlMetrics *metrics, size_t call, GenopsTraceqlSpan *span,
                             GenopsError *error)
{
	GenopsMetricsCounter *counter = &metrics->calls[call];
	size_t bucket;
	double weight = 1;

	if (span->span.start_ns > INT64_MAX ||
	    !genops_metrics_bucket(&metrics->grid, (int64_t) span->span.start_ns, &bucket))
		return true;
	if (metrics->extrapolate)
		weight = genops_metrics_weight(span->span.trace_state);
	if (counter->comparison != NULL)
		return genops_comparison_count(counter->comparison, span, bucket, weight, error);
	return count_span(metrics, counter, span, bucket, weight, error);
}

/* The service's name is never missing (as in span_field.c). */
static bool
is_service_name(const GenopsAttribute *attribute)
{
	return attribute->intrinsic == GENOPS_INTRINSIC_NONE &&
	       (attribute->scope == GENOPS_SCOPE_RESOURCE || attribute->scope == GENOPS_SCOPE_NONE) &&
	       genops_slice_equal(attribute->name, GENOPS_LITERAL("service.name"));
}

static void
put_partial_key(GenopsBytes *key, const GenopsMetricsCall *call, const GenopsTraceqlValue *by)
{
	bool missing = call->by_count > 0;

	genops_bytes_clear(key);
	for (size_t i = 0; i < call->by_count; i++)
	{
		GenopsTraceqlValue value = by[i];

		if (value.array)
			value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
		if (value.type == GENOPS_TYPE_NIL && is_service_name(&call->by[i]))
			value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_STRING, .text = GENOPS_LITERAL("") };
		missing = missing && value.type == GENOPS_TYPE_NIL;
		genops_key_put(key, &value);
	}
	if (missing)
		put_missing(key, call);
}

static bool
check_partial(const GenopsTraceqlMetrics *metrics, const GenopsMetricsCounter *counter,
              const GenopsMetricsPartial *partial, GenopsError *error)
{
	bool histogram = genops_metrics_is_histogram(counter->metrics->call.function);

	if (counter->comparison == NULL && !metrics->extrapolate &&
	    partial->bucket < metrics->grid.count &&
	    (!histogram || partial->exponent < GENOPS_CELL_EXPONENTS))
		return true;
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
	                        "these metrics do not take spans that were counted elsewhere");
}

static void
add_partial(const GenopsCells *cells, double *cell, const GenopsMetricsPartial *partial)
{
	double count = (double) partial->count;

	switch (cells->function)
	{
		case GENOPS_METRICS_MIN_OVER_TIME:
			genops_cell_add(cells, cell, partial->min, count);
			break;
		case GENOPS_METRICS_MAX_OVER_TIME:
			genops_cell_add(cells, cell, partial->max, count);
			break;
		case GENOPS_METRICS_SUM_OVER_TIME:
		case GENOPS_METRICS_AVG_OVER_TIME:
			genops_cell_add_sum(cells, cell, partial->sum, count);
			break;
		default:
			genops_cell_add(cells, cell, 0, count);
			break;
	}
}

bool
genops_traceql_metrics_add(GenopsTraceqlMetrics *metrics, size_t call,
                           const GenopsMetricsPartial *partial, GenopsError *error)
{
	GenopsMetricsCounter *counter = &metrics->calls[call];
	bool histogram = genops_metrics_is_histogram(counter->metrics->call.function);
	double *cell;

	if (!check_partial(metrics, counter, partial, error))
		return false;
	if (partial->count == 0 || (histogram && partial->exponent <= 0))
		return true;
	put_partial_key(&metrics->key, &counter->metrics->call, partial->by);
	cell = cell_of_key(metrics, counter, partial->bucket, histogram ? partial->exponent : 0, error);
	if (cell == NULL)
		return false;
	add_partial(&counter->cells, cell, partial);
	return true;
}
