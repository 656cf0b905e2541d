/* SPDX-License-Identifier: PostgreSQL */
/*
 * How many rows genops_traceql() is expected to give: its planner support
 * function.
 *
 * It looks at those arguments that are constants at the time of planning.
 * Nothing here raises for their values: what is wrong with them is said when, and
 * if, the function is called.
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "access/xact.h"
#include "ask/traceql_arguments.h"
#include "ask/traceql_error.h"
#include "compat.h"
#include "core/traceql/metrics.h"
#include "keep/partition.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_traceql_rows_estimate);

/* An AI call, with a step or two around it. */
#define SPANS_PER_TRACE 3.0
/* The planner's usual guesses are between a half and a two-hundredth. */
#define FILTERED_SHARE 0.1
#define AGGREGATED_SHARE 0.5
#define VALUES_PER_LABEL 10.0
#define MAX_SERIES 1000.0
#define BUCKETS_PER_HISTOGRAM 10.0
#define SERIES_PER_COMPARISON 100.0
/* Of a range whose step is chosen: core/traceql/metrics_grid.c. */
#define USUAL_POINTS 240.0

/* A constant, maybe null; NULL where the planner cannot tell. */
static Const *
ArgumentOf(SupportRequestRows *request, int number)
{
	List *arguments = ((FuncExpr *) request->node)->args;
	Node *value;

	if (number >= list_length(arguments))
		return NULL;
	value = estimate_expression_value(request->root, list_nth(arguments, number));
	return IsA(value, Const) ? (Const *) value : NULL;
}

static bool
IsGiven(const Const *argument)
{
	return argument != NULL && !argument->constisnull;
}

/* The greatest double where there is no limit, or an unknown one. */
static double
LimitOf(SupportRequestRows *request, int number)
{
	Const *limit = ArgumentOf(request, number);

	return IsGiven(limit) ? Max(DatumGetInt32(limit->constvalue), 1) : HUGE_VAL;
}

/* Spans in the range */

static double
Microseconds(const Interval *interval)
{
	return (double) interval->time +
	       ((double) interval->day + (double) interval->month * DAYS_PER_MONTH) * USECS_PER_DAY;
}

/* In microseconds, as a timestamptz is stored; infinities for no bound.  What
 * is not known is taken for what it is by default. */
static void
RangeOf(SupportRequestRows *request, double *start, double *end)
{
	Const *start_time = ArgumentOf(request, TRACEQL_ARG_START_TIME);
	Const *end_time = ArgumentOf(request, TRACEQL_ARG_END_TIME);
	Const *since = ArgumentOf(request, TRACEQL_ARG_SINCE);

	*end = IsGiven(end_time) ? (double) DatumGetTimestampTz(end_time->constvalue)
	                         : (double) GetCurrentTransactionStartTimestamp();
	if (IsGiven(start_time))
		*start = (double) DatumGetTimestampTz(start_time->constvalue);
	else if (IsGiven(since))
		*start = *end - Microseconds(DatumGetIntervalP(since->constvalue));
	else
		*start = start_time != NULL && since != NULL ? -HUGE_VAL : *end - USECS_PER_DAY;
}

/* Also of a table that was never analysed. */
static double
TuplesOf(Oid table)
{
	Relation relation = try_table_open(table, AccessShareLock);
	BlockNumber pages;
	double tuples = 0;
	double all_visible;

	if (relation == NULL)
		return 0;
	estimate_rel_size(relation, NULL, &pages, &tuples, &all_visible);
	table_close(relation, AccessShareLock);
	return tuples;
}

/* As if they were spread evenly over the day on which they were recorded, as far as it
 * has come. */
static double
SpansWithin(double start, double end)
{
	double now = (double) GetCurrentTransactionStartTimestamp();
	int count;
	LedgerDay *days = PartitionDays(&count);
	double spans = 0;

	for (int i = 0; i < count; i++)
	{
		double first = (double) days[i].start;
		double last = Min((double) days[i].end, Max(now, first + USECS_PER_SEC));
		double share = (Min(end, last) - Max(start, first)) / (last - first);

		if (share > 0)
			spans += TuplesOf(days[i].span) * share;
	}
	return spans;
}

/* Searches */

