/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/pipeline.h"

#include "core/traceql/aggregate.h"
#include "core/traceql/group.h"
#include "core/traceql/pipeline_plan.h"
#include "core/traceql/structural.h"
#include "core/traceql/vocabulary.h"

static bool run_pipeline(GenopsPipelineRun *run, const GenopsPipelinePlan *plan,
                         const GenopsSetList *from, GenopsSetList *to);

/* Every function that adds to a list adds no empty set. */
static bool
add_unless_empty(GenopsPipelineRun *run, GenopsSetList *list, const GenopsSet *set)
{
	return set->count == 0 || genops_set_list_add(run, list, set);
}

/* Spansets */

static bool
run_filter(GenopsPipelineRun *run, const GenopsTraceqlFilter *filter, const GenopsSet *set,
           GenopsSetList *to)
{
	uint32_t *spans = genops_run_take(run, set->count, sizeof(uint32_t));
	GenopsSet result = { .spans = spans, .labels = set->labels };

	if (spans == NULL)
		return false;
	for (size_t i = 0; i < set->count; i++)
	{
		bool matches;

		if (!genops_traceql_filter_match(filter, &run->trace->spans[set->spans[i]], &matches,
		                                 run->error))
			return false;
		if (matches)
			spans[result.count++] = set->spans[i];
	}
	return add_unless_empty(run, to, &result);
}

static bool
run_structural(GenopsPipelineRun *run, const GenopsSpansetPlan *plan, const GenopsSetList *left,
               const GenopsSetList *right, GenopsSet *result)
{
	GenopsSpansetOperator op = plan->spanset->op;
	GenopsSet none = { 0 };
	const GenopsSet *of_left = left->count == 0 ? &none : left->sets;
	const GenopsSet *of_right = right->count == 0 ? &none : right->sets;

	if (left->count > 1 || right->count > 1)
	{
		genops_error_set(run->error, GENOPS_INVALID_ARGUMENT,
		                 "an operand of a structural operator is several spansets of one trace");
		genops_error_hint(run->error, "Make one of what by() split with coalesce().");
		return false;
	}
	return genops_structural(run, op, of_left, of_right, result);
}

static bool
run_union(GenopsPipelineRun *run, const GenopsSetList *left, const GenopsSetList *right,
          GenopsSet *result)
{
	GenopsSet of_left;
	GenopsSet of_right;

	return genops_set_unite(run, left, &of_left) && genops_set_unite(run, right, &of_right) &&
	       genops_set_merge(run, &of_left, &of_right, result);
}

static bool run_spanset(GenopsPipelineRun *run, const GenopsSpansetPlan *plan, const GenopsSet *set,
                        GenopsSetList *to);

/* Whether the result is empty where that side is, so that an error on the other
 * side does not happen. */
static bool
needs_left(GenopsSpansetOperator op)
{
	return op != GENOPS_SPANSET_OR && !genops_spanset_operator_negated(op);
}

static bool
run_operation(GenopsPipelineRun *run, const GenopsSpansetPlan *plan, const GenopsSet *set,
              GenopsSetList *to)
{
	GenopsSpansetOperator op = plan->spanset->op;
	GenopsSetList left = { 0 };
	GenopsSetList right = { 0 };
	GenopsSet result;

	if (!run_spanset(run, plan->left, set, &left))
		return false;
	if (left.count == 0 && needs_left(op))
		return true;
	if (!run_spanset(run, plan->right, set, &right))
		return false;
	if (right.count == 0 && op != GENOPS_SPANSET_OR)
		return true;
	if (op == GENOPS_SPANSET_AND || op == GENOPS_SPANSET_OR
	        ? !run_union(run, &left, &right, &result)
	        : !run_structural(run, plan, &left, &right, &result))
		return false;
	result.labels = set->labels;
	return add_unless_empty(run, to, &result);
}

static bool
run_operand(GenopsPipelineRun *run, const GenopsPipelinePlan *plan, const GenopsSet *set,
            GenopsSetList *to)
{
	GenopsSetList from = { 0 };
	GenopsSetList result;

	if (!genops_set_list_add(run, &from, set) || !run_pipeline(run, plan, &from, &result))
		return false;
	for (size_t i = 0; i < result.count; i++)
	{
		if (!genops_set_list_add(run, to, &result.sets[i]))
			return false;
	}
	return true;
}

static bool
run_spanset(GenopsPipelineRun *run, const GenopsSpansetPlan *plan, const GenopsSet *set,
            GenopsSetList *to)
{
	switch (plan->spanset->kind)
	{
		case GENOPS_SPANSET_FILTER:
			return run_filter(run, plan->filter, set, to);
		case GENOPS_SPANSET_PIPELINE:
			return run_operand(run, plan->pipeline, set, to);
		default:
			return run_operation(run, plan, set, to);
	}
}

