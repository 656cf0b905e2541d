/* SPDX-License-Identifier: PostgreSQL */
/*
 * Times of spans and ranges of the server's times.
 */
#ifndef GENOPS_KEEP_SPAN_TIME_H
#define GENOPS_KEEP_SPAN_TIME_H

#include "postgres.h"

#include "core/span/otlp_read.h"
#include "datatype/timestamp.h"

/* -infinity and infinity for no bound. */
typedef struct SpanTimeRange
{
	TimestampTz start;
	TimestampTz end;
} SpanTimeRange;

/* A server's time from Unix time in nanoseconds, cut to the microsecond, and
 * back; the ceiling is the next microsecond.  What does not fit becomes the least or greatest that does. */
extern TimestampTz SpanTimeFloor(int64 unix_ns);
extern TimestampTz SpanTimeCeiling(int64 unix_ns);
extern int64 SpanTimeUnix(TimestampTz time);

/* Whether the span ran at some time in the range, its bounds included. */
extern bool SpanIsInRange(const GenopsSpanView *span, const SpanTimeRange *range);

extern bool SpanIsRoot(const GenopsSpanView *span);

#endif
