/* SPDX-License-Identifier: PostgreSQL */
/*
 * Who made a call, and for whom.
 */
#ifndef GENOPS_RECORD_ATTRIBUTION_H
#define GENOPS_RECORD_ATTRIBUTION_H

#include "postgres.h"

#include "record/draft.h"

/*
 * Fills in the texts of the draft: what the caller said, in the server's encoding, goes
 * before the session's setting, that before the configuration.  Absent inherits, '' is none.  What
 * is pinned for the role goes before all.
 * Returns the sampler that applies to the call.
 */
extern const GenopsSampler *AttributionSet(SpanDraft *draft,
                                           const GenopsSlice said[GENOPS_TEXT_COUNT]);

/* The session's alone. */
extern const GenopsSampler *AttributionOfSession(SpanDraft *draft);

/* False, and complained of, for a tenant that no backend would accept. */
extern bool AttributionTenantValid(GenopsSlice tenant);

#endif
