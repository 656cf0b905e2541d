/* SPDX-License-Identifier: PostgreSQL */
/*
 * What genops_internal.segment_matches() returns: the spans of a segment that a query
 * lets through, packed in a bytea.
 */
#ifndef GENOPS_ASK_SEGMENT_MATCHES_H
#define GENOPS_ASK_SEGMENT_MATCHES_H

#include "postgres.h"

#include "core/span/facts.h"
#include "datatype/timestamp.h"

typedef struct SpanMatch
{
	TimestampTz start; /* cut to the microsecond */
	int32 offset;      /* in the segment */
	int32 has_parent;
	uint8 trace_id[GENOPS_TRACE_ID_SIZE];
} SpanMatch;

#endif
