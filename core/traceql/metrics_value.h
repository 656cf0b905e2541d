/* SPDX-License-Identifier: PostgreSQL */
/*
 * What metrics take from a span.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_VALUE_H
#define GENOPS_CORE_TRACEQL_METRICS_VALUE_H

#include "core/traceql/span_field.h"

/* The attribute's value; an event's or a link's is that of the first which has
 * it.  nil if it is missing or an array. */
extern bool genops_metrics_look_up(GenopsTraceqlSpan *span, const GenopsAttribute *attribute,
                                   GenopsTraceqlValue *value, GenopsError *error);

/* The value as the unit of the functions has it: the span's duration in seconds,
 * other durations in nanoseconds.  NaN for what is no number. */
extern double genops_metrics_number(const GenopsAttribute *attribute,
                                    const GenopsTraceqlValue *value);

#endif
