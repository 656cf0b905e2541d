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

/* A decimal number taken apart, nothing of it converted yet. */
typedef struct Decimal
{
	GenopsSlice whole;
	GenopsSlice fraction;
	int64_t exponent;
	bool negative;
} Decimal;

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
take_decimal(GenopsSlice text, Decimal *decimal)
{
	*decimal = (Decimal){ .negative = take_character(&text, "-") };
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

/*
 * The decimal as an integer of 10^-12.  "place" is the power of ten, in that
 * integer, of the digit looked at: the first digit behind place 0 rounds, and
 * alone decides a half away from zero.
 */
static bool
decimal_to_money(const Decimal *decimal, GenopsMoney *money)
{
	size_t count = decimal->whole.length + decimal->fraction.length;
	int64_t place = (int64_t) decimal->whole.length - 1 + decimal->exponent + GENOPS_MONEY_SCALE;
	GenopsMoney value = 0;

	for (size_t i = 0; i < count && place >= -1; i++, place--)
	{
		int digit = i < decimal->whole.length
		                ? decimal->whole.data[i] - '0'
		                : decimal->fraction.data[i - decimal->whole.length] - '0';

		if (place >= 0 && !append_digit(&value, digit))
			return false;
		if (place == -1 && digit >= 5)
		{
			if (value == INT64_MAX)
				return false;
			value++;
		}
	}
	for (; place >= 0 && value != 0; place--)
	{
		if (!append_digit(&value, 0))
			return false;
	}
	*money = value;
	return true;
}

/* Quotes the text unless it could not be shown. */
static bool
refuse(GenopsError *error, GenopsSlice text, const char *what)
{
	GenopsSlice shown = { text.data, genops_utf8_clip(text, 64) };

	if (!genops_slice_present(text) || !genops_utf8_valid(shown))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "cost %s", what);
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "cost \"%.*s%s\" %s",
	                        (int) shown.length, shown.data, shown.length < text.length ? "..." : "",
	                        what);
}

bool
genops_money_parse(GenopsSlice text, GenopsMoney *money, GenopsError *error)
{
	Decimal decimal;
	GenopsMoney value;

	if (!take_decimal(text, &decimal))
		return refuse(error, text, "is not a finite number");
	if (!decimal_to_money(&decimal, &value))
		return refuse(error, text, "is out of range");
	/* "-0" is what float8 prints for a negative zero. */
	if (decimal.negative && value != 0)
		return refuse(error, text, "is negative");
	*money = value;
	return true;
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
