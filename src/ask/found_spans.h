/* SPDX-License-Identifier: PostgreSQL */
/*
 * The spans that answer a search, on their way into the result: sorted, newest
 * trace first, and only then read from their segments.
 *
 * What is kept of each is small, and what does not fit into work_mem is sorted
 * on disk, so that memory is bounded however many there are.
 */
#ifndef GENOPS_ASK_FOUND_SPANS_H
#define GENOPS_ASK_FOUND_SPANS_H

#include "postgres.h"

#include "ask/request.h"
#include "ask/trace_roots.h"
#include "core/span/facts.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

/* Where a span is in the ledger. */
typedef struct SpanPlace
{
	TimestampTz recorded_at;
	int64 seq;
	int32 offset;
} SpanPlace;

typedef struct FoundSpan
{
	uint8 trace_id[GENOPS_TRACE_ID_SIZE];
	TimestampTz latest; /* the latest start of the trace's spans in the result */
	int32 set;          /* of several spansets of a trace, which */
	TimestampTz start;
	SpanPlace place;
	bool has_parent;
	int32 matched;         /* spans in the spanset */
	Jsonb *labels;         /* NULL: none */
	const char *root_name; /* in the server's encoding; NULL: unknown */
	const char *root_service;
} FoundSpan;

typedef struct FoundSpans FoundSpans;

/* First all are added, then all are taken out in order: by latest (the greatest
 * first), trace, set, start. */
extern FoundSpans *FoundSpansBegin(void);
extern void FoundSpansAdd(FoundSpans *found, const FoundSpan *span);

/* False at the end.  What "span" points to is in the current memory context. */
extern bool FoundSpansNext(FoundSpans *found, FoundSpan *span);
extern void FoundSpansEnd(FoundSpans *found);

/* Puts rows of genops.traceql_row into "result", those of the first traces (0: all);
 * names of roots that a span lacks come from "roots" (NULL: from nowhere).  Between
 * StreamBegin and StreamEnd. */
extern void FoundSpansReturn(FoundSpans *found, int max_traces, TraceRoots *roots,
                             Tuplestorestate *result, TupleDesc descriptor);

#endif
