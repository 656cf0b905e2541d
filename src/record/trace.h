/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a call stands in its trace: its own ids, its parent, and whether the
 * trace is sampled.
 */
#ifndef GENOPS_RECORD_TRACE_H
#define GENOPS_RECORD_TRACE_H

#include "postgres.h"

#include "core/span/facts.h"
#include "core/span/sampler.h"
#include "core/span/trace_context.h"

typedef struct TracePlace
{
	GenopsTraceParent own;
	uint8 parent_span_id[GENOPS_SPAN_ID_SIZE]; /* zero: a root */
	bool remote;                               /* the parent is another process's span */
	GenopsSlice trace_state;                   /* to be written; empty: none */
	char state_buffer[GENOPS_TRACESTATE_MAX];
} TracePlace;

/*
 * Finds the place of a new call.  The parent is the argument "traceparent",
 * else the innermost open call, else the setting genops.traceparent, else the
 * comment of the current statement, else nobody: a new trace.  An empty
 * argument means nobody.
 *
 * "call" are ids that genops_traceparent() made for this very call; NULL: new
 * ones are made.  "trace_state" came along with the argument.  A parent
 * decides whether the call is sampled, unless the sampler asks anew; for a root the
 * sampler does.
 */
extern void TraceFindPlace(TracePlace *place, GenopsSlice traceparent,
                           const GenopsTraceParent *call, GenopsSlice trace_state,
                           const GenopsSampler *sampler);

/* The place of a new call right under one of this process, with the same fate. */
extern void TraceFindPlaceUnder(TracePlace *place, const GenopsTraceParent *parent,
                                GenopsSlice trace_state);

/* Gives the place another span id. */
extern void TraceNewSpanId(TracePlace *place);

/* The span's flags in OTLP. */
extern uint32 TraceSpanFlags(const TracePlace *place);

#endif
