/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a function keeps of the spans that it counted: for each group a row, or
 * one row for each power of two that occurs, with a cell for each bucket.
 *
 *	rate, count, histogram, quantile   how many
 *	min, max                           the value; NaN: none yet
 *	sum                                the sum and what rounding lost of it
 *	avg                                these and how many
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_CELLS_H
#define GENOPS_CORE_TRACEQL_METRICS_CELLS_H

#include "core/base/error.h"
#include "core/traceql/ast.h"

#define GENOPS_CELL_MAX_WIDTH 3
#define GENOPS_CELL_EXPONENTS 64

typedef struct GenopsCells
{
	GenopsMetricsFunction function;
	size_t buckets;
	size_t width;   /* numbers of a cell */
	size_t *budget; /* numbers that may still be kept, of all calls together */
	struct GenopsCellRows *groups;
	size_t count;
} GenopsCells;

extern GenopsCells genops_cells(GenopsMetricsFunction function, size_t buckets, size_t *budget);
extern void genops_cells_free(GenopsCells *cells);

/* Takes from the budget; false with an error that says what to do. */
extern bool genops_cells_spend(size_t *budget, size_t numbers, GenopsError *error);

/* The cell, for which there is a row then; exponent 0 but for histograms.  NULL
 * with an error. */
extern double *genops_cells_at(GenopsCells *cells, size_t group, int exponent, size_t bucket,
                               GenopsError *error);

/* The whole row, NULL if there is none. */
extern double *genops_cells_row(const GenopsCells *cells, size_t group, int exponent);

/* Adds "weight" spans of that value, or with that sum. */
extern void genops_cell_add(const GenopsCells *cells, double *cell, double value, double weight);
extern void genops_cell_add_sum(const GenopsCells *cells, double *cell, double sum, double weight);

/* Adds what another cell of that function has, unless it is empty. */
extern void genops_cell_merge(const GenopsCells *cells, double *cell, const double *other);
extern bool genops_cell_empty(const GenopsCells *cells, const double *cell);

/* What the function says of the cell; NaN for none. */
extern double genops_cell_value(const GenopsCells *cells, const double *cell);

#endif
