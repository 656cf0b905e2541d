/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a pipeline says of one span by itself.
 */
#include "core/traceql/pipeline_plan.h"

/* The result of a span-local pipeline */

static bool match_pipeline(const GenopsPipelinePlan *plan, GenopsTraceqlSpan *span, bool *matches,
                           GenopsError *error);

/* Both sides of "||" are asked, as over a trace. */
static bool
match_spanset(const GenopsSpansetPlan *plan, GenopsTraceqlSpan *span, bool *matches,
              GenopsError *error)
{
	bool left;
	bool right;

	switch (plan->spanset->kind)
	{
		case GENOPS_SPANSET_FILTER:
			return genops_traceql_filter_match(plan->filter, span, matches, error);
		case GENOPS_SPANSET_PIPELINE:
			return match_pipeline(plan->pipeline, span, matches, error);
		default:
			if (!match_spanset(plan->left, span, &left, error) ||
			    !match_spanset(plan->right, span, &right, error))
				return false;
			*matches = left || right;
			return true;
	}
}

static bool
match_pipeline(const GenopsPipelinePlan *plan, GenopsTraceqlSpan *span, bool *matches,
               GenopsError *error)
{
	*matches = true;
	for (size_t i = 0; i < plan->count && *matches; i++)
	{
		if (plan->stages[i].spanset != NULL &&
		    !match_spanset(plan->stages[i].spanset, span, matches, error))
			return false;
	}
	return true;
}

bool
genops_traceql_pipeline_match(GenopsTraceqlPipeline *pipeline, GenopsTraceqlSpan *span,
                              bool *matches, GenopsError *error)
{
	return match_pipeline(pipeline->plan, span, matches, error);
}

/* Whether a span may be in the result of any pipeline */

static bool may_be_in_pipeline(const GenopsPipelinePlan *plan, GenopsTraceqlSpan *span);

/* Whether the error is one of the trace is found out when the pipeline runs. */
static bool
may_match(const GenopsTraceqlFilter *filter, GenopsTraceqlSpan *span)
{
	GenopsError error;
	bool matches;

	return filter == NULL || !genops_traceql_filter_match(filter, span, &matches, &error) ||
	       matches;
}

static bool
may_be_in_spanset(const GenopsSpansetPlan *plan, GenopsTraceqlSpan *span)
{
	GenopsSpansetOperator op = plan->spanset->op;

	if (plan->spanset->kind == GENOPS_SPANSET_FILTER)
		return may_match(plan->may, span);
	if (plan->spanset->kind == GENOPS_SPANSET_PIPELINE)
		return may_be_in_pipeline(plan->pipeline, span);
	/* Others have spans of the right side only. */
	if ((op <= GENOPS_SPANSET_OR || op >= GENOPS_SPANSET_UNION_CHILD) &&
	    may_be_in_spanset(plan->left, span))
		return true;
	return may_be_in_spanset(plan->right, span);
}

/* No stage adds spans, so a span of the result is one of every stage's. */
static bool
may_be_in_pipeline(const GenopsPipelinePlan *plan, GenopsTraceqlSpan *span)
{
	for (size_t i = 0; i < plan->count; i++)
	{
		if (plan->stages[i].spanset != NULL && !may_be_in_spanset(plan->stages[i].spanset, span))
			return false;
	}
	return true;
}

bool
genops_traceql_pipeline_may_match(GenopsTraceqlPipeline *pipeline, GenopsTraceqlSpan *span,
                                  bool *may, GenopsError *error)
{
	(void) error;
	*may = may_be_in_pipeline(pipeline->plan, span);
	return true;
}
