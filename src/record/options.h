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
	GenopsSlice tracestate; /* ASCII or else it is ignored */
	bool has_ended_at;
	TimestampTz ended_at;
	int64 tokens[GENOPS_TOKENS_COUNT]; /* cache and reasoning only */
	uint8 known_costs;                 /* the parts */
	GenopsMoney cost[GENOPS_COST_COUNT];
	GenopsSlice currency;
	GenopsSlice response_id;
	GenopsSlice response_model;
	GenopsSlice finish_reasons[OPTIONS_FINISH_REASONS_MAX];
	int finish_reason_count;
	GenopsSlice error_type;
} CallOptions;

/* Which function asks; a bit each. */
typedef enum OptionsOf
{
	OPTIONS_OF_BEGIN = 1,
	OPTIONS_OF_END = 2,
	OPTIONS_OF_TRACK = 4
} OptionsOf;

/* Reads them; NULL gives the defaults.  Raises for a key that isn't known and
 * for a value that can't be meant. */
extern void OptionsRead(Jsonb *json, OptionsOf function, CallOptions *options);

#endif
