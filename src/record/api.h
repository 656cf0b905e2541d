/* SPDX-License-Identifier: PostgreSQL */
/*
 * Calls, for those who make or watch them from C: genops_begin, genops_observe,
 * genops_end and genops_track stand on this, and whatever else watches calls.
 *
 * Bookkeeping does not break the program that it watches.  What cannot be recorded as it
 * was said is complained of (complaint.h) and recorded as far as it can be; nothing here
 * raises because a call is not open any more, because too many are, or because of a value.
 * What may raise: running out of memory, a configuration that cannot be read, and, with
 * genops.on_error = error, each complaint.
 *
 * All texts are in the server's encoding and are borrowed until the function returns.
 * Needs a transaction, and the library preloaded (RingRequire).
 */
#ifndef GENOPS_RECORD_API_H
#define GENOPS_RECORD_API_H

#include "postgres.h"

#include "core/span/facts.h"
#include "core/span/trace_context.h"
#include "record/options.h"
#include "record/outcome.h"
#include "utils/jsonb.h"

/* Names a call that this process began.  It may be kept for ever: what it named may
 * have ended by itself, with its subtransaction say, and is then none. */
typedef struct CallId
{
	uint64 number; /* 0: none */
} CallId;

#define NO_CALL ((CallId){ 0 })

/* What is known of a call before it is made, or when it is recorded in one step. */
typedef struct CallRequest
{
	GenopsSlice text[GENOPS_TEXT_COUNT]; /* absent inherits, empty is none; neither TENANT's
										  * ROUTE nor CURRENCY is looked at */
	GenopsSlice traceparent;             /* of the parent; absent: found, empty: none */
	GenopsSlice call;                    /* its own id: a traceparent, or any text that is the same
										  * when the same call is recorded again */
	Jsonb *attributes;                   /* or NULL */
	CallOptions options;
} CallRequest;

/* When it was made; nothing said: it just ended, and how long it took is not known. */
typedef struct CallTimes
{
	bool has_start;
	bool has_end;
	bool has_duration;
	int64 start_ns; /* Unix time */
	int64 end_ns;
	int64 duration_ns;
} CallTimes;

/* Nothing said. */
extern void CallRequestInit(CallRequest *request);

/* Begins a call; it is the parent of those that begin before it ends. */
extern CallId CallBegin(const CallRequest *request);

/*
 * It is over.  One that has ended by itself takes what can still be said of it: see
 * call.c.  "attributes" (or NULL) replace those of the beginning key by key.  False if
 * there is no such call (any more), or nothing to add to it; nothing was recorded then.
 */
extern bool CallEnd(CallId call, const CallOutcome *outcome, Jsonb *attributes);

/* It failed with an error of PostgreSQL.  "message" (or NULL) is only searched for the class
 * of another language's exception.  Allocates nothing, waits for nothing and raises nothing:
 * for use while an error is being handled. */
extern void CallFail(CallId call, int sqlstate, const char *message);

/* A call that is over, in one step.  Writes its ids to "own".  All options are the outcome's. */
extern void CallTrack(const CallRequest *request, const CallOutcome *outcome,
                      const CallTimes *times, GenopsTraceParent *own);

/* Whether it was begun and has not ended; the one that was begun last of those. */
extern bool CallIsOpen(CallId call);
extern CallId CallInnermostId(void);

/* The call with these ids, open or ended lately; NO_CALL if this process knows of none. */
extern CallId CallIdOf(const GenopsTraceParent *ids);

/* The ids that an open call goes by; false if it is not open. */
extern bool CallTraceParent(CallId call, GenopsTraceParent *own);

/* Provider, model and operation of an open call that were not said when it began: whoever
 * makes a call on behalf of an open one knows them.  What was said stays. */
extern void CallFill(CallId call, GenopsSlice provider, GenopsSlice model, GenopsSlice operation);

#endif
