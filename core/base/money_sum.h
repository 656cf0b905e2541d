/* SPDX-License-Identifier: PostgreSQL */
/*
 * Sums of money that one call's 64 bits cannot hold: budgets, totals of a year, a
 * hundred million calls.
 *
 * The unit is that of GenopsMoney, 10^-12 of a currency's unit, in 128 bits of two's
 * complement: up to 1.7 * 10^26 units.  Nothing here rounds, and what does not fit is
 * reported and changes nothing.
 */
#ifndef GENOPS_CORE_BASE_MONEY_SUM_H
#define GENOPS_CORE_BASE_MONEY_SUM_H

#include "core/base/error.h"
#include "core/span/facts.h"

typedef struct GenopsMoneySum
{
	_Alignas(8) int64_t high;
	uint64_t low;
} GenopsMoneySum;

/* Bytes that hold any sum as text, with its terminating zero. */
#define GENOPS_MONEY_SUM_TEXT_SIZE 48

extern GenopsMoneySum genops_money_sum(GenopsMoney money);

/* The same in 64 bits; false if it does not fit. */
extern bool genops_money_sum_to_money(GenopsMoneySum sum, GenopsMoney *money);

extern bool genops_money_sum_add(GenopsMoneySum a, GenopsMoneySum b, GenopsMoneySum *sum);
extern bool genops_money_sum_subtract(GenopsMoneySum a, GenopsMoneySum b,
                                      GenopsMoneySum *difference);
extern bool genops_money_sum_multiply(GenopsMoneySum a, int64_t factor, GenopsMoneySum *product);

/* Less than, equal to or greater than zero, as for qsort. */
extern int genops_money_sum_compare(GenopsMoneySum a, GenopsMoneySum b);

/* value * factor / divisor, rounded half up once.  False if the divisor is not
 * positive, an operand is negative, or the quotient does not fit. */
extern bool genops_multiply_divide(int64_t value, int64_t factor, int64_t divisor,
                                   int64_t *quotient);

/* As a decimal number without an exponent and without zeros at its end; the length. */
extern size_t genops_money_sum_print(GenopsMoneySum sum, char text[GENOPS_MONEY_SUM_TEXT_SIZE]);

/* A decimal number as genops_money_parse takes it, and a negative one. */
extern bool genops_money_sum_parse(GenopsSlice text, GenopsMoneySum *sum, GenopsError *error);

#endif
