/* SPDX-License-Identifier: PostgreSQL */
/*
 * Consistent probability sampling (OpenTelemetry, "TraceState: Probability
 * Sampling", formerly OTEP 235): a trace is kept if the 56 random bits at the
 * end of its id are not below a threshold, so that every participant with
 * the same rate keeps the same traces.  The rate is told to the backend in
 * tracestate as "ot=th:<hex>", which lets it scale counts and sums.
 */
#ifndef GENOPS_CORE_SPAN_SAMPLER_H
#define GENOPS_CORE_SPAN_SAMPLER_H

#include "core/base/slice.h"
#include "core/span/facts.h"

typedef struct GenopsSampler
{
	uint64_t threshold; /* of 2^56; keep if randomness >= threshold */
	bool never;         /* rate 0 is no threshold */
	bool asks_anew;     /* decides also where a parent has decided; set by the user of it */
	char ot_value[24];  /* "th:c", or "" for rate 0 */
	size_t ot_length;
} GenopsSampler;

/* rate is within 0 and 1. */
extern GenopsSampler genops_sampler(double rate);

/* ot_in is the incoming tracestate's "ot" member's value or absent: an "rv"
 * in it replaces the trace id's randomness. */
extern bool genops_sampler_keeps(const GenopsSampler *sampler,
                                 const uint8_t trace_id[GENOPS_TRACE_ID_SIZE], GenopsSlice ot_in);

#endif
