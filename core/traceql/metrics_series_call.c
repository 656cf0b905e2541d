/* SPDX-License-Identifier: PostgreSQL */
/*
 * The series of one call: its groups' labels, and the cells' values.
 */
#include "core/traceql/metrics_finish.h"
#include "core/traceql/metrics_key.h"
#include "core/traceql/vocabulary.h"

/* Whether the attribute's values are durations, whatever the span. */
static bool
is_duration(const GenopsAttribute *attribute)
{
	return attribute->intrinsic == GENOPS_INTRINSIC_DURATION ||
	       attribute->intrinsic == GENOPS_INTRINSIC_TRACE_DURATION ||
	       attribute->intrinsic == GENOPS_INTRINSIC_EVENT_TIME_SINCE_START;
}

/* Histograms and quantiles of durations are in seconds. */
static double
unit_of(const GenopsMetricsCall *call)
{
	return is_duration(&call->attribute) ? 1e9 : 1;
}

/* The labels' keys, one for each attribute. */
static GenopsSlice *
group_keys(GenopsSeriesTable *table, const GenopsMetricsCall *call)
{
	GenopsSlice *keys = genops_arena_take(table->arena, (call->by_count + 1) * sizeof(GenopsSlice));

	table->failed = table->failed || keys == NULL;
	for (size_t i = 0; keys != NULL && i < call->by_count; i++)
		keys[i] = genops_series_key(table, &call->by[i]);
	return keys;
}

/* A row with the labels of the group: attributes that are missing have none. */
static GenopsSeriesRow *
add_group(GenopsSeriesTable *table, const GenopsMetricsCounter *counter, size_t group,
          const GenopsSlice *keys)
{
	const GenopsMetricsCall *call = &counter->metrics->call;
	GenopsSeriesRow *row = genops_series_add(table, call->by_count + 1);
	GenopsSlice key = genops_groups_key(&counter->groups, group);
	GenopsTraceqlValue value;

	for (size_t i = 0; row != NULL && i < call->by_count && genops_key_take(&key, &value); i++)
	{
		if (value.type != GENOPS_TYPE_NIL)
			genops_series_label(table, row, keys[i], &value);
	}
	return row;
}

static size_t
count_rows(const GenopsMetricsCounter *counter)
{
	size_t count = 0;

	for (size_t group = 0; group < counter->groups.count; group++)
	{
		for (int exponent = 0; exponent < GENOPS_CELL_EXPONENTS; exponent++)
			count += genops_cells_row(&counter->cells, group, exponent) != NULL;
	}
	return count;
}

static void
histogram_series(const GenopsMetricsCounter *counter, GenopsSeriesTable *table,
                 const GenopsSlice *keys)
{
	double unit = unit_of(&counter->metrics->call);

	for (size_t group = 0; group < counter->groups.count; group++)
	{
		for (int exponent = 1; exponent < GENOPS_CELL_EXPONENTS; exponent++)
		{
			double *values = genops_cells_row(&counter->cells, group, exponent);
			GenopsSeriesRow *row;

			if (values == NULL)
				continue;
			row = add_group(table, counter, group, keys);
			if (row == NULL)
				return;
			genops_series_label_real(table, row, GENOPS_LITERAL("__bucket"),
			                         (double) (UINT64_C(1) << exponent) / unit);
			row->values = values;
		}
	}
}

/* The group's rows by exponent; NULL where there is none. */
static void
rows_of(const GenopsCells *cells, size_t group, const double *rows[GENOPS_CELL_EXPONENTS])
{
	for (int exponent = 0; exponent < GENOPS_CELL_EXPONENTS; exponent++)
		rows[exponent] = genops_cells_row(cells, group, exponent);
}

static double
quantile_at(const double *const rows[GENOPS_CELL_EXPONENTS], size_t bucket, double quantile)
{
	double counts[GENOPS_CELL_EXPONENTS] = { 0 };

	for (int exponent = 1; exponent < GENOPS_CELL_EXPONENTS; exponent++)
	{
		if (rows[exponent] != NULL)
			counts[exponent] = rows[exponent][bucket];
	}
	return genops_metrics_quantile(counts, quantile);
}

