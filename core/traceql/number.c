/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/number.h"

#include <math.h>
#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

typedef struct DurationUnit
{
	const char *text;
	int64_t nanoseconds;
	int order; /* in the form with days, where each unit comes once; 0: not there */
	bool go;
} DurationUnit;

#define MILLISECOND INT64_C(1000000)
#define SECOND (1000 * MILLISECOND)
#define HOUR (3600 * SECOND)

/* A unit stands before its own beginnings. */
static const DurationUnit units[] = {
	{ "ns", 1, 0, true },
	{ "us", 1000, 0, true },
	{ "\xC2\xB5s", 1000, 0, true }, /* the micro sign */
	{ "\xCE\xBCs", 1000, 0, true }, /* the Greek letter */
	{ "ms", MILLISECOND, 7, true },
	{ "s", SECOND, 6, true },
	{ "m", 60 * SECOND, 5, true },
	{ "h", HOUR, 4, true },
	{ "d", 24 * HOUR, 3, false },
	{ "w", 7 * 24 * HOUR, 2, false },
	{ "y", 365 * 24 * HOUR, 1, false },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
count_digits(GenopsSlice text, size_t at)
{
	size_t start = at;

	while (at < text.length && is_digit(text.data[at]))
		at++;
	return at - start;
}

static const DurationUnit *
unit_at(GenopsSlice text, size_t at)
{
	for (size_t i = 0; i < COUNT_OF(units); i++)
	{
		size_t length = strlen(units[i].text);

		if (text.length - at >= length && memcmp(text.data + at, units[i].text, length) == 0)
			return &units[i];
	}
	return NULL;
}

static bool
whole_number(GenopsSlice digits, int64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < digits.length; i++)
	{
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, digits.data[i] - '0', number))
			return false;
	}
	return true;
}

/* What the digits behind the point are worth; more than 18 are below a nanosecond. */
static int64_t
fraction_of(GenopsSlice digits, int64_t nanoseconds)
{
	double value = 0;
	double scale = 1;

	for (size_t i = 0; i < digits.length && i < 18; i++)
	{
		value = value * 10 + (digits.data[i] - '0');
		scale *= 10;
	}
	return (int64_t) (value * ((double) nanoseconds / scale));
}

static bool
add_part(GenopsSlice whole, GenopsSlice fraction, const DurationUnit *unit, int64_t *sum)
{
	int64_t part;

	return whole_number(whole, &part) && !__builtin_mul_overflow(part, unit->nanoseconds, &part) &&
	       !__builtin_add_overflow(*sum, part, sum) &&
	       !__builtin_add_overflow(*sum, fraction_of(fraction, unit->nanoseconds), sum);
}

bool
genops_parse_duration(GenopsSlice text, int64_t *nanoseconds)
{
	bool ordered = true;
	bool go = true;
	int last = 0;
	size_t at = 0;

	*nanoseconds = 0;
	while (at < text.length)
	{
		GenopsSlice whole = { text.data + at, count_digits(text, at) };
		GenopsSlice fraction = { NULL, 0 };
		const DurationUnit *unit;

		at += whole.length;
		if (at < text.length && text.data[at] == '.')
		{
			fraction = (GenopsSlice){ text.data + at + 1, count_digits(text, at + 1) };
			at += 1 + fraction.length;
			ordered = false;
		}
		unit = unit_at(text, at);
		if (unit == NULL || whole.length + fraction.length == 0 ||
		    !add_part(whole, fraction, unit, nanoseconds))
			return false;
		ordered = ordered && unit->order > last;
		last = unit->order;
		go = go && unit->go;
		at += strlen(unit->text);
	}
	return text.length > 0 && (ordered || go);
}

/* Digits, with a point or an exponent if it is a float. */
static size_t
scan_decimal(GenopsSlice text, bool *real)
{
	size_t at = count_digits(text, 0);
	size_t digits = at;

	*real = false;
	if (at < text.length && text.data[at] == '.')
	{
		digits += count_digits(text, at + 1);
		if (digits == 0)
			return 0;
		at = digits + 1;
		*real = true;
	}
	if (at > 0 && at < text.length && (text.data[at] == 'e' || text.data[at] == 'E'))
	{
		size_t sign = at + 1 < text.length && strchr("+-", text.data[at + 1]) != NULL;
		size_t exponent = count_digits(text, at + 1 + sign);

		if (exponent > 0)
		{
			at += 1 + sign + exponent;
			*real = true;
		}
	}
	return at;
}

/* How many bytes go on a number as parts of a duration. */
static size_t
scan_duration(GenopsSlice text, size_t at)
{
	size_t start = at;

	while (at < text.length)
	{
		if (is_digit(text.data[at]) || strchr(".nsumhdwy", text.data[at]) != NULL)
			at++;
		else if (text.length - at >= 2 && (memcmp(text.data + at, "\xC2\xB5", 2) == 0 ||
		                                   memcmp(text.data + at, "\xCE\xBC", 2) == 0))
			at += 2;
		else
			break;
	}
	return at - start;
}

/* strtod reads a point where LC_NUMERIC is C, as it is in a PostgreSQL server. */
static bool
parse_real(GenopsSlice text, double *real)
{
	char copy[64];

	if (text.length >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
	*real = strtod(copy, NULL);
	return isfinite(*real);
}

size_t
genops_scan_number(GenopsSlice text, GenopsLiteral *literal)
{
	bool real;
	bool valid;
	size_t length = scan_decimal(text, &real);
	size_t more = length > 0 ? scan_duration(text, length) : 0;

	*literal = (GenopsLiteral){ GENOPS_TYPE_NIL, 0, 0, GENOPS_ABSENT };
	if (length == 0)
		return 0;
	if (more > 0)
	{
		literal->type = GENOPS_TYPE_DURATION;
		length += more;
		valid = genops_parse_duration((GenopsSlice){ text.data, length }, &literal->integer);
	}
	else if (real)
	{
		literal->type = GENOPS_TYPE_FLOAT;
		valid = parse_real((GenopsSlice){ text.data, length }, &literal->real);
	}
	else
	{
		literal->type = GENOPS_TYPE_INT;
		valid = whole_number((GenopsSlice){ text.data, length }, &literal->integer);
		if (length < text.length && (text.data[length] == '_' || text.data[length] == 'x'))
			valid = false;
	}
	if (!valid)
		literal->type = GENOPS_TYPE_NIL;
	return length;
}
