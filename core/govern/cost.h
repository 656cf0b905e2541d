/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a call costs: tokens times rates, exactly, and the whole is the sum of its parts.
 */
#ifndef GENOPS_CORE_GOVERN_COST_H
#define GENOPS_CORE_GOVERN_COST_H

#include "core/govern/price.h"

typedef struct GenopsCost
{
	GenopsMoney part[GENOPS_COST_COUNT]; /* the total is GENOPS_COST_TOTAL, and their sum */
	GenopsMoney reasoning;               /* what of the output's part reasoning has cost */
} GenopsCost;

/*
 * False if it can't be known: input or output are not (unless "partial", where what is known
 * counts), a kind of token has no rate, or the sum is beyond what one call may cost.
 */
extern bool genops_cost(const GenopsRates *rates, const GenopsUsage *usage, bool partial,
                        GenopsCost *cost);

#endif
