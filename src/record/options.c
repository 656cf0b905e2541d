/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "record/arguments.h"
#include "record/complaint.h"
#include "record/options.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

typedef struct Option Option;

/* False: the value cannot be meant; or it was complained of already. */
typedef bool (*OptionReader)(const Option *option, JsonbValue *value, CallOptions *options);

struct Option
{
	const char *key;
	int functions; /* of OptionsOf */
	OptionReader read;
	int which;            /* GenopsFactTokens or GenopsFactCost */
	Size offset;          /* in CallOptions */
	const char *expected; /* how the value must be */
};

static GenopsSlice
StringOf(const JsonbValue *value)
{
	return (GenopsSlice){ value->val.string.val, value->val.string.len };
}

/* A number, or a text that is one; absent for anything else. */
static GenopsSlice
NumberText(const JsonbValue *value)
{
	if (value->type == jbvNumeric)
		return genops_slice(DatumGetCString(
		    DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))));
	return value->type == jbvString ? StringOf(value) : GENOPS_ABSENT;
}

static bool
ReadText(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = NumberText(value);

	if (text.length > 0)
		*(GenopsSlice *) ((char *) options + option->offset) = text;
	return genops_slice_present(text);
}

static bool
ReadCount(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = NumberText(value);

	if (!genops_slice_present(text))
		return false;
	*(int64 *) ((char *) options + option->offset) = CountFromText(text, option->key);
	return true;
}

static bool
ReadTokens(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = NumberText(value);

	if (!genops_slice_present(text))
		return false;
	options->tokens[option->which] = CountFromText(text, option->key);
	return true;
}

static bool
ReadCost(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = NumberText(value);

	if (!genops_slice_present(text))
		return false;
	if (MoneyFromText(text, option->key, &options->cost[option->which]))
		options->known_costs |= 1 << option->which;
	return true;
}

static bool
ReadEstimatedCost(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = NumberText(value);

	if (!genops_slice_present(text))
		return false;
	options->has_estimated_cost = MoneyFromText(text, option->key, &options->estimated_cost);
	return true;
}

static bool
ReadCurrency(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = value->type == jbvString ? StringOf(value) : GENOPS_ABSENT;
	bool valid = text.length == 3;

	(void) option;
	for (size_t i = 0; i < text.length && valid; i++)
		valid = text.data[i] >= 'A' && text.data[i] <= 'Z';
	if (valid)
		options->currency = text;
	return valid;
}

static bool
ReadKind(const Option *option, JsonbValue *value, CallOptions *options)
{
	static const char *const kinds[] = { "internal", "server", "client", "producer", "consumer" };

	(void) option;
	if (value->type != jbvString)
		return false;
	for (int i = 0; i < (int) lengthof(kinds); i++)
		if (genops_slice_equal(StringOf(value), genops_slice(kinds[i])))
		{
			options->kind = GENOPS_KIND_INTERNAL + i;
			options->kind_said = true;
			return true;
		}
	return false;
}

static bool
ReadEndedAt(const Option *option, JsonbValue *value, CallOptions *options)
{
	if (value->type != jbvString)
		return false;
	options->has_ended_at = TimeFromText(StringOf(value), option->key, &options->ended_at_ns);
	return true;
}

static bool
ReadDuration(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = NumberText(value);

	if (!genops_slice_present(text))
		return false;
	options->has_duration = MillisecondsFromText(text, option->key, &options->duration_ns);
	return true;
}

static bool
ReadHeaders(const Option *option, JsonbValue *value, CallOptions *options)
{
	(void) option;
	if (value->type != jbvBinary)
		return false;
	options->headers = JsonbValueToJsonb(value);
	return true;
}

static bool
AddFinishReason(CallOptions *options, const JsonbValue *value)
{
	if (value->type != jbvString)
		return false;
	if (options->finish_reason_count < OPTIONS_FINISH_REASONS_MAX)
		options->finish_reasons[options->finish_reason_count++] = StringOf(value);
	return true;
}

static bool
ReadFinishReasons(const Option *option, JsonbValue *value, CallOptions *options)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue item;

	(void) option;
	if (value->type != jbvBinary)
		return AddFinishReason(options, value);
	if (!JsonContainerIsArray(value->val.binary.data))
		return false;
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
		if (token == WJB_ELEM && !AddFinishReason(options, &item))
			return false;
	return true;
}

#define OF_START (OPTIONS_OF_BEGIN | OPTIONS_OF_TRACK)
#define OF_OUTCOME (OPTIONS_OF_END | OPTIONS_OF_TRACK)
#define OF_ALL (OF_START | OF_OUTCOME)
#define TEXT(name) ReadText, 0, offsetof(CallOptions, name), "a text"
#define TOKENS(which) ReadTokens, which, 0, "a number of tokens"
#define COUNT(name) ReadCount, 0, offsetof(CallOptions, name), "a number of tokens"
#define COST(which) ReadCost, which, 0, "a number"

