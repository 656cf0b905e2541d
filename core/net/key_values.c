/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/key_values.h"

#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/net/wipe.h"

static int
hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Writes at most text.length bytes; false if a "%" was not an escape. */
static bool
percent_decode(GenopsSlice text, char *out, size_t *length)
{
	bool clean = true;
	size_t written = 0;

	for (size_t i = 0; i < text.length; i++)
	{
		int high = -1;
		int low = -1;

		if (text.data[i] == '%' && text.length - i > 2)
		{
			high = hex_digit(text.data[i + 1]);
			low = hex_digit(text.data[i + 2]);
		}
		if (high >= 0 && low >= 0)
		{
			out[written++] = (char) (high << 4 | low);
			i += 2;
		}
		else
		{
			clean = clean && text.data[i] != '%';
			out[written++] = text.data[i];
		}
	}
	*length = written;
	return clean;
}

static bool
decode(GenopsSlice text, bool strict, char *out, GenopsSlice *decoded)
{
	bool clean = percent_decode(text, out, &decoded->length);

	decoded->data = out;
	return !strict || (clean && genops_utf8_valid(*decoded));
}

/* "room" has member.length bytes: key and value together are shorter. */
static bool
give_member(GenopsSlice member, size_t number, bool strict, char *room, GenopsEachKeyValue each,
            void *arg, GenopsError *error)
{
	const char *equals = memchr(member.data, '=', member.length);
	GenopsSlice key;
	GenopsSlice value;

	if (equals == NULL)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "member %zu has no \"=\"", number);
	key = genops_slice_trim((GenopsSlice){ member.data, (size_t) (equals - member.data) });
	value.data = equals + 1;
	value.length = member.length - (size_t) (value.data - member.data);
	value = genops_slice_trim(value);

	if (key.length == 0)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "member %zu has no name", number);
	if ((strict && !decode(key, true, room, &key)) ||
	    !decode(value, strict, room + key.length, &value))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "member %zu is not percent-encoded UTF-8", number);
	return each(key, value, arg, error);
}

bool
genops_key_values_each(GenopsSlice text, bool strict, GenopsEachKeyValue each, void *arg,
                       GenopsError *error)
{
	size_t size = text.length + 1;
	char *room = malloc(size);
	size_t number = 0;
	bool good = true;

	if (room == NULL)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	while (good && text.length > 0)
	{
		const char *comma = memchr(text.data, ',', text.length);
		size_t length = comma ? (size_t) (comma - text.data) : text.length;
		GenopsSlice member = genops_slice_trim((GenopsSlice){ text.data, length });

		number++;
		if (member.length > 0)
			good = give_member(member, number, strict, room, each, arg, error);
		length += comma != NULL;
		text.data += length;
		text.length -= length;
	}
	/* What was decoded may be a secret. */
	genops_wipe(room, size);
	free(room);
	return good;
}
