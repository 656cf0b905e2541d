/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/trace_context.h"

#include <stdint.h>

/*
 * Hexadecimal
 */

void
genops_hex(char *out, const uint8_t *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++)
	{
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
genops_unhex(uint8_t *out, GenopsSlice digits, size_t count)
{
	if (digits.length != 2 * count)
		return false;
	for (size_t i = 0; i < count; i++)
	{
		int high = hex_digit(digits.data[2 * i]);
		int low = hex_digit(digits.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t) (high << 4 | low);
	}
	return true;
}

/*
 * traceparent: version-trace_id-parent_id-flags, "00-<32>-<16>-<2>"
 */

static bool
unhex_lower(uint8_t *out, const char *digits, size_t count)
{
	for (size_t i = 0; i < 2 * count; i++)
	{
		if (digits[i] >= 'A' && digits[i] <= 'F')
			return false;
	}
	return genops_unhex(out, (GenopsSlice){ digits, 2 * count }, count);
}

static bool
all_zero(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

bool
genops_traceparent_parse(GenopsSlice text, GenopsTraceParent *parent)
{
	const char *at = text.data;
	GenopsTraceParent read;
	uint8_t version;

	if (text.length < GENOPS_TRACEPARENT_LENGTH)
		return false;
	if (at[2] != '-' || at[35] != '-' || at[52] != '-')
		return false;
	if (!unhex_lower(&version, at, 1) || version == 0xFF)
		return false;
	/* Version 00 is all there is; a later one may go on after a dash. */
	if (text.length > GENOPS_TRACEPARENT_LENGTH &&
	    (version == 0 || at[GENOPS_TRACEPARENT_LENGTH] != '-'))
		return false;
	if (!unhex_lower(read.trace_id, at + 3, GENOPS_TRACE_ID_SIZE) ||
	    !unhex_lower(read.span_id, at + 36, GENOPS_SPAN_ID_SIZE) ||
	    !unhex_lower(&read.flags, at + 53, 1))
		return false;
	if (all_zero(read.trace_id, GENOPS_TRACE_ID_SIZE) ||
	    all_zero(read.span_id, GENOPS_SPAN_ID_SIZE))
		return false;

	read.flags &= GENOPS_TRACE_FLAG_SAMPLED | GENOPS_TRACE_FLAG_RANDOM;
	*parent = read;
	return true;
}

void
genops_traceparent_print(const GenopsTraceParent *parent, char text[GENOPS_TRACEPARENT_LENGTH + 1])
{
	uint8_t flags = parent->flags & (GENOPS_TRACE_FLAG_SAMPLED | GENOPS_TRACE_FLAG_RANDOM);

	memcpy(text, "00-", 3);
	genops_hex(text + 3, parent->trace_id, GENOPS_TRACE_ID_SIZE);
	text[35] = '-';
	genops_hex(text + 36, parent->span_id, GENOPS_SPAN_ID_SIZE);
	text[52] = '-';
	genops_hex(text + 53, &flags, 1);
	text[GENOPS_TRACEPARENT_LENGTH] = '\0';
}
