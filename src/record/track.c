/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_track and genops_record: a call that is over, in one step.
 *
 * The first has its arguments from SQL; the second, for clients that cannot pass typed
 * or named arguments, has the same from one JSON object.
 */
#include "postgres.h"

#include "compat.h"
#include "lib/stringinfo.h"
#include "record/api.h"
#include "record/arguments.h"
#include "record/complaint.h"
#include "record/returned.h"
#include "shared/ring.h"
#include "record/value.h"
#include "utils/builtins.h"

/* The arguments, in the order of genops_track's. */
typedef enum TrackArgument
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
} TrackArgument;

/* What is being recorded. */
typedef struct Tracked
{
	CallRequest request;
	CallOutcome outcome;
	CallTimes times;
} Tracked;

/* What a text argument sets. */
static const struct
{
	TrackArgument argument;
	GenopsFactText text;
} texts[] = {
	{ ARG_PROVIDER, GENOPS_TEXT_PROVIDER },
	{ ARG_MODEL, GENOPS_TEXT_MODEL },
	{ ARG_OPERATION, GENOPS_TEXT_OPERATION },
	{ ARG_TEAM, GENOPS_TEXT_TEAM },
	{ ARG_PROJECT, GENOPS_TEXT_PROJECT },
	{ ARG_COST_CENTER, GENOPS_TEXT_COST_CENTER },
	{ ARG_ENVIRONMENT, GENOPS_TEXT_ENVIRONMENT },
	{ ARG_FEATURE, GENOPS_TEXT_FEATURE },
	{ ARG_SERVICE_NAME, GENOPS_TEXT_SERVICE_NAME },
	{ ARG_TENANT_ID, GENOPS_TEXT_TENANT_ID },
	{ ARG_NAME, GENOPS_TEXT_NAME },
};

PG_FUNCTION_INFO_V1(genops_track);
PG_FUNCTION_INFO_V1(genops_record);

static void
TrackedInit(Tracked *tracked)
{
	memset(&tracked->request, 0, offsetof(CallRequest, options));
	CallOutcomeInit(&tracked->outcome);
	memset(&tracked->times, 0, sizeof(tracked->times));
}

/* What is said by a text, as all but JSON can be. */
static void
SayText(Tracked *tracked, TrackArgument argument, GenopsSlice value)
{
	CallTimes *times = &tracked->times;

	for (int i = 0; i < (int) lengthof(texts); i++)
		if (texts[i].argument == argument)
		{
			tracked->request.text[texts[i].text] = value;
			return;
		}
	switch (argument)
	{
		case ARG_CUSTOMER_ID:
			tracked->request.text[GENOPS_TEXT_CUSTOMER_ID] = value;
			break;
		case ARG_USER_ID:
			tracked->request.text[GENOPS_TEXT_USER_ID] = value;
			break;
		case ARG_PROMPT_TOKENS:
			tracked->outcome.prompt_tokens = CountFromText(value, "prompt_tokens");
			break;
		case ARG_COMPLETION_TOKENS:
			tracked->outcome.completion_tokens = CountFromText(value, "completion_tokens");
			break;
		case ARG_TOTAL_COST:
			tracked->outcome.total_cost = value;
			break;
		case ARG_TRACEPARENT:
			tracked->request.traceparent = value;
			break;
		case ARG_CALL:
			tracked->request.call = value;
			break;
		case ARG_STARTED_AT:
			times->has_start = TimeFromText(value, "started_at", &times->start_ns);
			break;
		case ARG_DURATION:
			times->has_duration = DurationFromText(value, "duration", &times->duration_ns);
			break;
		case ARG_STATUS:
			tracked->outcome.status = value;
			break;
		case ARG_ERROR:
			tracked->outcome.error = value;
			break;
		default:
			break;
	}
}

/* One set of options is for both sides of a call. */
static void
SayOptions(Tracked *tracked, Jsonb *options)
{
	OptionsRead(options, OPTIONS_OF_TRACK, &tracked->outcome.options);
}

static text *
Record(Tracked *tracked)
{
	CallOptions *options = &tracked->outcome.options;
	CallTimes *times = &tracked->times;
	GenopsTraceParent own;

	if (options->has_ended_at)
	{
		times->has_end = true;
		times->end_ns = options->ended_at_ns;
	}
	if (options->has_duration && !times->has_duration)
	{
		times->has_duration = true;
		times->duration_ns = options->duration_ns;
	}
	CallTrack(&tracked->request, &tracked->outcome, times, &own);
	return ReturnedTraceParent(&own);
}

static void
ReadArguments(FunctionCallInfo fcinfo, Tracked *tracked)
{
	CallRequest *request = &tracked->request;
	CallOutcome *outcome = &tracked->outcome;
	CallTimes *times = &tracked->times;

	for (int i = 0; i < (int) lengthof(texts); i++)
		request->text[texts[i].text] = ArgumentText(fcinfo, texts[i].argument);
	request->text[GENOPS_TEXT_CUSTOMER_ID] = ArgumentValue(fcinfo, ARG_CUSTOMER_ID);
	request->text[GENOPS_TEXT_USER_ID] = ArgumentValue(fcinfo, ARG_USER_ID);
	request->traceparent = ArgumentText(fcinfo, ARG_TRACEPARENT);
	request->call = ArgumentText(fcinfo, ARG_CALL);
	request->attributes = ArgumentJsonb(fcinfo, ARG_ATTRIBUTES);
	outcome->prompt_tokens = ArgumentTokens(fcinfo, ARG_PROMPT_TOKENS, "prompt_tokens");
	outcome->completion_tokens = ArgumentTokens(fcinfo, ARG_COMPLETION_TOKENS, "completion_tokens");
	outcome->total_cost = ArgumentValue(fcinfo, ARG_TOTAL_COST);
	outcome->status = ArgumentText(fcinfo, ARG_STATUS);
	outcome->error = ArgumentText(fcinfo, ARG_ERROR);
	if (!PG_ARGISNULL(ARG_RESPONSE))
		outcome->reply = ReplyOfValue(PG_GETARG_DATUM(ARG_RESPONSE));
	if (!PG_ARGISNULL(ARG_STARTED_AT))
		times->has_start =
		    UnixNanoseconds(PG_GETARG_TIMESTAMPTZ(ARG_STARTED_AT), "started_at", &times->start_ns);
	if (!PG_ARGISNULL(ARG_DURATION))
		SayText(tracked, ARG_DURATION, ArgumentValue(fcinfo, ARG_DURATION));
	OptionsRead(ArgumentJsonb(fcinfo, ARG_OPTIONS), OPTIONS_OF_TRACK, &outcome->options);
}

