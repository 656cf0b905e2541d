/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/sql_condition.h"

#include <strings.h>

typedef struct Reader
{
	GenopsSlice text;
	size_t at;
	GenopsBytes *out;
} Reader;

static char
next_character(Reader *reader)
{
	while (reader->at < reader->text.length && strchr(" \t\r\n", reader->text.data[reader->at]))
		reader->at++;
	return reader->at < reader->text.length ? reader->text.data[reader->at] : '\0';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
take_word(Reader *reader, const char *word)
{
	size_t length = strlen(word);
	char first = next_character(reader);
	size_t end = reader->at + length;

	if (!is_letter(first) || end > reader->text.length ||
	    strncasecmp(reader->text.data + reader->at, word, length) != 0 ||
	    (end < reader->text.length && is_letter(reader->text.data[end])))
		return false;
	reader->at = end;
	return true;
}

static bool
take_mark(Reader *reader, char mark)
{
	if (next_character(reader) != mark)
		return false;
	reader->at++;
	return true;
}

static void
put(Reader *reader, const char *text)
{
	genops_bytes_put(reader->out, text, strlen(text));
}

/* A string in quotes of either kind; "like": "%" and "_" are SQL's wildcards. */
static bool
take_string(Reader *reader, bool like)
{
	char quote = next_character(reader);

	if (quote != '"' && quote != '\'')
		return false;
	while (++reader->at < reader->text.length && reader->text.data[reader->at] != quote)
	{
		char c = reader->text.data[reader->at];

		if (like && (c == '%' || c == '_'))
			put(reader, c == '%' ? ".*" : ".");
		else if (strchr("\\\"'.+*?()|[]{}^$", c) != NULL)
			return false;
		else
			genops_bytes_put(reader->out, &c, 1);
	}
	return take_mark(reader, quote);
}

static bool
take_list(Reader *reader)
{
	if (!take_mark(reader, '(') || !take_string(reader, false))
		return false;
	while (take_mark(reader, ','))
	{
		put(reader, "|");
		if (!take_string(reader, false))
			return false;
	}
	return take_mark(reader, ')');
}

static bool
take_null(Reader *reader)
{
	put(reader, take_word(reader, "not") ? "!= nil" : "= nil");
	return take_word(reader, "null") || take_word(reader, "nil");
}

static bool
take_condition(Reader *reader)
{
	bool negated;
	bool like;

	if (take_word(reader, "is"))
		return take_null(reader);
	negated = take_word(reader, "not");
	like = take_word(reader, "like");
	if (!like && !take_word(reader, "in"))
		return false;
	put(reader, negated ? "!~ \"" : "=~ \"");
	if (like ? !take_string(reader, true) : !take_list(reader))
		return false;
	put(reader, "\"");
	return true;
}

size_t
genops_translate_sql_condition(GenopsSlice text, GenopsBytes *out)
{
	Reader reader = { .text = text, .out = out };

	return take_condition(&reader) && !out->failed ? reader.at : 0;
}
