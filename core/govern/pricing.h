/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a call is charged: which usage counts, which model and tier of service are priced, and
 * whose word for a cost holds.
 *
 * Who may charge may say anything.  Of everybody else a word never makes a call cheaper than
 * the reply and the price list do.
 */
#ifndef GENOPS_CORE_GOVERN_PRICING_H
#define GENOPS_CORE_GOVERN_PRICING_H

#include "core/govern/cost.h"

/* The numbers are the ledger's. */
typedef enum GenopsPricedBy
{
	GENOPS_PRICED_BY_TABLE = 1,
	GENOPS_PRICED_BY_PROVIDER,
	GENOPS_PRICED_BY_CALLER,
	GENOPS_PRICED_BY_NOBODY, /* something was used, and its cost is not known */
	GENOPS_PRICED_NOTHING    /* nothing was used */
} GenopsPricedBy;

/* "none", "unpriced", "caller", "provider", "price_table" */
extern const char *genops_priced_by_name(GenopsPricedBy source);

/* What is known of the call beside its reply. */
typedef struct GenopsPricedCall
{
	GenopsSlice provider;
	GenopsSlice model; /* asked for */
	GenopsSlice operation;
	GenopsSlice base_model;   /* what to price instead of what answered; absent: that */
	GenopsSlice service_tier; /* requested; absent: not said */
	GenopsSlice region;
	int64_t at;        /* microseconds since 1970 */
	GenopsUsage usage; /* as the caller says it, which beats the reply; GENOPS_NO_USAGE */
	bool may_charge;
} GenopsPricedCall;

typedef struct GenopsPricing
{
	GenopsPricedBy source;
	bool has_usage;
	GenopsUsage usage;
	bool has_cost;
	bool has_parts; /* else only the total is known */
	GenopsCost cost;
	GenopsSlice currency;     /* the book's or a constant */
	GenopsSlice model;        /* what was priced, or would have been; borrowed */
	GenopsSlice service_tier; /* served, or requested; absent: not said; borrowed */
	bool has_price;           /* "price" is known */
	GenopsPriceAnswer price;
} GenopsPricing;

/* Adds to the reply's flags.  The book may be NULL: nothing has a price. */
extern void genops_price_call(const GenopsPriceBook *book, const GenopsPricedCall *call,
                              GenopsReply *reply, GenopsPricing *pricing);

#endif
