/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a call is charged: whose word holds, and which model and tier are priced.
 */
#include "core/govern/pricing.h"
#include "test/core/price_data.h"

#define NOON "2026-11-28T12:00:00Z"

typedef struct Fixture
{
	GenopsPriceBook *book;
	GenopsReply reply;
	GenopsPricing pricing;
	GenopsPricedCall call;
} Fixture;

static int
set_up(void **state)
{
	Fixture *fixture = test_calloc(1, sizeof(Fixture));

	fixture->book = shipped_book();
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	Fixture *fixture = *state;

	genops_price_book_free(fixture->book);
	test_free(fixture);
	return 0;
}

static void
start(Fixture *fixture, const char *provider, const char *model)
{
	fixture->call = (GenopsPricedCall){ .provider = genops_slice(provider),
		                                .model = genops_slice(model),
		                                .operation = GENOPS_LITERAL("chat"),
		                                .at = time_of(NOON),
		                                .usage = GENOPS_NO_USAGE };
}

static void
price(Fixture *fixture, const char *body)
{
	GenopsReplyInput input = { .provider = fixture->call.provider };

	genops_reply_read_text(&input, genops_slice(body), &fixture->reply);
	genops_price_call(fixture->book, &fixture->call, &fixture->reply, &fixture->pricing);
}

static void
check(const Fixture *fixture, const char *source, const char *cost, const char *flags)
{
	char text[1024] = "";

	for (int flag = 0; flag < GENOPS_USAGE_FLAG_COUNT; flag++)
	{
		char one[GENOPS_USAGE_FLAG_TEXT_SIZE];

		if (!genops_usage_flagged(&fixture->reply.flags, flag))
			continue;
		genops_usage_flag_print(&fixture->reply.flags, flag, one);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", text[0] ? "," : "", one);
	}
	assert_string_equal(text, flags);
	assert_string_equal(genops_priced_by_name(fixture->pricing.source), source);
	assert_int_equal(fixture->pricing.has_cost, cost != NULL);
	if (cost != NULL)
		assert_int_equal(fixture->pricing.cost.part[GENOPS_COST_TOTAL], money_of(cost));
}

/* A thousand tokens in, a hundred out. */
#define CHAT(model, more)                                                               \
	"{\"object\":\"chat.completion\",\"model\":\"" model "\",\"choices\":[],\"usage\":" \
	"{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}" more "}"

static void
the_model_that_answered_is_priced(void **state)
{
	Fixture *fixture = *state;

	start(fixture, "openai", "gpt-4o");
	price(fixture, CHAT("gpt-4o-mini-2024-07-18", ""));
	check(fixture, "price_table", "0.00021", "");
	assert_slice(fixture->pricing.model, "gpt-4o-mini-2024-07-18");
	price(fixture, CHAT("gpt-99", ""));
	check(fixture, "unpriced", NULL, "unknown_model");
	assert_true(fixture->pricing.has_usage);
}

