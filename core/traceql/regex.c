/* SPDX-License-Identifier: PostgreSQL */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/traceql/regex.h"

#include <pcre2.h>
#include <stdlib.h>

/* RE2 repeats no more often than that. */
#define MAX_REPEAT 1000

typedef struct Scan
{
	GenopsSlice text;
	size_t at;
	GenopsError *error;
} Scan;

static bool
refuse(Scan *scan, const char *what)
{
	return genops_error_set(scan->error, GENOPS_INVALID_ARGUMENT, "%s", what);
}

static char
byte_at(const Scan *scan, size_t at)
{
	return at < scan->text.length ? scan->text.data[at] : '\0';
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Behind a backslash: what PCRE2 has and RE2 has not. */
static bool
scan_escape(Scan *scan, bool in_class)
{
	char c = byte_at(scan, ++scan->at);

	if (c >= '1' && c <= '9')
		return refuse(scan, "back references are not supported");
	if (is_one_of(c, "GKRXHhNZegkcoluLU") || (in_class && is_one_of(c, "AzB")))
		return refuse(scan, "it has an escape that RE2 lacks");
	if (c == 'Q')
	{
		while (scan->at < scan->text.length &&
		       !(byte_at(scan, scan->at) == '\\' && byte_at(scan, scan->at + 1) == 'E'))
			scan->at++;
		if (scan->at < scan->text.length)
			scan->at++;
	}
	if (scan->at < scan->text.length)
		scan->at++;
	return true;
}

/* [...], where a "]" at the start is a member. */
static bool
scan_class(Scan *scan)
{
	scan->at++;
	if (byte_at(scan, scan->at) == '^')
		scan->at++;
	if (byte_at(scan, scan->at) == ']')
		scan->at++;
	while (scan->at < scan->text.length && byte_at(scan, scan->at) != ']')
	{
		if (byte_at(scan, scan->at) == '\\')
		{
			if (!scan_escape(scan, true))
				return false;
		}
		else if (byte_at(scan, scan->at) == '[' && byte_at(scan, scan->at + 1) == ':')
		{
			scan->at += 2;
			while (scan->at < scan->text.length && byte_at(scan, scan->at) != ']')
				scan->at++;
			scan->at++;
		}
		else
			scan->at++;
	}
	scan->at++;
	return true;
}

/* (?:...), (?P<name>...), (?<name>...), (?i), (?i:...) and so on. */
static bool
scan_group(Scan *scan)
{
	size_t at = scan->at + 1;

	if (byte_at(scan, at) == '*')
		return refuse(scan, "verbs are not supported");
	if (byte_at(scan, at) != '?')
	{
		scan->at++;
		return true;
	}
	at++;
	if (byte_at(scan, at) == 'P' && byte_at(scan, at + 1) == '<')
		at++;
	if (byte_at(scan, at) == '<' && !is_one_of(byte_at(scan, at + 1), "=!"))
	{
		scan->at = at + 1;
		return true;
	}
	while (is_one_of(byte_at(scan, at), "imsU-"))
		at++;
	if (!is_one_of(byte_at(scan, at), ":)"))
		return refuse(scan, "a group has a form that RE2 lacks, as look-around");
	scan->at = at + 1;
	return true;
}

/* {n}, {n,} and {n,m}; other braces stand for themselves. */
static bool
scan_braces(Scan *scan, bool *repeats)
{
	size_t at = scan->at + 1;
	const char *digits = "0123456789";
	long most = 0;

	*repeats = is_one_of(byte_at(scan, at), digits);
	for (int part = 0; part < 2; part++)
	{
		long number = 0;

		for (; is_one_of(byte_at(scan, at), digits); at++)
			number = number > MAX_REPEAT ? number : number * 10 + (byte_at(scan, at) - '0');
		most = number > most ? number : most;
		if (part == 0 && byte_at(scan, at) == ',')
			at++;
		else if (part == 0)
			break;
	}
	*repeats = *repeats && byte_at(scan, at) == '}';
	if (*repeats && most > MAX_REPEAT)
		return refuse(scan, "something is repeated more than 1000 times");
	scan->at = *repeats ? at + 1 : scan->at + 1;
	return true;
}

/* One element; a "?" behind a repetition is lazy, any other repetition of a
 * repetition is none of RE2's. */
static bool
scan_element(Scan *scan, bool *repeated)
{
	char c = byte_at(scan, scan->at);
	bool repeats = is_one_of(c, "*+?");

	if (c == '{')
	{
		if (!scan_braces(scan, &repeats))
			return false;
	}
	else if (repeats)
		scan->at++;
	if (repeats)
	{
		if (*repeated)
			return refuse(scan, "a repetition is repeated");
		*repeated = true;
		if (byte_at(scan, scan->at) == '?')
			scan->at++;
		return true;
	}
	*repeated = false;
	switch (c)
	{
		case '\\':
			return scan_escape(scan, false);
		case '[':
			return scan_class(scan);
		case '(':
			return scan_group(scan);
		case '{':
			return true;
		default:
			scan->at++;
			return true;
	}
}

static pcre2_code *
compile(GenopsSlice expression, GenopsError *error)
{
	/* RE2's "$" is the very end, and Tempo lets "." match a newline. */
	const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_ANCHORED |
	                         PCRE2_ENDANCHORED | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY |
	                         PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C;
	int code;
	PCRE2_SIZE offset;
	PCRE2_UCHAR message[120];
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR) expression.data, expression.length, options,
	                                     &code, &offset, NULL);

	if (compiled != NULL)
		return compiled;
	if (pcre2_get_error_message(code, message, sizeof(message)) < 0)
		message[0] = '\0';
	genops_error_set(error, GENOPS_INVALID_ARGUMENT, "%s", (const char *) message);
	return NULL;
}

pcre2_code *
genops_regex_compile(GenopsSlice expression, GenopsError *error)
{
	Scan scan = { expression, 0, error };
	bool repeated = false;

	while (scan.at < expression.length)
	{
		if (!scan_element(&scan, &repeated))
			return NULL;
	}
	return compile(expression, error);
}

bool
genops_regex_check(GenopsSlice expression, GenopsError *error)
{
	pcre2_code *compiled = genops_regex_compile(expression, error);

	pcre2_code_free(compiled);
	return compiled != NULL;
}
