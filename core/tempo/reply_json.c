/* SPDX-License-Identifier: PostgreSQL */
#include "core/tempo/reply_json.h"

#include <stdio.h>

#include "core/span/json_scan.h"
#include "core/span/json_text.h"
#include "core/span/otlp_put.h"

#define WHAT "answer of Tempo"

/* In all, which bounds what is made of them; and of one trace, series or tag, which is what is
 * parsed at a time: some 20 ms and 30 MB. */
#define MAX_VALUES 4000000
#define MAX_ELEMENT_VALUES 250000

/* Traces, series or tags: what Tempo can be configured to give at most. */
#define MAX_ELEMENTS 262144

/* An attribute's value is some ten levels down, and each array in it takes three
 * more. */
#define MAX_DEPTH 100

bool
genops_tempo_out_of_memory(GenopsTempoReader *reader)
{
	return genops_error_set(reader->converter.error, GENOPS_OUT_OF_MEMORY, "out of memory");
}

/* The answer but for what is in the member, which is parsed piece by piece. */
static bool
parse_root(GenopsTempoReader *reader, const char *member)
{
	GenopsSlice text = { (const char *) reader->prepared.data, reader->prepared.length };
	GenopsSlice value = text.length == 0 ? GENOPS_ABSENT : genops_json_find(text, member);
	GenopsBytes rest = genops_bytes_growing();
	size_t before = text.length; /* the hole, and its size */
	size_t hole = 0;
	size_t stopped;

	if (value.length > 0 && genops_json_skip(value) == 0)
		return genops_json_refuse(WHAT, text.length, reader->converter.error);
	if (value.length > 0 && (value.data[0] == '[' || value.data[0] == '{'))
	{
		reader->member = value;
		before = (size_t) (value.data - text.data) + 1;
		hole = value.length - 2;
		genops_bytes_put(&rest, text.data, before);
		genops_bytes_put(&rest, text.data + before + hole, text.length - before - hole);
		text = (GenopsSlice){ (const char *) rest.data, rest.length };
	}
	if (rest.failed)
		genops_tempo_out_of_memory(reader);
	else if (genops_json_bounded(text, MAX_ELEMENT_VALUES, WHAT, reader->converter.error))
	{
		reader->root = genops_json_parse_prepared(text, &stopped);
		if (reader->root == NULL)
			genops_json_refuse(WHAT, stopped > before ? stopped + hole : stopped,
			                   reader->converter.error);
	}
	genops_bytes_free(&rest);
	return reader->root != NULL;
}

bool
genops_tempo_reader_open(GenopsTempoReader *reader, GenopsSlice json, const char *member,
                         GenopsArena *arena, const GenopsInterrupt *interrupt, GenopsError *error)
{
	char expected[64];

	*reader = (GenopsTempoReader){ .arena = arena,
		                           .interrupt = interrupt,
		                           .prepared = genops_bytes_growing(),
		                           .pairs = genops_bytes_growing() };
	reader->converter = (GenopsConverter){ .error = error, .what = WHAT };
	if (!genops_json_bounded(json, MAX_VALUES, WHAT, error) ||
	    !genops_json_prepare(json, MAX_DEPTH, &reader->prepared, error) ||
	    !parse_root(reader, member))
		return false;
	if (cJSON_IsObject(reader->root) &&
	    (reader->root->child == NULL || genops_json_member(reader->root, member) != NULL ||
	     genops_json_member(reader->root, "metrics") != NULL))
		return true;
	snprintf(expected, sizeof(expected), "an object with \"%s\"", member);
	return genops_convert_refuse(&reader->converter, NULL, expected);
}

bool
genops_tempo_reader_close(GenopsTempoReader *reader, bool good)
{
	cJSON_Delete(reader->root);
	genops_bytes_free(&reader->prepared);
	genops_bytes_free(&reader->pairs);
	if (!good)
		genops_arena_free(reader->arena);
	return good;
}

static bool
copy_text(GenopsTempoReader *reader, const cJSON *item, GenopsSlice *text)
{
	if (!cJSON_IsString(item))
		return genops_convert_refuse(&reader->converter, NULL, "a text");
	*text = genops_arena_copy(reader->arena, genops_slice(item->valuestring));
	return genops_slice_present(*text) || genops_tempo_out_of_memory(reader);
}

bool
genops_tempo_take_text(GenopsTempoReader *reader, const cJSON *object, const char *name,
                       GenopsSlice *text)
{
	const cJSON *member = genops_json_member(object, name);
	size_t place = genops_convert_enter(&reader->converter, name);
	bool taken = member == NULL || copy_text(reader, member, text);

	genops_convert_leave(&reader->converter, place);
	return taken;
}

