/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/metrics_cells.h"

#include <math.h>
#include <stdlib.h>

#include "core/traceql/metrics.h"

/* The rows of a group, by exponent from below. */
typedef struct GenopsCellRows
{
	uint64_t exponents; /* a bit for each that has a row */
	double **rows;
} GenopsCellRows;

static size_t
width_of(GenopsMetricsFunction function)
{
	switch (function)
	{
		case GENOPS_METRICS_AVG_OVER_TIME:
			return 3;
		case GENOPS_METRICS_SUM_OVER_TIME:
			return 2;
		default:
			return 1;
	}
}

GenopsCells
genops_cells(GenopsMetricsFunction function, size_t buckets, size_t *budget)
{
	return (GenopsCells){
		.function = function, .buckets = buckets, .width = width_of(function), .budget = budget
	};
}

static size_t
rows_below(const GenopsCellRows *rows, int exponent)
{
	uint64_t below = rows->exponents & ((UINT64_C(1) << exponent) - 1);

	return (size_t) __builtin_popcountll(below);
}

static bool
has_row(const GenopsCellRows *rows, int exponent)
{
	return (rows->exponents >> exponent & 1) != 0;
}

/* How many groups there is room for with "count" of them: a power of two. */
static size_t
room_for(size_t count)
{
	size_t room = 32;

	while (room < count)
		room *= 2;
	return count == 0 ? 0 : room;
}

void
genops_cells_free(GenopsCells *cells)
{
	for (size_t group = 0; group < cells->count; group++)
	{
		GenopsCellRows *rows = &cells->groups[group];
		size_t count = (size_t) __builtin_popcountll(rows->exponents);

		for (size_t i = 0; i < count; i++)
			free(rows->rows[i]);
		free(rows->rows);
		*cells->budget += count * cells->buckets * cells->width;
	}
	free(cells->groups);
	*cells = genops_cells(cells->function, cells->buckets, cells->budget);
}

bool
genops_cells_spend(size_t *budget, size_t numbers, GenopsError *error)
{
	if (numbers <= *budget)
	{
		*budget -= numbers;
		return true;
	}
	genops_error_set(error, GENOPS_TOO_LARGE,
	                 "the metrics have more than %d numbers to keep: too many groups times points",
	                 GENOPS_METRICS_MAX_CELLS);
	genops_error_hint(error, "Group by fewer attributes or by such with fewer values, or take a "
	                         "longer step.");
	return false;
}

static bool
no_memory(GenopsError *error)
{
	return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for the metrics");
}

/* Groups up to this one have rows to be found, if none yet. */
static bool
reach_group(GenopsCells *cells, size_t group, GenopsError *error)
{
	size_t room = room_for(cells->count);

	if (group < cells->count)
		return true;
	if (group >= room)
	{
		GenopsCellRows *groups;

		room = room_for(group + 1);
		groups = realloc(cells->groups, room * sizeof(GenopsCellRows));
		if (groups == NULL)
			return no_memory(error);
		cells->groups = groups;
	}
	while (cells->count <= group)
		cells->groups[cells->count++] = (GenopsCellRows){ 0 };
	return true;
}

static double *
new_row(const GenopsCells *cells, GenopsError *error)
{
	size_t count = cells->buckets * cells->width;
	double *row;

	if (!genops_cells_spend(cells->budget, count, error))
		return NULL;
	row = calloc(count, sizeof(double));
	if (row == NULL)
	{
		*cells->budget += count;
		no_memory(error);
		return NULL;
	}
	if (cells->function >= GENOPS_METRICS_MIN_OVER_TIME &&
	    cells->function <= GENOPS_METRICS_MAX_OVER_TIME)
	{
		for (size_t i = 0; i < count; i++)
			row[i] = NAN;
	}
	for (size_t i = 0; cells->function == GENOPS_METRICS_SUM_OVER_TIME && i < count; i += 2)
		row[i] = NAN;
	return row;
}

