/* SPDX-License-Identifier: PostgreSQL */
/*
 * Looks up what a query's attribute or intrinsic is for one span, on the
 * bytes of its segment; nothing is built or allocated.
 *
 * An event's or a link's attribute is that of the one event or link that is
 * looked at.  Which of them count is the filter's matter (filter.h).
 */
#ifndef GENOPS_CORE_TRACEQL_SPAN_FIELD_H
#define GENOPS_CORE_TRACEQL_SPAN_FIELD_H

#include "core/span/otlp_read.h"
#include "core/traceql/value.h"

/* What only the whole trace tells.  Zeros and absent texts: unknown. */
typedef struct GenopsTraceFacts
{
	int64_t duration_ns;
	GenopsSlice root_name;
	GenopsSlice root_service_name;
	int64_t child_count;
	int64_t nested_set_left;
	int64_t nested_set_right;
	int64_t nested_set_parent;
} GenopsTraceFacts;

typedef struct GenopsTraceqlSpan
{
	GenopsSlice resource; /* contents of a Resource and an InstrumentationScope */
	GenopsSlice scope;
	GenopsSpanView span;
	GenopsTraceFacts trace;
	GenopsSlice event; /* content of the Event and Link looked at; absent: none */
	GenopsSlice link;
	uint64_t work; /* bytes that may still be looked at */
	/* private: ids as texts */
	char trace_id[32];
	char span_id[16];
	char parent_id[16];
	char link_trace_id[32];
	char link_span_id[16];
} GenopsTraceqlSpan;

/* What "walk" stands at.  "trace" may be NULL.  False if it does not parse.
 * The result must stay where it is. */
extern bool genops_traceql_span_at(const GenopsSpanWalk *walk, const GenopsTraceFacts *trace,
                                   GenopsTraceqlSpan *span, GenopsError *error);

/* Whether the attribute is of GENOPS_SPAN_EVENTS or GENOPS_SPAN_LINKS, else 0. */
extern uint32_t genops_traceql_repeated(const GenopsAttribute *attribute);

/* Whether the attribute is one of GenopsTraceFacts. */
extern bool genops_traceql_of_trace(const GenopsAttribute *attribute);

/* Counts bytes that are looked at; fails when it is too much for one span. */
extern bool genops_traceql_work(GenopsTraceqlSpan *span, uint64_t bytes, GenopsError *error);

/* "present" tells a key whose value the language does not know from none. */
extern bool genops_traceql_look_up(GenopsTraceqlSpan *span, const GenopsAttribute *attribute,
                                   GenopsTraceqlValue *value, bool *present, GenopsError *error);

#endif