Datum
genops_track(PG_FUNCTION_ARGS)
{
	Tracked tracked;

	RingRequire();
	TrackedInit(&tracked);
	ReadArguments(fcinfo, &tracked);
	PG_RETURN_TEXT_P(Record(&tracked));
}

/*
 * From JSON.  Other names that people try go as well: a client that has no types has no
 * completion of names either.
 */
static const struct
{
	const char *key;
	TrackArgument argument;
} record_keys[] = {
	{ "provider", ARG_PROVIDER },
	{ "model", ARG_MODEL },
	{ "operation", ARG_OPERATION },
	{ "prompt_tokens", ARG_PROMPT_TOKENS },
	{ "input_tokens", ARG_PROMPT_TOKENS },
	{ "completion_tokens", ARG_COMPLETION_TOKENS },
	{ "output_tokens", ARG_COMPLETION_TOKENS },
	{ "total_cost", ARG_TOTAL_COST },
	{ "cost", ARG_TOTAL_COST },
	{ "team", ARG_TEAM },
	{ "project", ARG_PROJECT },
	{ "customer_id", ARG_CUSTOMER_ID },
	{ "cost_center", ARG_COST_CENTER },
	{ "environment", ARG_ENVIRONMENT },
	{ "feature", ARG_FEATURE },
	{ "user_id", ARG_USER_ID },
	{ "service_name", ARG_SERVICE_NAME },
	{ "tenant_id", ARG_TENANT_ID },
	{ "traceparent", ARG_TRACEPARENT },
	{ "name", ARG_NAME },
	{ "attributes", ARG_ATTRIBUTES },
	{ "started_at", ARG_STARTED_AT },
	{ "duration", ARG_DURATION },
	{ "status", ARG_STATUS },
	{ "error", ARG_ERROR },
	{ "response", ARG_RESPONSE },
	{ "call", ARG_CALL },
	{ "options", ARG_OPTIONS },
};

static Jsonb *
JsonbOf(JsonbValue *value)
{
	return JsonbValueToJsonb(value);
}

/* The value of a jsonb scalar, as genops.value has it. */
static GenopsSlice
TextOf(JsonbValue *value)
{
	Datum converted = DirectFunctionCall1(genops_value_of_jsonb, JsonbPGetDatum(JsonbOf(value)));

	return ValueText(converted);
}

static void
SayJson(Tracked *tracked, TrackArgument argument, JsonbValue *value)
{
	switch (argument)
	{
		case ARG_ATTRIBUTES:
			tracked->request.attributes = JsonbOf(value);
			break;
		case ARG_OPTIONS:
			SayOptions(tracked, JsonbOf(value));
			break;
		case ARG_RESPONSE:
			tracked->outcome.reply = ReplyOfValue(
			    DirectFunctionCall1(genops_value_of_jsonb, JsonbPGetDatum(JsonbOf(value))));
			break;
		default:
			SayText(tracked, argument, TextOf(value));
			break;
	}
}

/* An argument's name, or an option's, which need not be in "options" here. */
static void
SayKey(Tracked *tracked, const JsonbValue *key, JsonbValue *value)
{
	GenopsSlice name = { key->val.string.val, key->val.string.len };
	JsonbParseState *state = NULL;
	JsonbValue key_copy = *key;

	for (int i = 0; i < (int) lengthof(record_keys); i++)
		if (genops_slice_equal(name, genops_slice(record_keys[i].key)))
		{
			SayJson(tracked, record_keys[i].argument, value);
			return;
		}
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	pushJsonbValue(&state, WJB_KEY, &key_copy);
	pushJsonbValue(&state, WJB_VALUE, value);
	SayOptions(tracked, JsonbOf(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

Datum
genops_record(PG_FUNCTION_ARGS)
{
	Jsonb *call = ArgumentJsonb(fcinfo, 0);
	Tracked tracked;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue key;
	JsonbValue value;

	RingRequire();
	TrackedInit(&tracked);
	tracked.request.text[GENOPS_TEXT_OPERATION] = GENOPS_LITERAL("chat");
	if (call == NULL || !JB_ROOT_IS_OBJECT(call))
	{
		Complain(COMPLAINT_CALL, ERRCODE_INVALID_PARAMETER_VALUE,
		         errmsg("\"call\" must be a JSON object"),
		         errdetail("Its keys are the names of genops_track's arguments. Nothing is recorded."),
		         errhint("Use for example '{\"provider\": \"openai\", \"model\": \"gpt-4o\", "
		                 "\"prompt_tokens\": 12}'."));
		PG_RETURN_NULL();
	}
	iterator = JsonbIteratorInit(&call->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			key = value;
		else if (token == WJB_VALUE && value.type != jbvNull)
			SayKey(&tracked, &key, &value);
	PG_RETURN_TEXT_P(Record(&tracked));
}
