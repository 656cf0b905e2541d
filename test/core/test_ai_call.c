/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/span/ai_call.h"
#include "core/span/ai_provider.h"
#include "core/span/otlp_read.h"
#include "core/span/otlp_write.h"

static uint8_t memory[65536];

static GenopsSpanFacts
full_facts(void)
{
	GenopsSpanFacts facts = { .trace_id = { 1 }, .span_id = { 2 }, .kind = GENOPS_KIND_CLIENT };

	facts.text[GENOPS_TEXT_NAME] = GENOPS_LITERAL("chat gpt-4o");
	facts.text[GENOPS_TEXT_TEAM] = GENOPS_LITERAL("platform");
	facts.text[GENOPS_TEXT_PROJECT] = GENOPS_LITERAL("assistant");
	facts.text[GENOPS_TEXT_CUSTOMER_ID] = GENOPS_LITERAL("c-1");
	facts.text[GENOPS_TEXT_COST_CENTER] = GENOPS_LITERAL("cc-1");
	facts.text[GENOPS_TEXT_FEATURE] = GENOPS_LITERAL("search");
	facts.text[GENOPS_TEXT_USER_ID] = GENOPS_LITERAL("u-1");
	facts.text[GENOPS_TEXT_ENVIRONMENT] = GENOPS_LITERAL("production");
	facts.text[GENOPS_TEXT_PROVIDER] = GENOPS_LITERAL("bedrock");
	facts.text[GENOPS_TEXT_MODEL] = GENOPS_LITERAL("gpt-4o");
	facts.text[GENOPS_TEXT_OPERATION] = GENOPS_LITERAL("chat");
	facts.text[GENOPS_TEXT_CURRENCY] = GENOPS_LITERAL("EUR");
	facts.text[GENOPS_TEXT_TENANT_ID] = GENOPS_LITERAL("tenant");
	facts.text[GENOPS_TEXT_ROUTE] = GENOPS_LITERAL("route");
	facts.text[GENOPS_TEXT_SERVICE_NAME] = GENOPS_LITERAL("service");
	facts.tokens[GENOPS_TOKENS_INPUT] = 1000;
	facts.tokens[GENOPS_TOKENS_OUTPUT] = 234;
	facts.tokens[GENOPS_TOKENS_CACHE_READ] = 100;
	facts.tokens[GENOPS_TOKENS_CACHE_WRITE] = 50;
	facts.tokens[GENOPS_TOKENS_REASONING] = 0;
	facts.known_costs = (1u << GENOPS_COST_COUNT) - 1;
	facts.cost_source = GENOPS_COST_FROM_PRICES;
	facts.cost[GENOPS_COST_TOTAL] = GENOPS_MONEY_UNIT;
	facts.cost[GENOPS_COST_INPUT] = GENOPS_MONEY_UNIT / 2;
	facts.cost[GENOPS_COST_OUTPUT] = GENOPS_MONEY_UNIT / 4;
	facts.cost[GENOPS_COST_CACHE_READ] = 0;
	facts.cost[GENOPS_COST_CACHE_WRITE] = GENOPS_MONEY_UNIT / 8;
	return facts;
}

static GenopsSpanFacts
unknown_facts(void)
{
	GenopsSpanFacts facts = { 0 };

	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		facts.tokens[i] = GENOPS_UNKNOWN_TOKENS;
	return facts;
}

static const GenopsSlice reasons[] = { GENOPS_LITERAL("stop"), GENOPS_LITERAL("length") };

static GenopsAiOutcome
full_outcome(void)
{
	return (GenopsAiOutcome){
		.response_id = GENOPS_LITERAL("chatcmpl-1"),
		.response_model = GENOPS_LITERAL("gpt-4o-2024-08-06"),
		.finish_reasons = reasons,
		.finish_reason_count = COUNT_OF(reasons),
		.price_version = GENOPS_LITERAL("v1"),
		.error_type = GENOPS_LITERAL("rate_limit_exceeded"),
		.error_message = GENOPS_LITERAL("slow down"),
		.unfinished = true,
		.untimed = true,
	};
}

static GenopsSlice
attributes_of(const GenopsSpanFacts *facts, const GenopsAiOutcome *outcome)
{
	GenopsBytes out = genops_bytes_over(memory, sizeof(memory));

	genops_ai_call_put_request(&out, facts);
	genops_ai_call_put_outcome(&out, facts, outcome);
	assert_false(out.failed);
	return (GenopsSlice){ (const char *) out.data, out.length };
}

