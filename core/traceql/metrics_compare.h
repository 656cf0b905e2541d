/* SPDX-License-Identifier: PostgreSQL */
/*
 * compare(): how often each value of each attribute occurs among the spans that
 * a filter selects and among the others, the baseline.
 *
 * Attributes are those of the span, its resource and its scope, and what the
 * span and its trace tell but for ids, times and nested sets; not those of
 * events and links.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_COMPARE_H
#define GENOPS_CORE_TRACEQL_METRICS_COMPARE_H

#include "core/traceql/metrics.h"
#include "core/traceql/metrics_group.h"
#include "core/traceql/metrics_series.h"

/* Of one attribute, in the order in which they come; more than compare() may
 * show.  Further values are in the attribute's total only. */
#define GENOPS_COMPARISON_MAX_VALUES 4000

typedef struct GenopsComparison GenopsComparison;

extern GenopsComparison *genops_comparison_prepare(const GenopsMetricsCall *call,
                                                   const GenopsMetricsGrid *grid, size_t *budget,
                                                   GenopsError *error);
extern void genops_comparison_free(GenopsComparison *comparison);
extern void genops_comparison_reset(GenopsComparison *comparison);

extern bool genops_comparison_count(GenopsComparison *comparison, GenopsTraceqlSpan *span,
                                    size_t bucket, double weight, GenopsError *error);

/* As those of GenopsTraceqlMetrics; load takes its part off the front. */
extern void genops_comparison_save(const GenopsComparison *comparison, GenopsBytes *out);
extern bool genops_comparison_load(GenopsComparison *comparison, GenopsSlice *saved,
                                   GenopsError *error);

/* The most frequent values and the totals, as series. */
extern bool genops_comparison_series(GenopsComparison *comparison, GenopsSeriesTable *table,
                                     GenopsError *error);

#endif
