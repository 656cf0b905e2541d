/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/json_scan.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
ends_scalar(char c)
{
	return is_blank(c) || c == ',' || c == ':' || c == '"' || c == '{' || c == '}' || c == '[' ||
	       c == ']';
}

static size_t
scalar_length(GenopsSlice json)
{
	size_t length = 0;

	while (length < json.length && !ends_scalar(json.data[length]))
		length++;
	return length;
}

/* With its quotes; 0 if it does not end. */
static size_t
text_length(GenopsSlice json)
{
	size_t at = 1;

	while (at < json.length && json.data[at] != '"')
		at += json.data[at] == '\\' ? 2 : 1;
	return at < json.length ? at + 1 : 0;
}

size_t
genops_json_blanks(GenopsSlice json)
{
	size_t length = 0;

	while (length < json.length && is_blank(json.data[length]))
		length++;
	return length;
}

static GenopsSlice
rest_of(GenopsSlice json, size_t at)
{
	return (GenopsSlice){ json.data + at, json.length - at };
}

/* A name and its colon count once, for the value behind them. */
size_t
genops_json_count(GenopsSlice json, size_t limit)
{
	size_t starts = 0;
	size_t names = 0;
	size_t at = 0;

	while (at < json.length && starts - names <= limit + 1)
	{
		char c = json.data[at];
		size_t length = 1;

		if (c == '"')
			length = text_length(rest_of(json, at));
		else if (!ends_scalar(c))
			length = scalar_length(rest_of(json, at));
		starts += c == '"' || c == '{' || c == '[' || !ends_scalar(c);
		names += c == ':';
		if (length == 0)
			break;
		at += length;
	}
	return starts > names ? starts - names : 0;
}

bool
genops_json_bounded(GenopsSlice json, size_t limit, const char *what, GenopsError *error)
{
	if (genops_json_count(json, limit) <= limit)
		return true;
	genops_error_set(error, GENOPS_TOO_LARGE, "%s has too many values", what);
	genops_error_detail(error, "The limit is %zu values.", limit);
	return false;
}

static size_t
container_length(GenopsSlice json)
{
	size_t depth = 0;
	size_t at = 0;

	while (at < json.length)
	{
		char c = json.data[at];
		size_t length = c == '"' ? text_length(rest_of(json, at)) : 1;

		if (length == 0)
			return 0;
		at += length;
		depth += c == '{' || c == '[';
		if ((c == '}' || c == ']') && --depth == 0)
			return at;
	}
	return 0;
}

size_t
genops_json_skip(GenopsSlice json)
{
	if (json.length == 0)
		return 0;
	if (json.data[0] == '"')
		return text_length(json);
	if (json.data[0] == '{' || json.data[0] == '[')
		return container_length(json);
	return scalar_length(json);
}

/* Past blanks, one character and blanks; false if it is another one. */
static bool
take(GenopsSlice json, size_t *at, char expected)
{
	*at += genops_json_blanks(rest_of(json, *at));
	if (*at >= json.length || json.data[*at] != expected)
		return false;
	(*at)++;
	*at += genops_json_blanks(rest_of(json, *at));
	return true;
}

static bool
is_name(GenopsSlice text, const char *name)
{
	return text.length == strlen(name) + 2 && memcmp(text.data + 1, name, text.length - 2) == 0;
}

GenopsSlice
genops_json_find(GenopsSlice object, const char *name)
{
	size_t at = 0;
	bool more = take(object, &at, '{');

	while (more && at < object.length && object.data[at] == '"')
	{
		size_t name_at = at;
		size_t name_length = text_length(rest_of(object, at));
		size_t length;

		at += name_length;
		if (name_length == 0 || !take(object, &at, ':'))
			break;
		length = genops_json_skip(rest_of(object, at));
		if (is_name((GenopsSlice){ object.data + name_at, name_length }, name))
			return (GenopsSlice){ object.data + at, length > 0 ? length : object.length - at };
		at += length;
		more = length > 0 && take(object, &at, ',');
	}
	return GENOPS_ABSENT;
}
