/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/ledger_sql.h"
#include "ask/stream.h"
#include "ask/traceql_arguments.h"
#include "ask/traceql_error.h"
#include "common/int.h"
#include "compat.h"
#include "settings.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_asks_tempo);

static TimestampTz
Minus(TimestampTz time, Interval *interval)
{
	return DatumGetTimestampTz(DirectFunctionCall2(
	    timestamptz_mi_interval, TimestampTzGetDatum(time), IntervalPGetDatum(interval)));
}

static void
ReadRange(FunctionCallInfo fcinfo, TimestampTz asked_at, SpanTimeRange *range)
{
	TimestampTz from; /* what "since" counts back from */

	range->end =
	    PG_ARGISNULL(TRACEQL_ARG_END_TIME) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(TRACEQL_ARG_END_TIME);
	from = TIMESTAMP_IS_NOEND(range->end) ? asked_at : range->end;
	if (!PG_ARGISNULL(TRACEQL_ARG_START_TIME))
		range->start = PG_GETARG_TIMESTAMPTZ(TRACEQL_ARG_START_TIME);
	else if (!PG_ARGISNULL(TRACEQL_ARG_SINCE))
		range->start = Minus(from, PG_GETARG_INTERVAL_P(TRACEQL_ARG_SINCE));
	else
		range->start = DT_NOBEGIN;
	if (range->start > range->end || (PG_ARGISNULL(TRACEQL_ARG_START_TIME) && range->start > from))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the range of time ends before it starts"),
		                errdetail("It would start at %s.", timestamptz_to_str(range->start)),
		                errhint("Set start_time before end_time, or a positive \"since\".")));
}

static int
ReadLimit(FunctionCallInfo fcinfo, int number, const char *name)
{
	int32 limit;

	if (PG_ARGISNULL(number))
		return 0;
	limit = PG_GETARG_INT32(number);
	if (limit < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid value for parameter \"%s\": %d", name, limit),
		                errhint("Leave it out for all, or give a number above 0.")));
	return limit;
}

/* In nanoseconds it has to fit, too. */
static int64
StepMicroseconds(const Interval *step)
{
	int64 us;
	int64 ns;

	if (step->month != 0 || step->day < 0 || step->time < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for parameter \"step\""),
		         errdetail("It is in days, hours, minutes or seconds, and not negative."),
		         errhint("Give the distance of two points, or 0 for one value over the whole "
		                 "range.")));
	if (pg_mul_s64_overflow(step->day, USECS_PER_DAY, &us) ||
	    pg_add_s64_overflow(us, step->time, &us) || pg_mul_s64_overflow(us, 1000, &ns))
		ereport(ERROR,
		        (errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW), errmsg("\"step\" is out of range"),
		         errdetail("It is longer than 292 years."),
		         errhint("Give the distance of two points, or 0 for one value over the "
		                 "whole range.")));
	return us;
}

static void
ReadStep(FunctionCallInfo fcinfo, TraceqlRequest *request)
{
	bool has_step = !PG_ARGISNULL(TRACEQL_ARG_STEP);

	request->step_us = has_step ? StepMicroseconds(PG_GETARG_INTERVAL_P(TRACEQL_ARG_STEP)) : 0;
	request->instant = has_step ? request->step_us == 0 : request->traceql->query.instant;
}

/* NULL: as the session has it set. */
static bool
AsksTempo(FunctionCallInfo fcinfo, int number)
{
	char *source;

	if (PG_ARGISNULL(number))
		return setting_traceql_source == TRACEQL_SOURCE_TEMPO;
	source = text_to_cstring(PG_GETARG_TEXT_PP(number));
	if (strcmp(source, "ledger") == 0 || strcmp(source, "tempo") == 0)
		return strcmp(source, "tempo") == 0;
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("invalid value for parameter \"source\": \"%s\"", source),
	         errhint("Ask \"ledger\", which is complete, or \"tempo\", which has what was sent.")));
	return false; /* not reached */
}

Datum
genops_asks_tempo(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(AsksTempo(fcinfo, 0));
}

static void
ReadQuery(FunctionCallInfo fcinfo, TraceqlRequest *request)
{
	GenopsSlice query;

	if (PG_ARGISNULL(TRACEQL_ARG_QUERY))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the query is null"),
		                errhint("Ask for everything with \"{}\".")));
	query = TraceqlUtf8(PG_GETARG_TEXT_PP(TRACEQL_ARG_QUERY));
	request->verbatim = !PG_ARGISNULL(TRACEQL_ARG_VERBATIM) && PG_GETARG_BOOL(TRACEQL_ARG_VERBATIM);
	request->traceql =
	    TraceqlParse(query, request->verbatim ? GENOPS_TRACEQL_STRICT : GENOPS_TRACEQL_DIALECT);
	TraceqlNotices(request->traceql);
}

void
TraceqlReadArguments(FunctionCallInfo fcinfo, TraceqlRequest *request)
{
	memset(request, 0, sizeof(TraceqlRequest));
	request->from_tempo = AsksTempo(fcinfo, TRACEQL_ARG_SOURCE);
	ReadQuery(fcinfo, request);
	request->asked_at = GetCurrentTimestamp();
	ReadRange(fcinfo, request->asked_at, &request->range);
	request->max_traces = ReadLimit(fcinfo, TRACEQL_ARG_MAX_TRACES, "max_traces");
	request->spans_per_trace = ReadLimit(fcinfo, TRACEQL_ARG_SPANS_PER_TRACE, "spans_per_trace");
	ReadStep(fcinfo, request);
	if (!PG_ARGISNULL(TRACEQL_ARG_TENANT_ID))
		request->tenant_id = text_to_cstring(PG_GETARG_TEXT_PP(TRACEQL_ARG_TENANT_ID));
}

static void
TakeFirst(void *argument, TupleTableSlot *row)
{
	TraceqlRequest *request = argument;
	bool null;
	Datum first = slot_getattr(row, 1, &null);

	request->range.start =
	    null ? request->range.end - USECS_PER_SEC : DatumGetTimestampTz(first) - 1;
}

void
TraceqlBoundRange(TraceqlRequest *request)
{
	if (TIMESTAMP_IS_NOEND(request->range.end))
		request->range.end = request->asked_at;
	if (TIMESTAMP_IS_NOBEGIN(request->range.start))
	{
		LedgerParameters parameters = LedgerParametersOf(request, GENOPS_LITERAL(""));

		StreamQuery(LedgerFirstTime(request), parameters.list, LEDGER_PARAMETERS, TakeFirst,
		            request);
		request->range.start = Min(request->range.start, request->range.end - USECS_PER_SEC);
	}
}
