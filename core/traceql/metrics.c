/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/metrics.h"

#include <stdlib.h>

#include "core/traceql/metrics_call.h"
#include "core/traceql/metrics_finish.h"

bool
genops_metrics_is_histogram(GenopsMetricsFunction function)
{
	return function == GENOPS_METRICS_HISTOGRAM_OVER_TIME ||
	       function == GENOPS_METRICS_QUANTILE_OVER_TIME;
}

bool
genops_metrics_is_count(GenopsMetricsFunction function)
{
	return function == GENOPS_METRICS_RATE || function == GENOPS_METRICS_COUNT_OVER_TIME;
}

/* Exemplars and sampling, the other hints, mean nothing here. */
static bool
wants_extrapolation(const GenopsQuery *query)
{
	bool wanted = false;

	for (size_t i = 0; i < query->hint_count; i++)
	{
		const GenopsHint *hint = &query->hints[i];

		if (genops_slice_equal(hint->name, GENOPS_LITERAL("extrapolate")) &&
		    hint->value.type == GENOPS_TYPE_BOOLEAN)
			wanted = hint->value.integer != 0;
	}
	return wanted;
}

static size_t
count_calls(const GenopsMetrics *node)
{
	switch (node->kind)
	{
		case GENOPS_METRICS_CALL:
			return 1;
		case GENOPS_METRICS_OPERATION:
			return count_calls(node->left) + count_calls(node->right);
		default:
			return 0;
	}
}

static bool
prepare_call(GenopsTraceqlMetrics *metrics, const GenopsMetrics *node, GenopsError *error)
{
	GenopsMetricsCounter *counter = &metrics->calls[metrics->call_count++];

	counter->metrics = node;
	counter->groups = genops_groups();
	counter->cells = genops_cells(node->call.function, metrics->grid.count, &metrics->budget);
	if (node->call.function != GENOPS_METRICS_COMPARE)
		return true;
	counter->comparison =
	    genops_comparison_prepare(&node->call, &metrics->grid, &metrics->budget, error);
	return counter->comparison != NULL;
}

static bool
prepare_calls(GenopsTraceqlMetrics *metrics, const GenopsMetrics *node, GenopsError *error)
{
	switch (node->kind)
	{
		case GENOPS_METRICS_CALL:
			return prepare_call(metrics, node, error);
		case GENOPS_METRICS_OPERATION:
			return prepare_calls(metrics, node->left, error) &&
			       prepare_calls(metrics, node->right, error);
		default:
			return true;
	}
}

GenopsTraceqlMetrics *
genops_traceql_metrics_prepare(const GenopsQuery *query, const GenopsMetricsGrid *grid,
                               GenopsError *error)
{
	GenopsTraceqlMetrics *metrics = calloc(1, sizeof(GenopsTraceqlMetrics));
	size_t calls = count_calls(query->metrics);

	if (metrics != NULL)
		metrics->calls = calloc(calls + 1, sizeof(GenopsMetricsCounter));
	if (metrics == NULL || metrics->calls == NULL)
	{
		free(metrics);
		genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for the metrics");
		return NULL;
	}
	metrics->root = query->metrics;
	metrics->grid = *grid;
	metrics->extrapolate = wants_extrapolation(query);
	metrics->budget = GENOPS_METRICS_MAX_CELLS;
	metrics->key = genops_bytes_growing();
	if (prepare_calls(metrics, query->metrics, error))
		return metrics;
	genops_traceql_metrics_free(metrics);
	return NULL;
}

void
genops_traceql_metrics_free(GenopsTraceqlMetrics *metrics)
{
	if (metrics == NULL)
		return;
	for (size_t i = 0; i < metrics->call_count; i++)
	{
		genops_groups_free(&metrics->calls[i].groups);
		genops_cells_free(&metrics->calls[i].cells);
		genops_comparison_free(metrics->calls[i].comparison);
	}
	free(metrics->calls);
	genops_bytes_free(&metrics->key);
	genops_arena_free(&metrics->arena);
	free(metrics);
}

