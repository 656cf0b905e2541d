/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/span_field.h"

#define KEY_TAG 0x0A /* KeyValue.key */
#define EVENT_TIME 1
#define EVENT_NAME 2
#define EVENT_ATTRIBUTES 3
#define LINK_TRACE_ID 1
#define LINK_SPAN_ID 2
#define LINK_ATTRIBUTES 4
#define SCOPE_NAME 1
#define SCOPE_VERSION 2
#define SCOPE_ATTRIBUTES 3

/* About a second. */
#define MAX_WORK (UINT64_C(1) << 30)

static bool
malformed(GenopsError *error)
{
	return genops_error_set(error, GENOPS_MALFORMED, "the bytes of a span do not parse");
}

bool
genops_traceql_span_at(const GenopsSpanWalk *walk, const GenopsTraceFacts *trace,
                       GenopsTraceqlSpan *span, GenopsError *error)
{
	*span = (GenopsTraceqlSpan){ .resource = walk->resource, .scope = walk->scope };
	span->work = MAX_WORK;
	if (trace != NULL)
		span->trace = *trace;
	return genops_read_span(walk->span, &span->span) || malformed(error);
}

uint32_t
genops_traceql_repeated(const GenopsAttribute *attribute)
{
	switch (attribute->intrinsic)
	{
		case GENOPS_INTRINSIC_EVENT_NAME:
		case GENOPS_INTRINSIC_EVENT_TIME_SINCE_START:
			return GENOPS_SPAN_EVENTS;
		case GENOPS_INTRINSIC_LINK_TRACE_ID:
		case GENOPS_INTRINSIC_LINK_SPAN_ID:
			return GENOPS_SPAN_LINKS;
		case GENOPS_INTRINSIC_NONE:
			return attribute->scope == GENOPS_SCOPE_EVENT  ? GENOPS_SPAN_EVENTS
			       : attribute->scope == GENOPS_SCOPE_LINK ? GENOPS_SPAN_LINKS
			                                               : 0;
		default:
			return 0;
	}
}

bool
genops_traceql_of_trace(const GenopsAttribute *attribute)
{
	switch (attribute->intrinsic)
	{
		case GENOPS_INTRINSIC_CHILD_COUNT:
		case GENOPS_INTRINSIC_TRACE_DURATION:
		case GENOPS_INTRINSIC_ROOT_NAME:
		case GENOPS_INTRINSIC_ROOT_SERVICE_NAME:
		case GENOPS_INTRINSIC_NESTED_SET_LEFT:
		case GENOPS_INTRINSIC_NESTED_SET_RIGHT:
		case GENOPS_INTRINSIC_NESTED_SET_PARENT:
			return true;
		default:
			return false;
	}
}

bool
genops_traceql_work(GenopsTraceqlSpan *span, uint64_t bytes, GenopsError *error)
{
	if (bytes >= span->work)
		return genops_error_set(error, GENOPS_TOO_LARGE,
		                        "the filter is too much work for a span of its size");
	span->work -= bytes;
	return true;
}

/* Attributes */

/* Most KeyValues begin with a short key that is another one: seen without reading
 * the rest. */
static bool
has_other_key(GenopsSlice key_value, GenopsSlice name)
{
	const uint8_t *bytes = (const uint8_t *) key_value.data;
	size_t length;

	if (key_value.length < 2 || bytes[0] != KEY_TAG || bytes[1] >= 0x80)
		return false;
	length = bytes[1];
	return length + 2 <= key_value.length &&
	       (length != name.length || (length > 0 && memcmp(bytes + 2, name.data, length) != 0));
}

