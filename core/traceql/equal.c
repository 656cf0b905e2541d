/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whether two trees mean the same by being the same.
 */
#include "core/traceql/traceql.h"

static bool pipelines_equal(const GenopsPipeline *left, const GenopsPipeline *right);

static bool
literals_equal(const GenopsLiteral *left, const GenopsLiteral *right)
{
	return left->type == right->type && left->integer == right->integer &&
	       memcmp(&left->real, &right->real, sizeof(double)) == 0 &&
	       left->text.length == right->text.length &&
	       (left->text.length == 0 ||
	        memcmp(left->text.data, right->text.data, left->text.length) == 0);
}

static bool
attributes_equal(const GenopsAttribute *left, const GenopsAttribute *right)
{
	return left->intrinsic == right->intrinsic && left->scope == right->scope &&
	       left->parent == right->parent && genops_slice_equal(left->name, right->name);
}

bool
genops_traceql_field_equal(const GenopsField *left, const GenopsField *right)
{
	if (left == NULL || right == NULL)
		return left == right;
	if (left->kind != right->kind)
		return false;
	if (left->kind == GENOPS_FIELD_LITERAL)
		return literals_equal(&left->literal, &right->literal);
	if (left->kind == GENOPS_FIELD_ATTRIBUTE)
		return attributes_equal(&left->attribute, &right->attribute);
	if (left->op != right->op || left->operand_count != right->operand_count)
		return false;
	for (size_t i = 0; i < left->operand_count; i++)
	{
		if (!genops_traceql_field_equal(left->operands[i], right->operands[i]))
			return false;
	}
	return true;
}

static bool
spansets_equal(const GenopsSpanset *left, const GenopsSpanset *right)
{
	if (left == NULL || right == NULL)
		return left == right;
	return left->kind == right->kind && left->op == right->op &&
	       genops_traceql_field_equal(left->filter, right->filter) &&
	       spansets_equal(left->left, right->left) && spansets_equal(left->right, right->right) &&
	       pipelines_equal(left->pipeline, right->pipeline);
}

static bool
scalars_equal(const GenopsScalar *left, const GenopsScalar *right)
{
	if (left == NULL || right == NULL)
		return left == right;
	return left->kind == right->kind && left->op == right->op &&
	       left->aggregate == right->aggregate &&
	       genops_traceql_field_equal(left->argument, right->argument) &&
	       scalars_equal(left->left, right->left) && scalars_equal(left->right, right->right) &&
	       pipelines_equal(left->pipeline, right->pipeline) &&
	       literals_equal(&left->literal, &right->literal);
}

static bool
attribute_lists_equal(const GenopsAttribute *left, size_t left_count, const GenopsAttribute *right,
                      size_t right_count)
{
	if (left_count != right_count)
		return false;
	for (size_t i = 0; i < left_count; i++)
	{
		if (!attributes_equal(&left[i], &right[i]))
			return false;
	}
	return true;
}

static bool
stages_equal(const GenopsStage *left, const GenopsStage *right)
{
	return left->kind == right->kind && left->op == right->op &&
	       spansets_equal(left->spanset, right->spanset) &&
	       scalars_equal(left->left, right->left) && scalars_equal(left->right, right->right) &&
	       genops_traceql_field_equal(left->group, right->group) &&
	       attribute_lists_equal(left->attributes, left->attribute_count, right->attributes,
	                             right->attribute_count);
}

static bool
pipelines_equal(const GenopsPipeline *left, const GenopsPipeline *right)
{
	if (left == NULL || right == NULL)
		return left == right;
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++)
	{
		if (!stages_equal(&left->stages[i], &right->stages[i]))
			return false;
	}
	return true;
}

static bool
calls_equal(const GenopsMetricsCall *left, const GenopsMetricsCall *right)
{
	if (left->function != right->function || left->quantile_count != right->quantile_count)
		return false;
	for (size_t i = 0; i < left->quantile_count; i++)
	{
		if (!literals_equal(&left->quantiles[i], &right->quantiles[i]))
			return false;
	}
	return attributes_equal(&left->attribute, &right->attribute) &&
	       genops_traceql_field_equal(left->selection, right->selection) &&
	       left->top == right->top && left->has_range == right->has_range &&
	       left->start == right->start && left->end == right->end &&
	       attribute_lists_equal(left->by, left->by_count, right->by, right->by_count);
}

static bool
second_stages_equal(const GenopsMetrics *left, const GenopsMetrics *right)
{
	if (left->second_count != right->second_count)
		return false;
	for (size_t i = 0; i < left->second_count; i++)
	{
		if (left->second[i].kind != right->second[i].kind ||
		    left->second[i].op != right->second[i].op ||
		    !literals_equal(&left->second[i].value, &right->second[i].value))
			return false;
	}
	return true;
}

static bool
metrics_equal(const GenopsMetrics *left, const GenopsMetrics *right)
{
	if (left == NULL || right == NULL)
		return left == right;
	return left->kind == right->kind && left->op == right->op &&
	       pipelines_equal(left->pipeline, right->pipeline) &&
	       calls_equal(&left->call, &right->call) &&
	       literals_equal(&left->literal, &right->literal) &&
	       metrics_equal(left->left, right->left) && metrics_equal(left->right, right->right) &&
	       second_stages_equal(left, right);
}

bool
genops_traceql_equal(const GenopsQuery *left, const GenopsQuery *right)
{
	if (left->kind != right->kind || left->hint_count != right->hint_count)
		return false;
	for (size_t i = 0; i < left->hint_count; i++)
	{
		if (!genops_slice_equal(left->hints[i].name, right->hints[i].name) ||
		    !literals_equal(&left->hints[i].value, &right->hints[i].value))
			return false;
	}
	return pipelines_equal(left->pipeline, right->pipeline) &&
	       metrics_equal(left->metrics, right->metrics);
}