static bool
add_row(GenopsCells *cells, GenopsCellRows *rows, int exponent, GenopsError *error)
{
	size_t count = (size_t) __builtin_popcountll(rows->exponents);
	size_t place = rows_below(rows, exponent);
	double **grown = realloc(rows->rows, (count + 1) * sizeof(double *));
	double *row;

	if (grown == NULL)
		return no_memory(error);
	rows->rows = grown;
	row = new_row(cells, error);
	if (row == NULL)
		return false;
	memmove(grown + place + 1, grown + place, (count - place) * sizeof(double *));
	grown[place] = row;
	rows->exponents |= UINT64_C(1) << exponent;
	return true;
}

double *
genops_cells_at(GenopsCells *cells, size_t group, int exponent, size_t bucket, GenopsError *error)
{
	GenopsCellRows *rows;

	if (!reach_group(cells, group, error))
		return NULL;
	rows = &cells->groups[group];
	if (!has_row(rows, exponent) && !add_row(cells, rows, exponent, error))
		return NULL;
	return rows->rows[rows_below(rows, exponent)] + bucket * cells->width;
}

double *
genops_cells_row(const GenopsCells *cells, size_t group, int exponent)
{
	const GenopsCellRows *rows;

	if (group >= cells->count)
		return NULL;
	rows = &cells->groups[group];
	return has_row(rows, exponent) ? rows->rows[rows_below(rows, exponent)] : NULL;
}

/* Keeps beside the sum what its rounding loses (Kahan's sum, as Neumaier has it). */
static void
add_exactly(double *sum, double value)
{
	double total;

	if (isnan(sum[0]))
		sum[0] = sum[1] = 0;
	total = sum[0] + value;
	if (!isfinite(total))
		sum[1] = 0;
	else if (fabs(sum[0]) >= fabs(value))
		sum[1] += sum[0] - total + value;
	else
		sum[1] += value - total + sum[0];
	sum[0] = total;
}

void
genops_cell_add_sum(const GenopsCells *cells, double *cell, double sum, double weight)
{
	add_exactly(cell, sum);
	if (cells->function == GENOPS_METRICS_AVG_OVER_TIME)
		cell[2] += weight;
}

void
genops_cell_add(const GenopsCells *cells, double *cell, double value, double weight)
{
	switch (cells->function)
	{
		case GENOPS_METRICS_MIN_OVER_TIME:
			cell[0] = fmin(cell[0], value); /* the other one of NaN */
			break;
		case GENOPS_METRICS_MAX_OVER_TIME:
			cell[0] = fmax(cell[0], value);
			break;
		case GENOPS_METRICS_SUM_OVER_TIME:
		case GENOPS_METRICS_AVG_OVER_TIME:
			genops_cell_add_sum(cells, cell, value * weight, weight);
			break;
		default:
			cell[0] += weight;
			break;
	}
}

bool
genops_cell_empty(const GenopsCells *cells, const double *cell)
{
	switch (cells->function)
	{
		case GENOPS_METRICS_MIN_OVER_TIME:
		case GENOPS_METRICS_MAX_OVER_TIME:
		case GENOPS_METRICS_SUM_OVER_TIME:
			return isnan(cell[0]);
		default:
			return cell[cells->width - 1] == 0;
	}
}

void
genops_cell_merge(const GenopsCells *cells, double *cell, const double *other)
{
	if (genops_cell_empty(cells, other))
		return;
	if (cells->width == 1)
		genops_cell_add(cells, cell, other[0], other[0]);
	else
	{
		genops_cell_add_sum(cells, cell, other[0], other[cells->width - 1]);
		add_exactly(cell, other[1]);
	}
}

double
genops_cell_value(const GenopsCells *cells, const double *cell)
{
	switch (cells->function)
	{
		case GENOPS_METRICS_SUM_OVER_TIME:
			return cell[0] + cell[1];
		case GENOPS_METRICS_AVG_OVER_TIME:
			return cell[2] == 0 ? NAN : (cell[0] + cell[1]) / cell[2];
		default:
			return cell[0];
	}
}
