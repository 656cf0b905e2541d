/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is known of a span without reading its bytes: the columns that the
 * ledger keeps, totals are made of, and budgets look at.
 */
#ifndef GENOPS_CORE_SPAN_FACTS_H
#define GENOPS_CORE_SPAN_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/slice.h"

#define GENOPS_TRACE_ID_SIZE 16
#define GENOPS_SPAN_ID_SIZE 8

/* Money is an integer of 10^-12 of the currency's unit.  A price of one
 * millionth of a dollar per million tokens is still exact, and one call may
 * cost up to 9.2 million units. */
#define GENOPS_MONEY_SCALE 12
#define GENOPS_MONEY_UNIT INT64_C(1000000000000)
typedef int64_t GenopsMoney;

#define GENOPS_UNKNOWN_TOKENS (-1)

/* A ledger keeps no more of a count, so that sums of counts cannot overflow and every
 * reader of JSON has them exactly. */
#define GENOPS_MAX_TOKENS ((INT64_C(1) << 53) - 1)

typedef enum GenopsSpanKind
{
	GENOPS_KIND_UNSPECIFIED,
	GENOPS_KIND_INTERNAL,
	GENOPS_KIND_SERVER,
	GENOPS_KIND_CLIENT,
	GENOPS_KIND_PRODUCER,
	GENOPS_KIND_CONSUMER
} GenopsSpanKind;

typedef enum GenopsStatus
{
	GENOPS_STATUS_UNSET,
	GENOPS_STATUS_OK,
	GENOPS_STATUS_ERROR
} GenopsStatus;

/* The texts.  ROUTE names the row of genops.route that chose the tenant. */
typedef enum GenopsFactText
{
	GENOPS_TEXT_TENANT_ID,
	GENOPS_TEXT_ROUTE,
	GENOPS_TEXT_NAME,
	GENOPS_TEXT_SERVICE_NAME,
	GENOPS_TEXT_ENVIRONMENT,
	GENOPS_TEXT_TEAM,
	GENOPS_TEXT_PROJECT,
	GENOPS_TEXT_CUSTOMER_ID,
	GENOPS_TEXT_COST_CENTER,
	GENOPS_TEXT_FEATURE,
	GENOPS_TEXT_USER_ID,
	GENOPS_TEXT_PROVIDER,
	GENOPS_TEXT_MODEL,
	GENOPS_TEXT_OPERATION,
	GENOPS_TEXT_CURRENCY,
	GENOPS_TEXT_RESPONSE_MODEL, /* that answered, where it is not the one that was asked */
	GENOPS_TEXT_SERVICE_TIER,   /* that served the call */
	GENOPS_TEXT_USAGE_FLAGS,    /* what was remarkable of usage and price, one a line */
	GENOPS_TEXT_COUNT
} GenopsFactText;

/* What is to be known of a span beside its values.  The bits are stored: never reused. */
typedef enum GenopsFactFlag
{
	GENOPS_FLAG_UNTIMED = 1 << 0,        /* the duration is that of something else */
	GENOPS_FLAG_NO_DURATION = 1 << 1,    /* end_ns says nothing */
	GENOPS_FLAG_UNFINISHED = 1 << 2,     /* its transaction ended first: no call */
	GENOPS_FLAG_DUPLICATE = 1 << 3,      /* charged before */
	GENOPS_FLAG_BLOCKED = 1 << 4,        /* refused: no call */
	GENOPS_FLAG_PARTIAL_STREAM = 1 << 5, /* the reply ended early */
	GENOPS_FLAG_TOKENS_CUT = 1 << 6,     /* to GENOPS_MAX_TOKENS */
	GENOPS_FLAG_SUPPLEMENT = 1 << 7,     /* usage of a call that is counted already: adds none */
	GENOPS_FLAG_CONTAINER = 1 << 8,      /* has the usage of the calls in it: no call */
	GENOPS_FLAG_UNCLEAR = 1 << 9,        /* looks like a call and says too little: no call */
	GENOPS_FLAG_CACHE_OUTSIDE = 1 << 10, /* the cache's was not in the input, and is now */
	GENOPS_FLAG_SETTLES = 1 << 11        /* a supplement: its call was counted as unpriced */
} GenopsFactFlag;

#define GENOPS_FLAG_COUNT 12

/* No duration is known. */
#define GENOPS_FLAGS_UNTIMED (GENOPS_FLAG_UNTIMED | GENOPS_FLAG_NO_DURATION)

/* Where a cost comes from.  The numbers are stored. */
typedef enum GenopsCostSource
{
	GENOPS_COST_FROM_NOWHERE, /* not looked at */
	GENOPS_COST_FROM_PRICES,
	GENOPS_COST_FROM_PROVIDER,
	GENOPS_COST_FROM_CALLER,
	GENOPS_COST_UNPRICED, /* there is something to price and no price */
	GENOPS_COST_NONE      /* there is nothing to price */
} GenopsCostSource;

/* Token counts.  INPUT includes what was read from and written to a cache,
 * OUTPUT includes reasoning (OpenTelemetry's counting rules). */
typedef enum GenopsFactTokens
{
	GENOPS_TOKENS_INPUT,
	GENOPS_TOKENS_OUTPUT,
	GENOPS_TOKENS_CACHE_READ,
	GENOPS_TOKENS_CACHE_WRITE,
	GENOPS_TOKENS_REASONING,
	GENOPS_TOKENS_COUNT
} GenopsFactTokens;

typedef enum GenopsFactCost
{
	GENOPS_COST_TOTAL,
	GENOPS_COST_INPUT,
	GENOPS_COST_OUTPUT,
	GENOPS_COST_CACHE_READ,
	GENOPS_COST_CACHE_WRITE,
	GENOPS_COST_COUNT
} GenopsFactCost;

typedef struct GenopsSpanFacts
{
	uint8_t trace_id[GENOPS_TRACE_ID_SIZE];
	uint8_t span_id[GENOPS_SPAN_ID_SIZE];
	uint8_t parent_span_id[GENOPS_SPAN_ID_SIZE]; /* zero: a root */
	int64_t start_ns;                            /* Unix time in nanoseconds */
	int64_t end_ns;                              /* not before start_ns */
	uint8_t kind;                                /* GenopsSpanKind */
	uint8_t status;                              /* GenopsStatus */
	bool sampled;                                /* is to be sent */
	bool ai_call;                                /* a call that costs: carries provider or
								 * model, tokens or a cost; else a workflow
								 * step or a span of others */
	uint32_t flags;                              /* GenopsFactFlag */
	uint8_t cost_source;                         /* GenopsCostSource */
	uint32_t role;                               /* that recorded it, an oid; 0: not known */
	uint64_t call_key;                           /* what the same call has again; 0: it has none */
	uint64_t reply_key;                          /* what the same reply has again; 0: likewise */
	uint8_t known_costs;                         /* bit 1 << GenopsFactCost: cost[] is known */
	int64_t tokens[GENOPS_TOKENS_COUNT];         /* or GENOPS_UNKNOWN_TOKENS */
	GenopsMoney cost[GENOPS_COST_COUNT];         /* zero where not known */
	int64_t cache_write_1h;                      /* of the cache's; or GENOPS_UNKNOWN_TOKENS */
	int64_t price_id;                            /* of the price list; 0: none */
	GenopsMoney reasoning_cost;                  /* of the output's */
	bool has_reasoning_cost;
	GenopsSlice text[GENOPS_TEXT_COUNT];         /* valid UTF-8 */
} GenopsSpanFacts;

#endif
