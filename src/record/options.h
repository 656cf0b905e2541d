/* SPDX-License-Identifier: PostgreSQL */
/*
 * "options jsonb", the last argument of the functions that record: what few
 * calls need, and what later versions add, without a change of signature.
 */
#ifndef GENOPS_RECORD_OPTIONS_H
#define GENOPS_RECORD_OPTIONS_H

#include "postgres.h"

#include "core/span/facts.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* A reply has one reason for each of its choices. */
#define OPTIONS_FINISH_REASONS_MAX 16

typedef struct CallOptions
{
	GenopsSpanKind kind;
	bool kind_said;
	GenopsSlice tracestate; /* ASCII or else it is ignored */
	bool has_ended_at;
	int64 ended_at_ns; /* Unix time */
	bool has_duration;
	int64 duration_ns;
	int64 tokens[GENOPS_TOKENS_COUNT]; /* cache and reasoning only */
	uint8 known_costs;                 /* the parts */
	GenopsMoney cost[GENOPS_COST_COUNT];
	GenopsSlice currency;
	GenopsSlice response_id;
	GenopsSlice response_model;
	GenopsSlice error_type;
	GenopsSlice service_tier;
	GenopsSlice base_model; /* whose price applies */
	Jsonb *headers;         /* of the reply; or NULL */

	/* What a call may take, for budgets: before it is made. */
	int64 estimated_prompt_tokens; /* or GENOPS_UNKNOWN_TOKENS, as is the next */
	int64 max_tokens;
	bool has_estimated_cost;
	GenopsMoney estimated_cost;
	GenopsSlice prompt; /* is looked at and kept nowhere */

	int finish_reason_count;
	GenopsSlice finish_reasons[OPTIONS_FINISH_REASONS_MAX];
} CallOptions;

/* Which function asks; a bit each. */
typedef enum OptionsOf
{
	OPTIONS_OF_BEGIN = 1,
	OPTIONS_OF_END = 2,
	OPTIONS_OF_TRACK = 4
} OptionsOf;

/* Nothing said. */
extern void OptionsInit(CallOptions *options);

/* Adds what the JSON says, or nothing if it is NULL.  A key that is not known and a value
 * that cannot be meant are complained of and passed over.  Texts point into the JSON. */
extern void OptionsRead(Jsonb *json, OptionsOf function, CallOptions *options);

#endif
