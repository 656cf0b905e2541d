/* SPDX-License-Identifier: PostgreSQL */
/*
 * Random spans in two shapes: as protobuf-c's structs, and written by the
 * direct writer.  protobuf-c is the oracle: what it packs is right.
 */
#ifndef GENOPS_TEST_CORE_RANDOM_SPAN_H
#define GENOPS_TEST_CORE_RANDOM_SPAN_H

#include "test/core/check.h"

#include "core/base/bytes.h"
#include "core/span/otlp_write.h"

#include "otlp.pb-c.h"

typedef Genops__Otlp__AnyValue PbValue;
typedef Genops__Otlp__KeyValue PbPair;
typedef Genops__Otlp__Span PbSpan;

/* Where the structs of one round lie. */
typedef struct Arena
{
	char memory[4 << 20];
	size_t used;
	uint64_t seed;
} Arena;

static void *
take(Arena *arena, size_t size)
{
	void *at = arena->memory + arena->used;

	arena->used += (size + 15) & ~(size_t) 15;
	assert_true(arena->used <= sizeof(arena->memory));
	return at;
}

static size_t
below(Arena *arena, size_t limit)
{
	return next_random(&arena->seed) % limit;
}

/* Mostly short, now and then around where a length needs a byte more. */
static size_t
random_length(Arena *arena)
{
	switch (below(arena, 12))
	{
		case 0:
			return 0;
		case 1:
			return 100 + below(arena, 60);
		case 2:
			return 16384 - 40 + below(arena, 80);
		default:
			return below(arena, 40);
	}
}

/* ASCII without a zero byte, because protobuf-c's strings end in one. */
static char *
random_text(Arena *arena, size_t length)
{
	char *text = take(arena, length + 1);

	for (size_t i = 0; i < length; i++)
		text[i] = (char) (' ' + below(arena, 95));
	text[length] = '\0';
	return text;
}

static int64_t
random_int(Arena *arena)
{
	static const int64_t edges[] = { 0, -1, 1, 127, 128, INT64_MAX, INT64_MIN };

	if (below(arena, 3) == 0)
		return edges[below(arena, COUNT_OF(edges))];
	return (int64_t) next_random(&arena->seed) >> below(arena, 64);
}

