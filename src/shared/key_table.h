/* SPDX-License-Identifier: PostgreSQL */
/*
 * The keys of the calls that were recorded last, for all sessions: who records a call
 * claims its keys first, and learns whether somebody has recorded it before.
 *
 * The last genops_tempo.remembered_calls keys are kept.  What is older is found by the
 * worker, in genops.call_key; see keep/call_keys.h.
 */
#ifndef GENOPS_SHARED_KEY_TABLE_H
#define GENOPS_SHARED_KEY_TABLE_H

#include "postgres.h"

#include "core/span/facts.h"
#include "core/span/trace_context.h"

/* What a call is known again by.  0: it does not say. */
typedef struct CallKeys
{
	uint64 call;  /* of its own id, as the caller says it */
	uint64 reply; /* of the reply's */
	bool failed;  /* without using anything: a later attempt is another call */
	bool used;    /* it says usage or a cost, or is none that would */
} CallKeys;

typedef enum KeyFate
{
	KEY_NEW,
	KEY_ATTEMPT,    /* the same call was, with another reply */
	KEY_SUPPLEMENT, /* it was, without what it used, which is known now */
	KEY_DUPLICATE   /* it was recorded before */
} KeyFate; /* of several, the last one counts */

/* The keys of a span, from its facts. */
extern CallKeys KeysOfFacts(const GenopsSpanFacts *facts);

/* For the hooks of shared memory. */
extern void KeyTableShmemRequest(void);
extern void KeyTableShmemStart(void);

/*
 * Claims the keys for a span.  Where it is a duplicate or another attempt, nothing or not all is
 * claimed, and "first" is set to the span that has the key.  "since" is a time (by the clock,
 * microseconds): a key that was claimed before it is forgotten.
 */
extern KeyFate KeyTableClaim(const CallKeys *keys, const GenopsTraceParent *own, int64 now_us,
                             int64 since_us, GenopsTraceParent *first);

/* Gives them back: the span was not recorded after all.  "first" is the span that it supplements,
 * or NULL. */
extern void KeyTableRelease(const CallKeys *keys, const GenopsTraceParent *own,
                            const GenopsTraceParent *first);

/* What a key that was claimed says of a later call with it: the rule, which the worker
 * has as well. */
extern KeyFate KeyFateByReply(const CallKeys *keys, bool first_used);
extern KeyFate KeyFateByCall(const CallKeys *keys, uint64 first_reply, bool first_failed,
                             bool first_used);

#endif