bool
genops_tempo_take_uint64(GenopsTempoReader *reader, const cJSON *object, const char *name,
                         uint64_t *value)
{
	const cJSON *member = genops_json_member(object, name);
	int64_t number;

	if (member == NULL)
		return true;
	if (!genops_json_int64(member, &number) || number < 0)
		return genops_convert_refuse(&reader->converter, name,
		                             "an integer from 0 to 2^63 - 1, as a text or number");
	*value = (uint64_t) number;
	return true;
}

bool
genops_tempo_take_uint32(GenopsTempoReader *reader, const cJSON *object, const char *name,
                         uint32_t *value)
{
	uint64_t number = *value;

	if (!genops_tempo_take_uint64(reader, object, name, &number))
		return false;
	if (number > UINT32_MAX)
		return genops_convert_refuse(&reader->converter, name, "an integer of 32 bits");
	*value = (uint32_t) number;
	return true;
}

bool
genops_tempo_take_double(GenopsTempoReader *reader, const cJSON *object, const char *name,
                         double *value)
{
	const cJSON *member = genops_json_member(object, name);

	return member == NULL || genops_json_double(member, value) ||
	       genops_convert_refuse(&reader->converter, name, "a number");
}

bool
genops_tempo_take_id(GenopsTempoReader *reader, const cJSON *object, const char *name,
                     size_t digits, GenopsSlice *id)
{
	GenopsSlice text = genops_slice(cJSON_GetStringValue(genops_json_member(object, name)));
	char expected[64];
	char *padded;

	if (text.length == 0 || text.length > digits || !genops_slice_is_hex(text))
	{
		snprintf(expected, sizeof(expected), "1 to %zu hexadecimal digits", digits);
		return genops_convert_refuse(&reader->converter, name, expected);
	}
	padded = genops_arena_take(reader->arena, digits);
	if (padded == NULL)
		return genops_tempo_out_of_memory(reader);
	memset(padded, '0', digits - text.length);
	for (size_t i = 0; i < text.length; i++)
		padded[digits - text.length + i] =
		    (char) (text.data[i] >= 'A' && text.data[i] <= 'F' ? text.data[i] | 0x20
		                                                       : text.data[i]);
	*id = (GenopsSlice){ padded, digits };
	return true;
}

bool
genops_tempo_take_pairs(GenopsTempoReader *reader, const cJSON *object, const char *name,
                        GenopsSlice *pairs)
{
	genops_bytes_clear(&reader->pairs);
	reader->converter.out = &reader->pairs;
	if (!genops_convert_key_values(&reader->converter, object, name, LENGTH(GENOPS_TEMPO_PAIRS)))
		return false;
	*pairs = genops_arena_copy(
	    reader->arena, (GenopsSlice){ (const char *) reader->pairs.data, reader->pairs.length });
	return (!reader->pairs.failed && genops_slice_present(*pairs)) ||
	       genops_tempo_out_of_memory(reader);
}

bool
genops_tempo_take_completeness(GenopsTempoReader *reader, GenopsTempoCompleteness *completeness)
{
	const cJSON *status = genops_json_member(reader->root, "status");

	completeness->partial = cJSON_IsString(status) && strcmp(status->valuestring, "PARTIAL") == 0;
	return genops_tempo_take_text(reader, reader->root, "message", &completeness->message);
}

/* The place is in the array then, if there is one. */
static bool
enter_array(GenopsTempoReader *reader, const cJSON *object, const char *name, const cJSON **array)
{
	*array = genops_json_member(object, name);
	if (*array != NULL && !cJSON_IsArray(*array))
		return genops_convert_refuse(&reader->converter, name, "an array");
	(void) genops_convert_enter(&reader->converter, name);
	return true;
}

static void *
make_room(GenopsTempoReader *reader, const cJSON *array, size_t size)
{
	size_t count = array == NULL ? 0 : (size_t) cJSON_GetArraySize(array);

	/* No memory at all would look like a failure. */
	return genops_arena_take(reader->arena, (count > 0 ? count : 1) * size);
}

bool
genops_tempo_take_array(GenopsTempoReader *reader, const cJSON *object, const char *name,
                        size_t size, GenopsTempoRead *read, void *array, size_t *count)
{
	size_t place = strlen(reader->converter.place);
	const cJSON *items;
	const cJSON *item;
	size_t index = 0;
	char *elements;

	if (!enter_array(reader, object, name, &items))
		return false;
	elements = make_room(reader, items, size);
	if (elements == NULL)
		return genops_tempo_out_of_memory(reader);
	cJSON_ArrayForEach(item, items)
	{
		size_t array_place = genops_convert_enter_element(&reader->converter, index);

		if (!cJSON_IsObject(item))
			return genops_convert_refuse(&reader->converter, NULL, "an object");
		if (!read(reader, item, elements + index++ * size))
			return false;
		genops_convert_leave(&reader->converter, array_place);
	}
	genops_convert_leave(&reader->converter, place);
	memcpy(array, &elements, sizeof(elements));
	*count = index;
	return true;
}

