/* SPDX-License-Identifier: PostgreSQL */
#include <stdlib.h>

#include "core/traceql/pipeline_plan.h"

typedef struct Preparation
{
	GenopsTraceqlPipeline *pipeline;
	GenopsError *error;
} Preparation;

static GenopsPipelinePlan *prepare_pipeline(Preparation *preparation,
                                            const GenopsPipeline *pipeline);

static void *
take(Preparation *preparation, size_t size)
{
	void *memory = genops_arena_take(&preparation->pipeline->arena, size);

	if (memory == NULL)
		genops_error_set(preparation->error, GENOPS_OUT_OF_MEMORY, "out of memory");
	return memory;
}

static GenopsTraceqlFilter *
prepare_filter(Preparation *preparation, const GenopsField *field)
{
	GenopsFilterList *list = take(preparation, sizeof(GenopsFilterList));

	if (list == NULL)
		return NULL;
	list->filter = genops_traceql_filter_prepare(field, preparation->error);
	list->older = preparation->pipeline->filters;
	preparation->pipeline->filters = list;
	return list->filter;
}

/* What a span alone tells of a filter */

static bool
needs_trace(const GenopsField *field)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return genops_traceql_of_trace(&field->attribute);
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (needs_trace(field->operands[i]))
			return true;
	}
	return false;
}

/* Of "&&" the operands that need no trace; of anything else nothing, as only what
 * "&&" demands must be true.  False if there is no memory. */
static bool
without_trace(Preparation *preparation, const GenopsField *field, const GenopsField **result)
{
	GenopsField *rest;

	*result = needs_trace(field) ? NULL : field;
	if (*result != NULL || field->kind != GENOPS_FIELD_OPERATION ||
	    field->op != GENOPS_OPERATOR_AND)
		return true;
	rest = take(preparation, sizeof(GenopsField));
	if (rest == NULL)
		return false;
	*rest = *field;
	rest->operand_count = 0;
	rest->operands = take(preparation, field->operand_count * sizeof(GenopsField *));
	for (size_t i = 0; rest->operands != NULL && i < field->operand_count; i++)
	{
		const GenopsField *operand;

		if (!without_trace(preparation, field->operands[i], &operand))
			return false;
		if (operand != NULL)
			rest->operands[rest->operand_count++] = (GenopsField *) operand;
	}
	if (rest->operand_count > 0)
		*result = rest->operand_count == 1 ? rest->operands[0] : rest;
	return rest->operands != NULL;
}

static bool
prepare_may(Preparation *preparation, GenopsSpansetPlan *plan)
{
	const GenopsField *field;

	if (!genops_traceql_filter_needs_trace(plan->filter))
	{
		plan->may = plan->filter;
		return true;
	}
	if (!without_trace(preparation, plan->spanset->filter, &field))
		return false;
	if (field != NULL)
		plan->may = prepare_filter(preparation, field);
	return field == NULL || plan->may != NULL;
}

/* Spansets and stages */

static bool
prepare_leaf(Preparation *preparation, GenopsSpansetPlan *plan)
{
	const GenopsField *filter = plan->spanset->filter;

	plan->filter = prepare_filter(preparation, filter);
	return plan->filter != NULL && prepare_may(preparation, plan);
}

static GenopsSpansetPlan *
prepare_spanset(Preparation *preparation, const GenopsSpanset *spanset)
{
	GenopsSpansetPlan *plan = take(preparation, sizeof(GenopsSpansetPlan));
	bool done;

	if (plan == NULL)
		return NULL;
	plan->spanset = spanset;
	switch (spanset->kind)
	{
		case GENOPS_SPANSET_FILTER:
			done = prepare_leaf(preparation, plan);
			break;
		case GENOPS_SPANSET_PIPELINE:
			plan->pipeline = prepare_pipeline(preparation, spanset->pipeline);
			done = plan->pipeline != NULL;
			break;
		default:
			plan->left = prepare_spanset(preparation, spanset->left);
			plan->right = plan->left == NULL ? NULL : prepare_spanset(preparation, spanset->right);
			done = plan->right != NULL;
	}
	return done ? plan : NULL;
}

