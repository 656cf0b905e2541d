/* SPDX-License-Identifier: PostgreSQL */
/*
 * Counting the ledger's spans.
 *
 * Each call of the query is counted in one of three ways: by the columns, where
 * they tell all that it asks; by the bytes, a segment at a time and in
 * parallel; or, where whole traces decide which spans count, trace by trace.
 */
#include "postgres.h"

#include "ask/ledger_metrics.h"
#include "ask/ledger_search.h"
#include "ask/ledger_sql.h"
#include "ask/prepared.h"
#include "ask/promoted.h"
#include "ask/series_rows.h"
#include "ask/stream.h"
#include "ask/traceql_error.h"
#include "compat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define NANOSECONDS_PER_US 1000

typedef struct Counting
{
	TraceqlRequest request; /* its range is the grid's */
	GenopsMetricsGrid grid;
	GenopsTraceqlMetrics *metrics;
	size_t number; /* of the call */
	const GenopsMetricsCall *call;
	GenopsTraceqlPipeline *pipeline;
} Counting;

/* By columns */

static double
Number(TupleTableSlot *row, int column, double per_unit)
{
	bool null;
	Datum value = slot_getattr(row, column, &null);

	return null ? 0 : DatumGetFloat8(value) / per_unit;
}

static GenopsTraceqlValue
ByValue(TupleTableSlot *row, int column, GenopsValueType type)
{
	GenopsTraceqlValue value = { .type = GENOPS_TYPE_NIL };
	Form_pg_attribute attribute = TupleDescAttr(row->tts_tupleDescriptor, column - 1);
	bool null;
	Datum datum = slot_getattr(row, column, &null);

	if (null)
		return value;
	value.type = type;
	if (type == GENOPS_TYPE_STRING)
	{
		text *given = DatumGetTextPP(datum);

		value.text = TraceqlUtf8(given);
	}
	else if (type == GENOPS_TYPE_FLOAT)
		value.real = DatumGetFloat8(datum);
	else
		value.integer = attribute->attlen == sizeof(int16)   ? DatumGetInt16(datum)
		                : attribute->attlen == sizeof(int32) ? DatumGetInt32(datum)
		                                                     : DatumGetInt64(datum);
	return value;
}

/* Columns as LedgerCounts has them. */
static void
AddColumns(void *argument, TupleTableSlot *row)
{
	Counting *counting = argument;
	const GenopsMetricsCall *call = counting->call;
	const Promoted *column = PromotedFind(&call->attribute);
	double per_unit = column == NULL || column->number == NULL ? 1 : column->per_unit;
	GenopsTraceqlValue *by = palloc0(Max(call->by_count, 1) * sizeof(GenopsTraceqlValue));
	GenopsMetricsPartial partial = { .bucket = (size_t) DatumGetInt32(StreamColumn(row, 1)),
		                             .by = by,
		                             .count = (uint64) DatumGetInt64(StreamColumn(row, 2)),
		                             .sum = Number(row, 3, per_unit),
		                             .min = Number(row, 4, per_unit),
		                             .max = Number(row, 5, per_unit) };
	GenopsError error;
	bool no_exponent;

	partial.exponent = DatumGetInt32(slot_getattr(row, 6, &no_exponent));
	if (no_exponent || partial.exponent < 0 || partial.count == 0)
		return;
	for (size_t i = 0; i < call->by_count; i++)
		by[i] = ByValue(row, 7 + (int) i, PromotedFind(&call->by[i])->type);
	if (!genops_traceql_metrics_add(counting->metrics, counting->number, &partial, &error))
		TraceqlRaise(&error);
}

/* By bytes */

/* What genops_internal.segment_counts() gives: see segment_counts.c. */
static void
LoadCounts(void *argument, TupleTableSlot *row)
{
	Counting *counting = argument;
	bool null;
	Datum value = slot_getattr(row, 1, &null);
	bytea *saved;
	const char *next;
	const char *end;

	if (null)
		return;
	saved = DatumGetByteaPP(value);
	next = VARDATA_ANY(saved);
	end = next + VARSIZE_ANY_EXHDR(saved);
	while (next < end)
	{
		int32 length;
		GenopsError error;

		memcpy(&length, next, sizeof(length));
		next += sizeof(length);
		if (!genops_traceql_metrics_load(counting->metrics, (GenopsSlice){ next, (size_t) length },
		                                 &error))
			TraceqlRaise(&error);
		next += length;
	}
}

