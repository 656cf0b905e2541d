/* SPDX-License-Identifier: PostgreSQL */
#include "core/base/money.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/utf8.h"

/* Integers up to here are doubles. */
#define EXACT_IN_DOUBLE (INT64_C(1) << 53)

/* Beyond this any exponent means zero or too much, however many digits a
 * PostgreSQL numeric has (131,072 before the point, 16,383 after it). */
#define EXPONENT_LIMIT 1000000

static GenopsSlice
take_digits(GenopsSlice *text)
{
	GenopsSlice digits = { text->data, 0 };

	while (text->length > 0 && *text->data >= '0' && *text->data <= '9')
	{
		digits.length++;
		text->data++;
		text->length--;
	}
	return digits;
}

static bool
take_character(GenopsSlice *text, const char *any_of)
{
	if (text->length == 0 || *text->data == '\0' || strchr(any_of, *text->data) == NULL)
		return false;
	text->data++;
	text->length--;
	return true;
}

static bool
take_exponent(GenopsSlice *text, int64_t *exponent)
{
	bool negative = take_character(text, "-");
	GenopsSlice digits;

	if (!negative)
		take_character(text, "+");
	digits = take_digits(text);
	for (size_t i = 0; i < digits.length && *exponent < EXPONENT_LIMIT; i++)
		*exponent = *exponent * 10 + (digits.data[i] - '0');
	if (negative)
		*exponent = -*exponent;
	return digits.length > 0;
}

static bool
take_decimal(GenopsSlice text, GenopsDecimal *decimal)
{
	*decimal = (GenopsDecimal){ .negative = take_character(&text, "-") };
	if (!decimal->negative)
		take_character(&text, "+");
	decimal->whole = take_digits(&text);
	if (take_character(&text, "."))
		decimal->fraction = take_digits(&text);
	if (decimal->whole.length + decimal->fraction.length == 0)
		return false;
	if (take_character(&text, "eE") && !take_exponent(&text, &decimal->exponent))
		return false;
	return text.length == 0;
}

/* value * 10 + digit, or false if that is too much. */
static bool
append_digit(GenopsMoney *value, int digit)
{
	if (*value > (INT64_MAX - digit) / 10)
		return false;
	*value = *value * 10 + digit;
	return true;
}

bool
genops_decimal_read(GenopsSlice text, int scale, GenopsDecimal *decimal)
{
	if (!take_decimal(text, decimal))
		return false;
	decimal->place = (int64_t) decimal->whole.length - 1 + decimal->exponent + scale;
	return true;
}

/* Behind the last digit come zeros, down to the unit: of 1e6 there are six. */
bool
genops_decimal_next(GenopsDecimal *decimal, int64_t *place, int *digit)
{
	size_t at = decimal->next;

	if (decimal->place < -1)
		return false;
	if (at < decimal->whole.length)
		*digit = decimal->whole.data[at] - '0';
	else if (at < decimal->whole.length + decimal->fraction.length)
		*digit = decimal->fraction.data[at - decimal->whole.length] - '0';
	else if (decimal->place >= 0 && decimal->significant)
		*digit = 0;
	else
		return false;
	decimal->significant |= *digit != 0;
	decimal->next++;
	*place = decimal->place--;
	return true;
}

static bool
decimal_to_integer(GenopsDecimal *decimal, int64_t *integer)
{
	int64_t value = 0;
	int64_t place;
	int digit;

	while (genops_decimal_next(decimal, &place, &digit))
	{
		if (place >= 0 && !append_digit(&value, digit))
			return false;
		if (place == -1 && digit >= 5)
		{
			if (value == INT64_MAX)
				return false;
			value++;
		}
	}
	*integer = value;
	return true;
}

/* Quotes the text unless it could not be shown. */
static bool
refuse(GenopsError *error, const char *name, GenopsSlice text, const char *what)
{
	GenopsSlice shown = { text.data, genops_utf8_clip(text, 64) };

	if (!genops_slice_present(text) || !genops_utf8_valid(shown))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "%s %s", name, what);
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "%s \"%.*s%s\" %s", name,
	                        (int) shown.length, shown.data, shown.length < text.length ? "..." : "",
	                        what);
}

static bool
parse(GenopsSlice text, int scale, const char *name, int64_t *integer, GenopsError *error)
{
	GenopsDecimal decimal;
	int64_t value;

	if (!genops_decimal_read(text, scale, &decimal))
		return refuse(error, name, text, "is not a finite number");
	if (!decimal_to_integer(&decimal, &value))
		return refuse(error, name, text, "is out of range");
	/* "-0" is what float8 prints for a negative zero. */
	if (decimal.negative && value != 0)
		return refuse(error, name, text, "is negative");
	*integer = value;
	return true;
}

bool
genops_money_parse(GenopsSlice text, GenopsMoney *money, GenopsError *error)
{
	return parse(text, GENOPS_MONEY_SCALE, "cost", money, error);
}

bool
genops_rate_parse(GenopsSlice text, int64_t *rate, GenopsError *error)
{
	return parse(text, GENOPS_RATE_SCALE, "price", rate, error);
}

double
genops_money_to_double(GenopsMoney money)
{
	GenopsMoney scale = GENOPS_MONEY_UNIT;

	/* With both exact as doubles, their quotient is the nearest double. */
	while (money > EXACT_IN_DOUBLE && money % 10 == 0 && scale > 1)
	{
		money /= 10;
		scale /= 10;
	}
	return (double) money / (double) scale;
}

/* The decimal point is the locale's; another is made a point. */
static size_t
neutral_point(char *text)
{
	size_t length = 0;
	bool point = false;

	for (const char *from = text; *from != '\0'; from++)
	{
		if (strchr("0123456789+-e", *from) != NULL)
			text[length++] = *from;
		else if (!point)
		{
			text[length++] = '.';
			point = true;
		}
	}
	return length;
}

bool
genops_money_from_double(double value, GenopsMoney *money, GenopsError *error)
{
	char text[64];

	if (!isfinite(value))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "cost is not a finite number");
	for (int digits = 15; digits <= 17; digits++)
	{
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return genops_money_parse((GenopsSlice){ text, neutral_point(text) }, money, error);
}