/* "by(.team)", "count()": in the arena. */
static bool
print_label(Preparation *preparation, GenopsStagePlan *plan)
{
	GenopsBytes printed = genops_bytes_growing();

	if (plan->stage->kind == GENOPS_STAGE_GROUP_BY)
	{
		genops_bytes_put(&printed, "by(", 3);
		genops_traceql_print_field(&printed, plan->stage->group);
		genops_bytes_put(&printed, ")", 1);
	}
	else
		genops_traceql_print_scalar(&printed, plan->stage->left);
	if (!printed.failed)
		plan->label =
		    genops_arena_copy(&preparation->pipeline->arena,
		                      (GenopsSlice){ (const char *) printed.data, printed.length });
	genops_bytes_free(&printed);
	return genops_slice_present(plan->label) ||
	       genops_error_set(preparation->error, GENOPS_OUT_OF_MEMORY, "out of memory");
}

static bool
prepare_labelled(Preparation *preparation, GenopsStagePlan *plan)
{
	const GenopsField *value = plan->stage->kind == GENOPS_STAGE_GROUP_BY
	                               ? plan->stage->group
	                               : plan->stage->left->argument;

	if (value != NULL)
		plan->value = prepare_filter(preparation, value);
	return (value == NULL || plan->value != NULL) && print_label(preparation, plan);
}

static bool
prepare_stage(Preparation *preparation, const GenopsStage *stage, GenopsStagePlan *plan)
{
	plan->stage = stage;
	switch (stage->kind)
	{
		case GENOPS_STAGE_SPANSET:
			plan->spanset = prepare_spanset(preparation, stage->spanset);
			return plan->spanset != NULL;
		case GENOPS_STAGE_GROUP_BY:
		case GENOPS_STAGE_SCALAR_FILTER:
			return prepare_labelled(preparation, plan);
		default:
			return true;
	}
}

static GenopsPipelinePlan *
prepare_pipeline(Preparation *preparation, const GenopsPipeline *pipeline)
{
	GenopsPipelinePlan *plan = take(preparation, sizeof(GenopsPipelinePlan));

	if (plan == NULL)
		return NULL;
	plan->count = pipeline->count;
	plan->stages = take(preparation, pipeline->count * sizeof(GenopsStagePlan));
	if (plan->stages == NULL)
		return NULL;
	for (size_t i = 0; i < pipeline->count; i++)
	{
		if (!prepare_stage(preparation, &pipeline->stages[i], &plan->stages[i]))
			return NULL;
	}
	return plan;
}

/* Whether a span decides by itself */

static bool is_span_local(const GenopsPipelinePlan *plan);

static bool
is_spanset_local(const GenopsSpansetPlan *plan)
{
	switch (plan->spanset->kind)
	{
		case GENOPS_SPANSET_FILTER:
			return !genops_traceql_filter_needs_trace(plan->filter);
		case GENOPS_SPANSET_PIPELINE:
			return is_span_local(plan->pipeline);
		default:
			return plan->spanset->op == GENOPS_SPANSET_OR && is_spanset_local(plan->left) &&
			       is_spanset_local(plan->right);
	}
}

static bool
is_span_local(const GenopsPipelinePlan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
	{
		GenopsStageKind kind = plan->stages[i].stage->kind;

		if (kind != GENOPS_STAGE_SELECT &&
		    (kind != GENOPS_STAGE_SPANSET || !is_spanset_local(plan->stages[i].spanset)))
			return false;
	}
	return true;
}

bool
genops_traceql_pipeline_is_span_local(const GenopsTraceqlPipeline *pipeline)
{
	return pipeline->span_local;
}

GenopsTraceqlPipeline *
genops_traceql_pipeline_prepare(const GenopsPipeline *pipeline, GenopsError *error)
{
	GenopsTraceqlPipeline *prepared = calloc(1, sizeof(GenopsTraceqlPipeline));
	Preparation preparation = { prepared, error };

	if (prepared == NULL)
	{
		genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
		return NULL;
	}
	prepared->plan = prepare_pipeline(&preparation, pipeline);
	if (prepared->plan == NULL)
	{
		genops_traceql_pipeline_free(prepared);
		return NULL;
	}
	prepared->span_local = is_span_local(prepared->plan);
	return prepared;
}

void
genops_traceql_pipeline_free(GenopsTraceqlPipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	for (const GenopsFilterList *each = pipeline->filters; each != NULL; each = each->older)
		genops_traceql_filter_free(each->filter);
	genops_arena_free(&pipeline->arena);
	genops_arena_free(&pipeline->run);
	free(pipeline);
}
