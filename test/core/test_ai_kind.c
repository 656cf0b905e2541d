/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/span/ai_kind.h"
#include "core/span/ai_provider.h"
#include "core/span/otlp_decode.h"

static GenopsSpanFacts
facts_of(GenopsSpanKind kind, const char *operation, const char *model, int64_t input)
{
	GenopsSpanFacts facts = { .kind = (uint8_t) kind };

	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		facts.tokens[i] = GENOPS_UNKNOWN_TOKENS;
	facts.tokens[GENOPS_TOKENS_INPUT] = input;
	facts.text[GENOPS_TEXT_OPERATION] = genops_slice(operation);
	facts.text[GENOPS_TEXT_MODEL] = genops_slice(model);
	return facts;
}

/* One rule, whoever recorded the span: stated by our own functions, or guessed from attributes. */
static void
what_is_a_call(void **state)
{
	static const struct
	{
		GenopsSpanKind kind;
		const char *operation;
		const char *model;
		int64_t input;
		GenopsAiPart said;
		bool stated_call;
		bool guessed_call;
	} cases[] = {
		{ GENOPS_KIND_CLIENT, "chat", NULL, -1, GENOPS_AI_PART_UNKNOWN, true, true },
		{ GENOPS_KIND_CLIENT, "summarise", "m", -1, GENOPS_AI_PART_UNKNOWN, true, false },
		{ GENOPS_KIND_CLIENT, "summarise", "m", 3, GENOPS_AI_PART_UNKNOWN, true, true },
		{ GENOPS_KIND_CLIENT, NULL, NULL, 3, GENOPS_AI_PART_UNKNOWN, true, false },
		{ GENOPS_KIND_CLIENT, NULL, NULL, -1, GENOPS_AI_PART_UNKNOWN, false, false },
		{ GENOPS_KIND_INTERNAL, "invoke_agent", "m", 3, GENOPS_AI_PART_UNKNOWN, false, false },
		{ GENOPS_KIND_CLIENT, "invoke_agent", "m", 3, GENOPS_AI_PART_UNKNOWN, true, true },
		{ GENOPS_KIND_CLIENT, "invoke_agent", "m", -1, GENOPS_AI_PART_UNKNOWN, false, false },
		{ GENOPS_KIND_CLIENT, "execute_tool", NULL, -1, GENOPS_AI_PART_UNKNOWN, false, false },
		{ GENOPS_KIND_INTERNAL, NULL, "m", 3, GENOPS_AI_PART_CONTAINER, false, false },
		{ GENOPS_KIND_CLIENT, "chat", "m", 3, GENOPS_AI_PART_CONTAINER, false, false },
		{ GENOPS_KIND_INTERNAL, NULL, NULL, -1, GENOPS_AI_PART_LEAF, true, true },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsSpanFacts facts =
		    facts_of(cases[i].kind, cases[i].operation, cases[i].model, cases[i].input);

		genops_ai_decide(&facts, cases[i].said, true, false);
		assert_int_equal(facts.ai_call, cases[i].stated_call);
		genops_ai_decide(&facts, cases[i].said, false, false);
		assert_int_equal(facts.ai_call, cases[i].guessed_call);
	}
}

static void
what_is_not_counted_says_why(void **state)
{
	GenopsSpanFacts container = facts_of(GENOPS_KIND_INTERNAL, "invoke_agent", "m", 3);
	GenopsSpanFacts unclear = facts_of(GENOPS_KIND_CLIENT, NULL, "m", -1);
	GenopsSpanFacts step = facts_of(GENOPS_KIND_INTERNAL, NULL, NULL, -1);

	(void) state;
	genops_ai_decide(&container, GENOPS_AI_PART_UNKNOWN, false, false);
	assert_int_equal(container.flags, GENOPS_FLAG_CONTAINER);
	genops_ai_decide(&unclear, GENOPS_AI_PART_UNKNOWN, false, false);
	assert_int_equal(unclear.flags, GENOPS_FLAG_UNCLEAR);
	genops_ai_decide(&step, GENOPS_AI_PART_UNKNOWN, false, false);
	assert_int_equal(step.flags, 0);

	/* A bare cost is anybody's; with a hint it is an AI call's. */
	step.known_costs = 1u << GENOPS_COST_TOTAL;
	genops_ai_decide(&step, GENOPS_AI_PART_UNKNOWN, false, false);
	assert_false(step.ai_call);
	genops_ai_decide(&step, GENOPS_AI_PART_UNKNOWN, false, true);
	assert_true(step.ai_call);
}

