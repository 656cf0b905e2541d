/*
 * Some of a segment's spans as a ResourceSpans of their own.
 */
#ifndef GENOPS_ASK_SPAN_PACK_H
#define GENOPS_ASK_SPAN_PACK_H

#include "postgres.h"

#include "core/base/slice.h"

/* "spans" are contents of Spans; in the current memory context. */
extern bytea *SpanPack(GenopsSlice segment, const GenopsSlice *spans, int count);

#endif
