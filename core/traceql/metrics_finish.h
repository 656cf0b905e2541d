/* SPDX-License-Identifier: PostgreSQL */
/*
 * From what has been counted to series.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_FINISH_H
#define GENOPS_CORE_TRACEQL_METRICS_FINISH_H

#include "core/traceql/metrics_call.h"
#include "core/traceql/metrics_series.h"

/* The series of a call, unsorted, without its second stages.  Takes over what the
 * call has counted. */
extern bool genops_metrics_series(GenopsTraceqlMetrics *metrics, GenopsMetricsCounter *counter,
                                  GenopsSeriesTable *table, GenopsError *error);

/* The quantile of values in histogram buckets: "counts" by exponent, in the unit of
 * the values.  0 if there are none. */
extern double genops_metrics_quantile(const double counts[GENOPS_CELL_EXPONENTS], double quantile);

/* topk, bottomk and comparisons on a sorted table, which stays sorted. */
extern bool genops_metrics_second_stage(const GenopsSecondStage *stage, GenopsSeriesTable *table,
                                        GenopsError *error);

/* What a part of the query's arithmetic yields. */
typedef struct GenopsMetricsResult
{
	bool is_number;
	double number;
	GenopsSeriesTable table; /* sorted */
} GenopsMetricsResult;

/* What an operator makes of two results, whose memory the result takes over.  There
 * is no value where something is divided by zero. */
extern void genops_metrics_combine(GenopsOperator op, GenopsMetricsResult *left,
                                   GenopsMetricsResult *right, GenopsMetricsResult *result);

#endif
