/*
 * How a call ended: tokens, cost, reply, error.
 */
#ifndef GENOPS_RECORD_OUTCOME_H
#define GENOPS_RECORD_OUTCOME_H

#include "postgres.h"

#include "core/span/otlp_write.h"
#include "record/draft.h"
#include "record/options.h"
#include "utils/jsonb.h"

/* Set on a reply that was recorded, and charged, before. */
#define OUTCOME_DUPLICATE_KEY GENOPS_KEY("genops.duplicate")

/* What the caller says.  Texts are in the server's encoding; absent: not
 * said. */
typedef struct OutcomeArguments
{
	int64 prompt_tokens;
	int64 completion_tokens;
	GenopsSlice total_cost; /* as it prints */
	GenopsSlice status;
	GenopsSlice error;
	Jsonb *response; /* or NULL */
	CallOptions options;
} OutcomeArguments;

/* Nothing said. */
extern void OutcomeArgumentsInit(OutcomeArguments *arguments);

/*
 * Every call's outcome passes here, when all of its request is known in the
 * draft: sets tokens, cost, status and error.  What the caller says goes over
 * what the reply says.  Raises for what can't be meant.
 */
extern void OutcomeSet(SpanDraft *draft, const OutcomeArguments *arguments);

#endif
