/* SPDX-License-Identifier: PostgreSQL */
/*
 * Calls that were begun, and those that ended by themselves.  See call.c.
 */
#ifndef GENOPS_RECORD_CALL_H
#define GENOPS_RECORD_CALL_H

#include "postgres.h"

#include "core/base/bytes.h"
#include "core/span/facts.h"
#include "core/span/trace_context.h"
#include "lib/ilist.h"
#include "record/condition.h"
#include "record/draft.h"

/* As many can be open; then the oldest ends by itself. */
#define CALLS_MAX 1000

/* As many of those that have ended are remembered. */
#define CALLS_REMEMBERED 64

typedef enum CallState
{
	CALL_OPEN,
	CALL_CUT_OFF,    /* by its subtransaction's abort; recorded when the transaction ends */
	CALL_UNFINISHED, /* recorded as such: nobody said how it ended */
	CALL_FAILED,     /* recorded as such, with the error that ended it */
	CALL_ENDED       /* recorded, and nothing was said of its usage */
} CallState;

typedef struct OpenCall
{
	dlist_node node;
	uint64 number; /* of CallId */
	CallState state;
	SubTransactionId subtransaction; /* ends with this one at the latest */
	GenopsTraceParent own;
	GenopsSlice trace_state;
	uint32 flags; /* Span.flags */
	uint32 dropped_attributes;
	bool keep_if_failed;      /* send it even if the trace is not sampled */
	GenopsSpanFacts facts;    /* end and status are set when it closes */
	size_t end_offset;        /* in "span", of the end time */
	size_t attributes_offset; /* in "span", of the caller's attributes */
	size_t begun_length;      /* of "span", before an outcome was added */
	GenopsSlice error_message; /* of one that is cut off; a literal */
	char error_type[ERROR_TYPE_MAX + 1];
	char *base_model; /* as the options said, server's encoding; or NULL, as is the next */
	Jsonb *headers;
	size_t size;               /* of this, with its memory */
	GenopsBytes span;                   /* all but the outcome, and room for one */
	char memory[FLEXIBLE_ARRAY_MEMBER]; /* of the slices and of "span" */
} OpenCall;

/* Registers the callbacks; once in a process. */
extern void CallsInit(void);

/* Opens a call from a draft that DraftOpen has written; the caller's
 * attributes start at attributes_offset. */
extern OpenCall *CallOpen(const SpanDraft *draft, size_t attributes_offset, bool keep_if_failed);

/* Keeps of the options what is for the price: its end has them unless it says others. */
extern void CallKeepOptions(OpenCall *call, const CallOptions *options);

/* The innermost; NULL if none is open. */
extern OpenCall *CallInnermost(void);

/* The call with these ids, or of that number: open, or one that is remembered; NULL if there is
 * none. */
extern OpenCall *CallFind(const GenopsTraceParent *ids);
extern OpenCall *CallFindNumber(uint64 number);

/* It is over and about to be recorded: it is no longer open, whatever happens from here on.
 * Its memory stays until CallForget or CallRemember, or the end of the transaction. */
extern void CallDetach(OpenCall *call);
extern void CallForget(OpenCall *call);
extern void CallRemember(OpenCall *call, CallState state);

/* Says of an open call what was not said when it began (server's encoding; absent: not known
 * now either).  The call may move: pointers to it are stale. */
extern void CallFillTexts(OpenCall *call, GenopsSlice provider, GenopsSlice model,
                          GenopsSlice operation);

/* Records an open call as one that failed.  Allocates and raises nothing. */
extern void CallRecordFailure(OpenCall *call, int sqlstate, const char *message);

#endif
