/* SPDX-License-Identifier: PostgreSQL */
/*
 * How many spans a sampled one stands for (OpenTelemetry, "TraceState:
 * Probability Sampling"; core/span/sampler.h has the other side).
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_WEIGHT_H
#define GENOPS_CORE_TRACEQL_METRICS_WEIGHT_H

#include "core/base/slice.h"

/* 1 divided by the probability that the threshold "th" of the member "ot" says;
 * 1 without such a one. */
extern double genops_metrics_weight(GenopsSlice trace_state);

#endif
