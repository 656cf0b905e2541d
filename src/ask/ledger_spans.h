/* SPDX-License-Identifier: PostgreSQL */
/*
 * Finds spans in the ledger, and whole traces.
 */
#ifndef GENOPS_ASK_LEDGER_SPANS_H
#define GENOPS_ASK_LEDGER_SPANS_H

#include "postgres.h"

#include "ask/found_spans.h"
#include "ask/request.h"
#include "core/traceql/trace.h"

/* A span that was found, before its bytes are looked at. */
typedef struct SpanHit
{
	uint8 trace_id[GENOPS_TRACE_ID_SIZE];
	TimestampTz start;
	SpanPlace place;
	bool has_parent;
} SpanHit;

typedef void (*SpanHitHandler)(void *argument, const SpanHit *hit);

/* A range of segments, by number. */
typedef struct SegmentWindow
{
	int64 first;
	int64 last;
} SegmentWindow;

#define EVERY_SEGMENT ((SegmentWindow){ PG_INT64_MIN, PG_INT64_MAX })

/* The spans in the request's range that a span-local pipeline lets through, or, with
 * "candidates", that any pipeline may let through (core/traceql/pipeline.h). */
extern void LedgerEachSpan(const TraceqlRequest *request, const GenopsPipeline *pipeline,
                           bool candidates, SegmentWindow window, SpanHitHandler handler,
                           void *argument);

/* A trace that is complete; "places" has one for each of its spans. */
typedef void (*TraceHandler)(void *argument, GenopsTrace *trace, const SpanPlace *places);

/* Trace ids, each once; sorted by LedgerEachTrace. */
typedef struct TraceIds
{
	uint8 (*ids)[GENOPS_TRACE_ID_SIZE];
	int count;
} TraceIds;

/* The traces of these ids, or (NULL) all that may be in the request's range. */
extern void LedgerEachTrace(const TraceqlRequest *request, const TraceIds *ids,
                            TraceHandler handler, void *argument);

#endif
