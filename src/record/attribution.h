/*
 * Who made a call, and for whom.
 */
#ifndef GENOPS_RECORD_ATTRIBUTION_H
#define GENOPS_RECORD_ATTRIBUTION_H

#include "postgres.h"

#include "fmgr.h"
#include "record/draft.h"

/* Where a function has its arguments. */
typedef struct AttributionArguments
{
	int number[GENOPS_TEXT_COUNT]; /* or -1 */
} AttributionArguments;

/*
 * Fills in the texts of the draft: an argument goes before the session's
 * setting, that before the configuration.  NULL inherits, '' is none.  What is
 * pinned for the role goes before all.
 * customer_id and user_id, which may be of any type, come as they print.
 * Returns the sampler that applies to the call.
 */
extern const GenopsSampler *AttributionSet(SpanDraft *draft, FunctionCallInfo fcinfo,
                                           const AttributionArguments *arguments,
                                           GenopsSlice customer_id, GenopsSlice user_id);

/* The session's alone, without any argument. */
extern const GenopsSampler *AttributionOfSession(SpanDraft *draft);

/* Raises for a tenant that no backend would accept. */
extern void AttributionCheckTenant(GenopsSlice tenant);

#endif
