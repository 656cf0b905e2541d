/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/json_text.h"

#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/span/json_scan.h"
#include "core/span/trace_context.h"

/* Integers of that many digits may not be a double. */
#define LONG_INTEGER 16

static bool
number_character(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Copies a number, in quotes if it is a long integer; returns its length. */
static size_t
copy_number(GenopsBytes *out, GenopsSlice text)
{
	size_t length = 0;
	size_t digits = 0;
	size_t sign = text.data[0] == '-';
	bool quoted;

	while (length < text.length && number_character(text.data[length]))
	{
		digits += text.data[length] >= '0' && text.data[length] <= '9';
		length++;
	}
	quoted = digits >= LONG_INTEGER && digits + sign == length;
	if (quoted)
		genops_bytes_put(out, "\"", 1);
	genops_bytes_put(out, text.data, length);
	if (quoted)
		genops_bytes_put(out, "\"", 1);
	return length;
}

/* The code unit of an escape like \u20ac, or -1. */
static int
unicode_escape(GenopsSlice text)
{
	uint8_t bytes[2];

	if (text.length < 6 || text.data[0] != '\\' || text.data[1] != 'u' ||
	    !genops_unhex(bytes, (GenopsSlice){ text.data + 2, 4 }, 2))
		return -1;
	return bytes[0] << 8 | bytes[1];
}

/* Copies an escape, a surrogate pair as one; returns its length. */
static size_t
copy_escape(GenopsBytes *out, GenopsSlice text)
{
	int unit = unicode_escape(text);
	size_t length = unit < 0 ? 2 : 6;
	bool bad = unit == 0 || (unit >= 0xDC00 && unit <= 0xDFFF);

	if (unit >= 0xD800 && unit <= 0xDBFF)
	{
		int next = unicode_escape((GenopsSlice){ text.data + 6, text.length - 6 });

		if (next >= 0xDC00 && next <= 0xDFFF)
			length = 12;
		else
			bad = true;
	}
	if (length > text.length)
		length = text.length;
	if (bad)
		genops_bytes_put(out, "\\ufffd", 6);
	else
		genops_bytes_put(out, text.data, length);
	return length;
}

/* Copies a text with its quotes; returns its length. */
static size_t
copy_text(GenopsBytes *out, GenopsSlice text)
{
	size_t at = 1;

	genops_bytes_put(out, "\"", 1);
	while (at < text.length && text.data[at] != '"')
	{
		size_t plain = at;

		while (plain < text.length && text.data[plain] != '"' && text.data[plain] != '\\')
			plain++;
		genops_bytes_put(out, text.data + at, plain - at);
		at = plain;
		if (at < text.length && text.data[at] == '\\')
			at += copy_escape(out, (GenopsSlice){ text.data + at, text.length - at });
	}
	if (at < text.length)
	{
		genops_bytes_put(out, "\"", 1);
		at++;
	}
	return at;
}

static bool
prepare_valid(GenopsSlice json, int max_depth, GenopsBytes *out, GenopsError *error)
{
	size_t at = 0;
	int depth = 0;

	while (at < json.length)
	{
		GenopsSlice rest = { json.data + at, json.length - at };
		char c = rest.data[0];

		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		if (depth > max_depth)
		{
			genops_error_set(error, GENOPS_TOO_LARGE, "JSON is nested too deeply");
			genops_error_detail(error, "The limit is %d levels.", max_depth);
			return false;
		}

		if (c == '"')
			at += copy_text(out, rest);
		else if (c == '-' || (c >= '0' && c <= '9'))
			at += copy_number(out, rest);
		else
		{
			genops_bytes_put(out, &c, 1);
			at++;
		}
	}
	if (out->failed)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	return true;
}

bool
genops_json_prepare(GenopsSlice json, int max_depth, GenopsBytes *out, GenopsError *error)
{
	char *repaired;
	size_t length;
	bool prepared;

	if (genops_utf8_valid(json))
		return prepare_valid(json, max_depth, out, error);

	repaired = json.length > SIZE_MAX / 3 ? NULL : malloc(3 * json.length);
	if (repaired == NULL)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	length = genops_utf8_repair(repaired, json);
	prepared = prepare_valid((GenopsSlice){ repaired, length }, max_depth, out, error);
	free(repaired);
	return prepared;
}

static bool
only_blanks(const char *text, const char *end)
{
	while (text < end && (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r'))
		text++;
	return text == end;
}

cJSON *
genops_json_parse_prepared(GenopsSlice text, size_t *stopped)
{
	const char *end = text.data;
	cJSON *parsed = NULL;

	if (text.length > 0)
		parsed = cJSON_ParseWithLengthOpts(text.data, text.length, &end, false);
	if (parsed != NULL && only_blanks(end, text.data + text.length))
		return parsed;
	cJSON_Delete(parsed);
	*stopped = text.length > 0 ? (size_t) (end - text.data) : 0;
	return NULL;
}

bool
genops_json_refuse(const char *what, size_t stopped, GenopsError *error)
{
	genops_error_set(error, GENOPS_MALFORMED, "%s is not valid JSON", what);
	genops_error_detail(error, "Parsing stopped near byte %zu.", stopped);
	return false;
}

cJSON *
genops_json_parse(GenopsSlice json, int max_depth, size_t max_values, const char *what,
                  GenopsError *error)
{
	GenopsBytes prepared = genops_bytes_growing();
	cJSON *parsed = NULL;
	size_t stopped;

	if (genops_json_bounded(json, max_values, what, error) &&
	    genops_json_prepare(json, max_depth, &prepared, error))
	{
		parsed = genops_json_parse_prepared(
		    (GenopsSlice){ (const char *) prepared.data, prepared.length }, &stopped);
		if (parsed == NULL)
			genops_json_refuse(what, stopped, error);
	}
	genops_bytes_free(&prepared);
	return parsed;
}
