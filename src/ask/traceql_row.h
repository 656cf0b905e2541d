/* SPDX-License-Identifier: PostgreSQL */
/*
 * The columns of genops.traceql_row, and making its rows.
 */
#ifndef GENOPS_ASK_TRACEQL_ROW_H
#define GENOPS_ASK_TRACEQL_ROW_H

#include "postgres.h"

#include "core/base/slice.h"
#include "utils/tuplestore.h"

typedef enum TraceqlColumn
{
	TRACEQL_TRACE_ID,
	TRACEQL_SPAN_ID,
	TRACEQL_PARENT_SPAN_ID,
	TRACEQL_TENANT_ID,
	TRACEQL_SERVICE_NAME,
	TRACEQL_NAME,
	TRACEQL_KIND,
	TRACEQL_STATUS,
	TRACEQL_STATUS_MESSAGE,
	TRACEQL_ROOT_SERVICE_NAME,
	TRACEQL_ROOT_NAME,
	TRACEQL_START_TIME,
	TRACEQL_DURATION,
	TRACEQL_DURATION_MS,
	TRACEQL_ATTRIBUTES,
	TRACEQL_RESOURCE_ATTRIBUTES,
	TRACEQL_LABELS,
	TRACEQL_MATCHED,
	TRACEQL_TIME,
	TRACEQL_VALUE,
	TRACEQL_COLUMNS
} TraceqlColumn;

typedef struct TraceqlRow
{
	Datum values[TRACEQL_COLUMNS];
	bool nulls[TRACEQL_COLUMNS];
} TraceqlRow;

/* All NULL. */
extern void TraceqlRowClear(TraceqlRow *row);

extern void TraceqlRowSet(TraceqlRow *row, TraceqlColumn column, Datum value);

/* UTF-8; an absent text is NULL. */
extern void TraceqlRowSetText(TraceqlRow *row, TraceqlColumn column, GenopsSlice text);

/* Start and duration, in all three columns. */
extern void TraceqlRowSetTimes(TraceqlRow *row, uint64 start_unix_ns, uint64 duration_ns);

extern void TraceqlRowPut(TraceqlRow *row, Tuplestorestate *rows, TupleDesc row_type);

#endif
