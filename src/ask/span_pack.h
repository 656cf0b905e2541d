/* SPDX-License-Identifier: PostgreSQL */
/*
 * Some spans of a segment as a ResourceSpans of their own.
 */
#ifndef GENOPS_ASK_SPAN_PACK_H
#define GENOPS_ASK_SPAN_PACK_H

#include "postgres.h"

#include "core/span/otlp_read.h"

/* Of the envelope resource and scope are used; "spans" are contents of Spans.  In
 * the current memory context. */
extern bytea *SpanPack(const GenopsEnvelope *envelope, const GenopsSlice *spans, int count);

#endif
