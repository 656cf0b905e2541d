/*
 * The bytes of spans from many segments, cut out in parallel: for spans that are
 * few in each of many segments, where unpacking the segments is what takes time.
 */
#ifndef GENOPS_ASK_SPAN_CUTS_H
#define GENOPS_ASK_SPAN_CUTS_H

#include "postgres.h"

#include "ask/found_spans.h"
#include "core/span/otlp_read.h"

/* More spans than that are read segment by segment instead: some 16 MB. */
#define SPAN_CUTS_MAX 20000

typedef struct SpanCuts SpanCuts;

/* Between StreamBegin and StreamEnd; at most SPAN_CUTS_MAX places. */
extern SpanCuts *SpanCutsRead(const SpanPlace *places, int count);

/* False where the user may not see the segment, or it is gone. */
extern bool SpanCutsFind(SpanCuts *cuts, const SpanPlace *place, GenopsSpanWalk *at,
                         const char **tenant_id);

#endif