static const Option known_options[] = {
	{ "base_model", OF_ALL, TEXT(base_model) },
	{ "cache_read_cost", OF_OUTCOME, COST(GENOPS_COST_CACHE_READ) },
	{ "cache_read_tokens", OF_OUTCOME, TOKENS(GENOPS_TOKENS_CACHE_READ) },
	{ "cache_write_cost", OF_OUTCOME, COST(GENOPS_COST_CACHE_WRITE) },
	{ "cache_write_tokens", OF_OUTCOME, TOKENS(GENOPS_TOKENS_CACHE_WRITE) },
	{ "currency", OF_OUTCOME, ReadCurrency, 0, 0, "a currency's code of ISO 4217, like USD or EUR" },
	{ "duration_ms", OF_OUTCOME, ReadDuration, 0, 0, "a number of milliseconds" },
	{ "ended_at", OPTIONS_OF_TRACK, ReadEndedAt, 0, 0, "a time, e.g. \"2026-11-30T12:00:00Z\"" },
	{ "error_type", OF_OUTCOME, TEXT(error_type) },
	{ "estimated_cost", OF_START, ReadEstimatedCost, 0, 0, "a number" },
	{ "finish_reasons", OF_OUTCOME, ReadFinishReasons, 0, 0, "a text or an array of texts" },
	{ "headers", OF_ALL, ReadHeaders, 0, 0, "an object, or an array of objects" },
	{ "input_cost", OF_OUTCOME, COST(GENOPS_COST_INPUT) },
	{ "kind", OF_START, ReadKind, 0, 0, "internal, server, client, producer or consumer" },
	{ "max_tokens", OF_START, COUNT(max_tokens) },
	{ "output_cost", OF_OUTCOME, COST(GENOPS_COST_OUTPUT) },
	{ "prompt", OF_START, TEXT(prompt) },
	{ "prompt_tokens", OF_START, COUNT(estimated_prompt_tokens) },
	{ "reasoning_tokens", OF_OUTCOME, TOKENS(GENOPS_TOKENS_REASONING) },
	{ "response_id", OF_OUTCOME, TEXT(response_id) },
	{ "response_model", OF_OUTCOME, TEXT(response_model) },
	{ "service_tier", OF_ALL, TEXT(service_tier) },
	{ "tracestate", OF_START, TEXT(tracestate) },
};

static const char *
KnownKeys(OptionsOf function)
{
	StringInfoData keys;

	initStringInfo(&keys);
	for (int i = 0; i < (int) lengthof(known_options); i++)
		if (known_options[i].functions & function)
			appendStringInfo(&keys, "%s%s", keys.len > 0 ? ", " : "", known_options[i].key);
	return keys.data;
}

/* NULL: it is not known, and was complained of. */
static const Option *
FindOption(const JsonbValue *key, OptionsOf function)
{
	GenopsSlice name = StringOf(key);

	for (int i = 0; i < (int) lengthof(known_options); i++)
		if ((known_options[i].functions & function) &&
		    genops_slice_equal(name, genops_slice(known_options[i].key)))
			return &known_options[i];
	Complain(COMPLAINT_OPTIONS, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("unknown option \"%s\"", TextForMessage(name)),
	         errdetail("The known options are %s.", KnownKeys(function)),
	         errhint("What is to be an attribute of the span belongs in \"attributes\"."));
	return NULL;
}

void
OptionsInit(CallOptions *options)
{
	memset(options, 0, offsetof(CallOptions, finish_reasons));
	options->kind = GENOPS_KIND_CLIENT;
	options->estimated_prompt_tokens = GENOPS_UNKNOWN_TOKENS;
	options->max_tokens = GENOPS_UNKNOWN_TOKENS;
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		options->tokens[i] = GENOPS_UNKNOWN_TOKENS;
}

static void
ReadOption(const Option *option, JsonbValue *value, CallOptions *options)
{
	if (option->read(option, value, options))
		return;
	Complain(COMPLAINT_OPTIONS, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("invalid value of option \"%s\"", option->key),
	         errdetail("It must be %s.", option->expected),
	         errhint("Leave it out, or set it to null, if it is not known."));
}

void
OptionsRead(Jsonb *json, OptionsOf function, CallOptions *options)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	const Option *option = NULL;

	if (json == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(json))
	{
		Complain(COMPLAINT_OPTIONS, ERRCODE_INVALID_PARAMETER_VALUE,
		         errmsg("\"options\" must be a JSON object"),
		         errdetail("The known options are %s.", KnownKeys(function)),
		         errhint("Use for example jsonb_build_object('currency', 'EUR')."));
		return;
	}
	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			option = FindOption(&value, function);
		else if (token == WJB_VALUE && value.type != jbvNull && option != NULL)
			ReadOption(option, &value, options);
}
