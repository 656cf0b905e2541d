/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which of a span's events (or links) Tempo looks at.
 *
 * While all conditions of a pipeline must be met, and each is about one scope, its storage drops the
 * events that do not meet theirs, as long as these ask for values of one type: what is left is
 * right, however many there are.  An "||" of different things, a group, an aggregate, an operator
 * between sets of spans and an attribute without a scope end that.  Then the first
 * event that has the attribute is looked at, whatever else is asked for.
 *
 * So an event's attribute is compared as it is written as long as the first holds for what is
 * sent, and with all its values where it does not.
 */
#include "core/traceql/normalise_parts.h"
#include "core/traceql/walk.h"

typedef struct Choice
{
	bool repeated; /* an event or link is mentioned */
	bool first;    /* of which the first counts */
} Choice;

/* span.x = 1 || span.x = 2 is one condition. */
static bool
is_one_condition(const GenopsField *either)
{
	const GenopsLiteral *value;
	const GenopsField *attribute = genops_normalise_compared(either->operands[0], &value);
	GenopsOperator op = either->operands[0]->op;

	if (attribute == NULL || (op != GENOPS_OPERATOR_EQUAL && op != GENOPS_OPERATOR_MATCH))
		return false;
	for (size_t i = 1; i < either->operand_count; i++)
	{
		const GenopsLiteral *other_value;
		const GenopsField *other = genops_normalise_compared(either->operands[i], &other_value);

		if (other == NULL || either->operands[i]->op != op || other_value->type != value->type ||
		    !genops_traceql_field_equal(other, attribute))
			return false;
	}
	return true;
}

static void
look(Choice *choice, const GenopsField *field)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
	{
		choice->repeated |= genops_is_repeated(&field->attribute);
		choice->first |= field->attribute.intrinsic == GENOPS_INTRINSIC_NONE &&
		                 field->attribute.scope == GENOPS_SCOPE_NONE;
	}
	choice->first |= field->op == GENOPS_OPERATOR_OR && !is_one_condition(field);
	for (size_t i = 0; i < field->operand_count; i++)
		look(choice, field->operands[i]);
}

static bool
visit(void *context, GenopsFieldRole role, GenopsField **field)
{
	(void) role;
	look(context, *field);
	return true;
}

static bool
pipeline_chooses(GenopsPipeline *pipeline)
{
	Choice choice = { false, false };

	(void) genops_walk_pipeline(pipeline, visit, &choice);
	for (size_t i = 0; i < pipeline->count; i++)
	{
		const GenopsStage *stage = &pipeline->stages[i];

		choice.first |= stage->kind == GENOPS_STAGE_GROUP_BY ||
		                stage->kind == GENOPS_STAGE_SCALAR_FILTER ||
		                (stage->spanset != NULL && stage->spanset->kind != GENOPS_SPANSET_FILTER);
	}
	return choice.repeated && !choice.first;
}

static bool
metrics_choose(const GenopsMetrics *metrics)
{
	switch (metrics->kind)
	{
		case GENOPS_METRICS_CALL:
			return pipeline_chooses(metrics->pipeline);
		case GENOPS_METRICS_OPERATION:
			return metrics_choose(metrics->left) || metrics_choose(metrics->right);
		default:
			return false;
	}
}

bool
genops_normalise_chooses(const GenopsQuery *query)
{
	return query->kind == GENOPS_QUERY_METRICS ? metrics_choose(query->metrics)
	                                           : pipeline_chooses(query->pipeline);
}
