/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include <math.h>

#include "ask/series_rows.h"
#include "ask/traceql_row.h"
#include "ask/value_jsonb.h"
#include "miscadmin.h"
#include "keep/span_time.h"
#include "utils/timestamp.h"

static Jsonb *
Labels(const GenopsSeries *series)
{
	LabelsBuilder builder;

	LabelsBegin(&builder);
	for (size_t i = 0; i < series->label_count; i++)
		LabelsAdd(&builder, series->labels[i].key, &series->labels[i].value);
	return LabelsEnd(&builder);
}

static void
PutSeries(const GenopsSeries *series, const GenopsMetricsGrid *grid, Tuplestorestate *result,
          TupleDesc descriptor)
{
	TraceqlRow row;

	TraceqlRowClear(&row);
	TraceqlRowSet(&row, TRACEQL_LABELS, JsonbPGetDatum(Labels(series)));
	for (size_t i = 0; i < grid->count; i++)
	{
		int64 edge = grid->first_ns + (int64) i * grid->step_ns;

		if (isnan(series->values[i]))
			continue;
		TraceqlRowSet(&row, TRACEQL_TIME, TimestampTzGetDatum(SpanTimeFloor(edge)));
		TraceqlRowSet(&row, TRACEQL_VALUE, Float8GetDatum(series->values[i]));
		TraceqlRowPut(&row, result, descriptor);
	}
}

void
SeriesRows(const GenopsSeriesList *list, const GenopsMetricsGrid *grid, Tuplestorestate *result,
           TupleDesc descriptor)
{
	for (size_t i = 0; i < list->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		PutSeries(&list->series[i], grid, result, descriptor);
	}
}
