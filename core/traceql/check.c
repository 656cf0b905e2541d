/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/check.h"

#define MAX_GROUPS 5
/* Functions that add a label of their own have one less. */
#define MAX_GROUPS_LABELLED 4
#define MAX_COMPARED_VALUES 1000

static bool check_pipeline(const GenopsCheck *check, const GenopsPipeline *pipeline);

static bool
refuse(const GenopsCheck *check, uint32_t offset, const char *message)
{
	return genops_complain(check->error, GENOPS_INVALID_ARGUMENT, check->text, offset, "%s",
	                       message);
}

static bool
references_span(const GenopsField *field)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return true;
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (references_span(field->operands[i]))
			return true;
	}
	return false;
}

static bool
check_filter(const GenopsCheck *check, const GenopsField *filter)
{
	GenopsValueType type = genops_traceql_type(filter);

	if (!genops_check_field(check, filter))
		return false;
	if (type == GENOPS_TYPE_BOOLEAN || type == GENOPS_TYPE_ANY)
		return true;
	return genops_check_refuse(check, filter, "a filter must be true or false");
}

static bool
check_spanset(const GenopsCheck *check, const GenopsSpanset *spanset)
{
	switch (spanset->kind)
	{
		case GENOPS_SPANSET_FILTER:
			return check_filter(check, spanset->filter);
		case GENOPS_SPANSET_PIPELINE:
			return check_pipeline(check, spanset->pipeline);
		default:
			return check_spanset(check, spanset->left) && check_spanset(check, spanset->right);
	}
}

static bool
check_aggregate(const GenopsCheck *check, const GenopsScalar *scalar)
{
	if (scalar->argument == NULL)
		return true;
	if (!genops_check_field(check, scalar->argument))
		return false;
	switch (genops_traceql_type(scalar->argument))
	{
		case GENOPS_TYPE_ANY:
		case GENOPS_TYPE_INT:
		case GENOPS_TYPE_FLOAT:
		case GENOPS_TYPE_DURATION:
			break;
		default:
			return genops_check_refuse(check, scalar->argument, "an aggregate needs numbers");
	}
	if (!references_span(scalar->argument))
		return genops_check_refuse(check, scalar->argument,
		                           "an aggregate needs something of the span");
	return true;
}

/* Tempo evaluates nothing but an aggregate on the left and a number on the right. */
static bool
check_scalar_filter(const GenopsCheck *check, const GenopsStage *stage)
{
	if (stage->left->kind == GENOPS_SCALAR_AGGREGATE && !check_aggregate(check, stage->left))
		return false;
	if (stage->right->kind == GENOPS_SCALAR_AGGREGATE && !check_aggregate(check, stage->right))
		return false;
	if (stage->left->kind == GENOPS_SCALAR_AGGREGATE && stage->right->kind == GENOPS_SCALAR_LITERAL)
		return true;
	refuse(check, stage->offset, "arithmetic and comparison of aggregates are not supported");
	genops_error_hint(&check->error->error,
	                  "Compare one aggregate with a number on its right, as in count() > 2.");
	return false;
}

static bool
check_attributes(const GenopsCheck *check, const GenopsAttribute *attributes, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (!genops_check_attribute(check, &attributes[i]))
			return false;
	}
	return true;
}

static bool
check_group(const GenopsCheck *check, const GenopsField *group)
{
	if (!genops_check_field(check, group))
		return false;
	return references_span(group) ||
	       genops_check_refuse(check, group, "by needs something of the span");
}

static bool
check_stage(const GenopsCheck *check, const GenopsStage *stage)
{
	switch (stage->kind)
	{
		case GENOPS_STAGE_SPANSET:
			return check_spanset(check, stage->spanset);
		case GENOPS_STAGE_SCALAR_FILTER:
			return check_scalar_filter(check, stage);
		case GENOPS_STAGE_GROUP_BY:
			return check_group(check, stage->group);
		case GENOPS_STAGE_SELECT:
			return check_attributes(check, stage->attributes, stage->attribute_count);
		case GENOPS_STAGE_AGGREGATE:
			return refuse(check, stage->offset, "an aggregate needs a comparison");
		default:
			return true;
	}
}

