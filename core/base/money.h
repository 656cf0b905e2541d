/* SPDX-License-Identifier: PostgreSQL */
/*
 * Exact money: text to and from integers of 10^-12 of a currency's unit.
 */
#ifndef GENOPS_CORE_BASE_MONEY_H
#define GENOPS_CORE_BASE_MONEY_H

#include "core/base/error.h"
#include "core/span/facts.h"

/* A decimal number as PostgreSQL's numeric or float8 prints it ("0.0125",
 * "1e-05"); more than 12 decimals are rounded half away from zero.  False for
 * what is no number, negative, not finite, or beyond 9.2 million units. */
extern bool genops_money_parse(GenopsSlice text, GenopsMoney *money, GenopsError *error);

/* A price per million tokens, in 10^-12 per token: 10^6 of it are one unit.  Rounded half
 * away from zero. */
#define GENOPS_RATE_SCALE 6
extern bool genops_rate_parse(GenopsSlice text, int64_t *rate, GenopsError *error);

/* A decimal number taken apart, for those who need more than 64 bits of it.  Borrows the
 * text. */
typedef struct GenopsDecimal
{
	GenopsSlice whole;
	GenopsSlice fraction;
	int64_t exponent;
	int64_t place; /* of the next digit, as a power of ten of 10^-scale */
	size_t next;
	bool negative;
	bool significant; /* a digit other than zero came */
} GenopsDecimal;

/* False for what is no decimal number. */
extern bool genops_decimal_read(GenopsSlice text, int scale, GenopsDecimal *decimal);

/* The digits from the left.  The one at place -1 is the last: it alone decides a half
 * away from zero. */
extern bool genops_decimal_next(GenopsDecimal *decimal, int64_t *place, int *digit);

/* For OTLP's edge, where a cost is a double. */
extern double genops_money_to_double(GenopsMoney money);

/* Of a double from OTLP, by the shortest decimal that prints as it. */
extern bool genops_money_from_double(double value, GenopsMoney *money, GenopsError *error);

#endif
