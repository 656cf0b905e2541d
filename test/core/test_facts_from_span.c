/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/base/bytes.h"
#include "core/span/otlp_read.h"
#include "core/span/otlp_write.h"

/* A span with a resource, made attribute by attribute. */
static uint8_t span_memory[65536];
static uint8_t resource_memory[4096];
static GenopsBytes span;
static GenopsBytes resource;

static GenopsSpanFacts
plain_facts(void)
{
	GenopsSpanFacts facts = { .trace_id = { 1 }, .span_id = { 2 }, .kind = GENOPS_KIND_CLIENT };

	facts.start_ns = 1000;
	facts.end_ns = 2000;
	facts.text[GENOPS_TEXT_NAME] = GENOPS_LITERAL("chat gpt-4o");
	return facts;
}

static int
new_span(void **state)
{
	GenopsSpanFacts facts = plain_facts();

	(void) state;
	span = genops_bytes_over(span_memory, sizeof(span_memory));
	resource = genops_bytes_over(resource_memory, sizeof(resource_memory));
	genops_otlp_span_open(&span, &facts, GENOPS_ABSENT);
	return 0;
}

static void
put_text(const char *key, const char *value)
{
	genops_otlp_put_text(&span, genops_slice(key), genops_slice(value));
}

static void
put_int(const char *key, int64_t value)
{
	genops_otlp_put_int(&span, genops_slice(key), value);
}

static void
put_double(const char *key, double value)
{
	genops_otlp_put_double(&span, genops_slice(key), value);
}

static void
put_resource(const char *key, const char *value)
{
	uint8_t memory[256];
	GenopsBytes any = genops_bytes_over(memory, sizeof(memory));

	genops_otlp_any_text(&any, genops_slice(value));
	genops_otlp_resource_item(&resource, genops_slice(key),
	                          (GenopsSlice){ (const char *) any.data, any.length });
}

static GenopsFactMemory memory;
static GenopsSlice reply_id;

static bool
read_facts(GenopsSpanFacts *facts, GenopsError *error)
{
	GenopsSlice message = { (const char *) span.data, span.length };
	GenopsSlice resource_message = { (const char *) resource.data, resource.length };
	GenopsSpanView view;

	assert_false(span.failed);
	assert_true(genops_read_span(message, &view));
	return genops_facts_from_span(resource_message, &view, &memory, facts, &reply_id, error);
}

static GenopsSpanFacts
facts_of_span(void)
{
	GenopsSpanFacts facts;
	GenopsError error;

	if (!read_facts(&facts, &error))
		fail_msg("%s", error.message);
	return facts;
}

static void
expect_error(const char *message)
{
	GenopsSpanFacts facts;
	GenopsError error = { 0 };

	assert_false(read_facts(&facts, &error));
	assert_string_equal(error.message, message);
	assert_int_equal(error.code, GENOPS_MALFORMED);
}

static void
span_without_attributes(void **state)
{
	GenopsSpanFacts facts = facts_of_span();

	(void) state;
	assert_int_equal(facts.trace_id[0], 1);
	assert_int_equal(facts.span_id[0], 2);
	assert_int_equal(facts.parent_span_id[0], 0);
	assert_int_equal(facts.start_ns, 1000);
	assert_int_equal(facts.end_ns, 2000);
	assert_int_equal(facts.kind, GENOPS_KIND_CLIENT);
	assert_int_equal(facts.status, GENOPS_STATUS_UNSET);
	assert_true(facts.sampled);
	assert_false(facts.ai_call);
	assert_int_equal(facts.known_costs, 0);
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		assert_int_equal(facts.tokens[i], GENOPS_UNKNOWN_TOKENS);
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		assert_slice(facts.text[i], i == GENOPS_TEXT_NAME ? "chat gpt-4o" : NULL);
}

/* Whatever comes first in the bytes, the better name wins. */
static void
better_names_win(void **state)
{
	GenopsSpanFacts facts;

	(void) state;
	put_text("gen_ai.request.model", "from-gen-ai");
	put_text("genops.model", "from-genops");
	put_text("gen_ai.response.model", "from-response");
	put_text("genops.team", "twin");
	put_text("team", "bare");
	put_text("customer_id", "c-1");
	put_text("genops.customer_id", "c-2");
	put_text("genops.operation.name", "my_function");
	put_text("gen_ai.operation.name", "chat");
	put_int("gen_ai.usage.prompt_tokens", 4);
	put_int("gen_ai.usage.input_tokens", 3);
	put_int("genops.tokens.input", 2);
	put_int("genops.cost.prompt_tokens", 1);
	put_double("gen_ai.usage.cost", 4.0);
	put_double("genops.cost.total_cost", 1.0);
	put_double("cost", 3.0);
	put_double("genops.cost.total", 2.0);
	facts = facts_of_span();
	assert_slice(facts.text[GENOPS_TEXT_MODEL], "from-genops");
	assert_slice(facts.text[GENOPS_TEXT_TEAM], "bare");
	assert_slice(facts.text[GENOPS_TEXT_CUSTOMER_ID], "c-1");
	assert_slice(facts.text[GENOPS_TEXT_OPERATION], "chat");
	assert_int_equal(facts.tokens[GENOPS_TOKENS_INPUT], 1);
	assert_int_equal(facts.cost[GENOPS_COST_TOTAL], GENOPS_MONEY_UNIT);
	assert_int_equal(facts.known_costs, 1 << GENOPS_COST_TOTAL);
	assert_true(facts.ai_call);
}