/* How often the key is there; the value of the last. */
static int
find(GenopsSlice attributes, const char *key, GenopsValue *value)
{
	GenopsFields fields = genops_fields(attributes);
	GenopsWireField field;
	int found = 0;

	while (genops_fields_next(&fields, &field))
	{
		GenopsSlice read_key;
		GenopsValue read_value;

		assert_int_equal(field.number, GENOPS_SPAN_ATTRIBUTES);
		assert_true(genops_read_key_value(field.bytes, &read_key, &read_value));
		if (!genops_slice_equal(read_key, genops_slice(key)))
			continue;
		*value = read_value;
		found++;
	}
	assert_false(fields.malformed);
	return found;
}

static size_t
count_attributes(GenopsSlice attributes)
{
	GenopsFields fields = genops_fields(attributes);
	GenopsWireField field;
	size_t count = 0;

	while (genops_fields_next(&fields, &field))
		count++;
	return count;
}

/* Names and types are the contract: TraceQL's literals are typed. */
static const struct
{
	const char *key;
	const char *text;
} text_attributes[] = {
	{ "gen_ai.operation.name", "chat" },
	{ "gen_ai.provider.name", "aws.bedrock" },
	{ "gen_ai.request.model", "gpt-4o" },
	{ "gen_ai.response.model", "gpt-4o-2024-08-06" },
	{ "gen_ai.response.id", "chatcmpl-1" },
	{ "genops.operation.name", "chat" },
	{ "genops.operation.type", "ai.inference" },
	{ "genops.provider", "bedrock" },
	{ "genops.model", "gpt-4o" },
	{ "team", "platform" },
	{ "genops.team", "platform" },
	{ "project", "assistant" },
	{ "genops.project", "assistant" },
	{ "customer_id", "c-1" },
	{ "genops.customer_id", "c-1" },
	{ "cost_center", "cc-1" },
	{ "genops.cost_center", "cc-1" },
	{ "feature", "search" },
	{ "genops.feature", "search" },
	{ "user_id", "u-1" },
	{ "genops.user_id", "u-1" },
	{ "genops.environment", "production" },
	{ "genops.cost.currency", "EUR" },
	{ "genops.cost.source", "price_table" },
	{ "genops.cost.price_version", "v1" },
	{ "error.type", "rate_limit_exceeded" },
	{ "exception.type", "rate_limit_exceeded" },
	{ "exception.message", "slow down" },
	{ "genops.timing", "unknown" },
};
static const struct
{
	const char *key;
	int64_t count;
} token_attributes[] = {
	{ "gen_ai.usage.input_tokens", 1000 },
	{ "gen_ai.usage.output_tokens", 234 },
	{ "gen_ai.usage.cache_read.input_tokens", 100 },
	{ "gen_ai.usage.cache_write.input_tokens", 50 },
	{ "gen_ai.usage.reasoning.output_tokens", 0 },
	{ "genops.cost.prompt_tokens", 1000 },
	{ "genops.cost.completion_tokens", 234 },
	{ "genops.cost.total_tokens", 1234 },
	{ "genops.tokens.input", 1000 },
	{ "genops.tokens.output", 234 },
	{ "genops.tokens.total", 1234 },
};
static const struct
{
	const char *key;
	double amount;
} amount_attributes[] = {
	/* A whole unit is a double as well. */
	{ "genops.cost.total_cost", 1.0 },
	{ "genops.cost.total", 1.0 },
	{ "cost", 1.0 },
	{ "genops.cost.input_cost", 0.5 },
	{ "genops.cost.output_cost", 0.25 },
	{ "genops.cost.cache_read_cost", 0.0 },
	{ "genops.cost.cache_write_cost", 0.125 },
};

