#include "postgres.h"

#include <math.h>

#include "ask/series_rows.h"
#include "ask/span_row.h"
#include "ask/value_jsonb.h"
#include "miscadmin.h"
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
	Datum values[ROW_COLUMNS];
	bool nulls[ROW_COLUMNS];

	SpanRowClear(values, nulls);
	values[ROW_LABELS] = JsonbPGetDatum(Labels(series));
	nulls[ROW_LABELS] = nulls[ROW_TIME] = nulls[ROW_VALUE] = false;
	for (size_t i = 0; i < grid->count; i++)
	{
		if (isnan(series->values[i]))
			continue;
		values[ROW_TIME] =
		    TimestampTzGetDatum(SpanTimeFloor(grid->first_ns + (int64) i * grid->step_ns));
		values[ROW_VALUE] = Float8GetDatum(series->values[i]);
		tuplestore_putvalues(result, descriptor, values, nulls);
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
