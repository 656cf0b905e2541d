/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/walk.h"

typedef struct Walk
{
	GenopsFieldVisitor visit;
	void *context;
} Walk;

static bool walk_pipeline(const Walk *walk, GenopsPipeline *pipeline);

static bool
walk_spanset(const Walk *walk, GenopsSpanset *spanset)
{
	switch (spanset->kind)
	{
		case GENOPS_SPANSET_FILTER:
			return walk->visit(walk->context, GENOPS_ROLE_FILTER, &spanset->filter);
		case GENOPS_SPANSET_PIPELINE:
			return walk_pipeline(walk, spanset->pipeline);
		default:
			return walk_spanset(walk, spanset->left) && walk_spanset(walk, spanset->right);
	}
}

static bool
walk_scalar(const Walk *walk, GenopsScalar *scalar)
{
	switch (scalar->kind)
	{
		case GENOPS_SCALAR_AGGREGATE:
			return scalar->argument == NULL ||
			       walk->visit(walk->context, GENOPS_ROLE_AGGREGATE, &scalar->argument);
		case GENOPS_SCALAR_OPERATION:
			return walk_scalar(walk, scalar->left) && walk_scalar(walk, scalar->right);
		case GENOPS_SCALAR_PIPELINE:
			return walk_pipeline(walk, scalar->pipeline);
		default:
			return true;
	}
}

static bool
walk_pipeline(const Walk *walk, GenopsPipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->count; i++)
	{
		GenopsStage *stage = &pipeline->stages[i];

		if ((stage->spanset != NULL && !walk_spanset(walk, stage->spanset)) ||
		    (stage->left != NULL && !walk_scalar(walk, stage->left)) ||
		    (stage->right != NULL && !walk_scalar(walk, stage->right)) ||
		    (stage->group != NULL && !walk->visit(walk->context, GENOPS_ROLE_GROUP, &stage->group)))
			return false;
	}
	return true;
}

static bool
walk_metrics(const Walk *walk, GenopsMetrics *metrics)
{
	switch (metrics->kind)
	{
		case GENOPS_METRICS_CALL:
			return walk_pipeline(walk, metrics->pipeline) &&
			       (metrics->call.selection == NULL ||
			        walk->visit(walk->context, GENOPS_ROLE_SELECTION, &metrics->call.selection));
		case GENOPS_METRICS_OPERATION:
			return walk_metrics(walk, metrics->left) && walk_metrics(walk, metrics->right);
		default:
			return true;
	}
}

bool
genops_walk_query(GenopsQuery *query, GenopsFieldVisitor visit, void *context)
{
	Walk walk = { visit, context };

	if (query->kind == GENOPS_QUERY_METRICS)
		return walk_metrics(&walk, query->metrics);
	return walk_pipeline(&walk, query->pipeline);
}

bool
genops_walk_pipeline(GenopsPipeline *pipeline, GenopsFieldVisitor visit, void *context)
{
	Walk walk = { visit, context };

	return walk_pipeline(&walk, pipeline);
}
