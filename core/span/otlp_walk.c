/* SPDX-License-Identifier: PostgreSQL */
/*
 * The walk over the spans of a request or a segment.
 *
 * What a span stands in may follow it in the bytes: nothing says that a
 * Resource comes before its ScopeSpans, and the schema URLs usually come
 * after.  So each level is looked over once for its own fields before what it
 * contains is walked; skipping over the contents costs little.
 */
#include "core/span/otlp_read.h"

#define REQUEST_RESOURCE_SPANS 1

/* ResourceSpans and ScopeSpans are alike: 1 describes, 2 contains, 3 is the
 * schema URL. */
#define LEVEL_DESCRIPTION 1
#define LEVEL_CONTENT 2
#define LEVEL_SCHEMA_URL 3

static bool
look_over(GenopsSlice message, GenopsSlice *description, GenopsSlice *schema_url)
{
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;

	*description = GENOPS_ABSENT;
	*schema_url = GENOPS_ABSENT;
	while (genops_fields_next(&fields, &field))
	{
		if (field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		if (field.number == LEVEL_DESCRIPTION)
			*description = field.bytes;
		else if (field.number == LEVEL_SCHEMA_URL)
			*schema_url = field.bytes;
	}
	return !fields.malformed;
}

/* The next field of that number; false at the end or at malformed bytes. */
static bool
next_content(GenopsSpanWalk *walk, GenopsFields *level, uint32_t number, GenopsSlice *content)
{
	GenopsWireField field;

	while (genops_fields_next(level, &field))
	{
		if (field.number == number && field.wire_type == GENOPS_WIRE_BYTES)
		{
			*content = field.bytes;
			return true;
		}
	}
	walk->malformed |= level->malformed;
	return false;
}

static void
enter_resource_spans(GenopsSpanWalk *walk, GenopsSlice resource_spans)
{
	if (!look_over(resource_spans, &walk->resource, &walk->resource_schema_url))
		walk->malformed = true;
	walk->resource_spans = genops_fields(resource_spans);
}

static void
enter_scope_spans(GenopsSpanWalk *walk, GenopsSlice scope_spans)
{
	if (!look_over(scope_spans, &walk->scope, &walk->scope_schema_url))
		walk->malformed = true;
	walk->scope_spans = genops_fields(scope_spans);
}

GenopsSpanWalk
genops_walk_request(GenopsSlice request)
{
	return (GenopsSpanWalk){ .origin = (const uint8_t *) request.data,
		                     .request = genops_fields(request) };
}

GenopsSpanWalk
genops_walk_segment(GenopsSlice segment)
{
	GenopsSpanWalk walk = { .origin = (const uint8_t *) segment.data };

	enter_resource_spans(&walk, segment);
	return walk;
}

bool
genops_walk_next(GenopsSpanWalk *walk)
{
	GenopsSlice content;

	while (!walk->malformed)
	{
		if (next_content(walk, &walk->scope_spans, LEVEL_CONTENT, &walk->span))
		{
			walk->offset = (size_t) ((const uint8_t *) walk->span.data - walk->origin);
			return true;
		}
		if (walk->malformed)
			break;
		if (next_content(walk, &walk->resource_spans, LEVEL_CONTENT, &content))
			enter_scope_spans(walk, content);
		else if (!walk->malformed &&
		         next_content(walk, &walk->request, REQUEST_RESOURCE_SPANS, &content))
			enter_resource_spans(walk, content);
		else
			break;
	}
	return false;
}

bool
genops_read_envelope(GenopsSlice segment, GenopsEnvelope *envelope)
{
	GenopsFields fields = genops_fields(segment);
	GenopsWireField field;

	*envelope = (GenopsEnvelope){ 0 };
	if (!look_over(segment, &envelope->resource, &envelope->resource_schema_url))
		return false;
	while (genops_fields_next(&fields, &field))
	{
		if (field.number == LEVEL_CONTENT && field.wire_type == GENOPS_WIRE_BYTES)
			return look_over(field.bytes, &envelope->scope, &envelope->scope_schema_url);
	}
	return true;
}
