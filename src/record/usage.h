/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a call used and costs, from its reply and the price list.
 */
#ifndef GENOPS_RECORD_USAGE_H
#define GENOPS_RECORD_USAGE_H

#include "core/govern/reply.h"
#include "record/draft.h"
#include "record/outcome.h"

/*
 * Reads the reply, and completes the tokens of the draft's facts, of which those that the caller
 * says are set.  What is returned is valid until the next draft is.
 */
extern const GenopsReply *UsageRead(SpanDraft *draft, const CallOutcome *said);

/* Sets cost, price and flags of a call whose usage was read, unless its cost is known. */
extern void UsageCharge(SpanDraft *draft);

/* The same for a span that others made: of its tokens, without a reply. */
extern void UsageChargeSpan(GenopsSpanFacts *facts);

#endif
