/* SPDX-License-Identifier: PostgreSQL */
/*
 * Saving: how many calls, and for each its function, its groups' keys, and the
 * cells of each row that are not empty.
 */
#include "core/traceql/metrics_saved.h"

#include <math.h>

#include "core/traceql/metrics_key.h"

bool
genops_metrics_not_saved(GenopsError *error)
{
	return genops_error_set(error, GENOPS_MALFORMED,
	                        "the bytes are no saved metrics of this query");
}

/* Saving */

static void
save_row(const GenopsCells *cells, const double *row, GenopsBytes *out)
{
	uint32_t count = 0;

	for (size_t i = 0; i < cells->buckets; i++)
		count += !genops_cell_empty(cells, row + i * cells->width);
	genops_key_put_count(out, count);
	for (size_t i = 0; i < cells->buckets; i++)
	{
		const double *cell = row + i * cells->width;

		if (genops_cell_empty(cells, cell))
			continue;
		genops_key_put_count(out, (uint32_t) i);
		for (size_t j = 0; j < cells->width; j++)
			genops_key_put_real(out, cell[j]);
	}
}

static void
save_group(const GenopsMetricsCounter *counter, size_t group, GenopsBytes *out)
{
	GenopsSlice key = genops_groups_key(&counter->groups, group);
	uint32_t rows = 0;

	genops_key_put_count(out, (uint32_t) key.length);
	genops_bytes_put(out, key.data, key.length);
	for (int exponent = 0; exponent < GENOPS_CELL_EXPONENTS; exponent++)
		rows += genops_cells_row(&counter->cells, group, exponent) != NULL;
	genops_key_put_count(out, rows);
	for (int exponent = 0; exponent < GENOPS_CELL_EXPONENTS; exponent++)
	{
		const double *row = genops_cells_row(&counter->cells, group, exponent);

		if (row == NULL)
			continue;
		genops_key_put_count(out, (uint32_t) exponent);
		save_row(&counter->cells, row, out);
	}
}

void
genops_traceql_metrics_save(const GenopsTraceqlMetrics *metrics, GenopsBytes *out)
{
	genops_key_put_count(out, (uint32_t) metrics->call_count);
	for (size_t i = 0; i < metrics->call_count; i++)
	{
		const GenopsMetricsCounter *counter = &metrics->calls[i];

		genops_key_put_count(out, (uint32_t) counter->metrics->call.function);
		if (counter->comparison != NULL)
		{
			genops_comparison_save(counter->comparison, out);
			continue;
		}
		genops_key_put_count(out, (uint32_t) counter->groups.count);
		for (size_t group = 0; group < counter->groups.count; group++)
			save_group(counter, group, out);
	}
}

/* Loading */

/* As put together in metrics_count.c. */
static bool
is_group_key(const GenopsMetricsCall *call, GenopsSlice key)
{
	GenopsTraceqlValue value;
	bool missing = call->by_count > 0 && !genops_metrics_is_histogram(call->function);

	for (size_t i = 0; i < call->by_count; i++)
	{
		if (!genops_key_take(&key, &value))
			return false;
		missing = missing && value.type == GENOPS_TYPE_NIL;
	}
	/* Beside a bucket's label none of the others need be there. */
	return key.length == 0 && (!missing || genops_metrics_is_histogram(call->function));
}

/* Numbers that can have come from counting; the last is how many, where the
 * function has that. */
static bool
is_cell(const GenopsCells *cells, const double *cell)
{
	double last = cell[cells->width - 1];

	switch (cells->function)
	{
		case GENOPS_METRICS_MIN_OVER_TIME:
		case GENOPS_METRICS_MAX_OVER_TIME:
		case GENOPS_METRICS_SUM_OVER_TIME:
			return !isnan(cell[0]) && !isnan(last);
		case GENOPS_METRICS_AVG_OVER_TIME:
			return !isnan(cell[1]) && isfinite(last) && last > 0;
		default:
			return isfinite(last) && last > 0;
	}
}

static bool
load_cell(GenopsMetricsCounter *counter, size_t group, int exponent, GenopsSlice *saved,
          GenopsError *error)
{
	GenopsCells *cells = &counter->cells;
	double loaded[GENOPS_CELL_MAX_WIDTH];
	uint32_t bucket;
	double *cell;

	if (!genops_key_take_count(saved, &bucket) || bucket >= cells->buckets)
		return genops_metrics_not_saved(error);
	for (size_t i = 0; i < cells->width; i++)
	{
		if (!genops_key_take_real(saved, &loaded[i]))
			return genops_metrics_not_saved(error);
	}
	if (!is_cell(cells, loaded))
		return genops_metrics_not_saved(error);
	cell = genops_cells_at(cells, group, exponent, bucket, error);
	if (cell == NULL)
		return false;
	genops_cell_merge(cells, cell, loaded);
	return true;
}

static bool
load_row(GenopsMetricsCounter *counter, size_t group, GenopsSlice *saved, GenopsError *error)
{
	bool histogram = genops_metrics_is_histogram(counter->metrics->call.function);
	uint32_t exponent;
	uint32_t count;

	if (!genops_key_take_count(saved, &exponent) || exponent >= GENOPS_CELL_EXPONENTS ||
	    histogram != (exponent > 0) || !genops_key_take_count(saved, &count))
		return genops_metrics_not_saved(error);
	for (uint32_t i = 0; i < count; i++)
	{
		if (!load_cell(counter, group, (int) exponent, saved, error))
			return false;
	}
	return true;
}

static bool
load_group(GenopsMetricsCounter *counter, GenopsSlice *saved, GenopsError *error)
{
	uint32_t length;
	uint32_t rows;
	GenopsSlice key;
	size_t group;

	if (!genops_key_take_count(saved, &length) || !genops_key_take_bytes(saved, length, &key) ||
	    !is_group_key(&counter->metrics->call, key) || !genops_key_take_count(saved, &rows))
		return genops_metrics_not_saved(error);
	if (!genops_groups_find(&counter->groups, key, GENOPS_METRICS_MAX_SERIES, &group, error))
		return false;
	for (uint32_t i = 0; i < rows; i++)
	{
		if (!load_row(counter, group, saved, error))
			return false;
	}
	return true;
}

static bool
load_call(GenopsMetricsCounter *counter, GenopsSlice *saved, GenopsError *error)
{
	uint32_t function;
	uint32_t groups;

	if (!genops_key_take_count(saved, &function) || function != counter->metrics->call.function)
		return genops_metrics_not_saved(error);
	if (counter->comparison != NULL)
		return genops_comparison_load(counter->comparison, saved, error);
	if (!genops_key_take_count(saved, &groups))
		return genops_metrics_not_saved(error);
	for (uint32_t i = 0; i < groups; i++)
	{
		if (!load_group(counter, saved, error))
			return false;
	}
	return true;
}

bool
genops_traceql_metrics_load(GenopsTraceqlMetrics *metrics, GenopsSlice saved, GenopsError *error)
{
	uint32_t calls;

	if (!genops_key_take_count(&saved, &calls) || calls != metrics->call_count)
		return genops_metrics_not_saved(error);
	for (size_t i = 0; i < metrics->call_count; i++)
	{
		if (!load_call(&metrics->calls[i], &saved, error))
			return false;
	}
	return saved.length == 0 || genops_metrics_not_saved(error);
}
