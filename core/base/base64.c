/* SPDX-License-Identifier: PostgreSQL */
#include "core/base/base64.h"

static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

bool
genops_base64_decode(uint8_t *out, GenopsSlice text, size_t *length)
{
	uint32_t bits = 0;
	size_t used = 0;

	/* Padding fills up to a multiple of four, with one or two. */
	if (text.length > 0 && text.length % 4 == 0 && text.data[text.length - 1] == '=')
		text.length -= text.data[text.length - 2] == '=' ? 2 : 1;
	/* One character alone has less than a byte. */
	if (text.length % 4 == 1)
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		int value = sextet(text.data[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t) value;
		if (i % 4 != 0)
			out[used++] = (uint8_t) (bits >> (6 - 2 * (i % 4)));
	}
	*length = used;
	return true;
}
