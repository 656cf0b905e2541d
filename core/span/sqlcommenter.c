/* SPDX-License-Identifier: PostgreSQL */
/*
 * SQLCommenter: an application says in a comment at the end of its statement
 * which trace the statement belongs to,
 *
 *		SELECT ... / *traceparent='00-...-01',tracestate='k%3Dv'* /
 *
 * Keys and values are percent-encoded, and a quote within a value is escaped
 * by a backslash.  The statement is anybody's text: all this does is find a
 * value, whose reader judges it.
 */
#include "core/span/trace_context.h"

/* A longer comment is no SQLCommenter's. */
#define MAX_COMMENT 8192

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static GenopsSlice
skip_blanks(GenopsSlice text)
{
	while (text.length > 0 && blank(text.data[0]))
	{
		text.data++;
		text.length--;
	}
	return text;
}

/* What is inside the comment that ends the statement; blanks and semicolons
 * may follow it. */
static bool
last_comment(GenopsSlice statement, GenopsSlice *inside)
{
	size_t end = statement.length;
	size_t lowest;

	while (end > 0 && (blank(statement.data[end - 1]) || statement.data[end - 1] == ';'))
		end--;
	if (end < 4 || memcmp(statement.data + end - 2, "*/", 2) != 0)
		return false;
	end -= 2;
	lowest = end > MAX_COMMENT ? end - MAX_COMMENT : 0;
	for (size_t start = end; start >= lowest + 2; start--)
	{
		if (memcmp(statement.data + start - 2, "/*", 2) == 0)
		{
			*inside = (GenopsSlice){ statement.data + start, end - start };
			return true;
		}
	}
	return false;
}

/* Cuts one key='value' off; value keeps its escapes. */
static bool
take_pair(GenopsSlice *text, GenopsSlice *key, GenopsSlice *value)
{
	size_t at = 0;

	*text = skip_blanks(*text);
	while (at < text->length && text->data[at] != '=' && !blank(text->data[at]))
		at++;
	*key = (GenopsSlice){ text->data, at };
	*text = skip_blanks((GenopsSlice){ text->data + at, text->length - at });
	if (text->length == 0 || text->data[0] != '=')
		return false;
	*text = skip_blanks((GenopsSlice){ text->data + 1, text->length - 1 });
	if (text->length == 0 || text->data[0] != '\'')
		return false;

	for (at = 1; at < text->length && text->data[at] != '\''; at++)
	{
		if (text->data[at] == '\\')
			at++;
	}
	if (at >= text->length)
		return false;
	*value = (GenopsSlice){ text->data + 1, at - 1 };
	*text = skip_blanks((GenopsSlice){ text->data + at + 1, text->length - at - 1 });
	if (text->length > 0 && text->data[0] == ',')
		*text = (GenopsSlice){ text->data + 1, text->length - 1 };
	else
		text->length = 0; /* the last one, or what follows is no pair */
	return true;
}

static bool
decode(GenopsSlice value, char *buffer, size_t size, GenopsSlice *decoded)
{
	size_t used = 0;

	for (size_t i = 0; i < value.length; i++)
	{
		char c = value.data[i];

		if (c == '\\' && i + 1 < value.length)
			c = value.data[++i];
		else if (c == '%')
		{
			uint8_t byte;

			if (value.length - i < 3 ||
			    !genops_unhex(&byte, (GenopsSlice){ value.data + i + 1, 2 }, 1))
				return false;
			c = (char) byte;
			i += 2;
		}
		if (used == size)
			return false;
		buffer[used++] = c;
	}
	*decoded = (GenopsSlice){ buffer, used };
	return true;
}

bool
genops_sqlcommenter_find(GenopsSlice statement, const char *key, char *buffer, size_t size,
                         GenopsSlice *value)
{
	GenopsSlice comment;
	GenopsSlice name;
	GenopsSlice encoded;

	if (!last_comment(statement, &comment))
		return false;
	while (take_pair(&comment, &name, &encoded))
	{
		if (genops_slice_equal(name, genops_slice(key)))
			return decode(encoded, buffer, size, value);
	}
	return false;
}