static double
ShareOfFilter(const GenopsField *filter)
{
	if (filter->kind != GENOPS_FIELD_LITERAL)
		return FILTERED_SHARE;
	return filter->literal.integer != 0 ? 1 : 0;
}

static double
ShareOfStage(const GenopsStage *stage)
{
	if (stage->kind == GENOPS_STAGE_SCALAR_FILTER)
		return AGGREGATED_SHARE;
	if (stage->kind != GENOPS_STAGE_SPANSET)
		return 1;
	return stage->spanset->kind == GENOPS_SPANSET_FILTER ? ShareOfFilter(stage->spanset->filter)
	                                                     : FILTERED_SHARE;
}

static double
SearchRows(SupportRequestRows *request, const GenopsPipeline *pipeline)
{
	double per_trace = Min(LimitOf(request, TRACEQL_ARG_SPANS_PER_TRACE), SPANS_PER_TRACE);
	double traces = LimitOf(request, TRACEQL_ARG_MAX_TRACES);
	double start;
	double end;
	double spans;

	RangeOf(request, &start, &end);
	spans = SpansWithin(start, end);
	for (size_t i = 0; i < pipeline->count; i++)
		spans *= ShareOfStage(&pipeline->stages[i]);
	return Min(spans / SPANS_PER_TRACE, traces) * per_trace;
}

/* Metrics */

static double
SeriesOfCall(const GenopsMetricsCall *call)
{
	double series = Min(pow(VALUES_PER_LABEL, (double) call->by_count), MAX_SERIES);

	switch (call->function)
	{
		case GENOPS_METRICS_QUANTILE_OVER_TIME:
			return series * (double) call->quantile_count;
		case GENOPS_METRICS_HISTOGRAM_OVER_TIME:
			return series * BUCKETS_PER_HISTOGRAM;
		case GENOPS_METRICS_COMPARE:
			return SERIES_PER_COMPARISON;
		default:
			return series;
	}
}

static double
SeriesOf(const GenopsMetrics *metrics)
{
	double series = 0;

	if (metrics->kind == GENOPS_METRICS_CALL)
		series = SeriesOfCall(&metrics->call);
	else if (metrics->kind == GENOPS_METRICS_OPERATION)
		series = Max(SeriesOf(metrics->left), SeriesOf(metrics->right));
	for (size_t i = 0; i < metrics->second_count; i++)
		if (metrics->second[i].kind != GENOPS_SECOND_FILTER)
			series = Min(series, (double) metrics->second[i].value.integer);
	return series;
}

static double
PointsOf(SupportRequestRows *request, const GenopsQuery *query)
{
	Const *step = ArgumentOf(request, TRACEQL_ARG_STEP);
	double length;
	double start;
	double end;

	if (!IsGiven(step))
		return query->instant ? 1 : USUAL_POINTS;
	length = Microseconds(DatumGetIntervalP(step->constvalue));
	if (length <= 0)
		return 1;
	RangeOf(request, &start, &end);
	if (isinf(start))
		return USUAL_POINTS;
	return Min(Max(ceil((end - start) / length) + 1, 1), GENOPS_METRICS_MAX_POINTS);
}

/* The function */

static bool
Estimate(SupportRequestRows *request)
{
	Const *query = ArgumentOf(request, TRACEQL_ARG_QUERY);
	GenopsTraceql traceql;
	GenopsTraceqlError error;

	if (!IsGiven(query) || !genops_traceql_parse(TraceqlUtf8(DatumGetTextPP(query->constvalue)),
	                                             GENOPS_TRACEQL_DIALECT, &traceql, &error))
		return false;
	PG_TRY();
	{
		request->rows = traceql.query.kind == GENOPS_QUERY_METRICS
		                    ? SeriesOf(traceql.query.metrics) * PointsOf(request, &traceql.query)
		                    : SearchRows(request, traceql.query.pipeline);
	}
	PG_FINALLY();
	{
		genops_traceql_free(&traceql);
	}
	PG_END_TRY();
	request->rows = Max(rint(request->rows), 1);
	return true;
}

Datum
genops_traceql_rows_estimate(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestRows) && is_funcclause(((SupportRequestRows *) request)->node) &&
	    Estimate((SupportRequestRows *) request))
		PG_RETURN_POINTER(request);
	PG_RETURN_POINTER(NULL);
}
