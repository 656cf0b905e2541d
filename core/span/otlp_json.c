/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/otlp_json.h"

#include "core/span/facts.h"
#include "core/span/json_convert.h"
#include "core/span/json_text.h"
#include "core/span/otlp_put.h"

/*
 * A request takes eleven levels down to an attribute's value, and each array
 * or map within a value three or four more: values nest to about 45 levels.
 */
#define MAX_DEPTH 200

/* Some 20 MB of text, which is the most that receivers take. */
#define MAX_VALUES 2000000

static const char *const kind_names[] = { "UNSPECIFIED", "INTERNAL", "SERVER",
	                                      "CLIENT",      "PRODUCER", "CONSUMER" };
static const GenopsJsonEnum kinds = { "SPAN_KIND_", kind_names, 6 };

static const char *const status_names[] = { "UNSET", "OK", "ERROR" };
static const GenopsJsonEnum statuses = { "STATUS_CODE_", status_names, 3 };

/* The messages, each with its fields in the order of their numbers. */

static bool
convert_event(GenopsConverter *converter, const cJSON *event)
{
	return genops_convert_time(converter, event, "timeUnixNano", FIXED64(1)) &&
	       genops_convert_text(converter, event, "name", LENGTH(2)) &&
	       genops_convert_attributes(converter, event, LENGTH(3)) &&
	       genops_convert_uint32(converter, event, "droppedAttributesCount", VARINT(4));
}

static bool
convert_link(GenopsConverter *converter, const cJSON *link)
{
	static const uint8_t flags_tag[] = { 0x35 }; /* field 6 */

	return genops_convert_id(converter, link, "traceId", LENGTH(1), GENOPS_TRACE_ID_SIZE, false) &&
	       genops_convert_id(converter, link, "spanId", LENGTH(2), GENOPS_SPAN_ID_SIZE, false) &&
	       genops_convert_text(converter, link, "traceState", LENGTH(3)) &&
	       genops_convert_attributes(converter, link, LENGTH(4)) &&
	       genops_convert_uint32(converter, link, "droppedAttributesCount", VARINT(5)) &&
	       genops_convert_fixed32(converter, link, "flags", flags_tag, sizeof(flags_tag));
}

static bool
convert_status(GenopsConverter *converter, const cJSON *status)
{
	return genops_convert_text(converter, status, "message", LENGTH(2)) &&
	       genops_convert_enum(converter, status, "code", VARINT(3), &statuses);
}

static bool
convert_span(GenopsConverter *converter, const cJSON *span)
{
	static const uint8_t flags_tag[] = { 0x85, 0x01 }; /* field 16 */

	return genops_convert_id(converter, span, "traceId", LENGTH(1), GENOPS_TRACE_ID_SIZE, true) &&
	       genops_convert_id(converter, span, "spanId", LENGTH(2), GENOPS_SPAN_ID_SIZE, true) &&
	       genops_convert_text(converter, span, "traceState", LENGTH(3)) &&
	       genops_convert_id(converter, span, "parentSpanId", LENGTH(4), GENOPS_SPAN_ID_SIZE,
	                         false) &&
	       genops_convert_text(converter, span, "name", LENGTH(5)) &&
	       genops_convert_enum(converter, span, "kind", VARINT(6), &kinds) &&
	       genops_convert_time(converter, span, "startTimeUnixNano", FIXED64(7)) &&
	       genops_convert_time(converter, span, "endTimeUnixNano", FIXED64(8)) &&
	       genops_convert_attributes(converter, span, LENGTH(9)) &&
	       genops_convert_uint32(converter, span, "droppedAttributesCount", VARINT(10)) &&
	       genops_convert_array(converter, span, "events", LENGTH(11), convert_event) &&
	       genops_convert_uint32(converter, span, "droppedEventsCount", VARINT(12)) &&
	       genops_convert_array(converter, span, "links", LENGTH(13), convert_link) &&
	       genops_convert_uint32(converter, span, "droppedLinksCount", VARINT(14)) &&
	       genops_convert_object(converter, span, "status", LENGTH(15), convert_status) &&
	       genops_convert_fixed32(converter, span, "flags", flags_tag, sizeof(flags_tag));
}

static bool
convert_scope(GenopsConverter *converter, const cJSON *scope)
{
	return genops_convert_text(converter, scope, "name", LENGTH(1)) &&
	       genops_convert_text(converter, scope, "version", LENGTH(2)) &&
	       genops_convert_attributes(converter, scope, LENGTH(3)) &&
	       genops_convert_uint32(converter, scope, "droppedAttributesCount", VARINT(4));
}

static bool
convert_scope_spans(GenopsConverter *converter, const cJSON *scope_spans)
{
	return genops_convert_object(converter, scope_spans, "scope", LENGTH(1), convert_scope) &&
	       genops_convert_array(converter, scope_spans, "spans", LENGTH(2), convert_span) &&
	       genops_convert_text(converter, scope_spans, "schemaUrl", LENGTH(3));
}

static bool
convert_resource(GenopsConverter *converter, const cJSON *resource)
{
	return genops_convert_attributes(converter, resource, LENGTH(1)) &&
	       genops_convert_uint32(converter, resource, "droppedAttributesCount", VARINT(2));
}

static bool
convert_resource_spans(GenopsConverter *converter, const cJSON *resource_spans)
{
	return genops_convert_object(converter, resource_spans, "resource", LENGTH(1),
	                             convert_resource) &&
	       genops_convert_array(converter, resource_spans, "scopeSpans", LENGTH(2),
	                            convert_scope_spans) &&
	       genops_convert_text(converter, resource_spans, "schemaUrl", LENGTH(3));
}

/*
 * A request; or what Tempo answers when it is asked for a trace, which is the
 * same under another name, with base64 ids: {"batches": [...]} of its first
 * version of that call and {"trace": {"resourceSpans": [...]}} of its second.
 */
static bool
convert_request(GenopsConverter *converter, const cJSON *request)
{
	const cJSON *trace = genops_json_member(request, "trace");
	const char *name = "resourceSpans";

	if (!cJSON_IsObject(request))
		return genops_convert_refuse(converter, NULL, "an object");
	if (cJSON_IsObject(trace))
	{
		converter->base64_ids = true;
		genops_convert_enter(converter, "trace");
		request = trace;
	}
	else if (genops_json_member(request, "batches") != NULL)
	{
		converter->base64_ids = true;
		name = "batches";
	}
	return genops_convert_array(converter, request, name, LENGTH(1), convert_resource_spans);
}

bool
genops_otlp_from_json(GenopsSlice json, GenopsBytes *request, GenopsError *error)
{
	GenopsConverter converter = { .out = request, .error = error, .what = "OTLP/JSON" };
	size_t length_before = request->length;
	cJSON *parsed = genops_json_parse(json, MAX_DEPTH, MAX_VALUES, converter.what, error);
	bool converted = parsed != NULL && convert_request(&converter, parsed);

	cJSON_Delete(parsed);
	if (converted && request->failed)
		converted = genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	if (!converted)
		request->length = length_before;
	return converted;
}
