/* SPDX-License-Identifier: PostgreSQL */
/*
 * Replies with what they cost, to the last digit: test/core/data/golden_costs.jsonl, priced by
 * the list that is shipped.
 */
#include <stdlib.h>

#include "core/govern/pricing.h"
#include "test/core/govern_data.h"
#include "test/core/price_data.h"

static const cJSON *
member(const cJSON *object, const char *name)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNull(found) ? NULL : found;
}

static const char *
id_of(const cJSON *row)
{
	return text_member(row, "id").data;
}

static void
check_count(const cJSON *row, const cJSON *usage, const char *name, int64_t actual)
{
	const cJSON *expected = member(usage, name);
	int64_t count = expected ? (int64_t) expected->valuedouble : GENOPS_UNKNOWN_TOKENS;

	if (actual != count)
		fail_msg("%s: %s is %lld, not %lld", id_of(row), name, (long long) actual,
		         (long long) count);
}

static void
check_usage(const cJSON *row, const cJSON *usage, const GenopsPricing *pricing)
{
	assert_int_equal(pricing->has_usage, usage != NULL);
	if (usage == NULL)
		return;
	check_count(row, usage, "input_total", pricing->usage.input);
	check_count(row, usage, "cache_read", pricing->usage.cache_read);
	check_count(row, usage, "cache_write", pricing->usage.cache_write);
	check_count(row, usage, "cache_write_1h", pricing->usage.cache_write_1h);
	check_count(row, usage, "output_total", pricing->usage.output);
	check_count(row, usage, "reasoning", pricing->usage.reasoning);
}

static void
check_money(const cJSON *row, const cJSON *expected, const char *name, GenopsMoney actual)
{
	const char *text = cJSON_GetStringValue(member(expected, name));

	if (text == NULL || money_of(text) != actual)
		fail_msg("%s: %s costs %lld, not %s", id_of(row), name, (long long) actual,
		         text ? text : "(nothing)");
}

static void
check_rates(const cJSON *row, const cJSON *rates, const GenopsPricing *pricing)
{
	const cJSON *rate;

	assert_int_equal(pricing->has_price, rates != NULL);
	cJSON_ArrayForEach(rate, rates)
	{
		GenopsPriceColumn column = genops_price_column(genops_slice(rate->string));
		char text[GENOPS_RATE_TEXT_SIZE] = "(none)";

		assert_true(column >= GENOPS_COLUMN_RATES && column < GENOPS_COLUMN_COUNT);
		if (pricing->price.rates.known & 1u << (column - GENOPS_COLUMN_RATES))
			genops_rate_print(pricing->price.rates.rate[column - GENOPS_COLUMN_RATES], text);
		if (strcmp(text, rate->valuestring) != 0)
			fail_msg("%s: %s is %s, not %s", id_of(row), rate->string, text, rate->valuestring);
	}
}

static void
check_texts(const cJSON *row, const cJSON *expect, const GenopsPricing *pricing)
{
	char label[512] = "";
	char tier[64] = "";
	const cJSON *price_row = member(expect, "price_row");
	const cJSON *expected_tier = member(expect, "tier");

	if (pricing->has_price)
		price_label(&pricing->price, label, sizeof(label));
	if (pricing->price.above)
		snprintf(tier, sizeof(tier), "above %lld", (long long) pricing->price.threshold);
	if (strcmp(label, price_row ? price_row->valuestring : "") != 0)
		fail_msg("%s: priced by \"%s\", not by \"%s\"", id_of(row), label,
		         price_row ? price_row->valuestring : "");
	assert_string_equal(tier, expected_tier ? expected_tier->valuestring : "");
	assert_slice(pricing->currency, cJSON_GetStringValue(member(expect, "currency")));
	assert_slice(pricing->model, cJSON_GetStringValue(member(expect, "model")));
	if (strcmp(genops_priced_by_name(pricing->source),
	           member(expect, "cost_source")->valuestring) != 0)
		fail_msg("%s: the cost is of %s", id_of(row), genops_priced_by_name(pricing->source));
}

static void
check_cost(const cJSON *row, const cJSON *expect, const GenopsPricing *pricing)
{
	static const char *const parts[GENOPS_COST_COUNT] = {
		[GENOPS_COST_INPUT] = "input",
		[GENOPS_COST_OUTPUT] = "output",
		[GENOPS_COST_CACHE_READ] = "cache_read",
		[GENOPS_COST_CACHE_WRITE] = "cache_write",
	};
	const cJSON *expected = member(expect, "cost_parts");
	GenopsMoney sum = 0;

	assert_int_equal(pricing->has_cost, member(expect, "total_cost") != NULL);
	if (pricing->has_cost)
		check_money(row, expect, "total_cost", pricing->cost.part[GENOPS_COST_TOTAL]);
	assert_int_equal(pricing->has_parts, expected != NULL);
	for (int i = GENOPS_COST_TOTAL + 1; expected != NULL && i < GENOPS_COST_COUNT; i++)
	{
		check_money(row, expected, parts[i], pricing->cost.part[i]);
		sum += pricing->cost.part[i];
	}
	if (expected != NULL)
		assert_int_equal(sum, pricing->cost.part[GENOPS_COST_TOTAL]);
}

static void
run(const cJSON *row, void *context)
{
	const cJSON *expect = member(row, "expect");
	char *payload = cJSON_PrintUnformatted(member(row, "response"));
	GenopsReplyInput input = input_of(row);
	GenopsReply *reply = test_malloc(sizeof(GenopsReply));
	GenopsPricing pricing;
	GenopsPricedCall call = { .provider = text_member(row, "provider"),
		                      .model = text_member(row, "model_arg"),
		                      .operation = text_member(row, "operation"),
		                      .service_tier = text_member(member(row, "options"), "service_tier"),
		                      .base_model = text_member(member(row, "options"), "base_model"),
		                      .at = time_of(text_member(row, "at").data),
		                      .usage = GENOPS_NO_USAGE,
		                      .may_charge = true };

	genops_reply_read_text(&input, genops_slice(payload), reply);
	genops_price_call(context, &call, reply, &pricing);
	check_flags(id_of(row), member(expect, "flags"), &reply->flags);
	check_usage(row, member(expect, "usage"), &pricing);
	check_rates(row, member(expect, "rates_per_million"), &pricing);
	check_texts(row, expect, &pricing);
	check_cost(row, expect, &pricing);
	test_free(reply);
	free(payload);
}

static void
costs_are_exact(void **state)
{
	GenopsPriceBook *book = shipped_book();

	(void) state;
	each_row("test/core/data/golden_costs.jsonl", run, book);
	genops_price_book_free(book);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(costs_are_exact) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
