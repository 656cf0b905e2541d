/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reads OTLP trace bytes in place: nothing is copied or allocated, every
 * slice points into the bytes read.  Input may be hostile; a read that does
 * not parse returns false and never looks beyond the end.
 */
#ifndef GENOPS_CORE_SPAN_OTLP_READ_H
#define GENOPS_CORE_SPAN_OTLP_READ_H

#include "core/base/error.h"
#include "core/span/facts.h"

/* Walks the fields of one message. */
typedef struct GenopsFields
{
	const uint8_t *next;
	const uint8_t *end;
	bool malformed;
} GenopsFields;

/* How a field is written. */
#define GENOPS_WIRE_VARINT 0
#define GENOPS_WIRE_FIXED64 1
#define GENOPS_WIRE_BYTES 2
#define GENOPS_WIRE_FIXED32 5

typedef struct GenopsWireField
{
	uint32_t number;
	uint8_t wire_type;
	uint64_t scalar;   /* all but GENOPS_WIRE_BYTES */
	GenopsSlice bytes; /* GENOPS_WIRE_BYTES */
} GenopsWireField;

extern GenopsFields genops_fields(GenopsSlice message);

/* The next field, or false at the end and at malformed bytes: genops_fields_next. */
extern bool genops_fields_next_of_any_kind(GenopsFields *fields, GenopsWireField *field);

/* Most fields are a text or message of less than 128 bytes, with a number below 16;
 * and reading fields is what most of a search's time goes into. */
static inline bool
genops_fields_next(GenopsFields *fields, GenopsWireField *field)
{
	const uint8_t *at = fields->next;

	if (fields->malformed || fields->end - at < 2 || at[0] < 8 || at[0] >= 0x80 ||
	    (at[0] & 7) != GENOPS_WIRE_BYTES || at[1] >= 0x80 || at[1] > fields->end - at - 2)
		return genops_fields_next_of_any_kind(fields, field);
	*field = (GenopsWireField){ .number = at[0] >> 3,
		                        .wire_type = GENOPS_WIRE_BYTES,
		                        .bytes = { (const char *) at + 2, at[1] } };
	fields->next = at + 2 + at[1];
	return true;
}

typedef enum GenopsWireValueType
{
	GENOPS_VALUE_EMPTY,
	GENOPS_VALUE_TEXT,
	GENOPS_VALUE_BOOL,
	GENOPS_VALUE_INT,
	GENOPS_VALUE_DOUBLE,
	GENOPS_VALUE_ARRAY, /* bytes: the content of an ArrayValue */
	GENOPS_VALUE_MAP,   /* bytes: the content of a KeyValueList */
	GENOPS_VALUE_BYTES
} GenopsWireValueType;

typedef struct GenopsValue
{
	GenopsWireValueType type;
	union
	{
		bool boolean;
		int64_t integer;
		double number;
	};
	GenopsSlice bytes; /* TEXT, ARRAY, MAP, BYTES */
} GenopsValue;

/* The content of an AnyValue; of a KeyValue. */
extern bool genops_read_value(GenopsSlice any_value, GenopsValue *value);
extern bool genops_read_key_value(GenopsSlice key_value, GenopsSlice *key, GenopsValue *value);

/* A span's own fields; attributes, events and links are walked with
 * genops_fields over "message" (fields 9, 11 and 13). */
typedef struct GenopsSpanView
{
	GenopsSlice message; /* the content of the Span */
	GenopsSlice trace_id;
	GenopsSlice span_id;
	GenopsSlice parent_span_id;
	GenopsSlice trace_state;
	GenopsSlice name;
	uint64_t start_ns;
	uint64_t end_ns;
	uint32_t kind;
	uint32_t status;
	GenopsSlice status_message;
	uint32_t flags;
	uint32_t dropped_attributes;
} GenopsSpanView;

#define GENOPS_SPAN_ATTRIBUTES 9
#define GENOPS_SPAN_EVENTS 11
#define GENOPS_SPAN_LINKS 13
#define GENOPS_RESOURCE_ATTRIBUTES 1

extern bool genops_read_span(GenopsSlice message, GenopsSpanView *span);

/* A Resource's service.name; absent where there is none that is a text. */
extern GenopsSlice genops_read_service_name(GenopsSlice resource);

/*
 * Walks the spans of an ExportTraceServiceRequest (or of one segment, which
 * is the content of one ResourceSpans): for each span, what it stands in.
 */
typedef struct GenopsSpanWalk
{
	GenopsSlice resource; /* content of Resource, may be absent */
	GenopsSlice scope;    /* content of InstrumentationScope */
	GenopsSlice resource_schema_url;
	GenopsSlice scope_schema_url;
	GenopsSlice span; /* content of Span */
	size_t offset;    /* of the span's content, from the start of what is walked */
	/* private: where the walk is */
	const uint8_t *origin;
	GenopsFields request;
	GenopsFields resource_spans;
	GenopsFields scope_spans;
	bool malformed;
} GenopsSpanWalk;

extern GenopsSpanWalk genops_walk_request(GenopsSlice request);
extern GenopsSpanWalk genops_walk_segment(GenopsSlice segment);
extern bool genops_walk_next(GenopsSpanWalk *walk);

/* What the spans of a segment stand in, also when it has no span: of its
 * resource, and of its first scope. */
typedef struct GenopsEnvelope
{
	GenopsSlice resource;
	GenopsSlice scope;
	GenopsSlice resource_schema_url;
	GenopsSlice scope_schema_url;
} GenopsEnvelope;

extern bool genops_read_envelope(GenopsSlice segment, GenopsEnvelope *envelope);

/* Memory of the facts that are no run of the bytes: ids that came as numbers, folded
 * names. */
typedef struct GenopsFactMemory
{
	size_t used;
	char text[1024];
} GenopsFactMemory;

/*
 * The facts of a span that others made: ids, times, and the columns found in
 * its attributes under any of the names in use (the guide's names first, then
 * genops.*, then gen_ai.*, then others'; service name and environment from
 * the resource).  A number may come as int, double or a text that is one; what identifies
 * somebody may be a number.  "reply_id" is the provider's id of the reply, or absent.
 * The span counts as sampled; tenant and route are the caller's to find, as are keys.
 * Slices point into the bytes read or into "memory", which must live as long.  False with an error
 * where the span cannot be kept: ids of the wrong size or zero, end before start, a name or fact
 * that is no UTF-8.
 */
extern bool genops_facts_from_span(GenopsSlice resource, const GenopsSpanView *span,
                                   GenopsFactMemory *memory, GenopsSpanFacts *facts,
                                   GenopsSlice *reply_id, GenopsError *error);

#endif
