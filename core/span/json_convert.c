/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/json_convert.h"

#include <math.h>
#include <stdio.h>

#include "core/base/base64.h"
#include "core/span/otlp_put.h"
#include "core/span/trace_context.h"

#define LARGEST_ID 16

/*
 * Where we are
 */

static void
append_place(GenopsConverter *converter, const char *text)
{
	size_t used = strlen(converter->place);

	snprintf(converter->place + used, sizeof(converter->place) - used, "%s", text);
}

size_t
genops_convert_enter(GenopsConverter *converter, const char *name)
{
	size_t place = strlen(converter->place);

	if (place > 0)
		append_place(converter, ".");
	append_place(converter, name);
	return place;
}

size_t
genops_convert_enter_element(GenopsConverter *converter, size_t index)
{
	size_t place = strlen(converter->place);
	char text[32];

	snprintf(text, sizeof(text), "[%zu]", index);
	append_place(converter, text);
	return place;
}

void
genops_convert_leave(GenopsConverter *converter, size_t place)
{
	converter->place[place] = '\0';
}

bool
genops_convert_refuse(GenopsConverter *converter, const char *member, const char *expected)
{
	size_t place = strlen(converter->place);

	if (member != NULL)
		genops_convert_enter(converter, member);
	genops_error_set(converter->error, GENOPS_MALFORMED, "invalid %s at %s", converter->what,
	                 converter->place[0] != '\0' ? converter->place : "its start");
	genops_error_detail(converter->error, "Expected %s.", expected);
	genops_convert_leave(converter, place);
	return false;
}

/*
 * Messages
 */

const cJSON *
genops_json_member(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNull(member) ? NULL : member;
}

size_t
genops_convert_open(GenopsConverter *converter, uint8_t tag)
{
	/* Most contents are short: one byte for the length. */
	const uint8_t head[] = { tag, 0 };

	genops_bytes_put(converter->out, head, sizeof(head));
	return converter->out->length;
}

void
genops_convert_close(GenopsConverter *converter, size_t start)
{
	GenopsBytes *out = converter->out;
	size_t length = out->length - start;
	size_t more = varint_size(length) - 1;

	if (out->failed || (more > 0 && !genops_bytes_room(out, more)))
		return;
	if (more > 0)
		memmove(out->data + start + more, out->data + start, length);
	put_varint(out->data + start - 1, length);
	out->length += more;
}

bool
genops_convert_array(GenopsConverter *converter, const cJSON *object, const char *name, uint8_t tag,
                     GenopsConvertObject *convert)
{
	const cJSON *array = genops_json_member(object, name);
	const cJSON *element;
	size_t place = genops_convert_enter(converter, name);
	size_t index = 0;

	if (array != NULL && !cJSON_IsArray(array))
		return genops_convert_refuse(converter, NULL, "an array");
	cJSON_ArrayForEach(element, array)
	{
		size_t array_place = genops_convert_enter_element(converter, index++);
		size_t start = genops_convert_open(converter, tag);

		if (!cJSON_IsObject(element))
			return genops_convert_refuse(converter, NULL, "an object");
		if (!convert(converter, element))
			return false;
		genops_convert_close(converter, start);
		genops_convert_leave(converter, array_place);
	}
	genops_convert_leave(converter, place);
	return true;
}

bool
genops_convert_object(GenopsConverter *converter, const cJSON *object, const char *name,
                      uint8_t tag, GenopsConvertObject *convert)
{
	const cJSON *member = genops_json_member(object, name);
	size_t place;
	size_t start;

	if (member == NULL)
		return true;
	place = genops_convert_enter(converter, name);
	if (!cJSON_IsObject(member))
		return genops_convert_refuse(converter, NULL, "an object");
	start = genops_convert_open(converter, tag);
	if (!convert(converter, member))
		return false;
	genops_convert_close(converter, start);
	genops_convert_leave(converter, place);
	return true;
}

/*
 * Scalars
 */

bool
genops_convert_text(GenopsConverter *converter, const cJSON *object, const char *name, uint8_t tag)
{
	const cJSON *member = genops_json_member(object, name);
	GenopsSlice text;

	if (member == NULL)
		return true;
	if (!cJSON_IsString(member))
		return genops_convert_refuse(converter, name, "a text");
	text = genops_slice(member->valuestring);
	if (text.length > 0)
		put_content(converter->out, tag, text);
	return true;
}

/* An optional minus and digits within 64 bits, as a sign and a size. */
static bool
parse_integer(GenopsSlice text, bool *negative, uint64_t *size)
{
	*negative = text.length > 0 && text.data[0] == '-';
	*size = 0;
	if (text.length == *negative)
		return false;
	for (size_t i = *negative; i < text.length; i++)
	{
		unsigned digit = (unsigned) text.data[i] - '0';

		if (digit > 9 || *size > (UINT64_MAX - digit) / 10)
			return false;
		*size = *size * 10 + digit;
	}
	return true;
}

