/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_internal.segment_tags: the names of the attributes in a segment, each once.
 */
#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/segment_spans.h"
#include "compat.h"
#include "funcapi.h"
#include "server_text.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"

PG_FUNCTION_INFO_V1(genops_segment_tags);

/* Longer names are cut, to one that nobody asks for. */
#define NAME_MAX_BYTES 255

/* Fields of an Event, a Link and an InstrumentationScope. */
#define EVENT_ATTRIBUTES 3
#define LINK_ATTRIBUTES 4
#define SCOPE_ATTRIBUTES 3

typedef enum TagScope
{
	TAG_SPAN,
	TAG_RESOURCE,
	TAG_EVENT,
	TAG_LINK,
	TAG_INSTRUMENTATION
} TagScope;

static const char *const scope_names[] = { "span", "resource", "event", "link", "instrumentation" };

typedef struct Tag
{
	uint8 scope;
	char name[NAME_MAX_BYTES + 1]; /* zeros behind it, as the whole is a key */
} Tag;

typedef struct Tags
{
	HTAB *seen;
	ReturnSetInfo *result;
} Tags;

static void
AddTag(Tags *tags, TagScope scope, GenopsSlice name)
{
	GenopsSlice converted = ServerText(name);
	Tag tag;
	bool known;
	Datum values[2];
	bool nulls[2] = { false };

	memset(&tag, 0, sizeof(tag));
	tag.scope = (uint8) scope;
	memcpy(tag.name, converted.data, Min(converted.length, NAME_MAX_BYTES));
	(void) hash_search(tags->seen, &tag, HASH_ENTER, &known);
	if (known)
		return;
	values[0] = CStringGetTextDatum(scope_names[scope]);
	values[1] = PointerGetDatum(cstring_to_text_with_len(converted.data, (int) converted.length));
	tuplestore_putvalues(tags->result->setResult, tags->result->setDesc, values, nulls);
}

/* The attributes in the fields of that number of a message. */
static void
AddTags(Tags *tags, TagScope scope, GenopsSlice message, uint32 number)
{
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;
	GenopsSlice key;
	GenopsValue value;

	while (genops_fields_next(&fields, &field))
		if (field.number == number && field.wire_type == GENOPS_WIRE_BYTES)
		{
			if (!genops_read_key_value(field.bytes, &key, &value))
				OtlpMalformed();
			if (key.length > 0)
				AddTag(tags, scope, key);
		}
}

static void
AddSpan(Tags *tags, GenopsSlice span)
{
	GenopsFields fields = genops_fields(span);
	GenopsWireField field;

	AddTags(tags, TAG_SPAN, span, GENOPS_SPAN_ATTRIBUTES);
	while (genops_fields_next(&fields, &field))
	{
		if (field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		if (field.number == GENOPS_SPAN_EVENTS)
			AddTags(tags, TAG_EVENT, field.bytes, EVENT_ATTRIBUTES);
		else if (field.number == GENOPS_SPAN_LINKS)
			AddTags(tags, TAG_LINK, field.bytes, LINK_ATTRIBUTES);
	}
}

Datum
genops_segment_tags(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	SegmentSpans spans = SegmentSpansBegin(SegmentBytes(bytes), NULL);
	HASHCTL control = { .keysize = sizeof(Tag),
		                .entrysize = sizeof(Tag),
		                .hcxt = CurrentMemoryContext };
	Tags tags = { .result = (ReturnSetInfo *) fcinfo->resultinfo };

	InitMaterializedSRF(fcinfo, 0);
	tags.seen = hash_create("genops tags", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	while (SegmentSpansNext(&spans))
	{
		CHECK_FOR_INTERRUPTS();
		AddTags(&tags, TAG_RESOURCE, spans.walk.resource, GENOPS_RESOURCE_ATTRIBUTES);
		AddTags(&tags, TAG_INSTRUMENTATION, spans.walk.scope, SCOPE_ATTRIBUTES);
		AddSpan(&tags, spans.walk.span);
	}
	return (Datum) 0;
}
