/* SPDX-License-Identifier: PostgreSQL */
/*
 * The span of one AI call: which attributes it carries, under which names
 * and types.
 *
 * Both vocabularies are written, GenOps' (team, genops.cost.total_cost ...)
 * and OpenTelemetry's GenAI conventions (gen_ai.*).  Types are part of the
 * contract, because TraceQL's literals are typed: a cost is always a double
 * and a token count always an int.  What is unknown is left out; an unpriced
 * call has no cost attribute at all.
 */
#ifndef GENOPS_CORE_SPAN_AI_CALL_H
#define GENOPS_CORE_SPAN_AI_CALL_H

#include "core/base/bytes.h"
#include "core/span/facts.h"

typedef struct GenopsAiOutcome
{
	GenopsSlice response_id;
	GenopsSlice response_model;
	const GenopsSlice *finish_reasons;
	size_t finish_reason_count;
	GenopsSlice price_version;
	GenopsSlice error_type;    /* error.type and exception.type */
	GenopsSlice error_message; /* status message and exception.message */
	bool unfinished;           /* closed with its transaction, never ended */
	bool untimed;              /* its duration is not the call's */
} GenopsAiOutcome;

/* The attributes known before the call: who, what and for whom.  Of the facts,
 * the texts are used. */
extern void genops_ai_call_put_request(GenopsBytes *out, const GenopsSpanFacts *facts);

/* The attributes known after it: tokens, cost, response, error. */
extern void genops_ai_call_put_outcome(GenopsBytes *out, const GenopsSpanFacts *facts,
                                       const GenopsAiOutcome *outcome);

/* The span's name by OpenTelemetry's rule, "{operation} {model}", written to
 * a buffer of the caller's; cut at a character. */
extern GenopsSlice genops_ai_call_name(char *buffer, size_t size, GenopsSlice operation,
                                       GenopsSlice model);

/* The total of the tokens that are known; GENOPS_UNKNOWN_TOKENS if none is,
 * or if it is beyond all counts. */
extern int64_t genops_ai_total_tokens(const int64_t tokens[GENOPS_TOKENS_COUNT]);

/*
 * Copies a span of our own without the attributes that say what it used and cost, and marks it as a
 * duplicate.  "out" has room for the span and GENOPS_DUPLICATE_ROOM more bytes.  False if the span is
 * malformed.
 */
#define GENOPS_DUPLICATE_ROOM 64
extern bool genops_ai_call_take_charge_out(GenopsBytes *out, GenopsSlice span);

/* Set on a span that was charged before, as another one. */
#define GENOPS_AI_DUPLICATE_KEY GENOPS_LITERAL("genops.duplicate")

/* Whether a key is one that genops_ai_call_put_* writes, or its resource has,
 * so that a caller's own attribute of that name is not written twice. */
extern bool genops_ai_call_owns_key(GenopsSlice key);

#endif
