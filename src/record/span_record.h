/* SPDX-License-Identifier: PostgreSQL */
/*
 * A span as it lies in the ring: its facts, its bytes, and, for spans that
 * others made, the resource and scope it came with.
 */
#ifndef GENOPS_RECORD_SPAN_RECORD_H
#define GENOPS_RECORD_SPAN_RECORD_H

#include "postgres.h"

#include "core/span/facts.h"
#include "shared/ring.h"

typedef struct SpanRecord
{
	GenopsSpanFacts facts;

	/*
	 * What the span is wrapped in when it is sent.  Absent for the server's
	 * own spans: the worker makes it from the service name, the environment
	 * and the configuration.  Otherwise the content of a ResourceSpans
	 * without any span: resource, scope and schema URLs as they came.
	 */
	GenopsSlice envelope;
	GenopsSlice span; /* the content of an OTLP Span */
	bool incomplete;  /* the span did not fit its memory: it is refused as too large */
} SpanRecord;

/*
 * Puts a span into the ring, with may_wait waiting for room.  A full ring raises
 * nothing: it is counted and logged once; false tells the caller that the span
 * is lost.
 */
extern bool SpanRecordSubmit(const SpanRecord *record, bool may_wait);

/* In durability "sync" waits until what was submitted is stored; warns where it cannot be. */
extern void SpanRecordSync(void);

/* The worker's side: a record of the ring, in place.  The slices point into
 * the ring's memory. */
extern void SpanRecordRead(const void *data, Size length, SpanRecord *record);

#endif
