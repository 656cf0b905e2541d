#include "core/tempo/reply_json.h"

#include <stdio.h>

#include "core/span/json_text.h"
#include "core/span/otlp_put.h"

#define WHAT "answer of Tempo"

/* An attribute's value is some ten levels down, and each array in it takes three
 * more. */
#define MAX_DEPTH 100

bool
genops_tempo_out_of_memory(GenopsTempoReader *reader)
{
	return genops_error_set(reader->converter.error, GENOPS_OUT_OF_MEMORY, "out of memory");
}

bool
genops_tempo_reader_open(GenopsTempoReader *reader, GenopsSlice json, const char *member,
                         GenopsArena *arena, GenopsError *error)
{
	char expected[64];

	*reader = (GenopsTempoReader){ .arena = arena, .pairs = genops_bytes_growing() };
	reader->converter = (GenopsConverter){ .error = error, .what = WHAT };
	reader->root = genops_json_parse(json, MAX_DEPTH, WHAT, error);
	if (reader->root == NULL)
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

static bool
is_hex(GenopsSlice text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

bool
genops_tempo_take_id(GenopsTempoReader *reader, const cJSON *object, const char *name,
                     size_t digits, GenopsSlice *id)
{
	GenopsSlice text = genops_slice(cJSON_GetStringValue(genops_json_member(object, name)));
	char expected[64];
	char *padded;

	if (text.length == 0 || text.length > digits || !is_hex(text))
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
