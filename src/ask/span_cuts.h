/* SPDX-License-Identifier: PostgreSQL */
/*
 * The bytes of spans from many segments, cut out in parallel: for spans that are
 * few in each of many segments, where unpacking the segments is what takes time.
 */
#ifndef GENOPS_ASK_SPAN_CUTS_H
#define GENOPS_ASK_SPAN_CUTS_H

#include "postgres.h"

#include "ask/found_spans.h"
#include "core/span/otlp_read.h"

/* More spans than that are read segment by segment instead: some 16 MB, if they are
 * of the usual size. */
#define SPAN_CUTS_MAX 20000

typedef struct SpanCuts SpanCuts;

/* Between StreamBegin and StreamEnd; at most SPAN_CUTS_MAX places. */
extern SpanCuts *SpanCutsRead(const SpanPlace *places, int count);

/* False where the span was not cut out: the user may not see the segment, it is gone, it
 * shares its row, or spans are so large that no more of them are kept. */
extern bool SpanCutsFind(SpanCuts *cuts, const SpanPlace *place, GenopsSpanWalk *at,
                         const char **tenant_id);

#endif