static void
input_includes_the_cache(void **state)
{
	GenopsSpanFacts facts = facts_of(GENOPS_KIND_CLIENT, "chat", "m", 3);

	(void) state;
	assert_false(genops_ai_include_cache(&facts));
	facts.tokens[GENOPS_TOKENS_CACHE_WRITE] = 12304;
	assert_true(genops_ai_include_cache(&facts));
	assert_int_equal(facts.tokens[GENOPS_TOKENS_INPUT], 12307);
	assert_false(genops_ai_include_cache(&facts));
	facts.tokens[GENOPS_TOKENS_CACHE_READ] = INT64_MAX;
	assert_false(genops_ai_include_cache(&facts));
	assert_int_equal(facts.tokens[GENOPS_TOKENS_INPUT], 12307);
}

static void
providers_have_one_name(void **state)
{
	static const char *const cases[][2] = {
		{ "openai", "openai" },          { "OpenAI", "openai" },
		{ "openai.chat", "openai" },     { " Open-AI ", "openai" },
		{ "az.ai.openai", "azure" },     { "azure.ai.openai", "azure" },
		{ "aws.bedrock", "bedrock" },    { "Amazon Bedrock", "bedrock" },
		{ "anthropic.messages", "anthropic" }, { "google.generative-ai", "gemini" },
		{ "My Own-Host", "my_own_host" }, { "a.b", "a.b" },
		{ "", "" },
	};
	char buffer[32];

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_slice(genops_ai_provider_fold(buffer, sizeof(buffer), genops_slice(cases[i][0])),
		             cases[i][1]);
	assert_slice(genops_ai_provider_fold(buffer, 5, genops_slice("ABCDEF")), "abcde");
}

/* AnyValues in ArrayValues in AnyValues ... as a span's attribute. */
static size_t
nest(uint8_t *out, size_t depth)
{
	size_t length = 0;

	for (size_t i = 0; i < depth; i++)
	{
		size_t head = length < 128 ? 2 : 3;

		memmove(out + head, out, length);
		out[0] = i % 2 == 0 ? 0x0A : 0x2A;
		if (head == 2)
			out[1] = (uint8_t) length;
		else
		{
			out[1] = (uint8_t) (length | 0x80);
			out[2] = (uint8_t) (length >> 7);
		}
		length += head;
	}
	return length;
}

static void
others_bytes_are_decoded(void **state)
{
	static uint8_t bytes[65536];
	GenopsError error;
	size_t length;

	(void) state;
	assert_true(genops_otlp_decodes(GENOPS_OTLP_SPAN, GENOPS_ABSENT, &error));
	assert_true(genops_otlp_decodes(GENOPS_OTLP_RESOURCE, GENOPS_ABSENT, &error));
	assert_true(genops_otlp_decodes(GENOPS_OTLP_SCOPE, GENOPS_LITERAL("\x0A\x01x"), &error));
	assert_false(genops_otlp_decodes(GENOPS_OTLP_SPAN, GENOPS_LITERAL("\x0A\x05x"), &error));
	assert_false(genops_otlp_decodes(GENOPS_OTLP_SPAN, GENOPS_LITERAL("\xFF\xFF"), &error));

	/* Nested a little, and as deep as the bytes allow. */
	length = nest(bytes, 20);
	assert_true(genops_otlp_decodes(GENOPS_OTLP_SPAN,
	                                (GenopsSlice){ (const char *) bytes, length }, &error) ||
	            error.code == GENOPS_MALFORMED);
	length = nest(bytes, 5000);
	assert_false(genops_otlp_decodes(GENOPS_OTLP_SPAN,
	                                 (GenopsSlice){ (const char *) bytes, length }, &error));
	assert_non_null(strstr(error.message, "too deep"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_call),          cmocka_unit_test(what_is_not_counted_says_why),
		cmocka_unit_test(input_includes_the_cache), cmocka_unit_test(providers_have_one_name),
		cmocka_unit_test(others_bytes_are_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
