/*
 * A span as a row of genops.traceql_row.
 */
#ifndef GENOPS_ASK_SPAN_ROW_H
#define GENOPS_ASK_SPAN_ROW_H

#include "postgres.h"

#include "ask/found_spans.h"
#include "core/span/otlp_read.h"

/* Columns of genops.traceql_row. */
enum
{
	ROW_TRACE_ID,
	ROW_SPAN_ID,
	ROW_PARENT_SPAN_ID,
	ROW_TENANT_ID,
	ROW_SERVICE_NAME,
	ROW_NAME,
	ROW_KIND,
	ROW_STATUS,
	ROW_STATUS_MESSAGE,
	ROW_ROOT_SERVICE_NAME,
	ROW_ROOT_NAME,
	ROW_START_TIME,
	ROW_DURATION,
	ROW_DURATION_MS,
	ROW_ATTRIBUTES,
	ROW_RESOURCE_ATTRIBUTES,
	ROW_LABELS,
	ROW_MATCHED,
	ROW_TIME,
	ROW_VALUE,
	ROW_COLUMNS
};

/* All columns null. */
extern void SpanRowClear(Datum values[ROW_COLUMNS], bool nulls[ROW_COLUMNS]);

extern void SpanRowFill(const GenopsSpanWalk *at, const char *tenant_id, const FoundSpan *found,
                        Datum values[ROW_COLUMNS], bool nulls[ROW_COLUMNS]);

/* The value of a resource's service.name; absent where it has none. */
extern GenopsSlice ServiceNameOf(GenopsSlice resource);

#endif
