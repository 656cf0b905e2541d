/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rates as people read them.
 */
#ifndef GENOPS_GOVERN_RATES_JSONB_H
#define GENOPS_GOVERN_RATES_JSONB_H

#include "postgres.h"

#include "core/govern/price.h"
#include "utils/jsonb.h"

/* {"input": 2.5, "output": 10}: for a million tokens, those that are known. */
extern Jsonb *RatesJsonb(const GenopsRates *rates);

/* Pushes a member of an object that is being made. */
extern void PushText(JsonbParseState **state, const char *key, GenopsSlice text);
extern void PushNumber(JsonbParseState **state, const char *key, const char *text);
extern void PushInteger(JsonbParseState **state, const char *key, int64 number);

#endif
