/* SPDX-License-Identifier: PostgreSQL */
/*
 * Arithmetic of series: those with the same labels, point by point.
 */
#include <math.h>
#include <stdlib.h>

#include "core/traceql/metrics_finish.h"
#include "core/traceql/vocabulary.h"

static double
compute(GenopsOperator op, double left, double right)
{
	switch (op)
	{
		case GENOPS_OPERATOR_ADD:
			return left + right;
		case GENOPS_OPERATOR_SUBTRACT:
			return left - right;
		case GENOPS_OPERATOR_MULTIPLY:
			return left * right;
		default:
			return right == 0 ? NAN : left / right;
	}
}

static void
combine_number(GenopsOperator op, GenopsSeriesTable *table, double number, bool number_is_left)
{
	for (size_t i = 0; i < table->count; i++)
	{
		double *values = table->rows[i].values;

		for (size_t bucket = 0; bucket < table->buckets; bucket++)
			values[bucket] = number_is_left ? compute(op, number, values[bucket])
			                                : compute(op, values[bucket], number);
	}
}

/* Into the second one's place. */
static void
combine_values(GenopsOperator op, const GenopsSeriesTable *table, const double *left,
               const double *right, double *values)
{
	for (size_t bucket = 0; bucket < table->buckets; bucket++)
		values[bucket] = compute(op, left[bucket], right[bucket]);
}

static bool
is_name(const GenopsSeriesLabel *label)
{
	return genops_slice_equal(label->key, GENOPS_NAME_LABEL);
}

/* The only series of a side that has no labels but a name. */
static bool
is_unlabelled(const GenopsSeriesTable *table)
{
	return table->count == 1 &&
	       (table->rows[0].label_count == 0 ||
	        (table->rows[0].label_count == 1 && is_name(table->rows[0].labels)));
}

static GenopsSlice
name_of(const GenopsSeriesRow *row)
{
	return row->label_count == 1 ? row->labels[0].value.text : GENOPS_LITERAL("");
}

/* "(max_over_time / min_over_time)" */
static void
name_result(GenopsOperator op, GenopsSeriesTable *table, GenopsSeriesRow *left,
            const GenopsSeriesRow *right)
{
	const char *between = genops_operator_text(op);
	GenopsBytes name = genops_bytes_growing();

	genops_bytes_put(&name, "(", 1);
	genops_bytes_put(&name, name_of(left).data, name_of(left).length);
	genops_bytes_put(&name, " ", 1);
	genops_bytes_put(&name, between, strlen(between));
	genops_bytes_put(&name, " ", 1);
	genops_bytes_put(&name, name_of(right).data, name_of(right).length);
	genops_bytes_put(&name, ")", 1);
	left->label_count = 0;
	genops_series_label_text(table, left, GENOPS_NAME_LABEL, genops_series_text(table, &name));
}

static void
combine_unlabelled(GenopsOperator op, GenopsSeriesTable *left, const GenopsSeriesTable *right)
{
	GenopsSeriesRow *row = &left->rows[0];

	combine_values(op, left, row->values, right->rows[0].values, row->values);
	name_result(op, left, row, &right->rows[0]);
}

/* One series with each of the other side, whose labels remain. */
static void
fan_out(GenopsOperator op, const double *one, GenopsSeriesTable *table, bool one_is_left)
{
	for (size_t i = 0; i < table->count; i++)
	{
		double *values = table->rows[i].values;

		if (one_is_left)
			combine_values(op, table, one, values, values);
		else
			combine_values(op, table, values, one, values);
	}
}

/* Labels in the order of their keys: by (.a, .b) matches by (.b, .a). */
static void
sort_labels(GenopsSeriesRow *row)
{
	for (size_t i = 1; i < row->label_count; i++)
	{
		for (size_t j = i; j > 0 && genops_series_label_order(row, j - 1, row, j) > 0; j--)
		{
			GenopsSeriesLabel label = row->labels[j];
			GenopsSlice text = row->texts[j];

			row->labels[j] = row->labels[j - 1];
			row->texts[j] = row->texts[j - 1];
			row->labels[j - 1] = label;
			row->texts[j - 1] = text;
		}
	}
}

static void
sort_for_matching(GenopsSeriesTable *table)
{
	for (size_t i = 0; i < table->count; i++)
		sort_labels(&table->rows[i]);
	genops_series_sort(table);
}

/* Both sides side by side; what has no partner is dropped. */
static void
match(GenopsOperator op, GenopsSeriesTable *left, GenopsSeriesTable *right)
{
	size_t kept = 0;
	size_t partner = 0;

	sort_for_matching(left);
	sort_for_matching(right);
	for (size_t i = 0; i < left->count; i++)
	{
		GenopsSeriesRow *row = &left->rows[i];
		int order = 1;

		while (partner < right->count &&
		       (order = genops_series_order(row, &right->rows[partner])) > 0)
			partner++;
		if (partner == right->count || order != 0)
			continue;
		combine_values(op, left, row->values, right->rows[partner].values, row->values);
		left->rows[kept++] = *row;
	}
	left->count = kept;
}

static void
combine_tables(GenopsOperator op, GenopsSeriesTable *left, GenopsSeriesTable *right,
               GenopsSeriesTable *result)
{
	bool fan_left = is_unlabelled(left);
	bool fan_right = is_unlabelled(right);

	*result = fan_left && !fan_right ? *right : *left;
	if (fan_left && fan_right)
		combine_unlabelled(op, result, right);
	else if (fan_left)
		fan_out(op, left->rows[0].values, result, true);
	else if (fan_right)
		fan_out(op, right->rows[0].values, result, false);
	else
		match(op, result, right);
}

void
genops_metrics_combine(GenopsOperator op, GenopsMetricsResult *left, GenopsMetricsResult *right,
                       GenopsMetricsResult *result)
{
	if (left->is_number && right->is_number)
	{
		*result = *left;
		result->number = compute(op, left->number, right->number);
		return;
	}
	if (left->is_number || right->is_number)
	{
		*result = left->is_number ? *right : *left;
		combine_number(op, &result->table, left->is_number ? left->number : right->number,
		               left->is_number);
	}
	else
	{
		result->is_number = false;
		combine_tables(op, &left->table, &right->table, &result->table);
	}
	genops_series_drop_empty(&result->table);
	genops_series_sort(&result->table);
}
