/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/quoted.h"

static void
put_utf8(GenopsBytes *out, uint32_t point)
{
	char bytes[4];
	size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char first[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

	for (size_t i = length - 1; i > 0; i--)
	{
		bytes[i] = (char) (0x80 | (point & 0x3F));
		point >>= 6;
	}
	bytes[0] = (char) (first[length] | point);
	genops_bytes_put(out, bytes, length);
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* Exactly "count" digits at lexer->at; false if there are other bytes. */
static bool
read_digits(GenopsLexer *lexer, int count, int base, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < count; i++)
	{
		int digit = lexer->at < lexer->text.length ? digit_value(lexer->text.data[lexer->at]) : 99;

		if (digit >= base)
			return false;
		*value = *value * (uint32_t) base + (uint32_t) digit;
		lexer->at++;
	}
	return true;
}

/* \xHH and \ooo give a byte, \uXXXX and \UXXXXXXXX a character. */
static bool
read_numeric_escape(GenopsLexer *lexer, char letter, GenopsBytes *out)
{
	uint32_t value;
	char byte;

	if (letter == 'u' || letter == 'U')
	{
		if (!read_digits(lexer, letter == 'u' ? 4 : 8, 16, &value) || value > 0x10FFFF ||
		    (value >= 0xD800 && value < 0xE000))
			return false;
		put_utf8(out, value);
		return true;
	}
	if (letter == 'x')
	{
		if (!read_digits(lexer, 2, 16, &value))
			return false;
	}
	else
	{
		lexer->at--;
		if (!read_digits(lexer, 3, 8, &value) || value > 0xFF)
			return false;
	}
	byte = (char) value;
	genops_bytes_put(out, &byte, 1);
	return true;
}

/* Behind the backslash. */
static bool
read_escape(GenopsLexer *lexer, GenopsBytes *out)
{
	static const char letters[] = "abfnrtv\\\"";
	static const char meanings[] = "\a\b\f\n\r\t\v\\\"";
	size_t start = lexer->at - 1;
	char letter = lexer->at < lexer->text.length ? lexer->text.data[lexer->at++] : ' ';
	const char *simple = strchr(letters, letter);

	if (simple != NULL)
	{
		genops_bytes_put(out, &meanings[simple - letters], 1);
		return true;
	}
	if (read_numeric_escape(lexer, letter, out))
		return true;
	genops_complain(lexer->error, GENOPS_INVALID_ARGUMENT, lexer->text, start,
	                "invalid escape in a string");
	genops_error_hint(&lexer->error->error,
	                  "Write a backslash as \\\\, or put the string into backquotes.");
	return false;
}

/* A string's contents are no longer than the string. */
static bool
room_for_string(GenopsLexer *lexer, char quote, GenopsBytes *out)
{
	size_t start = lexer->at + 1;
	const char *end = start < lexer->text.length
	                      ? memchr(lexer->text.data + start, quote, lexer->text.length - start)
	                      : NULL;
	size_t length;

	/* An escaped quote is not the end. */
	while (end != NULL && quote == '"' && end[-1] == '\\' &&
	       end + 1 < lexer->text.data + lexer->text.length)
		end = memchr(end + 1, quote, (size_t) (lexer->text.data + lexer->text.length - end - 1));
	length = end == NULL ? lexer->text.length - lexer->at
	                     : (size_t) (end - lexer->text.data) - lexer->at;
	*out = genops_bytes_over(genops_arena_take(lexer->arena, length), length);
	return out->data != NULL || genops_complain_memory(lexer->error);
}

static bool
refuse_unterminated(GenopsLexer *lexer, size_t start, char quote)
{
	return genops_complain(lexer->error, GENOPS_INVALID_ARGUMENT, lexer->text, start,
	                       "the text that starts here has no closing %c", quote);
}

bool
genops_read_string(GenopsLexer *lexer, GenopsSlice *text)
{
	size_t start = lexer->at;
	char quote = lexer->text.data[start];
	GenopsBytes out;

	if (!room_for_string(lexer, quote, &out))
		return false;
	lexer->at++;
	while (lexer->at < lexer->text.length)
	{
		char c = lexer->text.data[lexer->at++];

		if (c == quote)
		{
			*text = (GenopsSlice){ (const char *) out.data, out.length };
			return !out.failed || genops_complain_memory(lexer->error);
		}
		if (quote == '"' && c == '\n')
			break;
		if (quote == '"' && c == '\\')
		{
			if (!read_escape(lexer, &out))
				return false;
		}
		else if (quote == '"' || c != '\r')
			genops_bytes_put(&out, &c, 1);
	}
	return refuse_unterminated(lexer, start, quote);
}

bool
genops_read_quoted_name(GenopsLexer *lexer, GenopsBytes *name)
{
	size_t start = lexer->at++;

	while (lexer->at < lexer->text.length)
	{
		char c = lexer->text.data[lexer->at++];

		if (c == '"')
			return true;
		if (c == '\\')
		{
			c = lexer->at < lexer->text.length ? lexer->text.data[lexer->at++] : ' ';
			if (c != '"' && c != '\\')
				return genops_complain(lexer->error, GENOPS_INVALID_ARGUMENT, lexer->text,
				                       lexer->at - 2,
				                       "a quoted name has no escapes but \\\" and \\\\");
		}
		genops_bytes_put(name, &c, 1);
	}
	return refuse_unterminated(lexer, start, '"');
}

bool
genops_refuse_single_quotes(GenopsLexer *lexer)
{
	size_t start = lexer->at;
	const char *end = memchr(lexer->text.data + start + 1, '\'', lexer->text.length - start - 1);
	char *fixed;
	size_t length;

	genops_complain(lexer->error, GENOPS_INVALID_ARGUMENT, lexer->text, start,
	                "strings stand in double quotes or backquotes, not in single quotes");
	if (end == NULL)
		return false;
	length = (size_t) (end - lexer->text.data) - start + 1;
	fixed = genops_arena_take(lexer->arena, length);
	if (fixed == NULL || memchr(lexer->text.data + start, '"', length) != NULL ||
	    memchr(lexer->text.data + start, '\\', length) != NULL)
		return false;
	memcpy(fixed, lexer->text.data + start, length);
	fixed[0] = fixed[length - 1] = '"';
	genops_complain_fix(lexer->error, start, start + length, (GenopsSlice){ fixed, length });
	return false;
}
