/* SPDX-License-Identifier: PostgreSQL */
/*
 * Walks the spans of a segment, all or those at given offsets.
 */
#ifndef GENOPS_ASK_SEGMENT_SPANS_H
#define GENOPS_ASK_SEGMENT_SPANS_H

#include "postgres.h"

#include "compat.h"
#include "core/span/otlp_read.h"
#include "utils/array.h"

typedef struct SegmentSpans
{
	GenopsSpanWalk walk; /* where it stands */
	int32 *offsets;      /* sorted; NULL: all spans */
	int offset_count;
	int next; /* of the offsets */
} SegmentSpans;

/* The content of a bytea that is not packed away. */
static inline GenopsSlice
SegmentBytes(const bytea *bytes)
{
	return (GenopsSlice){ VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes) };
}

/* "offsets", an int4[], may be NULL. */
extern SegmentSpans SegmentSpansBegin(GenopsSlice segment, ArrayType *offsets);

/* False at the end; raises if the segment does not parse. */
extern bool SegmentSpansNext(SegmentSpans *spans);

/* The one span at an offset; raises where there is none. */
extern GenopsSlice SegmentSpanAt(GenopsSlice segment, int32 offset);

/* Likewise; false where there is none, or not all of it. */
extern bool SegmentTrySpan(GenopsSlice segment, int32 offset, GenopsSlice *span);

#endif
