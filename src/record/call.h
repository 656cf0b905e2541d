/*
 * Calls that were begun and have not ended.  See call.c.
 */
#ifndef GENOPS_RECORD_CALL_H
#define GENOPS_RECORD_CALL_H

#include "postgres.h"

#include "core/base/bytes.h"
#include "core/span/facts.h"
#include "core/span/trace_context.h"
#include "record/draft.h"

#define CALLS_MAX 1000

typedef struct OpenCall
{
	struct OpenCall *outer;          /* the call that was innermost before it */
	SubTransactionId subtransaction; /* ends with this one at the latest */
	GenopsTraceParent own;
	GenopsSlice trace_state;
	uint32 flags; /* Span.flags */
	uint32 dropped_attributes;
	bool keep_if_failed;                /* send it even if the trace is not sampled */
	GenopsSpanFacts facts;              /* end and status are set when it closes */
	size_t end_offset;                  /* in "span", of the end time */
	size_t attributes_offset;           /* in "span", of the caller's attributes */
	GenopsBytes span;                   /* all but the outcome, and room for one */
	char memory[FLEXIBLE_ARRAY_MEMBER]; /* of the slices and of "span" */
} OpenCall;

/* Registers the callbacks; once in a process. */
extern void CallsInit(void);

/* Opens a call from a draft that DraftOpen has written; the caller's
 * attributes start at attributes_offset.  Raises at the limit. */
extern void CallOpen(const SpanDraft *draft, size_t attributes_offset, bool keep_if_failed);

/* The innermost; NULL if none is open. */
extern const OpenCall *CallInnermost(void);

/* The open call with these ids; NULL if there is none. */
extern const OpenCall *CallFind(const GenopsTraceParent *ids);

/* The open call that a handle names.  Raises if there is none. */
extern const OpenCall *CallFromHandle(GenopsSlice handle);

/*
 * Ends a call in good order: it is no longer open, whatever happens from here
 * on, and its memory goes back with CallsForget, or at the end of the
 * transaction.
 */
extern void CallDetach(const OpenCall *call);
extern void CallsForget(void);

#endif
