/* SPDX-License-Identifier: PostgreSQL */
/*
 * Segments, unpacked, for as long as a statement runs.
 */
#ifndef GENOPS_ASK_SEGMENT_CACHE_H
#define GENOPS_ASK_SEGMENT_CACHE_H

#include "postgres.h"

#include "core/span/otlp_read.h"
#include "datatype/timestamp.h"

typedef struct FetchedSegment
{
	GenopsSlice bytes;              /* absent where there is no segment */
	const GenopsEnvelope *envelope; /* of these bytes */
	const char *tenant_id;          /* "" for none, in the server's encoding */
} FetchedSegment;

/*
 * A segment; absent where there is none, or none that the current user may
 * see.  Raises where the user may not read genops.ledger_segment, and for bytes that
 * do not parse.  "statement" is a memory context that lives as long as the calling
 * statement (fn_mcxt): callers with the same one share the segments.  Valid until the
 * next call.
 */
extern FetchedSegment SegmentFetch(MemoryContext statement, TimestampTz recorded_at, int64 seq);

#endif
