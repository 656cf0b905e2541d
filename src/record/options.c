#include "postgres.h"

#include "lib/stringinfo.h"
#include "record/arguments.h"
#include "record/options.h"
#include "record/text.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/* A reason is a word.  Bytes. */
#define FINISH_REASON_MAX 64

typedef struct Option Option;

typedef void (*OptionReader)(const Option *option, JsonbValue *value, CallOptions *options);

struct Option
{
	const char *key;
	int functions; /* of OptionsOf */
	OptionReader read;
	int which;   /* GenopsFactTokens or GenopsFactCost */
	Size offset; /* of a text in CallOptions */
};

static void
RaiseValue(const Option *option, const char *expected)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("invalid value of option \"%s\"", option->key),
	                errdetail("It must be %s.", expected),
	                errhint("Leave it out, or set it to null, if it is not known.")));
}

static GenopsSlice
TextOf(const Option *option, const JsonbValue *value, size_t limit)
{
	if (value->type != jbvString)
		RaiseValue(option, "a text");
	return TextFromServer((GenopsSlice){ value->val.string.val, value->val.string.len }, limit);
}

static void
ReadText(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = TextOf(option, value, TextNameLimit());

	if (text.length > 0)
		*(GenopsSlice *) ((char *) options + option->offset) = text;
}

static void
ReadTokens(const Option *option, JsonbValue *value, CallOptions *options)
{
	Datum tokens;

	if (value->type != jbvNumeric)
		RaiseValue(option, "a number of tokens");
	tokens = DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric));
	options->tokens[option->which] = TokensChecked(DatumGetInt64(tokens), option->key);
}

static void
ReadCost(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = GENOPS_ABSENT;

	if (value->type == jbvNumeric)
		text = genops_slice(
		    DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))));
	else if (value->type == jbvString)
		text = (GenopsSlice){ value->val.string.val, value->val.string.len };
	else
		RaiseValue(option, "a number");
	options->cost[option->which] = MoneyFromText(text, option->key);
	options->known_costs |= 1 << option->which;
}

static void
ReadCurrency(const Option *option, JsonbValue *value, CallOptions *options)
{
	GenopsSlice text = TextOf(option, value, TextNameLimit());
	bool valid = text.length == 3;

	for (size_t i = 0; i < text.length && valid; i++)
		valid = text.data[i] >= 'A' && text.data[i] <= 'Z';
	if (!valid)
		RaiseValue(option, "a currency's code of ISO 4217, like USD or EUR");
	options->currency = text;
}

static void
ReadKind(const Option *option, JsonbValue *value, CallOptions *options)
{
	static const char *const kinds[] = { "internal", "server", "client", "producer", "consumer" };
	GenopsSlice text = TextOf(option, value, TextNameLimit());

	for (int i = 0; i < (int) lengthof(kinds); i++)
		if (genops_slice_equal(text, genops_slice(kinds[i])))
		{
			options->kind = GENOPS_KIND_INTERNAL + i;
			return;
		}
	RaiseValue(option, "internal, server, client, producer or consumer");
}

static void
ReadEndedAt(const Option *option, JsonbValue *value, CallOptions *options)
{
	char *text;

	if (value->type != jbvString)
		RaiseValue(option, "a time, e.g. \"2026-11-30T12:00:00Z\"");
	text = pnstrdup(value->val.string.val, value->val.string.len);
	options->ended_at = DatumGetTimestampTz(DirectFunctionCall3(
	    timestamptz_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	options->has_ended_at = true;
}

static void
ReadFinishReasons(const Option *option, JsonbValue *value, CallOptions *options)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue item;

	if (value->type == jbvString)
	{
		options->finish_reasons[0] = TextOf(option, value, FINISH_REASON_MAX);
		options->finish_reason_count = 1;
		return;
	}
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		RaiseValue(option, "a text or an array of texts");
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (options->finish_reason_count == OPTIONS_FINISH_REASONS_MAX)
			RaiseValue(option, "an array of at most 16 texts");
		options->finish_reasons[options->finish_reason_count++] =
		    TextOf(option, &item, FINISH_REASON_MAX);
	}
}

#define OF_START (OPTIONS_OF_BEGIN | OPTIONS_OF_TRACK)
#define OF_OUTCOME (OPTIONS_OF_END | OPTIONS_OF_TRACK)
#define TEXT(name) ReadText, 0, offsetof(CallOptions, name)

static const Option known_options[] = {
	{ "cache_read_cost", OF_OUTCOME, ReadCost, GENOPS_COST_CACHE_READ, 0 },
	{ "cache_read_tokens", OF_OUTCOME, ReadTokens, GENOPS_TOKENS_CACHE_READ, 0 },
	{ "cache_write_cost", OF_OUTCOME, ReadCost, GENOPS_COST_CACHE_WRITE, 0 },
	{ "cache_write_tokens", OF_OUTCOME, ReadTokens, GENOPS_TOKENS_CACHE_WRITE, 0 },
	{ "currency", OF_OUTCOME, ReadCurrency, 0, 0 },
	{ "ended_at", OPTIONS_OF_TRACK, ReadEndedAt, 0, 0 },
	{ "error_type", OF_OUTCOME, TEXT(error_type) },
	{ "finish_reasons", OF_OUTCOME, ReadFinishReasons, 0, 0 },
	{ "input_cost", OF_OUTCOME, ReadCost, GENOPS_COST_INPUT, 0 },
	{ "kind", OF_START, ReadKind, 0, 0 },
	{ "output_cost", OF_OUTCOME, ReadCost, GENOPS_COST_OUTPUT, 0 },
	{ "reasoning_tokens", OF_OUTCOME, ReadTokens, GENOPS_TOKENS_REASONING, 0 },
	{ "response_id", OF_OUTCOME, TEXT(response_id) },
	{ "response_model", OF_OUTCOME, TEXT(response_model) },
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

static const Option *
FindOption(const JsonbValue *key, OptionsOf function)
{
	GenopsSlice name = { key->val.string.val, key->val.string.len };

	for (int i = 0; i < (int) lengthof(known_options); i++)
		if ((known_options[i].functions & function) &&
		    genops_slice_equal(name, genops_slice(known_options[i].key)))
			return &known_options[i];
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("unknown option \"%s\"", TextForMessage(name)),
	                errdetail("The known options are %s.", KnownKeys(function)),
	                errhint("What is to be an attribute of the span belongs in \"attributes\".")));
}

static void
Defaults(CallOptions *options)
{
	memset(options, 0, offsetof(CallOptions, finish_reasons));
	options->kind = GENOPS_KIND_CLIENT;
	options->finish_reason_count = 0;
	options->error_type = GENOPS_ABSENT;
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		options->tokens[i] = GENOPS_UNKNOWN_TOKENS;
}

void
OptionsRead(Jsonb *json, OptionsOf function, CallOptions *options)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	const Option *option = NULL;

	Defaults(options);
	if (json == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("\"options\" must be a JSON object"),
		                errdetail("The known options are %s.", KnownKeys(function)),
		                errhint("Use for example jsonb_build_object('currency', 'EUR').")));

	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			option = FindOption(&value, function);
		else if (token == WJB_VALUE && value.type != jbvNull)
			option->read(option, &value, options);
	}
}
