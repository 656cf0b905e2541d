/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/metrics_series.h"

#include <math.h>
#include <stdlib.h>

#include "core/traceql/vocabulary.h"

GenopsSeriesTable
genops_series_table(GenopsArena *arena, size_t buckets, size_t room)
{
	GenopsSeriesTable table = { .arena = arena, .buckets = buckets, .room = room };

	table.rows = genops_arena_take(arena, (room + 1) * sizeof(GenopsSeriesRow));
	table.failed = table.rows == NULL;
	return table;
}

GenopsSeriesRow *
genops_series_add(GenopsSeriesTable *table, size_t label_room)
{
	GenopsSeriesRow row = { 0 };

	if (table->failed)
		return NULL;
	row.labels = genops_arena_take(table->arena, (label_room + 1) * sizeof(GenopsSeriesLabel));
	row.texts = genops_arena_take(table->arena, (label_room + 1) * sizeof(GenopsSlice));
	table->failed = row.labels == NULL || row.texts == NULL;
	if (table->failed)
		return NULL;
	table->rows[table->count] = row;
	return &table->rows[table->count++];
}

GenopsSlice
genops_series_text(GenopsSeriesTable *table, GenopsBytes *made)
{
	GenopsSlice text = GENOPS_ABSENT;

	if (!made->failed)
		text = genops_arena_copy(table->arena,
		                         (GenopsSlice){ (const char *) made->data, made->length });
	table->failed = table->failed || !genops_slice_present(text);
	genops_bytes_free(made);
	return genops_slice_present(text) ? text : GENOPS_LITERAL("");
}

GenopsSlice
genops_series_key(GenopsSeriesTable *table, const GenopsAttribute *attribute)
{
	GenopsBytes key = genops_bytes_growing();

	genops_traceql_print_attribute(&key, attribute);
	return genops_series_text(table, &key);
}

static GenopsSlice
printed_value(GenopsSeriesTable *table, const GenopsTraceqlValue *value)
{
	GenopsLiteral literal = { value->type, value->integer, value->real, GENOPS_ABSENT };
	GenopsBytes text = genops_bytes_growing();

	if (value->type == GENOPS_TYPE_FLOAT && !isfinite(value->real))
		return isnan(value->real) ? GENOPS_LITERAL("NaN")
		       : value->real < 0  ? GENOPS_LITERAL("-Inf")
		                          : GENOPS_LITERAL("+Inf");
	genops_traceql_print_literal(&text, &literal);
	return genops_series_text(table, &text);
}

void
genops_series_label(GenopsSeriesTable *table, GenopsSeriesRow *row, GenopsSlice key,
                    const GenopsTraceqlValue *value)
{
	row->labels[row->label_count] = (GenopsSeriesLabel){ key, *value };
	row->texts[row->label_count++] =
	    value->type == GENOPS_TYPE_STRING ? value->text : printed_value(table, value);
}

void
genops_series_label_text(GenopsSeriesTable *table, GenopsSeriesRow *row, GenopsSlice key,
                         GenopsSlice text)
{
	GenopsTraceqlValue value = { .type = GENOPS_TYPE_STRING, .text = text };

	genops_series_label(table, row, key, &value);
}

void
genops_series_label_real(GenopsSeriesTable *table, GenopsSeriesRow *row, GenopsSlice key,
                         double real)
{
	GenopsTraceqlValue value = { .type = GENOPS_TYPE_FLOAT, .real = real };

	genops_series_label(table, row, key, &value);
}

static int
text_order(GenopsSlice left, GenopsSlice right)
{
	size_t common = left.length < right.length ? left.length : right.length;
	int order = common == 0 ? 0 : memcmp(left.data, right.data, common);

	return order != 0 ? order : (left.length > right.length) - (left.length < right.length);
}

/* As in JSON, where a status, a kind and a duration are texts. */
static int
type_order(GenopsValueType type)
{
	switch (type)
	{
		case GENOPS_TYPE_BOOLEAN:
			return 0;
		case GENOPS_TYPE_FLOAT:
			return 1;
		case GENOPS_TYPE_INT:
			return 2;
		default:
			return 3;
	}
}

int
genops_series_label_order(const GenopsSeriesRow *left, size_t left_label,
                          const GenopsSeriesRow *right, size_t right_label)
{
	const GenopsSeriesLabel *one = &left->labels[left_label];
	const GenopsSeriesLabel *other = &right->labels[right_label];
	int order = text_order(one->key, other->key);

	if (order == 0)
		order = type_order(one->value.type) - type_order(other->value.type);
	return order != 0 ? order : text_order(left->texts[left_label], right->texts[right_label]);
}

int
genops_series_order(const void *left, const void *right)
{
	const GenopsSeriesRow *one = left;
	const GenopsSeriesRow *other = right;
	int order = (one->label_count > other->label_count) - (one->label_count < other->label_count);

	for (size_t i = 0; order == 0 && i < one->label_count; i++)
		order = genops_series_label_order(one, i, other, i);
	return order;
}

void
genops_series_sort(GenopsSeriesTable *table)
{
	qsort(table->rows, table->count, sizeof(GenopsSeriesRow), genops_series_order);
}

static bool
has_value(const GenopsSeriesTable *table, const GenopsSeriesRow *row)
{
	for (size_t i = 0; i < table->buckets; i++)
	{
		if (!isnan(row->values[i]))
			return true;
	}
	return false;
}

void
genops_series_drop_empty(GenopsSeriesTable *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++)
	{
		if (has_value(table, &table->rows[i]))
			table->rows[kept++] = table->rows[i];
	}
	table->count = kept;
}
