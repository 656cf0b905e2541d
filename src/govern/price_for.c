/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_price_for: which price applies, and why.
 */
#include "postgres.h"

#include "compat.h"
#include "configure/json_pairs.h"
#include "fmgr.h"
#include "funcapi.h"
#include "govern/price_list.h"
#include "govern/rates_jsonb.h"
#include "govern/text_argument.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(genops_price_for);

enum
{
	ARG_PROVIDER,
	ARG_MODEL,
	ARG_AT,
	ARG_OPTIONS
};

enum
{
	COLUMN_PRICE_ID,
	COLUMN_MATCHED_BY,
	COLUMN_PROVIDER,
	COLUMN_MODEL,
	COLUMN_RATES,
	COLUMN_NOTE,
	COLUMN_COUNT
};

static void
RaiseOption(const char *key, const char *expected)
{
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("invalid value of option \"%s\"", key), errdetail("It must be %s.", expected)));
}

static GenopsSlice
TextOption(const char *key, const JsonbValue *value)
{
	if (value->type == jbvNull)
		return GENOPS_ABSENT;
	if (value->type != jbvString)
		RaiseOption(key, "a text");
	return (GenopsSlice){ pnstrdup(value->val.string.val, value->val.string.len),
		                  value->val.string.len };
}

static int64
TokensOption(const char *key, const JsonbValue *value)
{
	int64 tokens;

	if (value->type == jbvNull)
		return GENOPS_UNKNOWN_TOKENS;
	if (value->type != jbvNumeric)
		RaiseOption(key, "a number of tokens");
	tokens = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
	if (tokens < 0)
		RaiseOption(key, "a number of tokens");
	return tokens;
}

static void
TakeOption(const char *key, const JsonbValue *value, void *arg)
{
	GenopsPriceQuestion *question = arg;

	if (strcmp(key, "service_tier") == 0)
		question->service_tier = TextOption(key, value);
	else if (strcmp(key, "region") == 0)
		question->region = TextOption(key, value);
	else if (strcmp(key, "prompt_tokens") == 0)
		question->input_tokens = TokensOption(key, value);
	else
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown option \"%s\"", key),
		         errdetail("The known options are service_tier, region and prompt_tokens.")));
}

static const char *
WhyNot(GenopsPriceResult result)
{
	switch (result)
	{
		case GENOPS_PRICE_UNKNOWN_TIER:
			return "the model has a price, but not of this service tier";
		case GENOPS_PRICE_NOT_YET:
			return "the model has a price, but not at this time";
		default:
			return "no price has this name";
	}
}

static void
AppendNote(StringInfo note, const char *text)
{
	appendStringInfo(note, "%s%s", note->len > 0 ? "; " : "", text);
}

/* What else there is to know of it; NULL: nothing. */
static const char *
NoteOn(const GenopsPriceAnswer *price)
{
	static const char *const origins[] = { [GENOPS_PRICE_SHIPPED] = "shipped",
		                                   [GENOPS_PRICE_LOADED] = "loaded",
		                                   [GENOPS_PRICE_USER] = "user" };
	StringInfoData note;

	initStringInfo(&note);
	AppendNote(&note, origins[price->origin]);
	if (price->currency.length > 0)
		AppendNote(&note, pnstrdup(price->currency.data, price->currency.length));
	if (price->above)
		AppendNote(&note, psprintf("above " INT64_FORMAT " tokens", price->threshold));
	if (price->batch)
		AppendNote(&note, "batch");
	if (price->window_start >= 0)
		AppendNote(&note, psprintf("from %02d:%02d to %02d:%02d UTC", price->window_start / 60,
		                           price->window_start % 60, price->window_end / 60,
		                           price->window_end % 60));
	if (price->moving)
		AppendNote(&note, "the name moves: it means another model some day");
	return note.data;
}

static void
SetPrice(const GenopsPriceAnswer *price, Datum *values, bool *nulls)
{
	memset(nulls, false, COLUMN_COUNT);
	values[COLUMN_PRICE_ID] = Int64GetDatum(price->id);
	values[COLUMN_MATCHED_BY] = CStringGetTextDatum(genops_price_match_name(price->match));
	values[COLUMN_PROVIDER] = PointerGetDatum(
	    cstring_to_text_with_len(price->provider.data, (int) price->provider.length));
	values[COLUMN_MODEL] =
	    PointerGetDatum(cstring_to_text_with_len(price->model.data, (int) price->model.length));
	values[COLUMN_RATES] = JsonbPGetDatum(RatesJsonb(&price->rates));
	values[COLUMN_NOTE] = CStringGetTextDatum(NoteOn(price));
}

/* One row, always: without a price it says why. */
Datum
genops_price_for(PG_FUNCTION_ARGS)
{
	GenopsPriceQuestion question = { .provider = TextArgument(fcinfo, ARG_PROVIDER),
		                             .model = TextArgument(fcinfo, ARG_MODEL),
		                             .at = PriceTime(PG_ARGISNULL(ARG_AT)
		                                                 ? GetCurrentTimestamp()
		                                                 : PG_GETARG_TIMESTAMPTZ(ARG_AT)),
		                             .input_tokens = GENOPS_UNKNOWN_TOKENS };
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum values[COLUMN_COUNT] = { 0 };
	bool nulls[COLUMN_COUNT];
	const GenopsPriceBook *book;
	GenopsPriceAnswer price;
	GenopsPriceResult found = GENOPS_PRICE_UNKNOWN_MODEL;

	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(ARG_OPTIONS))
	{
		Jsonb *options = PG_GETARG_JSONB_P(ARG_OPTIONS);

		JsonRequireObject(options, "options");
		JsonForEachPair(options, TakeOption, &question);
	}
	book = PriceBookGet();
	if (book != NULL)
		found = genops_price_find(book, &question, &price);
	memset(nulls, true, sizeof(nulls));
	if (found == GENOPS_PRICE_FOUND)
		SetPrice(&price, values, nulls);
	else
	{
		nulls[COLUMN_NOTE] = false;
		values[COLUMN_NOTE] = CStringGetTextDatum(WhyNot(found));
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}
