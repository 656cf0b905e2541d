/* SPDX-License-Identifier: PostgreSQL */
/*
 * The series of compare(): for each attribute and side the most frequent values,
 * and the total.
 */
#include "core/traceql/metrics_compare_parts.h"

#include <stdlib.h>

#include "core/traceql/metrics_cells.h"

/* A row that may become a series. */
typedef struct Candidate
{
	size_t entry;
	size_t attribute;
	int side;
	bool is_total;
	double total;
	GenopsSlice key;
	GenopsSeriesRow row; /* without values, until it is chosen */
} Candidate;

/* What is counted in all buckets, by entry and side. */
static double *
sum_cells(const GenopsComparison *comparison, GenopsArena *arena)
{
	double *totals = genops_arena_take(arena, (comparison->entries.count + 1) * 2 * sizeof(double));

	for (size_t i = 0; totals != NULL && i < comparison->cells.count; i++)
	{
		uint32_t entry;
		uint32_t slot;

		genops_comparison_cell_at(comparison, i, &entry, &slot);
		totals[2 * entry + slot / comparison->grid.count] += comparison->counts[i];
	}
	return totals;
}

static void
label_candidate(const GenopsComparison *comparison, GenopsSeriesTable *table, Candidate *candidate,
                GenopsSeriesRow *row)
{
	static const char *const types[2][2] = { { "baseline", "selection" },
		                                     { "baseline_total", "selection_total" } };
	GenopsTraceqlValue value = { .type = GENOPS_TYPE_STRING, .text = GENOPS_LITERAL("nil") };

	if (!candidate->is_total)
		value = genops_comparison_value_at(comparison, candidate->entry);
	genops_series_label_text(table, row, GENOPS_LITERAL("__meta_type"),
	                         genops_slice(types[candidate->is_total][candidate->side]));
	genops_series_label(table, row, candidate->key, &value);
	candidate->row = *row;
}

/* All of them, as rows of "table". */
static Candidate *
find_candidates(const GenopsComparison *comparison, GenopsSeriesTable *table, size_t *count)
{
	size_t entries = comparison->entries.count;
	double *totals = sum_cells(comparison, table->arena);
	Candidate *list = genops_arena_take(table->arena, (2 * entries + 1) * sizeof(Candidate));
	GenopsSlice *keys = genops_arena_take(table->arena, (entries + 1) * sizeof(GenopsSlice));

	*count = 0;
	table->failed = table->failed || totals == NULL || list == NULL || keys == NULL;
	for (size_t i = 0; !table->failed && i < 2 * entries; i++)
	{
		size_t entry = i / 2;
		Candidate candidate = { .entry = entry, .attribute = comparison->entry[entry].attribute };
		GenopsSeriesRow *row;

		candidate.side = (int) (i % 2);
		candidate.total = totals[i];
		candidate.is_total = genops_comparison_is_attribute(comparison, entry);
		if (candidate.is_total && candidate.side == 0)
		{
			GenopsAttribute attribute = genops_comparison_attribute_at(comparison, entry);

			keys[entry] = genops_series_key(table, &attribute);
		}
		candidate.key = keys[candidate.attribute];
		if (candidate.total == 0)
			continue;
		row = genops_series_add(table, 2);
		if (row == NULL)
			break;
		label_candidate(comparison, table, &candidate, row);
		list[(*count)++] = candidate;
	}
	table->count = 0;
	return table->failed ? NULL : list;
}

/* Side by side and attribute by attribute: the total, then the most frequent
 * values, of equally frequent ones the first in order. */
static int
candidate_order(const void *left, const void *right)
{
	const Candidate *one = left;
	const Candidate *other = right;

	if (one->side != other->side)
		return one->side - other->side;
	if (one->attribute != other->attribute)
		return one->attribute < other->attribute ? -1 : 1;
	if (one->is_total != other->is_total)
		return one->is_total ? -1 : 1;
	if (one->total != other->total)
		return one->total > other->total ? -1 : 1;
	return genops_series_label_order(&one->row, 1, &other->row, 1);
}

/* Moves the chosen ones to the front; the count of these. */
static size_t
choose(const GenopsComparison *comparison, Candidate *list, size_t count)
{
	size_t chosen = 0;
	int64_t of_attribute = 0;

	for (size_t i = 0; i < count; i++)
	{
		/* The total comes first and is one more. */
		if (list[i].is_total)
			of_attribute = comparison->call->top + 1;
		if (of_attribute-- > 0)
			list[chosen++] = list[i];
	}
	return chosen;
}

static bool
give_values(const GenopsComparison *comparison, GenopsSeriesTable *table, const Candidate *list,
            size_t chosen, double ***by_entry, GenopsError *error)
{
	size_t size = table->buckets * sizeof(double);

	*by_entry =
	    genops_arena_take(table->arena, (comparison->entries.count + 1) * 2 * sizeof(double *));
	table->failed = table->failed || *by_entry == NULL;
	for (size_t i = 0; !table->failed && i < chosen; i++)
	{
		GenopsSeriesRow row = list[i].row;

		if (!genops_cells_spend(comparison->budget, table->buckets, error))
			return false;
		row.values = genops_arena_take(table->arena, size);
		table->failed = row.values == NULL;
		table->rows[table->count++] = row;
		(*by_entry)[2 * list[i].entry + (size_t) list[i].side] = row.values;
	}
	return true;
}

bool
genops_comparison_series(GenopsComparison *comparison, GenopsSeriesTable *table, GenopsError *error)
{
	size_t buckets = comparison->grid.count;
	size_t count;
	Candidate *list;
	double **values;

	*table = genops_series_table(table->arena, buckets, 2 * comparison->entries.count);
	list = find_candidates(comparison, table, &count);
	if (list == NULL)
		return true;
	qsort(list, count, sizeof(Candidate), candidate_order);
	if (!give_values(comparison, table, list, choose(comparison, list, count), &values, error))
		return false;
	for (size_t i = 0; !table->failed && i < comparison->cells.count; i++)
	{
		uint32_t entry;
		uint32_t slot;
		double *row;

		genops_comparison_cell_at(comparison, i, &entry, &slot);
		row = values[2 * entry + slot / buckets];
		if (row != NULL)
			row[slot % buckets] += comparison->counts[i];
	}
	return true;
}