static double
random_double(Arena *arena)
{
	uint64_t bits = below(arena, 4) == 0 ? 0 : next_random(&arena->seed);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void random_value(Arena *arena, PbValue *value, GenopsBytes *out, int depth);

static GenopsSlice
written(const GenopsBytes *bytes)
{
	return (GenopsSlice){ (const char *) bytes->data, bytes->length };
}

static void
random_array(Arena *arena, PbValue *value, GenopsBytes *out, int depth)
{
	Genops__Otlp__ArrayValue *array = take(arena, sizeof(*array));
	GenopsBytes content = genops_bytes_growing();

	genops__otlp__array_value__init(array);
	array->n_values = below(arena, 4);
	array->values = take(arena, array->n_values * sizeof(PbValue *));
	for (size_t i = 0; i < array->n_values; i++)
	{
		GenopsBytes item = genops_bytes_growing();

		array->values[i] = take(arena, sizeof(PbValue));
		random_value(arena, array->values[i], &item, depth - 1);
		genops_otlp_any_array_item(&content, written(&item));
		genops_bytes_free(&item);
	}
	value->value_case = GENOPS__OTLP__ANY_VALUE__VALUE_ARRAY_VALUE;
	value->array_value = array;
	genops_otlp_any_array(out, written(&content));
	genops_bytes_free(&content);
}

static void
random_map(Arena *arena, PbValue *value, GenopsBytes *out, int depth)
{
	Genops__Otlp__KeyValueList *map = take(arena, sizeof(*map));
	GenopsBytes content = genops_bytes_growing();

	genops__otlp__key_value_list__init(map);
	map->n_values = below(arena, 4);
	map->values = take(arena, map->n_values * sizeof(PbPair *));
	for (size_t i = 0; i < map->n_values; i++)
	{
		PbPair *pair = take(arena, sizeof(*pair));
		GenopsBytes item = genops_bytes_growing();

		genops__otlp__key_value__init(pair);
		pair->key = random_text(arena, 1 + random_length(arena));
		pair->value = take(arena, sizeof(PbValue));
		random_value(arena, pair->value, &item, depth - 1);
		map->values[i] = pair;
		genops_otlp_any_map_item(&content, genops_slice(pair->key), written(&item));
		genops_bytes_free(&item);
	}
	value->value_case = GENOPS__OTLP__ANY_VALUE__VALUE_KVLIST_VALUE;
	value->kvlist_value = map;
	genops_otlp_any_map(out, written(&content));
	genops_bytes_free(&content);
}

/* Fills in "value", and appends the same AnyValue's content to "out". */
static void
random_value(Arena *arena, PbValue *value, GenopsBytes *out, int depth)
{
	genops__otlp__any_value__init(value);
	switch (below(arena, depth > 0 ? 7 : 5))
	{
		case 0:
			value->value_case = GENOPS__OTLP__ANY_VALUE__VALUE_STRING_VALUE;
			value->string_value = random_text(arena, random_length(arena));
			genops_otlp_any_text(out, genops_slice(value->string_value));
			break;
		case 1:
			value->value_case = GENOPS__OTLP__ANY_VALUE__VALUE_INT_VALUE;
			value->int_value = random_int(arena);
			genops_otlp_any_int(out, value->int_value);
			break;
		case 2:
			value->value_case = GENOPS__OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE;
			value->double_value = random_double(arena);
			genops_otlp_any_double(out, value->double_value);
			break;
		case 3:
			value->value_case = GENOPS__OTLP__ANY_VALUE__VALUE_BOOL_VALUE;
			value->bool_value = below(arena, 2) == 1;
			genops_otlp_any_bool(out, value->bool_value);
			break;
		case 4: /* a null */
			break;
		case 5:
			random_array(arena, value, out, depth);
			break;
		case 6:
			random_map(arena, value, out, depth);
			break;
	}
}

/* An attribute by the writer's function for its type where there is one. */
static void
write_attribute(GenopsBytes *out, const PbPair *pair, GenopsSlice any_value)
{
	GenopsSlice key = genops_slice(pair->key);

	switch (pair->value->value_case)
	{
		case GENOPS__OTLP__ANY_VALUE__VALUE_STRING_VALUE:
			genops_otlp_put_text(out, key, genops_slice(pair->value->string_value));
			break;
		case GENOPS__OTLP__ANY_VALUE__VALUE_INT_VALUE:
			genops_otlp_put_int(out, key, pair->value->int_value);
			break;
		case GENOPS__OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE:
			genops_otlp_put_double(out, key, pair->value->double_value);
			break;
		case GENOPS__OTLP__ANY_VALUE__VALUE_BOOL_VALUE:
			genops_otlp_put_bool(out, key, pair->value->bool_value);
			break;
		default:
			genops_otlp_put_any(out, key, any_value);
	}
}

static void
random_attributes(Arena *arena, PbSpan *span, GenopsBytes *out)
{
	span->n_attributes = below(arena, 8);
	span->attributes = take(arena, span->n_attributes * sizeof(PbPair *));
	for (size_t i = 0; i < span->n_attributes; i++)
	{
		PbPair *pair = take(arena, sizeof(*pair));
		GenopsBytes value = genops_bytes_growing();

		genops__otlp__key_value__init(pair);
		pair->key = random_text(arena, 1 + random_length(arena));
		pair->value = take(arena, sizeof(PbValue));
		random_value(arena, pair->value, &value, 3);
		span->attributes[i] = pair;
		write_attribute(out, pair, written(&value));
		genops_bytes_free(&value);
	}
}

static PbPair *
text_pair(Arena *arena, const char *key, const char *text)
{
	PbPair *pair = take(arena, sizeof(*pair));

	genops__otlp__key_value__init(pair);
	pair->key = (char *) key;
	pair->value = take(arena, sizeof(PbValue));
	genops__otlp__any_value__init(pair->value);
	pair->value->value_case = GENOPS__OTLP__ANY_VALUE__VALUE_STRING_VALUE;
	pair->value->string_value = (char *) text;
	return pair;
}

static void
random_events(Arena *arena, PbSpan *span, GenopsBytes *out)
{
	span->n_events = below(arena, 3);
	span->events = take(arena, span->n_events * sizeof(Genops__Otlp__Span__Event *));
	for (size_t i = 0; i < span->n_events; i++)
	{
		Genops__Otlp__Span__Event *event = take(arena, sizeof(*event));
		const char *type = below(arena, 3) == 0 ? NULL : random_text(arena, random_length(arena));
		const char *message =
		    below(arena, 3) == 0 ? NULL : random_text(arena, random_length(arena));

		genops__otlp__span__event__init(event);
		event->time_unix_nano = below(arena, 4) == 0 ? 0 : next_random(&arena->seed) >> 1;
		event->name = (char *) "exception";
		event->attributes = take(arena, 2 * sizeof(PbPair *));
		if (type != NULL)
			event->attributes[event->n_attributes++] = text_pair(arena, "exception.type", type);
		if (message != NULL)
			event->attributes[event->n_attributes++] =
			    text_pair(arena, "exception.message", message);
		span->events[i] = event;
		genops_otlp_span_exception(out, (int64_t) event->time_unix_nano, genops_slice(type),
		                           genops_slice(message));
	}
}

static ProtobufCBinaryData
random_id(Arena *arena, size_t size)
{
	ProtobufCBinaryData id = { size, take(arena, size) };

	for (size_t i = 0; i < size; i++)
		id.data[i] = (uint8_t) next_random(&arena->seed);
	id.data[0] |= 1;
	return id;
}

static void
random_head(Arena *arena, PbSpan *span, GenopsBytes *out)
{
	GenopsSpanFacts facts = { 0 };
	size_t end_offset;

	span->trace_id = random_id(arena, GENOPS_TRACE_ID_SIZE);
	span->span_id = random_id(arena, GENOPS_SPAN_ID_SIZE);
	if (below(arena, 2) == 0)
		span->parent_span_id = random_id(arena, GENOPS_SPAN_ID_SIZE);
	span->trace_state = random_text(arena, random_length(arena));
	span->name = random_text(arena, random_length(arena));
	span->kind = (Genops__Otlp__Span__SpanKind) below(arena, 6);
	span->start_time_unix_nano = (next_random(&arena->seed) >> 1) + 1;
	span->end_time_unix_nano = (next_random(&arena->seed) >> 1) + 1;

	memcpy(facts.trace_id, span->trace_id.data, span->trace_id.len);
	memcpy(facts.span_id, span->span_id.data, span->span_id.len);
	if (span->parent_span_id.len > 0)
		memcpy(facts.parent_span_id, span->parent_span_id.data, span->parent_span_id.len);
	facts.text[GENOPS_TEXT_NAME] = genops_slice(span->name);
	facts.kind = (uint8_t) span->kind;
	facts.start_ns = (int64_t) span->start_time_unix_nano;
	end_offset = genops_otlp_span_open(out, &facts, genops_slice(span->trace_state));
	genops_otlp_patch_end(out, end_offset, (int64_t) span->end_time_unix_nano);
}

/* A span, and the same one's bytes appended to "out". */
static PbSpan *
random_span(Arena *arena, GenopsBytes *out)
{
	PbSpan *span = take(arena, sizeof(*span));
	Genops__Otlp__Status *status = take(arena, sizeof(*status));

	genops__otlp__span__init(span);
	genops__otlp__status__init(status);
	random_head(arena, span, out);
	random_attributes(arena, span, out);
	span->dropped_attributes_count = below(arena, 2) == 0 ? 0 : (uint32_t) random_int(arena);
	genops_otlp_span_dropped(out, span->dropped_attributes_count);
	random_events(arena, span, out);

	status->code = (Genops__Otlp__Status__StatusCode) below(arena, 3);
	status->message = random_text(arena, random_length(arena));
	if (status->code != GENOPS__OTLP__STATUS__STATUS_CODE__STATUS_CODE_UNSET)
		span->status = status;
	span->flags = below(arena, 2) == 0 ? 0 : (uint32_t) random_int(arena);
	genops_otlp_span_close(out, (GenopsStatus) status->code, genops_slice(status->message),
	                       span->flags);
	return span;
}

#endif
