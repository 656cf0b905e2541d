/* SPDX-License-Identifier: PostgreSQL */
/*
 * One trace as TraceQL sees it: its spans, and what each is within it.
 *
 *	genops_trace_add() for every span, genops_trace_complete(), then look at
 *	"spans"; genops_trace_clear() makes room for the next trace.
 *
 * Nested sets number the spans depth-first from 1, over all roots in the order
 * in which they were added; a span that no root leads to has zeros (an orphan,
 * or every span of a trace that has no root, or where an id occurs more than
 * twice).  See traceql.md section 3 for twins, two spans with one id.
 */
#ifndef GENOPS_CORE_TRACEQL_TRACE_H
#define GENOPS_CORE_TRACEQL_TRACE_H

#include <stddef.h>

#include "core/traceql/span_field.h"

/* The most spans that one trace may have; more is an error. */
#define GENOPS_TRACE_MAX_SPANS 1000000

typedef struct GenopsTrace
{
	GenopsTraceqlSpan *spans;
	size_t count;
	size_t room;
	/* Of the whole trace, once it is complete. */
	uint64_t start_ns; /* the earliest start and the latest end */
	uint64_t end_ns;
	GenopsSlice root_name; /* absent: no root was seen */
	GenopsSlice root_service_name;
	struct GenopsTraceTree *tree; /* private: memory of nested_set.c */
} GenopsTrace;

/* A trace starts as { 0 }.  Adds a span; the bytes that "at" points to must live until the trace is
 * cleared.  Pointers into "spans" are valid only after the last one was added. */
extern bool genops_trace_add(GenopsTrace *trace, const GenopsSpanWalk *at, GenopsError *error);

/* Finds each span's GenopsTraceFacts. */
extern bool genops_trace_complete(GenopsTrace *trace, GenopsError *error);

/* Forgets the spans and keeps the memory. */
extern void genops_trace_clear(GenopsTrace *trace);
extern void genops_trace_free(GenopsTrace *trace);

#endif