static bool
check_pipeline(const GenopsCheck *check, const GenopsPipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->count; i++)
	{
		if (!check_stage(check, &pipeline->stages[i]))
			return false;
	}
	return true;
}

static bool
check_groups(const GenopsCheck *check, const GenopsMetricsCall *call)
{
	bool labelled = call->function == GENOPS_METRICS_AVG_OVER_TIME ||
	                call->function == GENOPS_METRICS_HISTOGRAM_OVER_TIME ||
	                call->function == GENOPS_METRICS_QUANTILE_OVER_TIME;
	size_t most = labelled ? MAX_GROUPS_LABELLED : MAX_GROUPS;

	if (call->by_count <= most)
		return check_attributes(check, call->by, call->by_count);
	return genops_complain(
	    check->error, GENOPS_INVALID_ARGUMENT, check->text, call->by[most].offset,
	    "metrics can be grouped by %zu attributes here, not by %zu", most, call->by_count);
}

static bool
check_quantiles(const GenopsCheck *check, const GenopsMetricsCall *call)
{
	for (size_t i = 0; i < call->quantile_count; i++)
	{
		const GenopsLiteral *quantile = &call->quantiles[i];
		double value =
		    quantile->type == GENOPS_TYPE_INT ? (double) quantile->integer : quantile->real;

		if (value < 0 || value > 1)
		{
			genops_complain(check->error, GENOPS_INVALID_ARGUMENT, check->text, call->offset,
			                "a quantile is between 0 and 1, not %g", value);
			if (value > 1 && value <= 100)
				genops_error_hint(&check->error->error, "The %gth percentile is the quantile %g.",
				                  value, value / 100);
			return false;
		}
	}
	return true;
}

static bool
check_compare(const GenopsCheck *check, const GenopsMetrics *metrics)
{
	const GenopsMetricsCall *call = &metrics->call;

	if (!check_filter(check, call->selection))
		return false;
	if (call->top < 1 || call->top > MAX_COMPARED_VALUES)
		return refuse(check, call->offset, "compare shows between 1 and 1000 values");
	if (call->has_range && (call->start <= 0 || call->end <= call->start))
		return refuse(check, call->offset,
		              "compare's start and end are above 0, and the end is after the start");
	if (metrics->second_count > 0)
		return refuse(check, metrics->second[0].offset, "nothing can follow compare");
	return true;
}

static bool
check_call(const GenopsCheck *check, const GenopsMetrics *metrics)
{
	const GenopsMetricsCall *call = &metrics->call;

	if (!check_pipeline(check, metrics->pipeline))
		return false;
	if (call->function == GENOPS_METRICS_COMPARE)
		return check_compare(check, metrics);
	return check_attributes(check, &call->attribute, 1) && check_quantiles(check, call) &&
	       check_groups(check, call);
}

static bool
is_compare(const GenopsMetrics *metrics)
{
	return metrics->kind == GENOPS_METRICS_CALL && metrics->call.function == GENOPS_METRICS_COMPARE;
}

static bool
check_metrics(const GenopsCheck *check, const GenopsMetrics *metrics)
{
	if (metrics->kind == GENOPS_METRICS_CALL && !check_call(check, metrics))
		return false;
	if (metrics->kind == GENOPS_METRICS_OPERATION)
	{
		if (!check_metrics(check, metrics->left) || !check_metrics(check, metrics->right))
			return false;
		if (is_compare(metrics->left) || is_compare(metrics->right))
			return refuse(check, metrics->offset, "compare cannot take part in arithmetic");
	}
	for (size_t i = 0; i < metrics->second_count; i++)
	{
		const GenopsSecondStage *stage = &metrics->second[i];

		if (stage->kind != GENOPS_SECOND_FILTER && stage->value.integer <= 0)
			return refuse(check, stage->offset, "the number of series must be above 0");
	}
	return true;
}

bool
genops_traceql_check(const GenopsQuery *query, GenopsSlice text, GenopsTraceqlError *error)
{
	GenopsCheck check = { text, error };

	error->syntax = false;
	if (query->kind == GENOPS_QUERY_METRICS)
		return check_metrics(&check, query->metrics);
	return check_pipeline(&check, query->pipeline);
}
