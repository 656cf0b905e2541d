/*
 * Segments, unpacked, for as long as a statement runs.
 */
#ifndef GENOPS_ASK_SEGMENT_CACHE_H
#define GENOPS_ASK_SEGMENT_CACHE_H

#include "postgres.h"

#include "core/base/slice.h"
#include "datatype/timestamp.h"

/*
 * The bytes of a segment; absent where there is none, or none that the current
 * user may see.  Raises where the user may not read genops.ledger_segment.
 * "statement" is a memory context that lives as long as the calling statement
 * (fn_mcxt): callers with the same one share the segments.  Valid until the next call.
 */
extern GenopsSlice SegmentFetch(MemoryContext statement, TimestampTz recorded_at, int64 seq);

/* Likewise, with the tenant ("" for none), in the server's encoding. */
typedef struct FetchedSegment
{
	GenopsSlice bytes;
	const char *tenant_id;
} FetchedSegment;

extern FetchedSegment SegmentFetchWhole(MemoryContext statement, TimestampTz recorded_at,
                                        int64 seq);

#endif
