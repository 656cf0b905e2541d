/* SPDX-License-Identifier: PostgreSQL */
/*
 * Series on their way to the result: labels, values, and the texts by which they
 * are sorted.
 *
 * The order (traceql.md 5.9) is by the number of labels, then label by label: by
 * the key, then booleans, floats, ints and texts, and among these by the text.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_SERIES_H
#define GENOPS_CORE_TRACEQL_METRICS_SERIES_H

#include "core/traceql/arena.h"
#include "core/traceql/metrics.h"

typedef struct GenopsSeriesRow
{
	GenopsSeriesLabel *labels;
	GenopsSlice *texts; /* of the labels' values, for sorting */
	size_t label_count;
	double *values; /* one per bucket; NaN: none */
} GenopsSeriesRow;

typedef struct GenopsSeriesTable
{
	GenopsArena *arena; /* where all of it lies, but for values that cells keep */
	size_t buckets;
	GenopsSeriesRow *rows;
	size_t count;
	size_t room;
	bool failed; /* there was no memory */
} GenopsSeriesTable;

#define GENOPS_NAME_LABEL GENOPS_LITERAL("__name__")

/* Room for that many rows. */
extern GenopsSeriesTable genops_series_table(GenopsArena *arena, size_t buckets, size_t room);

/* A further row with room for that many labels, without values.  NULL: no memory. */
extern GenopsSeriesRow *genops_series_add(GenopsSeriesTable *table, size_t label_room);

/* A label more; the value's text must live as long as the table, or is copied. */
extern void genops_series_label(GenopsSeriesTable *table, GenopsSeriesRow *row, GenopsSlice key,
                                const GenopsTraceqlValue *value);
extern void genops_series_label_text(GenopsSeriesTable *table, GenopsSeriesRow *row,
                                     GenopsSlice key, GenopsSlice text);
extern void genops_series_label_real(GenopsSeriesTable *table, GenopsSeriesRow *row,
                                     GenopsSlice key, double real);

/* The attribute as a label's key. */
extern GenopsSlice genops_series_key(GenopsSeriesTable *table, const GenopsAttribute *attribute);

/* A text that is made, in the table's memory. */
extern GenopsSlice genops_series_text(GenopsSeriesTable *table, GenopsBytes *made);

/* The order of two labels or of two rows: below, at or above 0. */
extern int genops_series_label_order(const GenopsSeriesRow *left, size_t left_label,
                                     const GenopsSeriesRow *right, size_t right_label);
extern int genops_series_order(const void *left, const void *right);

extern void genops_series_sort(GenopsSeriesTable *table);

/* Drops rows without a value. */
extern void genops_series_drop_empty(GenopsSeriesTable *table);

#endif
