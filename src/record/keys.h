/* SPDX-License-Identifier: PostgreSQL */
/*
 * One call is one call: what it is known again by, when a retried job, a repeated import
 * or somebody who watches the same reply records it another time.
 *
 * A call has keys only if it says some: its own id ("call"), a reply with an id, an
 * ingested span's ids.  A call without one costs nothing more.
 */
#ifndef GENOPS_RECORD_KEYS_H
#define GENOPS_RECORD_KEYS_H

#include "postgres.h"

#include "record/draft.h"
#include "shared/key_table.h"

/* Shorter ids of replies repeat in practice: some servers draw theirs from a thousand
 * numbers.  They are known only together with the call's own id.  Bytes. */
#define REPLY_ID_MIN 20

/*
 * Sets the key of what the caller says is the call's id, or of a reply's id.  Tenant and provider are
 * known by then: two tenants' ids have nothing to do with each other.  For the reply, it is
 * also decided whether this is a call: an agent's span that repeats the id of the reply in it
 * must not take the key from the call.
 */
extern void KeySetCall(GenopsSpanFacts *facts, GenopsSlice id);
extern void KeySetReply(GenopsSpanFacts *facts, GenopsSlice id);

/* Sets the key of an ingested span's ids. */
extern void KeySetSpan(GenopsSpanFacts *facts);

/*
 * Claims the keys that the facts have, for the span that is being made.  Where it was recorded
 * before, "first" is the span that was.  The claim ends with the next draft or with the
 * (sub)transaction's abort unless KeysSubmitted says that the span is in the queue.
 */
extern KeyFate KeysClaim(const GenopsSpanFacts *facts, GenopsTraceParent *first);
extern void KeysSubmitted(void);
extern void KeysDrop(void);

#endif
