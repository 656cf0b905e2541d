/* SPDX-License-Identifier: PostgreSQL */
#include "core/base/money_sum.h"

#include "core/base/money.h"

/* The magnitude of a sum, and what is left of a long division. */
typedef struct Wide
{
	uint64_t high;
	uint64_t low;
} Wide;

static Wide
wide_add(Wide a, Wide b)
{
	Wide sum = { a.high + b.high, a.low + b.low };

	sum.high += sum.low < a.low;
	return sum;
}

static Wide
wide_negate(Wide a)
{
	return wide_add((Wide){ ~a.high, ~a.low }, (Wide){ 0, 1 });
}

static Wide
wide_product(uint64_t a, uint64_t b)
{
	uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
	uint64_t middle = (a >> 32) * (b & UINT32_MAX) + (low >> 32);
	uint64_t other = (a & UINT32_MAX) * (b >> 32) + (middle & UINT32_MAX);

	return (Wide){ (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32),
		           other << 32 | (low & UINT32_MAX) };
}

/* Divides in place; the remainder.  The divisor is below 2^63, so that a remainder
 * shifted by one bit fits. */
static uint64_t
wide_divide(Wide *value, uint64_t divisor)
{
	uint64_t remainder = 0;
	Wide quotient = { 0, 0 };

	for (int bit = 127; bit >= 0; bit--)
	{
		uint64_t word = bit >= 64 ? value->high : value->low;

		remainder = remainder << 1 | (word >> (bit & 63) & 1);
		quotient.high = quotient.high << 1 | quotient.low >> 63;
		quotient.low <<= 1;
		if (remainder >= divisor)
		{
			remainder -= divisor;
			quotient.low |= 1;
		}
	}
	*value = quotient;
	return remainder;
}

static Wide
magnitude(GenopsMoneySum sum)
{
	Wide wide = { (uint64_t) sum.high, sum.low };

	return sum.high < 0 ? wide_negate(wide) : wide;
}

/* 2^127 is a magnitude of a negative sum only. */
static bool
with_sign(Wide wide, bool negative, GenopsMoneySum *sum)
{
	if (wide.high >> 63 && !(negative && wide.high == UINT64_C(1) << 63 && wide.low == 0))
		return false;
	if (negative)
		wide = wide_negate(wide);
	*sum = (GenopsMoneySum){ (int64_t) wide.high, wide.low };
	return true;
}

GenopsMoneySum
genops_money_sum(GenopsMoney money)
{
	return (GenopsMoneySum){ money < 0 ? -1 : 0, (uint64_t) money };
}

bool
genops_money_sum_to_money(GenopsMoneySum sum, GenopsMoney *money)
{
	if (genops_money_sum_compare(sum, genops_money_sum((GenopsMoney) sum.low)) != 0)
		return false;
	*money = (GenopsMoney) sum.low;
	return true;
}

bool
genops_money_sum_add(GenopsMoneySum a, GenopsMoneySum b, GenopsMoneySum *sum)
{
	Wide total = wide_add((Wide){ (uint64_t) a.high, a.low }, (Wide){ (uint64_t) b.high, b.low });
	int64_t high = (int64_t) total.high;

	if ((a.high < 0) == (b.high < 0) && (a.high < 0) != (high < 0))
		return false;
	*sum = (GenopsMoneySum){ high, total.low };
	return true;
}

bool
genops_money_sum_subtract(GenopsMoneySum a, GenopsMoneySum b, GenopsMoneySum *difference)
{
	Wide negated = wide_negate((Wide){ (uint64_t) b.high, b.low });
	Wide total = wide_add((Wide){ (uint64_t) a.high, a.low }, negated);
	int64_t high = (int64_t) total.high;

	if ((a.high < 0) != (b.high < 0) && (a.high < 0) != (high < 0))
		return false;
	*difference = (GenopsMoneySum){ high, total.low };
	return true;
}

bool
genops_money_sum_multiply(GenopsMoneySum a, int64_t factor, GenopsMoneySum *product)
{
	Wide value = magnitude(a);
	uint64_t times = factor < 0 ? -(uint64_t) factor : (uint64_t) factor;
	Wide low = wide_product(value.low, times);
	Wide high = wide_product(value.high, times);
	Wide total = { low.high + high.low, low.low };

	if (high.high != 0 || total.high < low.high)
		return false;
	return with_sign(total, (a.high < 0) != (factor < 0), product);
}

int
genops_money_sum_compare(GenopsMoneySum a, GenopsMoneySum b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return (a.low > b.low) - (a.low < b.low);
}

bool
genops_multiply_divide(int64_t value, int64_t factor, int64_t divisor, int64_t *quotient)
{
	Wide wide;
	uint64_t remainder;

	if (value < 0 || factor < 0 || divisor <= 0)
		return false;
	wide = wide_product((uint64_t) value, (uint64_t) factor);
	remainder = wide_divide(&wide, (uint64_t) divisor);
	if (remainder >= (uint64_t) divisor - remainder)
		wide = wide_add(wide, (Wide){ 0, 1 });
	if (wide.high != 0 || wide.low > INT64_MAX)
		return false;
	*quotient = (int64_t) wide.low;
	return true;
}

/* The digits from the last one on, backwards from "end"; where they begin. */
static char *
put_digits(char *end, uint64_t value, int least)
{
	while (value > 0 || least > 0)
	{
		*--end = (char) ('0' + value % 10);
		value /= 10;
		least--;
	}
	return end;
}

size_t
genops_money_sum_print(GenopsMoneySum sum, char text[GENOPS_MONEY_SUM_TEXT_SIZE])
{
	char memory[GENOPS_MONEY_SUM_TEXT_SIZE];
	char *end = memory + sizeof(memory);
	char *start;
	Wide units = magnitude(sum);
	uint64_t fraction = wide_divide(&units, GENOPS_MONEY_UNIT);
	size_t length;

	start = put_digits(end, fraction, GENOPS_MONEY_SCALE);
	while (end > start && end[-1] == '0')
		end--;
	if (end > start)
		*--start = '.';
	while (units.high > 0)
	{
		uint64_t group = wide_divide(&units, GENOPS_MONEY_UNIT);

		start = put_digits(start, group, GENOPS_MONEY_SCALE);
	}
	start = put_digits(start, units.low, start[0] == '.' || start == end ? 1 : 0);
	if (sum.high < 0)
		*--start = '-';
	length = (size_t) (end - start);
	memcpy(text, start, length);
	text[length] = '\0';
	return length;
}

bool
genops_money_sum_parse(GenopsSlice text, GenopsMoneySum *sum, GenopsError *error)
{
	bool negative = text.length > 0 && text.data[0] == '-';
	GenopsDecimal decimal;
	Wide value = { 0, 0 };
	int64_t place;
	int digit;

	if (negative)
		text = (GenopsSlice){ text.data + 1, text.length - 1 };
	if (!genops_decimal_read(text, GENOPS_MONEY_SCALE, &decimal) || decimal.negative)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "amount is not a finite number");
	while (genops_decimal_next(&decimal, &place, &digit))
	{
		if (place >= 0)
		{
			Wide times_ten = wide_product(value.low, 10);

			if (value.high > UINT64_MAX / 20)
				return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "amount is out of range");
			times_ten.high += value.high * 10;
			value = wide_add(times_ten, (Wide){ 0, (uint64_t) digit });
		}
		else if (digit >= 5)
			value = wide_add(value, (Wide){ 0, 1 });
	}
	if (!with_sign(value, negative, sum))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "amount is out of range");
	return true;
}