/* Stages */

static bool
run_scalar_filter(GenopsPipelineRun *run, const GenopsStagePlan *plan, const GenopsSet *set,
                  GenopsSetList *to)
{
	const GenopsStage *stage = plan->stage;
	GenopsTraceqlValue limit = genops_traceql_value_of(&stage->right->literal);
	GenopsSet result = *set;
	GenopsTraceqlValue value;

	if (!genops_aggregate(run, stage->left->aggregate, plan->value, set, &value))
		return false;
	if (!genops_traceql_compare(stage->op, &value, &limit))
		return true;
	return genops_set_label(run, &result, plan->label, &value) &&
	       genops_set_list_add(run, to, &result);
}

static bool
run_coalesce(GenopsPipelineRun *run, const GenopsSetList *from, GenopsSetList *to)
{
	GenopsSet all;

	return genops_set_unite(run, from, &all) && add_unless_empty(run, to, &all);
}

static bool
run_stage(GenopsPipelineRun *run, const GenopsStagePlan *plan, const GenopsSet *set,
          GenopsSetList *to)
{
	switch (plan->stage->kind)
	{
		case GENOPS_STAGE_SPANSET:
			return run_spanset(run, plan->spanset, set, to);
		case GENOPS_STAGE_GROUP_BY:
			return genops_group(run, plan->value, plan->label, set, to);
		case GENOPS_STAGE_SCALAR_FILTER:
			return run_scalar_filter(run, plan, set, to);
		default: /* what select names decides nothing */
			return genops_set_list_add(run, to, set);
	}
}

static bool
run_pipeline(GenopsPipelineRun *run, const GenopsPipelinePlan *plan, const GenopsSetList *from,
             GenopsSetList *to)
{
	GenopsSetList sets = *from;

	for (size_t i = 0; i < plan->count && sets.count > 0; i++)
	{
		GenopsSetList next = { 0 };

		if (plan->stages[i].stage->kind == GENOPS_STAGE_COALESCE)
		{
			if (!run_coalesce(run, &sets, &next))
				return false;
		}
		else
		{
			for (size_t j = 0; j < sets.count; j++)
			{
				if (!run_stage(run, &plan->stages[i], &sets.sets[j], &next))
					return false;
			}
		}
		sets = next;
	}
	*to = sets;
	return true;
}

/* The result */

static bool
show_labels(GenopsPipelineRun *run, const GenopsLabelChain *chain, GenopsSpansetResult *result)
{
	GenopsSpansetLabel *labels;

	if (chain == NULL)
		return true;
	labels = genops_run_take(run, chain->length, sizeof(GenopsSpansetLabel));
	if (labels == NULL)
		return false;
	result->labels = labels;
	result->label_count = chain->length;
	for (; chain != NULL; chain = chain->older)
		labels[chain->length - 1] = chain->label;
	return true;
}

static bool
show(GenopsPipelineRun *run, const GenopsSetList *list, GenopsSpansets *result)
{
	GenopsSpansetResult *sets = genops_run_take(run, list->count, sizeof(GenopsSpansetResult));

	if (sets == NULL)
		return false;
	for (size_t i = 0; i < list->count; i++)
	{
		sets[i].spans = list->sets[i].spans;
		sets[i].span_count = list->sets[i].count;
		if (!show_labels(run, list->sets[i].labels, &sets[i]))
			return false;
	}
	*result = (GenopsSpansets){ sets, list->count };
	return true;
}

/* All spans of the trace. */
static bool
take_trace(GenopsPipelineRun *run, GenopsSetList *list)
{
	uint32_t *spans = genops_run_take(run, run->trace->count, sizeof(uint32_t));
	GenopsSet all = { .spans = spans, .count = run->trace->count };

	if (spans == NULL)
		return false;
	for (size_t i = 0; i < all.count; i++)
		spans[i] = (uint32_t) i;
	return add_unless_empty(run, list, &all);
}

bool
genops_traceql_pipeline_run(GenopsTraceqlPipeline *pipeline, GenopsTrace *trace,
                            GenopsSpansets *result, GenopsError *error)
{
	GenopsPipelineRun run = { .arena = &pipeline->run, .trace = trace, .error = error };
	GenopsSetList all = { 0 };
	GenopsSetList sets;

	genops_arena_clear(&pipeline->run);
	return take_trace(&run, &all) && run_pipeline(&run, pipeline->plan, &all, &sets) &&
	       show(&run, &sets, result);
}