/* Whether a KeyValue's key is "name"; its value's bytes are absent for none. */
static bool
has_name(GenopsSlice key_value, GenopsSlice name, GenopsSlice *any_value, bool *parses)
{
	GenopsFields fields = genops_fields(key_value);
	GenopsWireField field;
	GenopsSlice key = { "", 0 };

	*any_value = GENOPS_ABSENT;
	while (genops_fields_next(&fields, &field))
	{
		if (field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		if (field.number == 1)
			key = field.bytes;
		else if (field.number == 2)
			*any_value = field.bytes;
	}
	*parses = !fields.malformed;
	return key.length == name.length &&
	       (key.length == 0 || memcmp(key.data, name.data, key.length) == 0);
}

/* The first attribute of that name in a message whose attributes have that number. */
static bool
find(GenopsTraceqlSpan *span, GenopsSlice message, uint32_t number, GenopsSlice name,
     GenopsTraceqlValue *value, bool *present, GenopsError *error)
{
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;

	if (!genops_traceql_work(span, message.length + 1, error))
		return false;
	while (genops_fields_next(&fields, &field))
	{
		GenopsSlice any_value;
		bool parses;

		if (field.number != number || field.wire_type != GENOPS_WIRE_BYTES ||
		    has_other_key(field.bytes, name))
			continue;
		*present = has_name(field.bytes, name, &any_value, &parses);
		if (!parses)
			return malformed(error);
		if (*present)
			return genops_traceql_value_read(any_value, value) || malformed(error);
	}
	return !fields.malformed || malformed(error);
}

static bool
find_unscoped(GenopsTraceqlSpan *span, GenopsSlice name, GenopsTraceqlValue *value, bool *present,
              GenopsError *error)
{
	if (!find(span, span->span.message, GENOPS_SPAN_ATTRIBUTES, name, value, present, error))
		return false;
	return *present ||
	       find(span, span->resource, GENOPS_RESOURCE_ATTRIBUTES, name, value, present, error);
}

static GenopsTraceqlValue
text_value(GenopsSlice text)
{
	if (!genops_slice_present(text))
		text = GENOPS_LITERAL("");
	return (GenopsTraceqlValue){ .type = GENOPS_TYPE_STRING, .text = text };
}

static bool
look_up_attribute(GenopsTraceqlSpan *span, const GenopsAttribute *attribute,
                  GenopsTraceqlValue *value, bool *present, GenopsError *error)
{
	GenopsSlice name = attribute->name;
	bool done;

	switch (attribute->scope)
	{
		case GENOPS_SCOPE_SPAN:
			return find(span, span->span.message, GENOPS_SPAN_ATTRIBUTES, name, value, present,
			            error);
		case GENOPS_SCOPE_EVENT:
			return find(span, span->event, EVENT_ATTRIBUTES, name, value, present, error);
		case GENOPS_SCOPE_LINK:
			return find(span, span->link, LINK_ATTRIBUTES, name, value, present, error);
		case GENOPS_SCOPE_INSTRUMENTATION:
			return find(span, span->scope, SCOPE_ATTRIBUTES, name, value, present, error);
		case GENOPS_SCOPE_RESOURCE:
			done =
			    find(span, span->resource, GENOPS_RESOURCE_ATTRIBUTES, name, value, present, error);
			break;
		default:
			done = find_unscoped(span, name, value, present, error);
	}
	/* The service's name is never missing. */
	if (done && !*present && genops_slice_equal(name, GENOPS_LITERAL("service.name")))
	{
		*value = text_value(GENOPS_ABSENT);
		*present = true;
	}
	return done;
}

/* Intrinsics */

/* Into "room", of "width" digits. */
static GenopsSlice
hex(GenopsSlice id, char *room, size_t width)
{
	static const char digits[] = "0123456789abcdef";
	size_t bytes = id.length < width / 2 ? id.length : width / 2;

	for (size_t i = 0; i < bytes; i++)
	{
		room[2 * i] = digits[(uint8_t) id.data[i] >> 4];
		room[2 * i + 1] = digits[(uint8_t) id.data[i] & 15];
	}
	return (GenopsSlice){ room, 2 * bytes };
}

static GenopsTraceqlValue
trace_id_value(GenopsSlice id, char *room)
{
	GenopsSlice text = hex(id, room, 32);

	while (text.length > 0 && text.data[0] == '0')
	{
		text.data++;
		text.length--;
	}
	return text_value(text);
}

/* A field of an event, a link or a scope, and whether the message parses. */
static bool
field_of(GenopsSlice message, uint32_t number, GenopsWireField *found)
{
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;

	*found = (GenopsWireField){ .number = number };
	while (genops_fields_next(&fields, &field))
	{
		if (field.number == number)
			*found = field;
	}
	return !fields.malformed;
}

static GenopsTraceqlValue
number_value(GenopsValueType type, int64_t number)
{
	return (GenopsTraceqlValue){ .type = type, .integer = number };
}

static bool
look_up_part(GenopsTraceqlSpan *span, GenopsIntrinsic intrinsic, GenopsTraceqlValue *value,
             bool *present, GenopsError *error)
{
	static const struct
	{
		GenopsIntrinsic intrinsic;
		uint32_t number;
	} parts[] = {
		{ GENOPS_INTRINSIC_EVENT_NAME, EVENT_NAME },
		{ GENOPS_INTRINSIC_EVENT_TIME_SINCE_START, EVENT_TIME },
		{ GENOPS_INTRINSIC_LINK_TRACE_ID, LINK_TRACE_ID },
		{ GENOPS_INTRINSIC_LINK_SPAN_ID, LINK_SPAN_ID },
		{ GENOPS_INTRINSIC_INSTRUMENTATION_NAME, SCOPE_NAME },
		{ GENOPS_INTRINSIC_INSTRUMENTATION_VERSION, SCOPE_VERSION },
	};
	GenopsAttribute attribute = { .intrinsic = intrinsic };
	uint32_t repeated = genops_traceql_repeated(&attribute);
	GenopsSlice message = repeated == GENOPS_SPAN_EVENTS  ? span->event
	                      : repeated == GENOPS_SPAN_LINKS ? span->link
	                                                      : span->scope;
	GenopsWireField field;
	size_t i = 0;

	while (parts[i].intrinsic != intrinsic)
		i++;
	*present = repeated == 0 || genops_slice_present(message);
	if (!*present)
		return true;
	if (!genops_traceql_work(span, message.length + 1, error))
		return false;
	if (!field_of(message, parts[i].number, &field))
		return malformed(error);
	if (intrinsic == GENOPS_INTRINSIC_EVENT_TIME_SINCE_START)
		*value = number_value(GENOPS_TYPE_DURATION, (int64_t) (field.scalar - span->span.start_ns));
	else if (intrinsic == GENOPS_INTRINSIC_LINK_TRACE_ID)
		*value = trace_id_value(field.bytes, span->link_trace_id);
	else if (intrinsic == GENOPS_INTRINSIC_LINK_SPAN_ID)
		*value = text_value(hex(field.bytes, span->link_span_id, 16));
	else
		*value = text_value(field.bytes);
	return true;
}

static GenopsTraceqlValue
parent_value(GenopsTraceqlSpan *span)
{
	GenopsSlice text = hex(span->span.parent_span_id, span->parent_id, 16);

	return text_value(text.length == 0 ? GENOPS_LITERAL("0000000000000000") : text);
}

/* Those of the span itself and of its trace. */
static GenopsTraceqlValue
intrinsic_value(GenopsTraceqlSpan *span, GenopsIntrinsic intrinsic)
{
	const GenopsSpanView *view = &span->span;

	switch (intrinsic)
	{
		case GENOPS_INTRINSIC_DURATION:
			return number_value(GENOPS_TYPE_DURATION, (int64_t) (view->end_ns - view->start_ns));
		case GENOPS_INTRINSIC_NAME:
			return text_value(view->name);
		case GENOPS_INTRINSIC_STATUS:
			return number_value(GENOPS_TYPE_STATUS, view->status);
		case GENOPS_INTRINSIC_STATUS_MESSAGE:
			return text_value(view->status_message);
		case GENOPS_INTRINSIC_KIND:
			return number_value(GENOPS_TYPE_KIND, view->kind);
		case GENOPS_INTRINSIC_SPAN_ID:
			return text_value(hex(view->span_id, span->span_id, 16));
		case GENOPS_INTRINSIC_PARENT_ID:
			return parent_value(span);
		case GENOPS_INTRINSIC_TRACE_ID:
			return trace_id_value(view->trace_id, span->trace_id);
		case GENOPS_INTRINSIC_CHILD_COUNT:
			return number_value(GENOPS_TYPE_INT, span->trace.child_count);
		case GENOPS_INTRINSIC_TRACE_DURATION:
			return number_value(GENOPS_TYPE_DURATION, span->trace.duration_ns);
		case GENOPS_INTRINSIC_ROOT_NAME:
			return text_value(span->trace.root_name);
		case GENOPS_INTRINSIC_ROOT_SERVICE_NAME:
			return text_value(span->trace.root_service_name);
		case GENOPS_INTRINSIC_NESTED_SET_LEFT:
			return number_value(GENOPS_TYPE_INT, span->trace.nested_set_left);
		case GENOPS_INTRINSIC_NESTED_SET_RIGHT:
			return number_value(GENOPS_TYPE_INT, span->trace.nested_set_right);
		case GENOPS_INTRINSIC_NESTED_SET_PARENT:
			return number_value(GENOPS_TYPE_INT, span->trace.nested_set_parent);
		default:
			return (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	}
}

bool
genops_traceql_look_up(GenopsTraceqlSpan *span, const GenopsAttribute *attribute,
                       GenopsTraceqlValue *value, bool *present, GenopsError *error)
{
	*value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	*present = false;
	if (attribute->intrinsic == GENOPS_INTRINSIC_NONE)
		return look_up_attribute(span, attribute, value, present, error);
	if (attribute->intrinsic >= GENOPS_INTRINSIC_EVENT_NAME &&
	    attribute->intrinsic <= GENOPS_INTRINSIC_INSTRUMENTATION_VERSION)
		return look_up_part(span, attribute->intrinsic, value, present, error);
	*value = intrinsic_value(span, attribute->intrinsic);
	*present = value->type != GENOPS_TYPE_NIL;
	return true;
}