static bool
quantile_row(const GenopsMetricsCounter *counter, GenopsSeriesTable *table, size_t group,
             double quantile, const GenopsSlice *keys, GenopsError *error)
{
	double unit = unit_of(&counter->metrics->call);
	const double *rows[GENOPS_CELL_EXPONENTS];
	GenopsSeriesRow *row;

	if (!genops_cells_spend(counter->cells.budget, table->buckets, error))
		return false;
	row = add_group(table, counter, group, keys);
	if (row == NULL)
		return true;
	genops_series_label_real(table, row, GENOPS_LITERAL("p"), quantile);
	row->values = genops_arena_take(table->arena, table->buckets * sizeof(double));
	table->failed = table->failed || row->values == NULL;
	rows_of(&counter->cells, group, rows);
	for (size_t i = 0; !table->failed && i < table->buckets; i++)
		row->values[i] = quantile_at(rows, i, quantile) / unit;
	return true;
}

static double
quantile_of(const GenopsMetricsCall *call, size_t number)
{
	const GenopsLiteral *literal = &call->quantiles[number];

	return literal->type == GENOPS_TYPE_INT ? (double) literal->integer : literal->real;
}

/* One that is given twice is one series. */
static bool
is_repeated(const GenopsMetricsCall *call, size_t number)
{
	for (size_t i = 0; i < number; i++)
	{
		if (quantile_of(call, i) == quantile_of(call, number))
			return true;
	}
	return false;
}

static bool
quantile_series(const GenopsMetricsCounter *counter, GenopsSeriesTable *table,
                const GenopsSlice *keys, GenopsError *error)
{
	const GenopsMetricsCall *call = &counter->metrics->call;

	for (size_t group = 0; group < counter->groups.count; group++)
	{
		for (size_t i = 0; i < call->quantile_count; i++)
		{
			if (!is_repeated(call, i) &&
			    !quantile_row(counter, table, group, quantile_of(call, i), keys, error))
				return false;
		}
	}
	return true;
}

/* Cells become values in their place. */
static void
plain_series(const GenopsTraceqlMetrics *metrics, const GenopsMetricsCounter *counter,
             GenopsSeriesTable *table, const GenopsSlice *keys)
{
	const GenopsMetricsCall *call = &counter->metrics->call;
	const GenopsCells *cells = &counter->cells;
	double seconds =
	    call->function == GENOPS_METRICS_RATE ? (double) metrics->grid.step_ns / 1e9 : 1;

	for (size_t group = 0; group < counter->groups.count; group++)
	{
		double *values = genops_cells_row(cells, group, 0);
		GenopsSeriesRow *row;

		if (values == NULL)
			continue;
		row = add_group(table, counter, group, keys);
		if (row == NULL)
			return;
		if (call->by_count == 0)
			genops_series_label_text(table, row, GENOPS_NAME_LABEL,
			                         genops_slice(genops_metrics_function_text(call->function)));
		row->values = values;
		for (size_t i = 0; i < table->buckets; i++)
			values[i] = genops_cell_value(cells, values + i * cells->width) / seconds;
	}
}

/* Without groups there is a count also of no spans. */
static bool
count_nothing(GenopsMetricsCounter *counter, GenopsError *error)
{
	const GenopsMetricsCall *call = &counter->metrics->call;
	size_t group;

	if (call->by_count > 0 || !genops_metrics_is_count(call->function))
		return true;
	return genops_groups_find(&counter->groups, GENOPS_LITERAL(""), 1, &group, error) &&
	       genops_cells_at(&counter->cells, group, 0, 0, error) != NULL;
}

bool
genops_metrics_series(GenopsTraceqlMetrics *metrics, GenopsMetricsCounter *counter,
                      GenopsSeriesTable *table, GenopsError *error)
{
	const GenopsMetricsCall *call = &counter->metrics->call;
	size_t rows;
	GenopsSlice *keys;

	*table = (GenopsSeriesTable){ .arena = &metrics->arena };
	if (counter->comparison != NULL)
		return genops_comparison_series(counter->comparison, table, error);
	if (!count_nothing(counter, error))
		return false;
	rows = call->quantile_count > 0 ? counter->groups.count * call->quantile_count
	                                : count_rows(counter);
	/* So that there is memory for them, however many quantiles there are. */
	if (call->quantile_count > 0 && rows > metrics->budget / metrics->grid.count)
		return genops_cells_spend(&metrics->budget, SIZE_MAX, error);
	*table = genops_series_table(&metrics->arena, metrics->grid.count, rows);
	keys = group_keys(table, call);
	if (table->failed)
		return true;
	if (call->function == GENOPS_METRICS_QUANTILE_OVER_TIME)
		return quantile_series(counter, table, keys, error);
	if (call->function == GENOPS_METRICS_HISTOGRAM_OVER_TIME)
		histogram_series(counter, table, keys);
	else
		plain_series(metrics, counter, table, keys);
	return true;
}
