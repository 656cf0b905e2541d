/* SPDX-License-Identifier: PostgreSQL */
/*
 * The span in the making: one per backend, reused, so that recording a call
 * allocates next to nothing.
 */
#ifndef GENOPS_RECORD_DRAFT_H
#define GENOPS_RECORD_DRAFT_H

#include "postgres.h"

#include "configure/configuration.h"
#include "core/base/bytes.h"
#include "core/span/ai_call.h"
#include "core/span/facts.h"
#include "record/options.h"
#include "record/trace.h"
#include "shared/ring.h"
#include "utils/jsonb.h"

/* A record has room for the facts in front of a span, and then some. */
#define DRAFT_MAX (RING_MAX_RECORD - 8 * 1024)

/* What an open call keeps free for its outcome: an error's message three
 * times, ids, model, reasons, tokens and costs. */
#define DRAFT_OUTCOME_ROOM (16 * 1024)

/* An error's message is cut here.  Bytes. */
#define DRAFT_ERROR_MAX 2048

#define DRAFT_NAME_MAX 512

typedef struct SpanDraft
{
	GenopsSpanFacts facts;
	GenopsAiOutcome outcome;
	TracePlace place;
	uint32 flags;      /* Span.flags */
	size_t end_offset; /* of the end time in "span" */
	GenopsBytes span;
	uint32 dropped_attributes;
	char name[DRAFT_NAME_MAX];
	char tenant[TENANT_ID_MAX + 1];
	char provider[DRAFT_NAME_MAX]; /* folded */
	GenopsSlice said_provider;     /* as it came; absent: not said */
	bool sent_nowhere;             /* also if it fails */
	bool has_first;
	GenopsTraceParent first; /* the span of which this is a duplicate or another attempt */
	GenopsSlice finish_reasons[OPTIONS_FINISH_REASONS_MAX];
} SpanDraft;

/* An empty draft; forgets the one before.  Read all arguments first. */
extern SpanDraft *DraftStart(void);

/* Bytes that the texts of the facts take in a record. */
extern size_t DraftTextsSize(const GenopsSpanFacts *facts);

/* Writes ids, name, times and what is known before the call. */
extern void DraftOpen(SpanDraft *draft);

/* Sends it although its trace is not sampled. */
extern void DraftSample(SpanDraft *draft);

/* The caller's attributes; "reserve" bytes stay free. */
extern void DraftPutAttributes(SpanDraft *draft, Jsonb *attributes, size_t reserve);

/* Writes what is known after the call, then the caller's attributes, and
 * completes the span. */
extern void DraftClose(SpanDraft *draft, Jsonb *attributes);

/* Hands it to the ring. */
extern void DraftSubmit(const SpanDraft *draft);

#endif