static void
first_of_one_name_counts(void **state)
{
	(void) state;
	put_text("team", "first");
	put_text("team", "second");
	assert_slice(facts_of_span().text[GENOPS_TEXT_TEAM], "first");
}

/* What can't be meant does not hide a worse name that can. */
static void
unusable_values_are_passed_over(void **state)
{
	GenopsSpanFacts facts;

	(void) state;
	put_text("team", "");
	put_text("genops.team", "platform");
	put_text("project", "");
	put_text("genops.project", "assistant");
	put_double("genops.cost.total_cost", -1.0);
	put_text("genops.cost.total", "a lot");
	put_double("cost", 0.25);
	put_int("genops.cost.prompt_tokens", -5);
	put_double("genops.tokens.input", 1.5);
	put_text("gen_ai.usage.input_tokens", "12x");
	put_int("gen_ai.usage.prompt_tokens", 12);
	facts = facts_of_span();
	assert_slice(facts.text[GENOPS_TEXT_TEAM], "platform");
	assert_slice(facts.text[GENOPS_TEXT_PROJECT], "assistant");
	assert_int_equal(facts.cost[GENOPS_COST_TOTAL], GENOPS_MONEY_UNIT / 4);
	assert_int_equal(facts.tokens[GENOPS_TOKENS_INPUT], 12);
}

static void
numbers_of_any_type(void **state)
{
	GenopsSpanFacts facts;

	(void) state;
	put_text("genops.cost.prompt_tokens", "1234");
	put_double("genops.cost.completion_tokens", 1e15);
	put_int("gen_ai.usage.cache_read.input_tokens", 0);
	put_text("gen_ai.usage.cache_creation.input_tokens", "9223372036854775807");
	put_double("gen_ai.usage.reasoning_tokens", 1e300);
	put_text("genops.cost.total_cost", "0.000001234");
	put_int("genops.cost.input_cost", 3);
	put_double("genops.cost.output_cost", 0.1);
	put_int("genops.cost.cache_read_cost", INT64_MAX);
	facts = facts_of_span();
	assert_int_equal(facts.tokens[GENOPS_TOKENS_INPUT], 1234);
	assert_int_equal(facts.tokens[GENOPS_TOKENS_OUTPUT], INT64_C(1000000000000000));
	assert_int_equal(facts.tokens[GENOPS_TOKENS_CACHE_READ], 0);
	assert_int_equal(facts.tokens[GENOPS_TOKENS_CACHE_WRITE], INT64_MAX);
	assert_int_equal(facts.tokens[GENOPS_TOKENS_REASONING], GENOPS_UNKNOWN_TOKENS);
	assert_int_equal(facts.cost[GENOPS_COST_TOTAL], 1234000);
	assert_int_equal(facts.cost[GENOPS_COST_INPUT], 3 * GENOPS_MONEY_UNIT);
	assert_int_equal(facts.cost[GENOPS_COST_OUTPUT], GENOPS_MONEY_UNIT / 10);
	assert_int_equal(facts.known_costs,
	                 1 << GENOPS_COST_TOTAL | 1 << GENOPS_COST_INPUT | 1 << GENOPS_COST_OUTPUT);
}

static void
resource_says_where_and_who(void **state)
{
	GenopsSpanFacts facts;

	(void) state;
	put_resource("service.name", "checkout");
	put_resource("deployment.environment", "old-name");
	put_resource("deployment.environment.name", "production");
	put_resource("team", "resource-team");
	put_resource("cost_center", "cc-1");
	put_text("genops.environment", "from-span");
	put_text("genops.team", "span-team");
	put_text("service.name", "not this one");
	facts = facts_of_span();
	assert_slice(facts.text[GENOPS_TEXT_SERVICE_NAME], "checkout");
	assert_slice(facts.text[GENOPS_TEXT_ENVIRONMENT], "production");
	assert_slice(facts.text[GENOPS_TEXT_TEAM], "span-team");
	assert_slice(facts.text[GENOPS_TEXT_COST_CENTER], "cc-1");
}

static void
environment_of_the_span(void **state)
{
	(void) state;
	put_resource("genops.environment", "resource");
	put_text("genops.environment", "span");
	assert_slice(facts_of_span().text[GENOPS_TEXT_ENVIRONMENT], "span");
}

static void
inference_is_a_call(void **state)
{
	(void) state;
	put_text("gen_ai.operation.name", "embeddings");
	assert_true(facts_of_span().ai_call);
}