void
genops_traceql_metrics_reset(GenopsTraceqlMetrics *metrics)
{
	for (size_t i = 0; i < metrics->call_count; i++)
	{
		GenopsMetricsCounter *counter = &metrics->calls[i];

		genops_groups_clear(&counter->groups);
		genops_cells_free(&counter->cells);
		if (counter->comparison != NULL)
			genops_comparison_reset(counter->comparison);
	}
	genops_arena_free(&metrics->arena);
	metrics->budget = GENOPS_METRICS_MAX_CELLS;
}

size_t
genops_traceql_metrics_call_count(const GenopsTraceqlMetrics *metrics)
{
	return metrics->call_count;
}

const GenopsMetrics *
genops_traceql_metrics_call(const GenopsTraceqlMetrics *metrics, size_t call)
{
	return metrics->calls[call].metrics;
}

/* Finishing */

static bool
check_memory(const GenopsSeriesTable *table, GenopsError *error)
{
	return !table->failed ||
	       genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for the series of metrics");
}

/* "next" is the call whose turn it is, in the order of the text. */
static bool evaluate(GenopsTraceqlMetrics *metrics, const GenopsMetrics *node, size_t *next,
                     GenopsMetricsResult *result, GenopsError *error);

static bool
evaluate_call(GenopsTraceqlMetrics *metrics, size_t *next, GenopsSeriesTable *table,
              GenopsError *error)
{
	if (!genops_metrics_series(metrics, &metrics->calls[(*next)++], table, error) ||
	    !check_memory(table, error))
		return false;
	genops_series_drop_empty(table);
	genops_series_sort(table);
	return true;
}

static bool
evaluate_operation(GenopsTraceqlMetrics *metrics, const GenopsMetrics *node, size_t *next,
                   GenopsMetricsResult *result, GenopsError *error)
{
	GenopsMetricsResult left;
	GenopsMetricsResult right;

	if (!evaluate(metrics, node->left, next, &left, error) ||
	    !evaluate(metrics, node->right, next, &right, error))
		return false;
	genops_metrics_combine(node->op, &left, &right, result);
	return check_memory(&result->table, error);
}

static bool
evaluate(GenopsTraceqlMetrics *metrics, const GenopsMetrics *node, size_t *next,
         GenopsMetricsResult *result, GenopsError *error)
{
	const GenopsLiteral *literal = &node->literal;
	bool done = true;

	*result = (GenopsMetricsResult){ .is_number = node->kind == GENOPS_METRICS_LITERAL };
	if (node->kind == GENOPS_METRICS_LITERAL)
		result->number =
		    literal->type == GENOPS_TYPE_INT ? (double) literal->integer : literal->real;
	else if (node->kind == GENOPS_METRICS_CALL)
		done = evaluate_call(metrics, next, &result->table, error);
	else
		done = evaluate_operation(metrics, node, next, result, error);
	for (size_t i = 0; done && i < node->second_count; i++)
		done = genops_metrics_second_stage(&node->second[i], &result->table, error);
	return done;
}

bool
genops_traceql_metrics_finish(GenopsTraceqlMetrics *metrics, GenopsSeriesList *list,
                              GenopsError *error)
{
	GenopsMetricsResult result;
	GenopsSeries *series;
	size_t next = 0;

	*list = (GenopsSeriesList){ 0 };
	if (!evaluate(metrics, metrics->root, &next, &result, error))
		return false;
	series = genops_arena_take(&metrics->arena, (result.table.count + 1) * sizeof(GenopsSeries));
	if (series == NULL)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for the series");
	for (size_t i = 0; i < result.table.count; i++)
	{
		const GenopsSeriesRow *row = &result.table.rows[i];

		series[i] = (GenopsSeries){ row->labels, row->label_count, row->values };
	}
	*list = (GenopsSeriesList){ series, result.table.count };
	return true;
}
