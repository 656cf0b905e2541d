/*
 * genops_track: a call that is over, in one step.
 */
#include "postgres.h"

#include "compat.h"
#include "common/int.h"
#include "record/arguments.h"
#include "record/attribution.h"
#include "record/charge.h"
#include "record/outcome.h"
#include "record/returned.h"

enum
{
	ARG_PROVIDER,
	ARG_MODEL,
	ARG_OPERATION,
	ARG_PROMPT_TOKENS,
	ARG_COMPLETION_TOKENS,
	ARG_TOTAL_COST,
	ARG_TEAM,
	ARG_PROJECT,
	ARG_CUSTOMER_ID,
	ARG_COST_CENTER,
	ARG_ENVIRONMENT,
	ARG_FEATURE,
	ARG_USER_ID,
	ARG_SERVICE_NAME,
	ARG_TENANT_ID,
	ARG_TRACEPARENT,
	ARG_NAME,
	ARG_ATTRIBUTES,
	ARG_STARTED_AT,
	ARG_DURATION,
	ARG_STATUS,
	ARG_ERROR,
	ARG_RESPONSE,
	ARG_CALL,
	ARG_OPTIONS
};

static const AttributionArguments attribution = { { [GENOPS_TEXT_TENANT_ID] = ARG_TENANT_ID,
	                                                [GENOPS_TEXT_ROUTE] = -1,
	                                                [GENOPS_TEXT_NAME] = ARG_NAME,
	                                                [GENOPS_TEXT_SERVICE_NAME] = ARG_SERVICE_NAME,
	                                                [GENOPS_TEXT_ENVIRONMENT] = ARG_ENVIRONMENT,
	                                                [GENOPS_TEXT_TEAM] = ARG_TEAM,
	                                                [GENOPS_TEXT_PROJECT] = ARG_PROJECT,
	                                                [GENOPS_TEXT_CUSTOMER_ID] = -1,
	                                                [GENOPS_TEXT_COST_CENTER] = ARG_COST_CENTER,
	                                                [GENOPS_TEXT_FEATURE] = ARG_FEATURE,
	                                                [GENOPS_TEXT_USER_ID] = -1,
	                                                [GENOPS_TEXT_PROVIDER] = ARG_PROVIDER,
	                                                [GENOPS_TEXT_MODEL] = ARG_MODEL,
	                                                [GENOPS_TEXT_OPERATION] = ARG_OPERATION,
	                                                [GENOPS_TEXT_CURRENCY] = -1 } };

PG_FUNCTION_INFO_V1(genops_track);

/* A month counts as 30 days, as everywhere in PostgreSQL. */
static int64
DurationNanoseconds(const Interval *duration)
{
	int64 days = (int64) duration->month * DAYS_PER_MONTH + duration->day;
	int64 nanoseconds;

	if (pg_mul_s64_overflow(days, USECS_PER_DAY, &days) ||
	    pg_add_s64_overflow(days, duration->time, &nanoseconds) ||
	    pg_mul_s64_overflow(nanoseconds, 1000, &nanoseconds))
		ereport(ERROR,
		        (errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW), errmsg("\"duration\" is out of range"),
		         errdetail("It is longer than 292 years."),
		         errhint("Pass the time that the call took.")));
	if (nanoseconds < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("\"duration\" must not be negative"),
		                errdetail("A call can't end before it starts."),
		                errhint("Pass the end of the call minus its start.")));
	return nanoseconds;
}

static void
RaiseTimes(const char *message)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message),
	                errdetail("A call starts at \"started_at\", ends at option \"ended_at\", and "
	                          "takes \"duration\"."),
	                errhint("Pass two of the three, or one: the call then ended now.")));
}

/* Two of start, end and duration make the third; an end that isn't said is now. */
static void
SetTimes(GenopsSpanFacts *facts, FunctionCallInfo fcinfo, const CallOptions *options)
{
	bool has_start = !PG_ARGISNULL(ARG_STARTED_AT);
	bool has_duration = !PG_ARGISNULL(ARG_DURATION);
	int64 start = 0;
	int64 end;
	int64 duration = 0;

	if (has_start)
		start = UnixNanoseconds(PG_GETARG_TIMESTAMPTZ(ARG_STARTED_AT), "started_at");
	if (has_duration)
		duration = DurationNanoseconds(PG_GETARG_INTERVAL_P(ARG_DURATION));

	if (options->has_ended_at)
		end = UnixNanoseconds(options->ended_at, "ended_at");
	else if (has_start && has_duration)
	{
		if (pg_add_s64_overflow(start, duration, &end))
			RaiseTimes("the call ends too late");
	}
	else
		end = ClockNanoseconds();

	if (!has_start)
		start = end - duration;
	if (start < 0)
		RaiseTimes("the call starts before 1970");
	if (end < start)
		RaiseTimes("the call ends before it starts");
	if (has_start && has_duration && end != start + duration)
		RaiseTimes("start, end and duration of the call contradict each other");
	facts->start_ns = start;
	facts->end_ns = end;
}

static void
ReadOutcome(FunctionCallInfo fcinfo, GenopsSlice total_cost, OutcomeArguments *outcome)
{
	outcome->prompt_tokens = ArgumentTokens(fcinfo, ARG_PROMPT_TOKENS, "prompt_tokens");
	outcome->completion_tokens = ArgumentTokens(fcinfo, ARG_COMPLETION_TOKENS, "completion_tokens");
	outcome->total_cost = total_cost;
	outcome->status = ArgumentText(fcinfo, ARG_STATUS);
	outcome->error = ArgumentText(fcinfo, ARG_ERROR);
	outcome->response = ArgumentJsonb(fcinfo, ARG_RESPONSE);
	OptionsRead(ArgumentJsonb(fcinfo, ARG_OPTIONS), OPTIONS_OF_TRACK, &outcome->options);
	ChargeCheck(outcome);
}

Datum
genops_track(PG_FUNCTION_ARGS)
{
	CallSite *site;
	GenopsSlice customer_id;
	GenopsSlice user_id;
	GenopsSlice total_cost;
	OutcomeArguments outcome;
	SpanDraft *draft;
	const GenopsSampler *sampler;
	bool keep_errors;

	RingRequire();
	site = CallSiteOf(fcinfo);
	customer_id = ArgumentAny(fcinfo, ARG_CUSTOMER_ID, &site->customer_id);
	user_id = ArgumentAny(fcinfo, ARG_USER_ID, &site->user_id);
	total_cost = ArgumentAny(fcinfo, ARG_TOTAL_COST, &site->total_cost);

	draft = DraftStart();
	ReadOutcome(fcinfo, total_cost, &outcome);
	keep_errors = ConfigurationGet()->keep_errors;
	sampler = AttributionSet(draft, fcinfo, &attribution, customer_id, user_id);
	TraceFindPlace(&draft->place, ArgumentText(fcinfo, ARG_TRACEPARENT),
	               ArgumentText(fcinfo, ARG_CALL), outcome.options.tracestate, sampler);
	draft->facts.kind = outcome.options.kind;
	SetTimes(&draft->facts, fcinfo, &outcome.options);
	DraftOpen(draft);
	OutcomeSet(draft, &outcome);
	if (draft->facts.status == GENOPS_STATUS_ERROR && !draft->facts.sampled && keep_errors)
		DraftSample(draft);
	DraftClose(draft, ArgumentJsonb(fcinfo, ARG_ATTRIBUTES));
	DraftSubmit(draft);
	PG_RETURN_TEXT_P(ReturnedTraceParent(&draft->place.own));
}