static void
model_alone_is_no_call(void **state)
{
	(void) state;
	put_text("genops.model", "gpt-4o");
	assert_false(facts_of_span().ai_call);
	put_int("llm.token_count.prompt", 5);
	assert_true(facts_of_span().ai_call);
}

static void
cost_alone_is_no_call(void **state)
{
	(void) state;
	put_double("cost", 5.0);
	assert_false(facts_of_span().ai_call);
	put_text("gen_ai.system", "openai");
	assert_true(facts_of_span().ai_call);
}

/* An agent's span that sums up its calls is none; one at a provider is. */
static void
agents_are_not_charged_twice(void **state)
{
	GenopsSpanFacts facts = plain_facts();

	(void) state;
	for (int kind = GENOPS_KIND_INTERNAL; kind <= GENOPS_KIND_CLIENT; kind += 2)
	{
		facts.kind = (uint8_t) kind;
		genops_bytes_clear(&span);
		genops_otlp_span_open(&span, &facts, GENOPS_ABSENT);
		put_text("gen_ai.operation.name", "invoke_agent");
		put_text("gen_ai.provider.name", "openai");
		put_int("gen_ai.usage.input_tokens", 100);
		assert_int_equal(facts_of_span().ai_call, kind == GENOPS_KIND_CLIENT);
	}
}

static void
bad_utf8_is_refused(void **state)
{
	(void) state;
	put_text("harmless", "\xFF");
	facts_of_span();
	put_text("genops.team", "\xFF");
	expect_error("attribute \"genops.team\" is not valid UTF-8");
}

static void
bad_ids_and_times_are_refused(void **state)
{
	const struct
	{
		GenopsSlice bytes; /* written after the span: the last of a field counts */
		const char *message;
	} cases[] = {
		{ GENOPS_LITERAL("\x0A\x03zzz"), "trace id has 3 bytes instead of 16" },
		{ GENOPS_LITERAL("\x0A\x00"), "trace id has 0 bytes instead of 16" },
		{ GENOPS_LITERAL("\x0A\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "trace id is all zeros" },
		{ GENOPS_LITERAL("\x12\x07zzzzzzz"), "span id has 7 bytes instead of 8" },
		{ GENOPS_LITERAL("\x12\x08\0\0\0\0\0\0\0\0"), "span id is all zeros" },
		{ GENOPS_LITERAL("\x22\x01z"), "parent span id has 1 bytes instead of 8" },
		{ GENOPS_LITERAL("\x41\0\0\0\0\0\0\0\x80"), "span's time is out of range" },
		{ GENOPS_LITERAL("\x2A\x01\xFF"), "span's name is not valid UTF-8" },
		{ GENOPS_LITERAL("\x4A\x01\x0A"), "attribute is no valid protobuf" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		new_span(state);
		genops_bytes_put(&span, cases[i].bytes.data, cases[i].bytes.length);
		expect_error(cases[i].message);
	}
}

/* A parent of zeros is none; unknown kinds and states count as unset. */
static void
odd_but_usable(void **state)
{
	const GenopsSlice odd = GENOPS_LITERAL("\x22\x08\0\0\0\0\0\0\0\0\x30\x09\x7A\x02\x18\x07");
	GenopsSpanFacts facts;

	(void) state;
	genops_bytes_put(&span, odd.data, odd.length);
	facts = facts_of_span();
	assert_int_equal(facts.kind, GENOPS_KIND_UNSPECIFIED);
	assert_int_equal(facts.status, GENOPS_STATUS_UNSET);
}

/* Its duration is unknown, and nothing else. */
static void
ends_before_it_starts(void **state)
{
	const GenopsSlice early = GENOPS_LITERAL("\x41\xE7\x03\0\0\0\0\0\0");
	GenopsSpanFacts facts;

	(void) state;
	genops_bytes_put(&span, early.data, early.length);
	facts = facts_of_span();
	assert_int_equal(facts.end_ns, facts.start_ns);
	assert_int_equal(facts.flags, GENOPS_FLAG_NO_DURATION);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(span_without_attributes, new_span),
		cmocka_unit_test_setup(better_names_win, new_span),
		cmocka_unit_test_setup(first_of_one_name_counts, new_span),
		cmocka_unit_test_setup(unusable_values_are_passed_over, new_span),
		cmocka_unit_test_setup(numbers_of_any_type, new_span),
		cmocka_unit_test_setup(resource_says_where_and_who, new_span),
		cmocka_unit_test_setup(environment_of_the_span, new_span),
		cmocka_unit_test_setup(inference_is_a_call, new_span),
		cmocka_unit_test_setup(model_alone_is_no_call, new_span),
		cmocka_unit_test_setup(cost_alone_is_no_call, new_span),
		cmocka_unit_test_setup(agents_are_not_charged_twice, new_span),
		cmocka_unit_test_setup(bad_utf8_is_refused, new_span),
		cmocka_unit_test_setup(bad_ids_and_times_are_refused, new_span),
		cmocka_unit_test_setup(odd_but_usable, new_span),
		cmocka_unit_test_setup(ends_before_it_starts, new_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
