/* SPDX-License-Identifier: PostgreSQL */
/*
 * By which names facts go in the attributes of others' spans: private to
 * facts_from_span.c.
 */
#ifndef GENOPS_CORE_SPAN_FACT_NAMES_H
#define GENOPS_CORE_SPAN_FACT_NAMES_H

#include "core/span/facts.h"

typedef enum GenopsFactKind
{
	GENOPS_FACT_TEXT,
	GENOPS_FACT_TOKENS,
	GENOPS_FACT_TOTAL_TOKENS,
	GENOPS_FACT_COST,
	GENOPS_FACT_REPLY_ID
} GenopsFactKind;

typedef struct GenopsFactName
{
	GenopsSlice key;
	uint8_t rank;  /* 1 is the best name */
	uint8_t kind;  /* GenopsFactKind */
	uint8_t which; /* GenopsFactText, GenopsFactTokens or GenopsFactCost */
	bool flat;     /* a word of everybody's, like "model" */
} GenopsFactName;

/* What an attribute of that key tells; NULL: no fact. */
extern const GenopsFactName *genops_fact_of_span_key(GenopsSlice key);
extern const GenopsFactName *genops_fact_of_resource_key(GenopsSlice key);

#endif
