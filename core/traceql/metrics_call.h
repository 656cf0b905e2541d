/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the metrics of a query are made of, between the files that count, save
 * and finish.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_CALL_H
#define GENOPS_CORE_TRACEQL_METRICS_CALL_H

#include "core/traceql/arena.h"
#include "core/traceql/metrics.h"
#include "core/traceql/metrics_cells.h"
#include "core/traceql/metrics_compare.h"
#include "core/traceql/metrics_group.h"

typedef struct GenopsMetricsCounter
{
	const GenopsMetrics *metrics; /* the node of the tree */
	GenopsGroups groups;
	GenopsCells cells;
	GenopsComparison *comparison; /* compare()'s, which has neither groups nor cells */
} GenopsMetricsCounter;

struct GenopsTraceqlMetrics
{
	const GenopsMetrics *root;
	GenopsMetricsGrid grid;
	bool extrapolate;
	size_t budget; /* numbers that may still be kept */
	GenopsMetricsCounter *calls;
	size_t call_count;
	GenopsBytes key;   /* room for the key of a group */
	GenopsArena arena; /* the series */
};

/* Whether the function keeps how many values fall into each power of two. */
extern bool genops_metrics_is_histogram(GenopsMetricsFunction function);

/* Whether the function counts spans, so that it has a value where none is. */
extern bool genops_metrics_is_count(GenopsMetricsFunction function);

#endif
