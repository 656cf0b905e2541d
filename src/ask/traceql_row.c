/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/traceql_row.h"
#include "server_text.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define NS_PER_US 1000
#define NS_PER_MS 1000000.0

void
TraceqlRowClear(TraceqlRow *row)
{
	memset(row->values, 0, sizeof(row->values));
	memset(row->nulls, true, sizeof(row->nulls));
}

void
TraceqlRowSet(TraceqlRow *row, TraceqlColumn column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

void
TraceqlRowSetText(TraceqlRow *row, TraceqlColumn column, GenopsSlice text)
{
	GenopsSlice converted = ServerText(text);

	if (genops_slice_present(converted))
		TraceqlRowSet(
		    row, column,
		    PointerGetDatum(cstring_to_text_with_len(converted.data, (int) converted.length)));
}

void
TraceqlRowSetTimes(TraceqlRow *row, uint64 start_unix_ns, uint64 duration_ns)
{
	TimestampTz start = (TimestampTz) (start_unix_ns / NS_PER_US) -
	                    (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	Interval *duration = palloc0(sizeof(Interval));

	duration->time = (TimeOffset) (duration_ns / NS_PER_US);
	TraceqlRowSet(row, TRACEQL_START_TIME, TimestampTzGetDatum(start));
	TraceqlRowSet(row, TRACEQL_DURATION, IntervalPGetDatum(duration));
	TraceqlRowSet(row, TRACEQL_DURATION_MS, Float8GetDatum((double) duration_ns / NS_PER_MS));
}

void
TraceqlRowPut(TraceqlRow *row, Tuplestorestate *rows, TupleDesc row_type)
{
	if (row_type->natts != TRACEQL_COLUMNS)
		elog(ERROR, "type genops.traceql_row has %d columns, not %d", row_type->natts,
		     TRACEQL_COLUMNS);
	tuplestore_putvalues(rows, row_type, row->values, row->nulls);
}
