/* SPDX-License-Identifier: PostgreSQL */
/*
 * What counts as a call of a model: the one place that decides it.
 *
 * A call is a leaf: a request to a model that somebody pays for.  Around calls there are
 * containers (agents, chains, workflows, tools), which often repeat the sum of the usage of
 * what they contain: counting them charges everything twice.  What a span is, its own
 * vocabulary says: OpenTelemetry's operations, OpenInference's kinds, and others'.
 */
#ifndef GENOPS_CORE_SPAN_AI_KIND_H
#define GENOPS_CORE_SPAN_AI_KIND_H

#include "core/span/facts.h"

typedef enum GenopsAiPart
{
	GENOPS_AI_PART_UNKNOWN,
	GENOPS_AI_PART_LEAF,
	GENOPS_AI_PART_CONTAINER
} GenopsAiPart;

/* Whether an operation of OpenTelemetry's list is a call of a model or goes on around
 * such calls. */
extern GenopsAiPart genops_ai_part_of_operation(GenopsSlice operation);

/* The same of an attribute of another vocabulary that says what a span is; unknown for all
 * other attributes. */
extern GenopsAiPart genops_ai_part_of_attribute(GenopsSlice key, GenopsSlice value);

/*
 * Decides whether a span is a call that costs: sets ai_call, or a flag that says why one that
 * looks like a call is none.  Everything else in the facts is known by then.
 *
 * "part" is what the span's attributes say; "stated" that whoever made it said that it is a call
 * (by the functions that record calls) and did not leave it to be guessed.  "hinted" tells that
 * an attribute which only AI calls have was seen, known or not.
 */
extern void genops_ai_decide(GenopsSpanFacts *facts, GenopsAiPart part, bool stated, bool hinted);

/*
 * The input has in it what was read from and written to a cache, as OpenTelemetry counts it.  Who
 * passes on a provider's count that leaves them out (Anthropic's) says less input than
 * that: what is said is what came on top, and is made the whole.  True, and flagged, if it was so.
 */
extern bool genops_ai_include_cache(GenopsSpanFacts *facts);

/* Whether tokens or a cost are known. */
static inline bool
genops_ai_has_usage(const GenopsSpanFacts *facts)
{
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
	{
		if (facts->tokens[i] != GENOPS_UNKNOWN_TOKENS)
			return true;
	}
	return facts->known_costs != 0;
}

/* It did not come to be a call: nothing is known to have been used.  Whether it was to be one
 * stays in its flags. */
extern void genops_ai_cancel(GenopsSpanFacts *facts);

/* Takes usage, costs and keys away: the call is none, or was charged before. */
extern void genops_ai_uncharge(GenopsSpanFacts *facts);

#endif
