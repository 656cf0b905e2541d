/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "keep/span_time.h"

#define NANOSECONDS_PER_US 1000
#define EPOCH_DIFFERENCE_US ((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

TimestampTz
SpanTimeFloor(int64 unix_ns)
{
	int64 us = unix_ns / NANOSECONDS_PER_US;

	if (unix_ns < us * NANOSECONDS_PER_US)
		us--;
	return us - EPOCH_DIFFERENCE_US;
}

TimestampTz
SpanTimeCeiling(int64 unix_ns)
{
	TimestampTz time = SpanTimeFloor(unix_ns);

	return unix_ns % NANOSECONDS_PER_US == 0 ? time : time + 1;
}

int64
SpanTimeUnix(TimestampTz time)
{
	if (time <= PG_INT64_MIN / NANOSECONDS_PER_US)
		return PG_INT64_MIN;
	if (time >= PG_INT64_MAX / NANOSECONDS_PER_US - EPOCH_DIFFERENCE_US)
		return PG_INT64_MAX;
	return (time + EPOCH_DIFFERENCE_US) * NANOSECONDS_PER_US;
}

bool
SpanIsInRange(const GenopsSpanView *span, const SpanTimeRange *range)
{
	return SpanTimeFloor((int64) span->start_ns) <= range->end &&
	       SpanTimeFloor((int64) span->end_ns) >= range->start;
}

bool
SpanIsRoot(const GenopsSpanView *span)
{
	for (size_t i = 0; i < span->parent_span_id.length; i++)
		if (span->parent_span_id.data[i] != 0)
			return false;
	return true;
}