bool
genops_tempo_take_texts(GenopsTempoReader *reader, const cJSON *object, const char *name,
                        GenopsSlice **texts, size_t *count)
{
	size_t place = strlen(reader->converter.place);
	const cJSON *items;
	const cJSON *item;
	size_t index = 0;

	if (!enter_array(reader, object, name, &items))
		return false;
	*texts = make_room(reader, items, sizeof(GenopsSlice));
	if (*texts == NULL)
		return genops_tempo_out_of_memory(reader);
	cJSON_ArrayForEach(item, items)
	{
		size_t array_place = genops_convert_enter_element(&reader->converter, index);

		if (!copy_text(reader, item, &(*texts)[index++]))
			return false;
		genops_convert_leave(&reader->converter, array_place);
	}
	genops_convert_leave(&reader->converter, place);
	*count = index;
	return true;
}

/* The next element's text, behind blanks and a comma; false at the end.  What does not end there
 * is no JSON, and an error to whoever parses it. */
static bool
next_element(GenopsSlice *rest, bool first, GenopsSlice *element)
{
	size_t at = genops_json_blanks(*rest);
	size_t length;

	if (at == rest->length)
		return false;
	if (!first && rest->data[at] == ',')
		at += 1;
	else if (!first)
		at = rest->length;
	*element = (GenopsSlice){ rest->data + at, rest->length - at };
	at += genops_json_blanks(*element);
	*element = (GenopsSlice){ rest->data + at, rest->length - at };
	length = genops_json_skip(*element);
	if (length > 0)
		element->length = length;
	*rest = (GenopsSlice){ element->data + element->length, rest->length - at - element->length };
	return true;
}

static GenopsSlice
inside(GenopsSlice array)
{
	return (GenopsSlice){ array.data + 1, array.length - 2 };
}

static bool
count_elements(GenopsTempoReader *reader, size_t *count)
{
	GenopsSlice rest = inside(reader->member);
	GenopsSlice element;

	for (*count = 0; next_element(&rest, *count == 0, &element); (*count)++)
	{
		if (*count < MAX_ELEMENTS)
			continue;
		genops_error_set(reader->converter.error, GENOPS_TOO_LARGE, "%s has too many elements",
		                 WHAT);
		genops_error_detail(reader->converter.error, "The limit is %d elements.", MAX_ELEMENTS);
		return false;
	}
	return true;
}

/* Reads one element, whose tree is gone afterwards. */
static bool
read_element(GenopsTempoReader *reader, GenopsSlice text, GenopsTempoRead *read, void *element)
{
	cJSON *parsed;
	size_t stopped;
	bool done;

	if (genops_interrupted(reader->interrupt))
		return genops_error_set(reader->converter.error, GENOPS_INTERRUPTED, "interrupted");
	if (!genops_json_bounded(text, MAX_ELEMENT_VALUES, WHAT, reader->converter.error))
		return false;
	parsed = genops_json_parse_prepared(text, &stopped);
	if (parsed == NULL)
		return genops_json_refuse(
		    WHAT, (size_t) (text.data - (const char *) reader->prepared.data) + stopped,
		    reader->converter.error);
	done = cJSON_IsObject(parsed) ? read(reader, parsed, element)
	                              : genops_convert_refuse(&reader->converter, NULL, "an object");
	cJSON_Delete(parsed);
	return done;
}

bool
genops_tempo_take_elements(GenopsTempoReader *reader, const char *name, size_t size,
                           GenopsTempoRead *read, void *array, size_t *count)
{
	size_t place = strlen(reader->converter.place);
	size_t index = 0;
	GenopsSlice rest;
	GenopsSlice element;
	char *elements;

	if (!genops_slice_present(reader->member) || reader->member.data[0] != '[')
		return genops_tempo_take_array(reader, reader->root, name, size, read, array, count);
	if (!count_elements(reader, count))
		return false;
	elements = genops_arena_take(reader->arena, (*count > 0 ? *count : 1) * size);
	if (elements == NULL)
		return genops_tempo_out_of_memory(reader);
	(void) genops_convert_enter(&reader->converter, name);
	rest = inside(reader->member);
	while (next_element(&rest, index == 0, &element))
	{
		size_t array_place = genops_convert_enter_element(&reader->converter, index);

		if (!read_element(reader, element, read, elements + index++ * size))
			return false;
		genops_convert_leave(&reader->converter, array_place);
	}
	genops_convert_leave(&reader->converter, place);
	memcpy(array, &elements, sizeof(elements));
	return true;
}