bool
LedgerExtrapolates(const GenopsQuery *query)
{
	bool value = false;

	for (size_t i = 0; i < query->hint_count; i++)
		if (genops_slice_equal(query->hints[i].name, GENOPS_LITERAL("extrapolate")))
			value = query->hints[i].value.type == GENOPS_TYPE_BOOLEAN &&
			        query->hints[i].value.integer != 0;
	return value;
}

static void
CountSpans(Counting *counting, const GenopsPipeline *pipeline)
{
	const GenopsQuery *query = &counting->request.traceql->query;
	LedgerCountQueries queries =
	    LedgerCounts(&counting->request, PushDownPipeline(pipeline), counting->call,
	                 counting->number, LedgerExtrapolates(query), &counting->grid);
	LedgerParameters parameters = LedgerParametersOf(&counting->request, TraceqlPrint(query));

	if (queries.columns != NULL)
		StreamQuery(queries.columns, parameters.list, LEDGER_PARAMETERS, AddColumns, counting);
	StreamQuery(queries.bytes, parameters.list, LEDGER_PARAMETERS, LoadCounts, counting);
}

/* By traces */

static void
CountTrace(void *argument, GenopsTrace *trace, const SpanPlace *places)
{
	Counting *counting = argument;
	GenopsSpansets sets;
	GenopsError error;

	(void) places;
	if (!genops_traceql_pipeline_run(counting->pipeline, trace, &sets, &error))
		TraceqlRaise(&error);
	for (size_t i = 0; i < sets.count; i++)
		for (size_t j = 0; j < sets.sets[i].span_count; j++)
			if (!genops_traceql_metrics_count(counting->metrics, counting->number,
			                                  &trace->spans[sets.sets[i].spans[j]], &error))
				TraceqlRaise(&error);
}

static void
CountTraces(Counting *counting, const GenopsPipeline *pipeline)
{
	TraceIds *ids = CandidateTraces(&counting->request, pipeline);

	if (ids == NULL || ids->count > 0)
		LedgerEachTrace(&counting->request, ids, CountTrace, counting);
}

bool
LedgerCallIsOfTrace(const GenopsMetricsCall *call)
{
	if (genops_traceql_of_trace(&call->attribute))
		return true;
	for (size_t i = 0; i < call->by_count; i++)
		if (genops_traceql_of_trace(&call->by[i]))
			return true;
	return call->function == GENOPS_METRICS_COMPARE;
}

static void
CountCall(Counting *counting, size_t number)
{
	const GenopsMetrics *call = genops_traceql_metrics_call(counting->metrics, number);

	counting->number = number;
	counting->call = &call->call;
	counting->pipeline = PreparePipeline(call->pipeline);
	if (genops_traceql_pipeline_is_span_local(counting->pipeline) &&
	    !LedgerCallIsOfTrace(&call->call))
		CountSpans(counting, call->pipeline);
	else
		CountTraces(counting, call->pipeline);
}

/* The whole query */

GenopsMetricsGrid
LedgerGrid(const TraceqlRequest *request)
{
	GenopsMetricsGrid grid;
	GenopsError error;
	int64 start = SpanTimeUnix(request->range.start);
	int64 end = SpanTimeUnix(request->range.end);
	bool done;

	done = request->instant ? genops_metrics_instant(start, end, &grid, &error)
	                        : genops_metrics_range(
	                              start, end, request->step_us * NANOSECONDS_PER_US, &grid, &error);
	if (!done)
		TraceqlRaise(&error);
	return grid;
}

/* All buckets, the first one's open left edge included. */
static SpanTimeRange
RangeOf(const GenopsMetricsGrid *grid)
{
	return (
	    SpanTimeRange){ SpanTimeFloor(grid->first_ns - grid->step_ns),
		                SpanTimeFloor(grid->first_ns + (int64) (grid->count - 1) * grid->step_ns) };
}

void
LedgerMetrics(const TraceqlRequest *request, Tuplestorestate *result, TupleDesc descriptor)
{
	Counting counting = { .request = *request, .grid = LedgerGrid(request) };
	GenopsSeriesList list;
	GenopsError error;

	counting.request.range = RangeOf(&counting.grid);
	counting.metrics = PrepareMetrics(&request->traceql->query, &counting.grid);
	for (size_t i = 0; i < genops_traceql_metrics_call_count(counting.metrics); i++)
		CountCall(&counting, i);
	if (!genops_traceql_metrics_finish(counting.metrics, &list, &error))
		TraceqlRaise(&error);
	SeriesRows(&list, &counting.grid, result, descriptor);
}
