/* SPDX-License-Identifier: PostgreSQL */
/*
 * Aggregates over the spans of a set: count, sum, avg, min, max.
 *
 * What is no number is left out, as what is missing is; without any number
 * there is no value.  A sum or average has the type of the first value and
 * leaves out values of another, an average still divides by all of them; but
 * the average of ints is a float.  Durations stay whole nanoseconds.
 *
 * Known difference: Tempo shows a negative sum of ints as a huge positive
 * number where it averages them; here it is negative.
 */
#ifndef GENOPS_CORE_TRACEQL_AGGREGATE_H
#define GENOPS_CORE_TRACEQL_AGGREGATE_H

#include "core/traceql/filter.h"
#include "core/traceql/spanset.h"

/* "argument" is NULL for count().  The value is nil if there is none. */
extern bool genops_aggregate(GenopsPipelineRun *run, GenopsAggregate aggregate,
                             const GenopsTraceqlFilter *argument, const GenopsSet *set,
                             GenopsTraceqlValue *value);

#endif
