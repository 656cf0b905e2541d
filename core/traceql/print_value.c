/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/print_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/traceql/lexer.h"
#include "core/traceql/traceql.h"

static void
put(GenopsBytes *out, const char *text)
{
	genops_bytes_put(out, text, strlen(text));
}

bool
genops_is_negative(const GenopsLiteral *literal)
{
	switch (literal->type)
	{
		case GENOPS_TYPE_INT:
		case GENOPS_TYPE_DURATION:
			/* The least prints as minInt. */
			return literal->integer < 0 && literal->integer != INT64_MIN;
		case GENOPS_TYPE_FLOAT:
			return signbit(literal->real) != 0;
		default:
			return false;
	}
}

static bool
fits_raw(GenopsSlice text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if (c == '`' || c == 0x7F || (c < ' ' && c != '\t' && c != '\n'))
			return false;
	}
	return genops_utf8_valid(text);
}

static void
print_escaped(GenopsBytes *out, GenopsSlice text)
{
	bool valid = genops_utf8_valid(text);

	put(out, "\"");
	for (size_t i = 0; i < text.length; i++)
	{
		unsigned char c = (unsigned char) text.data[i];
		char escape[8];

		if (c == '"' || c == '\\')
			snprintf(escape, sizeof(escape), "\\%c", c);
		else if (c < ' ' || c == 0x7F || (c > 0x7F && !valid))
			snprintf(escape, sizeof(escape), "\\x%02x", c);
		else
			snprintf(escape, sizeof(escape), "%c", c);
		put(out, escape);
	}
	put(out, "\"");
}

static void
print_string(GenopsBytes *out, GenopsSlice text)
{
	if (!fits_raw(text))
	{
		print_escaped(out, text);
		return;
	}
	put(out, "`");
	genops_bytes_put(out, text.data, text.length);
	put(out, "`");
}

/* As few digits as read back the same; with an exponent from a million up and
 * below a ten-thousandth, and always with a point or an exponent. */
static void
print_real(GenopsBytes *out, double real)
{
	char text[64];
	int digits = 0;
	int exponent;

	do
		snprintf(text, sizeof(text), "%.*e", digits, real);
	while (strtod(text, NULL) != real && ++digits < 17);
	exponent = atoi(strchr(text, 'e') + 1);
	if (exponent >= -4 && exponent < 6)
	{
		snprintf(text, sizeof(text), "%.*f", digits > exponent ? digits - exponent : 0, real);
		if (strchr(text, '.') == NULL)
			strcat(text, ".0");
	}
	put(out, text);
}

static void
print_unit(GenopsBytes *out, uint64_t value, uint64_t unit, const char *name)
{
	char text[32];
	uint64_t rest = value % unit;

	snprintf(text, sizeof(text), "%llu", (unsigned long long) (value / unit));
	put(out, text);
	put(out, rest > 0 ? "." : "");
	/* The fraction, without its last zeros. */
	while (rest > 0)
	{
		unit /= 10;
		text[0] = (char) ('0' + rest / unit);
		genops_bytes_put(out, text, 1);
		rest %= unit;
	}
	put(out, name);
}

/* As Go prints durations: 1h0m0.5s, 820ms, 5ns. */
static void
print_duration(GenopsBytes *out, int64_t nanoseconds)
{
	const uint64_t second = UINT64_C(1000000000);
	uint64_t value = nanoseconds < 0 ? 0 - (uint64_t) nanoseconds : (uint64_t) nanoseconds;
	char text[48];

	put(out, nanoseconds < 0 ? "-" : "");
	if (value == 0)
		put(out, "0s");
	else if (value < 1000)
		print_unit(out, value, 1, "ns");
	else if (value < 1000000)
		print_unit(out, value, 1000, "\xC2\xB5s");
	else if (value < second)
		print_unit(out, value, 1000000, "ms");
	else
	{
		uint64_t minutes = value / (60 * second);

		if (minutes >= 60)
			snprintf(text, sizeof(text), "%lluh%llum", (unsigned long long) (minutes / 60),
			         (unsigned long long) (minutes % 60));
		else
			snprintf(text, sizeof(text), "%llum", (unsigned long long) minutes);
		put(out, minutes > 0 ? text : "");
		print_unit(out, value % (60 * second), second, "s");
	}
}

void
genops_traceql_print_literal(GenopsBytes *out, const GenopsLiteral *literal)
{
	char text[32];

	switch (literal->type)
	{
		case GENOPS_TYPE_INT:
			snprintf(text, sizeof(text), "%lld", (long long) literal->integer);
			put(out, literal->integer == INT64_MIN ? "minInt" : text);
			break;
		case GENOPS_TYPE_FLOAT:
			print_real(out, literal->real);
			break;
		case GENOPS_TYPE_STRING:
			print_string(out, literal->text);
			break;
		case GENOPS_TYPE_BOOLEAN:
			put(out, literal->integer ? "true" : "false");
			break;
		case GENOPS_TYPE_DURATION:
			print_duration(out, literal->integer);
			break;
		case GENOPS_TYPE_STATUS:
			put(out, genops_status_text(literal->integer));
			break;
		case GENOPS_TYPE_KIND:
			put(out, genops_kind_text(literal->integer));
			break;
		default:
			put(out, "nil");
			break;
	}
}

static bool
starts_with(GenopsSlice text, const char *start)
{
	return text.length >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

static bool
needs_quotes(const GenopsAttribute *attribute)
{
	GenopsSlice name = attribute->name;

	for (size_t i = 0; i < name.length; i++)
	{
		if (genops_ends_name(name.data[i]) || name.data[i] == '"')
			return true;
	}
	if (attribute->scope != GENOPS_SCOPE_NONE)
		return name.length == 0;
	if (attribute->parent)
		return name.length == 0 || starts_with(name, "span.") || starts_with(name, "resource.");
	return name.length == 0 || (name.data[0] >= '0' && name.data[0] <= '9');
}

void
genops_print_name(GenopsBytes *out, const GenopsAttribute *attribute)
{
	GenopsSlice name = attribute->name;

	if (!needs_quotes(attribute))
	{
		genops_bytes_put(out, name.data, name.length);
		return;
	}
	put(out, "\"");
	for (size_t i = 0; i < name.length; i++)
	{
		if (name.data[i] == '"' || name.data[i] == '\\')
			put(out, "\\");
		genops_bytes_put(out, &name.data[i], 1);
	}
	put(out, "\"");
}
