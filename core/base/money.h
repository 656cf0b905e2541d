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

/* For OTLP's edge, where a cost is a double. */
extern double genops_money_to_double(GenopsMoney money);

/* Of a double from OTLP, by the shortest decimal that prints as it. */
extern bool genops_money_from_double(double value, GenopsMoney *money, GenopsError *error);

#endif
