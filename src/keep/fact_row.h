/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of genops.ledger_span and genops.ledger_segment.
 */
#ifndef GENOPS_KEEP_FACT_ROW_H
#define GENOPS_KEEP_FACT_ROW_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "keep/pack.h"
#include "keep/segment.h"

/*
 * Columns of genops.ledger_span.  New ones are added at the end; a table that has
 * fewer, because the extension was not updated yet, is filled as far as it goes.
 */
enum
{
	SPAN_RECORDED_AT = 1,
	SPAN_SEQ,
	SPAN_START_TIME,
	SPAN_DURATION_NS,
	SPAN_SPAN_ID,
	SPAN_TOTAL_COST,
	SPAN_PROMPT_TOKENS,
	SPAN_COMPLETION_TOKENS,
	SPAN_TRACE_ID,
	SPAN_OFFSET,
	SPAN_KIND,
	SPAN_STATUS,
	SPAN_AI_CALL,
	SPAN_EXACT,
	SPAN_TENANT_ID,
	SPAN_TEAM,
	SPAN_PROJECT,
	SPAN_CUSTOMER_ID,
	SPAN_COST_CENTER,
	SPAN_ENVIRONMENT,
	SPAN_FEATURE,
	SPAN_USER_ID,
	SPAN_SERVICE_NAME,
	SPAN_PROVIDER,
	SPAN_MODEL,
	SPAN_OPERATION,
	SPAN_NAME,
	SPAN_CURRENCY,
	SPAN_PARENT_SPAN_ID,
	SPAN_CACHE_READ_TOKENS,
	SPAN_CACHE_WRITE_TOKENS,
	SPAN_REASONING_TOKENS,
	SPAN_INPUT_COST,
	SPAN_OUTPUT_COST,
	SPAN_CACHE_READ_COST,
	SPAN_CACHE_WRITE_COST,
	SPAN_FLAGS,
	SPAN_PRICE_ID,
	SPAN_COST_SOURCE,
	SPAN_SERVICE_TIER,
	SPAN_CACHE_WRITE_1H_TOKENS,
	SPAN_REASONING_COST,
	SPAN_ROLE,
	SPAN_RESPONSE_MODEL,
	SPAN_USAGE_FLAGS,
	SPAN_COLUMNS_NEEDED = SPAN_CACHE_WRITE_COST
};

/* Columns of genops.ledger_segment. */
enum
{
	SEGMENT_RECORDED_AT = 1,
	SEGMENT_SEQ,
	SEGMENT_MIN_START,
	SEGMENT_MAX_END,
	SEGMENT_SPAN_COUNT,
	SEGMENT_SAMPLED,
	SEGMENT_EXACT,
	SEGMENT_TENANT_ID,
	SEGMENT_ROUTE,
	SEGMENT_SERVICE_NAME,
	SEGMENT_ENVIRONMENT,
	SEGMENT_BLOOM,
	SEGMENT_BYTES,
	SEGMENT_DIRECTORY,
	SEGMENT_STREAM_BLOOM,
	SEGMENT_COLUMNS_NEEDED = SEGMENT_BYTES
};

/* Fill a row whose columns are all null so far; texts are made in the current
 * memory context. */
extern void FactRowFill(TupleTableSlot *row, const Segment *segment, int span,
                        TimestampTz recorded_at);
extern void SegmentRowFill(TupleTableSlot *row, const Segment *segment, TimestampTz recorded_at);
extern void PackRowFill(TupleTableSlot *row, const SegmentGroup *group, TimestampTz recorded_at);

#endif