static bool
json_integer(const cJSON *item, bool *negative, uint64_t *size)
{
	double number;

	if (cJSON_IsString(item))
		return parse_integer(genops_slice(item->valuestring), negative, size);
	if (!cJSON_IsNumber(item))
		return false;
	number = fabs(item->valuedouble);
	if (!(number < 0x1p64) || number != floor(number))
		return false;
	*negative = item->valuedouble < 0;
	*size = (uint64_t) number;
	return true;
}

bool
genops_json_int64(const cJSON *item, int64_t *value)
{
	bool negative;
	uint64_t size;

	if (!json_integer(item, &negative, &size) || size > (uint64_t) INT64_MAX + negative)
		return false;
	*value = negative ? (int64_t) (0 - size) : (int64_t) size;
	return true;
}

static bool
read_unsigned(GenopsConverter *converter, const cJSON *object, const char *name, uint64_t limit,
              uint64_t *value)
{
	const cJSON *member = genops_json_member(object, name);
	bool negative;

	*value = 0;
	if (member == NULL)
		return true;
	if (!json_integer(member, &negative, value) || (negative && *value > 0) || *value > limit)
		return genops_convert_refuse(converter, name,
		                             limit > UINT32_MAX
		                                 ? "an unsigned integer of 64 bits, as a text or number"
		                                 : "an unsigned integer of 32 bits");
	return true;
}

static void
put_varint_field(GenopsBytes *out, uint8_t tag, uint64_t value)
{
	uint8_t *at = value == 0 ? NULL : reserve(out, 1 + varint_size(value));

	if (at == NULL)
		return;
	*at++ = tag;
	put_varint(at, value);
}

bool
genops_convert_uint32(GenopsConverter *converter, const cJSON *object, const char *name,
                      uint8_t tag)
{
	uint64_t value;

	if (!read_unsigned(converter, object, name, UINT32_MAX, &value))
		return false;
	put_varint_field(converter->out, tag, value);
	return true;
}

bool
genops_convert_fixed32(GenopsConverter *converter, const cJSON *object, const char *name,
                       const uint8_t *tag, size_t tag_size)
{
	uint64_t value;

	if (!read_unsigned(converter, object, name, UINT32_MAX, &value))
		return false;
	if (value != 0)
	{
		const uint8_t bytes[] = { (uint8_t) value, (uint8_t) (value >> 8), (uint8_t) (value >> 16),
			                      (uint8_t) (value >> 24) };

		genops_bytes_put(converter->out, tag, tag_size);
		genops_bytes_put(converter->out, bytes, sizeof(bytes));
	}
	return true;
}

bool
genops_convert_time(GenopsConverter *converter, const cJSON *object, const char *name, uint8_t tag)
{
	uint64_t value;
	uint8_t *at;

	if (!read_unsigned(converter, object, name, UINT64_MAX, &value))
		return false;
	at = value == 0 ? NULL : reserve(converter->out, 9);
	if (at != NULL)
	{
		*at++ = tag;
		put_fixed64(at, value);
	}
	return true;
}

bool
genops_convert_enum(GenopsConverter *converter, const cJSON *object, const char *name, uint8_t tag,
                    const GenopsJsonEnum *values)
{
	const cJSON *member = genops_json_member(object, name);
	size_t prefix = strlen(values->prefix);

	if (!cJSON_IsString(member))
		return genops_convert_uint32(converter, object, name, tag);
	for (size_t i = 0; i < values->count; i++)
	{
		if (strncmp(member->valuestring, values->prefix, prefix) == 0 &&
		    strcmp(member->valuestring + prefix, values->names[i]) == 0)
		{
			put_varint_field(converter->out, tag, i);
			return true;
		}
	}
	return genops_convert_refuse(converter, name, "a number or name of the enumeration");
}

/*
 * Ids
 */

static bool
decode_id(const GenopsConverter *converter, GenopsSlice text, uint8_t *id, size_t size)
{
	uint8_t decoded[32];
	size_t length;

	if (!converter->base64_ids)
		return genops_unhex(id, text, size);
	if (genops_base64_room(text) > sizeof(decoded) ||
	    !genops_base64_decode(decoded, text, &length) || length != size)
		return false;
	memcpy(id, decoded, size);
	return true;
}

static bool
all_zero(const uint8_t *id, size_t size)
{
	static const uint8_t zeros[LARGEST_ID];

	return memcmp(id, zeros, size) == 0;
}

bool
genops_convert_id(GenopsConverter *converter, const cJSON *object, const char *name, uint8_t tag,
                  size_t size, bool required)
{
	const cJSON *member = genops_json_member(object, name);
	GenopsSlice text = genops_slice(cJSON_GetStringValue(member));
	uint8_t id[LARGEST_ID];
	char expected[64];

	if (!required && (member == NULL || (cJSON_IsString(member) && text.length == 0)))
		return true;
	if (size > sizeof(id) || !genops_slice_present(text) || !decode_id(converter, text, id, size))
	{
		snprintf(expected, sizeof(expected), "%zu bytes in %s", size,
		         converter->base64_ids ? "base64" : "hexadecimal digits");
		return genops_convert_refuse(converter, name, expected);
	}
	if (required && all_zero(id, size))
		return genops_convert_refuse(converter, name, "an id that is not all zeros");
	put_content(converter->out, tag, (GenopsSlice){ (const char *) id, size });
	return true;
}
