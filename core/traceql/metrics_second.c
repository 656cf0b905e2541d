/* SPDX-License-Identifier: PostgreSQL */
/*
 * What follows a metrics function: topk, bottomk, and comparison with a number.
 */
#include <math.h>
#include <stdlib.h>

#include "core/traceql/metrics_finish.h"

static bool
holds(GenopsOperator op, double value, double limit)
{
	switch (op)
	{
		case GENOPS_OPERATOR_EQUAL:
			return value == limit;
		case GENOPS_OPERATOR_NOT_EQUAL:
			return value != limit;
		case GENOPS_OPERATOR_LESS:
			return value < limit;
		case GENOPS_OPERATOR_LESS_EQUAL:
			return value <= limit;
		case GENOPS_OPERATOR_GREATER:
			return value > limit;
		default:
			return value >= limit;
	}
}

/* Durations are in seconds. */
static double
limit_of(const GenopsLiteral *literal)
{
	switch (literal->type)
	{
		case GENOPS_TYPE_FLOAT:
			return literal->real;
		case GENOPS_TYPE_DURATION:
			return (double) literal->integer / 1e9;
		default:
			return (double) literal->integer;
	}
}

static void
filter(const GenopsSecondStage *stage, GenopsSeriesTable *table)
{
	double limit = limit_of(&stage->value);

	for (size_t i = 0; i < table->count; i++)
	{
		double *values = table->rows[i].values;

		for (size_t bucket = 0; bucket < table->buckets; bucket++)
		{
			if (!holds(stage->op, values[bucket], limit))
				values[bucket] = NAN;
		}
	}
	genops_series_drop_empty(table);
}

/* Of a bucket: the values that are the best so far, the worst of them in front (a
 * heap).  "sign" is -1 where the least is the best. */
typedef struct Ranked
{
	double value;
	size_t row;
} Ranked;

typedef struct Best
{
	Ranked *heap;
	size_t count;
	size_t most;
	int sign;
} Best;

/* Of equals topk takes the one whose labels come first, bottomk the last. */
static bool
is_worse(const Best *best, const Ranked *left, const Ranked *right)
{
	if (left->value != right->value)
		return best->sign > 0 ? left->value < right->value : left->value > right->value;
	return best->sign > 0 ? left->row > right->row : left->row < right->row;
}

static void
exchange(Ranked *left, Ranked *right)
{
	Ranked kept = *left;

	*left = *right;
	*right = kept;
}

static void
rise(Best *best, size_t at)
{
	while (at > 0 && is_worse(best, &best->heap[at], &best->heap[(at - 1) / 2]))
	{
		exchange(&best->heap[at], &best->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static void
sink(Best *best)
{
	size_t at = 0;

	for (;;)
	{
		size_t worst = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < best->count; child++)
		{
			if (is_worse(best, &best->heap[child], &best->heap[worst]))
				worst = child;
		}
		if (worst == at)
			return;
		exchange(&best->heap[at], &best->heap[worst]);
		at = worst;
	}
}

/* What the heap has no place for loses its value. */
static void
rank(Best *best, GenopsSeriesTable *table, size_t row, size_t bucket)
{
	Ranked ranked = { table->rows[row].values[bucket], row };

	if (isnan(ranked.value))
		return;
	if (best->count < best->most)
	{
		best->heap[best->count++] = ranked;
		rise(best, best->count - 1);
		return;
	}
	if (is_worse(best, &best->heap[0], &ranked))
	{
		exchange(&best->heap[0], &ranked);
		sink(best);
	}
	table->rows[ranked.row].values[bucket] = NAN;
}

static bool
keep_best(const GenopsSecondStage *stage, GenopsSeriesTable *table, GenopsError *error)
{
	Best best = { .sign = stage->kind == GENOPS_SECOND_TOPK ? 1 : -1 };

	if (stage->value.integer >= (int64_t) table->count)
		return true;
	best.most = (size_t) stage->value.integer;
	best.heap = malloc(best.most * sizeof(Ranked));
	if (best.heap == NULL)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for the metrics");
	for (size_t bucket = 0; bucket < table->buckets; bucket++)
	{
		best.count = 0;
		for (size_t row = 0; row < table->count; row++)
			rank(&best, table, row, bucket);
	}
	free(best.heap);
	genops_series_drop_empty(table);
	return true;
}

bool
genops_metrics_second_stage(const GenopsSecondStage *stage, GenopsSeriesTable *table,
                            GenopsError *error)
{
	if (stage->kind != GENOPS_SECOND_FILTER)
		return keep_best(stage, table, error);
	filter(stage, table);
	return true;
}
