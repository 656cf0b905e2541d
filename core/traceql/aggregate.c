/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/aggregate.h"

typedef struct Total
{
	GenopsAggregate aggregate;
	int64_t count;
	GenopsTraceqlValue value;
} Total;

static bool
is_number(const GenopsTraceqlValue *value)
{
	return !value->array && (value->type == GENOPS_TYPE_INT || value->type == GENOPS_TYPE_FLOAT ||
	                         value->type == GENOPS_TYPE_DURATION);
}

/* Overflow wraps around, as in the language's arithmetic. */
static void
add_to_sum(GenopsTraceqlValue *sum, const GenopsTraceqlValue *value)
{
	if (value->type != sum->type)
		return;
	sum->integer = (int64_t) ((uint64_t) sum->integer + (uint64_t) value->integer);
	sum->real += value->real;
}

static void
add(Total *total, const GenopsTraceqlValue *value)
{
	if (total->count++ == 0)
	{
		total->value = *value;
		return;
	}
	switch (total->aggregate)
	{
		case GENOPS_AGGREGATE_MAX:
			if (genops_traceql_compare(GENOPS_OPERATOR_GREATER, value, &total->value))
				total->value = *value;
			break;
		case GENOPS_AGGREGATE_MIN:
			if (genops_traceql_compare(GENOPS_OPERATOR_LESS, value, &total->value))
				total->value = *value;
			break;
		default:
			add_to_sum(&total->value, value);
	}
}

static void
finish_average(Total *total)
{
	GenopsTraceqlValue *value = &total->value;

	if (value->type == GENOPS_TYPE_DURATION)
		value->integer /= total->count;
	else if (value->type == GENOPS_TYPE_INT)
		*value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_FLOAT,
			                           .real = (double) value->integer / (double) total->count };
	else
		value->real /= (double) total->count;
}

bool
genops_aggregate(GenopsPipelineRun *run, GenopsAggregate aggregate,
                 const GenopsTraceqlFilter *argument, const GenopsSet *set,
                 GenopsTraceqlValue *value)
{
	Total total = { .aggregate = aggregate };

	if (aggregate == GENOPS_AGGREGATE_COUNT)
	{
		*value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_INT, .integer = (int64_t) set->count };
		return true;
	}
	for (size_t i = 0; i < set->count; i++)
	{
		GenopsTraceqlValue each;

		if (!genops_traceql_filter_value(argument, &run->trace->spans[set->spans[i]], &each,
		                                 run->error))
			return false;
		if (is_number(&each))
			add(&total, &each);
	}
	if (aggregate == GENOPS_AGGREGATE_AVG && total.count > 0)
		finish_average(&total);
	*value = total.value;
	return true;
}