static void
bedrock_is_priced_by_the_name_that_was_asked_for(void **state)
{
	Fixture *fixture = *state;

	start(fixture, "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
	price(fixture, "{\"type\":\"message\",\"role\":\"assistant\","
	               "\"model\":\"claude-sonnet-4-5-20250929\",\"stop_reason\":\"end_turn\","
	               "\"usage\":{\"input_tokens\":1000,\"output_tokens\":100}}");
	check(fixture, "price_table", "0.00495", "");
	assert_slice(fixture->pricing.price.model, "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
}

static void
what_the_caller_says_beats_the_reply(void **state)
{
	Fixture *fixture = *state;

	start(fixture, "openai", "gpt-4o");
	fixture->call.usage.output = 200;
	price(fixture, CHAT("gpt-4o-2024-08-06", ""));
	check(fixture, "price_table", "0.0045", "");

	/* And is enough without one. */
	fixture->call.usage.input = 1000;
	price(fixture, "Paris.");
	check(fixture, "price_table", "0.0045", "");
	fixture->call.usage.output = GENOPS_UNKNOWN_TOKENS;
	price(fixture, "Paris.");
	check(fixture, "unpriced", NULL, "");
	fixture->call.model = GENOPS_LITERAL("text-embedding-3-small");
	fixture->call.operation = GENOPS_LITERAL("embeddings");
	price(fixture, "");
	check(fixture, "price_table", "0.00002", "");
}

static void
a_base_model_makes_nothing_cheaper_without_the_right(void **state)
{
	Fixture *fixture = *state;

	start(fixture, "azure", "my-deployment");
	fixture->call.base_model = GENOPS_LITERAL("gpt-4o-mini");
	price(fixture, CHAT("gpt-4o-2024-08-06", ""));
	check(fixture, "price_table", "0.0035", "needs_charge");
	assert_slice(fixture->pricing.model, "gpt-4o-2024-08-06");

	fixture->call.may_charge = true;
	price(fixture, CHAT("gpt-4o-2024-08-06", ""));
	check(fixture, "price_table", "0.00021", "");
	assert_slice(fixture->pricing.model, "gpt-4o-mini");

	/* Dearer, or than no price at all, anybody may. */
	fixture->call.may_charge = false;
	fixture->call.base_model = GENOPS_LITERAL("gpt-4");
	price(fixture, CHAT("gpt-4o-2024-08-06", ""));
	check(fixture, "price_table", "0.036", "");
	price(fixture, CHAT("my-deployment", ""));
	check(fixture, "price_table", "0.036", "");

	/* A model without a price would make it free of charge. */
	fixture->call.base_model = GENOPS_LITERAL("no-such-model");
	price(fixture, CHAT("gpt-4o-2024-08-06", ""));
	check(fixture, "price_table", "0.0035", "needs_charge");
}

static void
a_tier_makes_nothing_cheaper_without_the_right(void **state)
{
	Fixture *fixture = *state;

	start(fixture, "openai", "gpt-4o");
	fixture->call.service_tier = GENOPS_LITERAL("batch");
	price(fixture, CHAT("gpt-4o-2024-08-06", ""));
	check(fixture, "price_table", "0.0035", "needs_charge");
	fixture->call.service_tier = GENOPS_LITERAL("flex");
	price(fixture, CHAT("gpt-4o-2024-08-06", ""));
	check(fixture, "price_table", "0.0035", "needs_charge");

	fixture->call.may_charge = true;
	fixture->call.service_tier = GENOPS_LITERAL("batch");
	price(fixture, CHAT("gpt-4o-2024-08-06", ""));
	check(fixture, "price_table", "0.00175", "");
	fixture->call.service_tier = GENOPS_LITERAL("flex");
	price(fixture, CHAT("gpt-4o-2024-08-06", ""));
	check(fixture, "unpriced", NULL, "unknown_tier:flex");

	/* The reply's own word needs nobody's right. */
	start(fixture, "openai", "gpt-4o");
	price(fixture, CHAT("gpt-4o-2024-08-06", ",\"service_tier\":\"batch\""));
	check(fixture, "price_table", "0.00175", "");
	fixture->call.service_tier = GENOPS_LITERAL("priority");
	price(fixture, CHAT("gpt-4o-2024-08-06", ",\"service_tier\":\"default\""));
	check(fixture, "price_table", "0.0035", "tier_requested_priority_served_default");
	fixture->call.service_tier = GENOPS_LITERAL("auto");
	price(fixture, CHAT("gpt-4o-2024-08-06", ",\"service_tier\":\"priority\""));
	check(fixture, "unpriced", NULL, "unknown_tier:priority");
}

static void
a_stated_cost_is_its_providers_or_needs_the_right(void **state)
{
	Fixture *fixture = *state;
	const char *body = CHAT("openai/gpt-5.4", ",\"provider\":\"OpenAI\",\"id\":\"gen-1\"");
	const char *costs = "{\"choices\":[],\"model\":\"openai/gpt-5.4\",\"provider\":\"x\","
	                    "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,"
	                    "\"cost\":0.0000001}}";

	start(fixture, "openrouter", NULL);
	price(fixture, costs);
	check(fixture, "provider", "0.0000001", "");
	assert_false(fixture->pricing.has_parts);
	price(fixture, body);
	check(fixture, "price_table", "0.004", "");

	/* The caller doesn't say who answered, so that the body is only the caller's word. */
	start(fixture, NULL, NULL);
	price(fixture, costs);
	check(fixture, "unpriced", NULL, "unknown_model,needs_charge");
	fixture->call.may_charge = true;
	price(fixture, costs);
	check(fixture, "provider", "0.0000001", "");
}

static void
a_failed_call_costs_what_it_used(void **state)
{
	Fixture *fixture = *state;

	start(fixture, "openai", "gpt-4o");
	price(fixture, "{\"error\":{\"type\":\"server_error\",\"message\":\"x\"}}");
	check(fixture, "none", NULL, "error:server_error");
	price(fixture, CHAT("gpt-4o-2024-08-06", ",\"error\":{\"type\":\"cut\",\"message\":\"x\"}"));
	check(fixture, "price_table", "0.0035", "error:cut");
}

static void
without_a_list_nothing_has_a_price(void **state)
{
	Fixture *fixture = *state;

	start(fixture, "openai", "gpt-4o");
	genops_reply_read_text(&(GenopsReplyInput){ 0 }, GENOPS_LITERAL(CHAT("gpt-4o", "")),
	                       &fixture->reply);
	genops_price_call(NULL, &fixture->call, &fixture->reply, &fixture->pricing);
	check(fixture, "unpriced", NULL, "unknown_model");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_model_that_answered_is_priced),
		cmocka_unit_test(bedrock_is_priced_by_the_name_that_was_asked_for),
		cmocka_unit_test(what_the_caller_says_beats_the_reply),
		cmocka_unit_test(a_base_model_makes_nothing_cheaper_without_the_right),
		cmocka_unit_test(a_tier_makes_nothing_cheaper_without_the_right),
		cmocka_unit_test(a_stated_cost_is_its_providers_or_needs_the_right),
		cmocka_unit_test(a_failed_call_costs_what_it_used),
		cmocka_unit_test(without_a_list_nothing_has_a_price),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