static void
names_and_types(void **state)
{
	GenopsSpanFacts facts = full_facts();
	GenopsAiOutcome outcome = full_outcome();
	GenopsSlice attributes = attributes_of(&facts, &outcome);
	GenopsValue value;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(text_attributes); i++)
	{
		assert_int_equal(find(attributes, text_attributes[i].key, &value), 1);
		assert_int_equal(value.type, GENOPS_VALUE_TEXT);
		assert_slice(value.bytes, text_attributes[i].text);
	}
	for (size_t i = 0; i < COUNT_OF(token_attributes); i++)
	{
		assert_int_equal(find(attributes, token_attributes[i].key, &value), 1);
		assert_int_equal(value.type, GENOPS_VALUE_INT);
		assert_int_equal(value.integer, token_attributes[i].count);
	}
	for (size_t i = 0; i < COUNT_OF(amount_attributes); i++)
	{
		assert_int_equal(find(attributes, amount_attributes[i].key, &value), 1);
		assert_int_equal(value.type, GENOPS_VALUE_DOUBLE);
		assert_true(value.number == amount_attributes[i].amount);
	}
	assert_int_equal(find(attributes, "genops.call.unfinished", &value), 1);
	assert_int_equal(value.type, GENOPS_VALUE_BOOL);
	assert_true(value.boolean);
	assert_int_equal(find(attributes, "gen_ai.response.finish_reasons", &value), 1);
	assert_int_equal(value.type, GENOPS_VALUE_ARRAY);
	assert_int_equal(count_attributes(value.bytes), 2);

	/* And nothing else. */
	assert_int_equal(count_attributes(attributes), COUNT_OF(text_attributes) +
	                                                   COUNT_OF(token_attributes) +
	                                                   COUNT_OF(amount_attributes) + 2);
}

/* Every key written is owned, and none twice. */
static void
owns_what_it_writes(void **state)
{
	static const char *const others[] = { "",           "tea",    "teams", "Team", "genops.cost.",
		                                  "http.route", "tenant", "zzz" };
	GenopsSpanFacts facts = full_facts();
	GenopsAiOutcome outcome = full_outcome();
	GenopsSlice attributes = attributes_of(&facts, &outcome);
	GenopsFields fields = genops_fields(attributes);
	GenopsWireField field;

	(void) state;
	while (genops_fields_next(&fields, &field))
	{
		GenopsSlice key;
		GenopsValue value;
		char text[64];

		assert_true(genops_read_key_value(field.bytes, &key, &value));
		assert_true(genops_ai_call_owns_key(key));
		snprintf(text, sizeof(text), "%.*s", (int) key.length, key.data);
		assert_int_equal(find(attributes, text, &value), 1);
	}
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_false(genops_ai_call_owns_key(genops_slice(others[i])));
	assert_false(genops_ai_call_owns_key(GENOPS_ABSENT));
}

static void
unknown_is_left_out(void **state)
{
	GenopsSpanFacts facts = unknown_facts();
	GenopsAiOutcome outcome = { 0 };
	GenopsValue value;
	GenopsSlice attributes = attributes_of(&facts, &outcome);

	(void) state;
	assert_int_equal(count_attributes(attributes), 1);
	assert_int_equal(find(attributes, "genops.operation.type", &value), 1);

	/* "none" is not a team. */
	facts.text[GENOPS_TEXT_TEAM] = GENOPS_LITERAL("");
	facts.text[GENOPS_TEXT_MODEL] = GENOPS_LITERAL("");
	assert_int_equal(count_attributes(attributes_of(&facts, &outcome)), 1);
}

static void
unpriced_has_no_cost(void **state)
{
	GenopsSpanFacts facts = full_facts();
	GenopsAiOutcome outcome = full_outcome();
	GenopsSlice attributes;
	GenopsValue value;

	(void) state;
	facts.known_costs = 0;
	facts.cost_source = GENOPS_COST_UNPRICED;
	attributes = attributes_of(&facts, &outcome);
	assert_int_equal(find(attributes, "genops.cost.total_cost", &value), 0);
	assert_int_equal(find(attributes, "genops.cost.total", &value), 0);
	assert_int_equal(find(attributes, "cost", &value), 0);
	assert_int_equal(find(attributes, "genops.cost.currency", &value), 0);
	assert_int_equal(find(attributes, "genops.cost.source", &value), 1);
	assert_slice(value.bytes, "unpriced");
	assert_int_equal(find(attributes, "genops.cost.total_tokens", &value), 1);
}

static void
total_of_one_side(void **state)
{
	GenopsSpanFacts facts = unknown_facts();
	GenopsAiOutcome outcome = { 0 };
	GenopsValue value;

	(void) state;
	facts.tokens[GENOPS_TOKENS_OUTPUT] = 7;
	assert_int_equal(find(attributes_of(&facts, &outcome), "genops.cost.total_tokens", &value), 1);
	assert_int_equal(value.integer, 7);
	facts.tokens[GENOPS_TOKENS_INPUT] = INT64_MAX;
	assert_int_equal(find(attributes_of(&facts, &outcome), "genops.cost.total_tokens", &value), 0);
}

