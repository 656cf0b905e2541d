/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/trace.h"

#include <stdlib.h>

#include "core/traceql/nested_set.h"

#define FIRST_ROOM 16

static bool
out_of_memory(GenopsError *error)
{
	return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
}

static bool
make_room(GenopsTrace *trace, GenopsError *error)
{
	size_t room = trace->room == 0 ? FIRST_ROOM : 2 * trace->room;
	GenopsTraceqlSpan *spans;

	if (trace->count < trace->room)
		return true;
	if (trace->count >= GENOPS_TRACE_MAX_SPANS)
		return genops_error_set(error, GENOPS_TOO_LARGE, "a trace has more than %d spans",
		                        GENOPS_TRACE_MAX_SPANS);
	if (room > GENOPS_TRACE_MAX_SPANS)
		room = GENOPS_TRACE_MAX_SPANS;
	spans = realloc(trace->spans, room * sizeof(GenopsTraceqlSpan));
	if (spans == NULL)
		return out_of_memory(error);
	trace->spans = spans;
	trace->room = room;
	return true;
}

bool
genops_trace_add(GenopsTrace *trace, const GenopsSpanWalk *at, GenopsError *error)
{
	if (!make_room(trace, error) ||
	    !genops_traceql_span_at(at, NULL, &trace->spans[trace->count], error))
		return false;
	trace->count++;
	return true;
}

static void
find_times(GenopsTrace *trace)
{
	trace->start_ns = trace->count == 0 ? 0 : UINT64_MAX;
	trace->end_ns = 0;
	for (size_t i = 0; i < trace->count; i++)
	{
		const GenopsSpanView *span = &trace->spans[i].span;

		if (span->start_ns < trace->start_ns)
			trace->start_ns = span->start_ns;
		if (span->end_ns > trace->end_ns)
			trace->end_ns = span->end_ns;
	}
}

/* Whether a link of the span says that it is the child of another of its trace:
 * how OpenTracing's bridges tell of a second parent. */
static bool
is_linked_child(GenopsTraceqlSpan *span, bool *is_child, GenopsError *error)
{
	const GenopsAttribute trace_id = { .intrinsic = GENOPS_INTRINSIC_LINK_TRACE_ID };
	const GenopsAttribute own_id = { .intrinsic = GENOPS_INTRINSIC_TRACE_ID };
	const GenopsAttribute type = { .scope = GENOPS_SCOPE_LINK,
		                           .name = GENOPS_LITERAL("opentracing.ref_type") };
	GenopsFields fields = genops_fields(span->span.message);
	GenopsWireField field;
	GenopsTraceqlValue own;
	bool present;
	bool done = genops_traceql_look_up(span, &own_id, &own, &present, error);

	*is_child = false;
	while (done && !*is_child && genops_fields_next(&fields, &field))
	{
		GenopsTraceqlValue linked;
		GenopsTraceqlValue value;

		if (field.number != GENOPS_SPAN_LINKS || field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		span->link = field.bytes;
		done = genops_traceql_look_up(span, &trace_id, &linked, &present, error) &&
		       genops_traceql_look_up(span, &type, &value, &present, error);
		*is_child = done && genops_slice_equal(linked.text, own.text) &&
		            value.type == GENOPS_TYPE_STRING && !value.array &&
		            genops_slice_equal(value.text, GENOPS_LITERAL("child_of"));
	}
	span->link = GENOPS_ABSENT;
	return done;
}

/* The last span without a parent. */
static bool
find_root(GenopsTrace *trace, GenopsError *error)
{
	const GenopsAttribute service = { .scope = GENOPS_SCOPE_RESOURCE,
		                              .name = GENOPS_LITERAL("service.name") };

	trace->root_name = GENOPS_ABSENT;
	trace->root_service_name = GENOPS_ABSENT;
	for (size_t i = trace->count; i-- > 0;)
	{
		GenopsTraceqlSpan *span = &trace->spans[i];
		GenopsTraceqlValue value;
		bool present;
		bool is_child;

		if (!genops_is_root(span))
			continue;
		if (!is_linked_child(span, &is_child, error))
			return false;
		if (is_child)
			continue;
		if (!genops_traceql_look_up(span, &service, &value, &present, error))
			return false;
		trace->root_name =
		    genops_slice_present(span->span.name) ? span->span.name : GENOPS_LITERAL("");
		trace->root_service_name =
		    value.type == GENOPS_TYPE_STRING && !value.array ? value.text : GENOPS_LITERAL("");
		return true;
	}
	return true;
}

bool
genops_trace_complete(GenopsTrace *trace, GenopsError *error)
{
	GenopsTraceFacts facts = { 0 };

	find_times(trace);
	if (!find_root(trace, error))
		return false;
	facts.duration_ns = (int64_t) (trace->end_ns - trace->start_ns);
	facts.root_name = trace->root_name;
	facts.root_service_name = trace->root_service_name;
	for (size_t i = 0; i < trace->count; i++)
		trace->spans[i].trace = facts;
	return trace->count == 0 || genops_find_nested_sets(trace, error);
}

void
genops_trace_clear(GenopsTrace *trace)
{
	trace->count = 0;
}

void
genops_trace_free(GenopsTrace *trace)
{
	genops_trace_tree_free(trace->tree);
	free(trace->spans);
	*trace = (GenopsTrace){ 0 };
}
