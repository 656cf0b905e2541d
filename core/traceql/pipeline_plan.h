/* SPDX-License-Identifier: PostgreSQL */
/*
 * A prepared pipeline: the query's tree with its filters ready to run.
 * Shared by pipeline_prepare.c, which makes it, and by pipeline.c and
 * pipeline_span.c, which run it over traces and over single spans.
 */
#ifndef GENOPS_CORE_TRACEQL_PIPELINE_PLAN_H
#define GENOPS_CORE_TRACEQL_PIPELINE_PLAN_H

#include "core/traceql/filter.h"
#include "core/traceql/pipeline.h"

typedef struct GenopsPipelinePlan GenopsPipelinePlan;

typedef struct GenopsSpansetPlan GenopsSpansetPlan;
struct GenopsSpansetPlan
{
	const GenopsSpanset *spanset;
	GenopsTraceqlFilter *filter;
	/* What must hold of the span alone for "filter" to hold; maybe the same one,
	 * NULL if there is no such thing. */
	GenopsTraceqlFilter *may;
	GenopsSpansetPlan *left;
	GenopsSpansetPlan *right;
	GenopsPipelinePlan *pipeline;
};

typedef struct GenopsStagePlan
{
	const GenopsStage *stage;
	GenopsSpansetPlan *spanset;
	GenopsTraceqlFilter *value; /* group key or aggregate's argument; NULL for count() */
	GenopsSlice label;
} GenopsStagePlan;

struct GenopsPipelinePlan
{
	GenopsStagePlan *stages;
	size_t count;
};

/* Filters in the order in which they were made, to be freed. */
typedef struct GenopsFilterList GenopsFilterList;
struct GenopsFilterList
{
	GenopsTraceqlFilter *filter;
	GenopsFilterList *older;
};

struct GenopsTraceqlPipeline
{
	GenopsArena arena; /* of the plan */
	GenopsFilterList *filters;
	GenopsPipelinePlan *plan;
	bool span_local;
	GenopsArena run; /* of the last run's sets */
};

#endif