/* What is written is found again as the same facts. */
static void
facts_round_trip(void **state)
{
	GenopsSpanFacts facts = full_facts();
	GenopsAiOutcome outcome = full_outcome();
	GenopsBytes out = genops_bytes_over(memory, sizeof(memory));
	GenopsSpanView view;
	GenopsSpanFacts read;
	GenopsFactMemory memory;
	GenopsSlice reply_id;
	GenopsError error;

	(void) state;
	facts.start_ns = 5;
	facts.end_ns = 6;
	genops_otlp_span_open(&out, &facts, GENOPS_ABSENT);
	genops_ai_call_put_request(&out, &facts);
	genops_ai_call_put_outcome(&out, &facts, &outcome);
	genops_otlp_span_close(&out, GENOPS_STATUS_ERROR, outcome.error_message, 1);
	assert_true(genops_read_span((GenopsSlice){ (const char *) out.data, out.length }, &view));
	assert_true(genops_facts_from_span(GENOPS_ABSENT, &view, &memory, &read, &reply_id, &error));
	assert_true(read.ai_call);
	assert_int_equal(read.status, GENOPS_STATUS_ERROR);
	assert_memory_equal(read.tokens, facts.tokens, sizeof(facts.tokens));
	assert_memory_equal(read.cost, facts.cost, sizeof(facts.cost));
	assert_int_equal(read.known_costs, facts.known_costs);
	for (int i = GENOPS_TEXT_ENVIRONMENT; i < GENOPS_TEXT_COUNT; i++)
		assert_true(genops_slice_equal(read.text[i], facts.text[i]));
}

static void
provider_names(void **state)
{
	static const char *const cases[][2] = {
		{ "openai", "openai" },
		{ "OpenAI", "openai" },
		{ "bedrock", "aws.bedrock" },
		{ "Amazon Bedrock", "aws.bedrock" },
		{ "azure", "azure.ai.openai" },
		{ "azure-ai", "azure.ai.inference" },
		{ "gemini", "gcp.gemini" },
		{ "vertex_ai", "gcp.vertex_ai" },
		{ "google", "gcp.gen_ai" },
		{ "mistral", "mistral_ai" },
		{ "xai", "x_ai" },
		{ "watsonx", "ibm.watsonx.ai" },
		{ "moonshot", "moonshot_ai" },
		{ "aws.bedrock", "aws.bedrock" },
		{ "My Own Host", "My Own Host" },
		{ "", "" },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_slice(genops_ai_provider_name(genops_slice(cases[i][0])), cases[i][1]);
	assert_slice(genops_ai_provider_name(GENOPS_ABSENT), NULL);
}

static void
span_names(void **state)
{
	char buffer[8];

	(void) state;
	assert_slice(genops_ai_call_name(buffer, 8, GENOPS_LITERAL("chat"), GENOPS_LITERAL("m-1")),
	             "chat m-1");
	assert_slice(genops_ai_call_name(buffer, 8, GENOPS_LITERAL("chat"), GENOPS_LITERAL("model")),
	             "chat mod");
	assert_slice(genops_ai_call_name(buffer, 8, GENOPS_LITERAL("chat"), GENOPS_ABSENT), "chat");
	assert_slice(genops_ai_call_name(buffer, 8, GENOPS_ABSENT, GENOPS_LITERAL("m-1")), "m-1");
	assert_slice(genops_ai_call_name(buffer, 8, GENOPS_LITERAL("generate_"), GENOPS_LITERAL("m")),
	             "generate");
	/* No half character, and no blank at the end. */
	assert_slice(genops_ai_call_name(buffer, 6, GENOPS_LITERAL("chat"), GENOPS_LITERAL("\xC3\xA9")),
	             "chat");
	assert_slice(genops_ai_call_name(buffer, 5, GENOPS_LITERAL("chat"), GENOPS_LITERAL("m")),
	             "chat");
	assert_slice(genops_ai_call_name(buffer, 0, GENOPS_LITERAL("chat"), GENOPS_LITERAL("m")), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_types),     cmocka_unit_test(owns_what_it_writes),
		cmocka_unit_test(unknown_is_left_out), cmocka_unit_test(unpriced_has_no_cost),
		cmocka_unit_test(total_of_one_side),   cmocka_unit_test(facts_round_trip),
		cmocka_unit_test(provider_names),      cmocka_unit_test(span_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
