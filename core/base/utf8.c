/* SPDX-License-Identifier: PostgreSQL */
#include "core/base/utf8.h"

#include <stdint.h>

/* Eight bytes at once: all ASCII and none of them zero? */
static bool
plain_word(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	if (word & UINT64_C(0x8080808080808080))
		return false;
	/* With no high bit set, adding 0x7F sets it in every byte but a zero. */
	return ((word + UINT64_C(0x7F7F7F7F7F7F7F7F)) & UINT64_C(0x8080808080808080)) ==
	       UINT64_C(0x8080808080808080);
}

static bool
continuation(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/*
 * The length of the valid character at the start, or 0.  Follows the table of
 * RFC 3629, section 4: the second byte's range excludes overlong forms (E0,
 * F0), surrogates (ED) and what is beyond U+10FFFF (F4).
 */
static size_t
character_length(const unsigned char *at, size_t left)
{
	unsigned char lead = at[0];
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	size_t length;

	if (lead < 0x80)
		return lead != 0;
	if (lead < 0xC2 || lead > 0xF4)
		return 0;
	length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
	if (left < length)
		return 0;

	if (lead == 0xE0)
		low = 0xA0;
	else if (lead == 0xED)
		high = 0x9F;
	else if (lead == 0xF0)
		low = 0x90;
	else if (lead == 0xF4)
		high = 0x8F;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
	{
		if (!continuation(at[i]))
			return 0;
	}
	return length;
}

/* How many bytes at the start are valid. */
static size_t
valid_prefix(const unsigned char *text, size_t length)
{
	size_t done = 0;

	while (done < length)
	{
		size_t step;

		if (length - done >= 8 && plain_word(text + done))
			step = 8;
		else
			step = character_length(text + done, length - done);
		if (step == 0)
			break;
		done += step;
	}
	return done;
}

bool
genops_utf8_valid(GenopsSlice text)
{
	return valid_prefix((const unsigned char *) text.data, text.length) == text.length;
}

size_t
genops_utf8_repair(char *out, GenopsSlice text)
{
	size_t written = 0;

	while (text.length > 0)
	{
		size_t good = valid_prefix((const unsigned char *) text.data, text.length);

		memcpy(out + written, text.data, good);
		written += good;
		if (good == text.length)
			break;
		memcpy(out + written, "\xEF\xBF\xBD", 3);
		written += 3;
		text.data += good + 1;
		text.length -= good + 1;
	}
	return written;
}

size_t
genops_utf8_clip(GenopsSlice text, size_t limit)
{
	size_t end = limit;

	if (text.length <= limit)
		return text.length;
	/* A character has at most three bytes after the first. */
	while (end > 0 && limit - end < 3 && continuation((unsigned char) text.data[end]))
		end--;
	return continuation((unsigned char) text.data[end]) ? limit : end;
}
