/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_internal.price_reply: what is read of a reply and what the call costs, as jsonb, for
 * tests.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "configure/json_pairs.h"
#include "core/base/money_sum.h"
#include "fmgr.h"
#include "govern/jsonb_item.h"
#include "govern/price_list.h"
#include "govern/price_reply.h"
#include "govern/rates_jsonb.h"
#include "govern/text_argument.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(genops_price_reply);

enum
{
	ARG_PROVIDER,
	ARG_MODEL,
	ARG_OPERATION,
	ARG_RESPONSE,
	ARG_AT,
	ARG_OPTIONS,
	ARG_MAY_CHARGE
};

static GenopsSlice
TextOption(GenopsJsonItem options, GenopsSlice name)
{
	return genops_json_get(options, name).text;
}

static void
PushMoney(JsonbParseState **state, const char *key, GenopsMoney money)
{
	char text[GENOPS_MONEY_SUM_TEXT_SIZE];

	genops_money_sum_print(genops_money_sum(money), text);
	PushNumber(state, key, text);
}

static void
PushKey(JsonbParseState **state, const char *key)
{
	JsonbValue name = { .type = jbvString };

	name.val.string.val = unconstify(char *, key);
	name.val.string.len = (int) strlen(key);
	pushJsonbValue(state, WJB_KEY, &name);
}

static void
PushElement(JsonbParseState **state, GenopsSlice text)
{
	JsonbValue value = { .type = jbvString };

	value.val.string.val = pnstrdup(text.data, text.length);
	value.val.string.len = (int) text.length;
	pushJsonbValue(state, WJB_ELEM, &value);
}

static void
PushUsage(JsonbParseState **state, const GenopsUsage *usage)
{
	PushKey(state, "usage");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	PushInteger(state, "input_total", usage->input);
	PushInteger(state, "cache_read", usage->cache_read);
	PushInteger(state, "cache_write", usage->cache_write);
	PushInteger(state, "cache_write_1h", usage->cache_write_1h);
	PushInteger(state, "output_total", usage->output);
	PushInteger(state, "reasoning", usage->reasoning);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
PushLists(JsonbParseState **state, const GenopsReply *reply)
{
	char text[GENOPS_USAGE_FLAG_TEXT_SIZE];

	PushKey(state, "flags");
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < GENOPS_USAGE_FLAG_COUNT; i++)
	{
		if (!genops_usage_flagged(&reply->flags, (GenopsUsageFlag) i))
			continue;
		genops_usage_flag_print(&reply->flags, (GenopsUsageFlag) i, text);
		PushElement(state, genops_slice(text));
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
	PushKey(state, "finish_reasons");
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (size_t i = 0; i < reply->finish_reason_count; i++)
		PushElement(state, reply->finish_reasons[i]);
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
PushParts(JsonbParseState **state, const GenopsCost *cost)
{
	PushKey(state, "cost_parts");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	PushMoney(state, "input", cost->part[GENOPS_COST_INPUT]);
	PushMoney(state, "output", cost->part[GENOPS_COST_OUTPUT]);
	PushMoney(state, "cache_read", cost->part[GENOPS_COST_CACHE_READ]);
	PushMoney(state, "cache_write", cost->part[GENOPS_COST_CACHE_WRITE]);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static Jsonb *
AsJsonb(const GenopsReply *reply, const GenopsPricing *pricing)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	PushText(&state, "shape", genops_slice(reply->shape));
	PushText(&state, "response_model", reply->model);
	PushText(&state, "response_id", reply->id);
	PushText(&state, "model", pricing->model);
	PushText(&state, "service_tier", pricing->service_tier);
	PushText(&state, "error_type", reply->error_type);
	PushText(&state, "error_message", reply->error_message);
	PushText(&state, "currency", pricing->currency);
	PushText(&state, "cost_source", genops_slice(genops_priced_by_name(pricing->source)));
	PushNumber(&state, "price_id",
	           pricing->has_price ? psprintf(INT64_FORMAT, pricing->price.id) : NULL);
	if (pricing->has_usage)
		PushUsage(&state, &pricing->usage);
	if (pricing->has_parts)
		PushParts(&state, &pricing->cost);
	if (pricing->has_cost)
		PushMoney(&state, "total_cost", pricing->cost.part[GENOPS_COST_TOTAL]);
	PushLists(&state, reply);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static void
SetBody(FunctionCallInfo fcinfo, ReplyBody *body)
{
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, ARG_RESPONSE);

	if (PG_ARGISNULL(ARG_RESPONSE))
		return;
	if (type == JSONBOID)
		body->jsonb = PG_GETARG_JSONB_P(ARG_RESPONSE);
	else if (type == TEXTOID || type == JSONOID)
	{
		text *value = PG_GETARG_TEXT_PP(ARG_RESPONSE);

		body->text = (GenopsSlice){ VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value) };
	}
	else
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
		                errmsg("a reply is jsonb, json or text here")));
}

Datum
genops_price_reply(PG_FUNCTION_ARGS)
{
	GenopsJsonItem options = GENOPS_NO_JSON;
	GenopsJsonItem headers;
	ReplyBody body = { .header = genops_reply_header_of_json, .header_context = &headers };
	GenopsPricedCall call = { .provider = TextArgument(fcinfo, ARG_PROVIDER),
		                      .model = TextArgument(fcinfo, ARG_MODEL),
		                      .operation = TextArgument(fcinfo, ARG_OPERATION),
		                      .usage = GENOPS_NO_USAGE,
		                      .may_charge =
		                          PG_ARGISNULL(ARG_MAY_CHARGE) || PG_GETARG_BOOL(ARG_MAY_CHARGE) };
	GenopsReply reply;
	GenopsPricing pricing;
	int64 status;

	if (!PG_ARGISNULL(ARG_OPTIONS))
		options = JsonItemOfJsonb(PG_GETARG_JSONB_P(ARG_OPTIONS));
	headers = genops_json_get(options, GENOPS_LITERAL("headers"));
	call.service_tier = TextOption(options, GENOPS_LITERAL("service_tier"));
	call.base_model = TextOption(options, GENOPS_LITERAL("base_model"));
	call.at =
	    PriceTime(PG_ARGISNULL(ARG_AT) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(ARG_AT));
	SetBody(fcinfo, &body);
	headers = genops_json_get(options, GENOPS_LITERAL("status"));
	if (headers.kind == GENOPS_JSON_NUMBER && headers.holder->integer(headers.node, &status))
		body.http_status = (int) status;
	headers = genops_json_get(options, GENOPS_LITERAL("headers"));
	PriceReply(&body, &call, &reply, &pricing);
	PG_RETURN_JSONB_P(AsJsonb(&reply, &pricing));
}
