/* SPDX-License-Identifier: PostgreSQL */
/*
 * How a call ended: tokens, cost, reply, error.
 */
#ifndef GENOPS_RECORD_OUTCOME_H
#define GENOPS_RECORD_OUTCOME_H

#include "postgres.h"

#include "core/span/otlp_write.h"
#include "record/draft.h"
#include "record/options.h"
#include "record/reply.h"

/* What the caller says.  Texts are in the server's encoding; absent: not
 * said. */
typedef struct CallOutcome
{
	int64 prompt_tokens; /* or GENOPS_UNKNOWN_TOKENS, as is the next */
	int64 completion_tokens;
	GenopsSlice total_cost; /* as it prints */
	GenopsSlice status;
	GenopsSlice error;
	Reply reply;
	bool untimed; /* the reply was there before the call began */
	bool repeated; /* it is a reply that was observed before: charge nothing */
	CallOptions options;
} CallOutcome;

/* Nothing said. */
extern void CallOutcomeInit(CallOutcome *outcome);

/* Whether it says what a call is charged by: tokens or a cost. */
extern bool CallOutcomeHasUsage(const CallOutcome *outcome);

/*
 * Every call's outcome passes here, when all of its request is known in the
 * draft: sets tokens, cost, status and error.  What the caller says goes over
 * what the reply says.  "may_charge" as ChargeAllowed has it.
 */
extern void OutcomeSet(SpanDraft *draft, const CallOutcome *said, bool may_charge);

#endif
