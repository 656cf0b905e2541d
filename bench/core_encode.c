/* SPDX-License-Identifier: PostgreSQL */
/*
 * What it costs to encode the span of one AI call, in nanoseconds:
 *
 *		make bench-core
 */
#include <stdio.h>
#include <time.h>

#include "core/span/ai_call.h"
#include "core/span/otlp_write.h"

#define ROUNDS 2000000

static GenopsSpanFacts
typical_call(void)
{
	GenopsSpanFacts facts = { .trace_id = { 1 }, .span_id = { 2 }, .kind = GENOPS_KIND_CLIENT };

	facts.start_ns = INT64_C(1760000000000000000);
	facts.end_ns = facts.start_ns + 1000000;
	facts.text[GENOPS_TEXT_NAME] = GENOPS_LITERAL("chat gpt-4o");
	facts.text[GENOPS_TEXT_TEAM] = GENOPS_LITERAL("platform");
	facts.text[GENOPS_TEXT_PROJECT] = GENOPS_LITERAL("assistant");
	facts.text[GENOPS_TEXT_CUSTOMER_ID] = GENOPS_LITERAL("customer-4711");
	facts.text[GENOPS_TEXT_COST_CENTER] = GENOPS_LITERAL("cc-100");
	facts.text[GENOPS_TEXT_ENVIRONMENT] = GENOPS_LITERAL("production");
	facts.text[GENOPS_TEXT_PROVIDER] = GENOPS_LITERAL("openai");
	facts.text[GENOPS_TEXT_MODEL] = GENOPS_LITERAL("gpt-4o");
	facts.text[GENOPS_TEXT_OPERATION] = GENOPS_LITERAL("chat");
	facts.text[GENOPS_TEXT_CURRENCY] = GENOPS_LITERAL("USD");
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		facts.tokens[i] = 1000 + i;
	facts.known_costs = (1u << GENOPS_COST_COUNT) - 1;
	facts.cost_source = GENOPS_COST_FROM_PRICES;
	for (int i = 0; i < GENOPS_COST_COUNT; i++)
		facts.cost[i] = INT64_C(12345678900) + i;
	return facts;
}

static size_t
encode(GenopsBytes *out, const GenopsSpanFacts *facts)
{
	const GenopsAiOutcome outcome = {
		.response_id = GENOPS_LITERAL("chatcmpl-0123456789"),
		.response_model = GENOPS_LITERAL("gpt-4o-2024-08-06"),
		.price_version = GENOPS_LITERAL("2026-08-01"),
	};

	genops_bytes_clear(out);
	genops_otlp_span_open(out, facts, GENOPS_ABSENT);
	genops_ai_call_put_request(out, facts);
	genops_ai_call_put_outcome(out, facts, &outcome);
	genops_otlp_span_close(out, GENOPS_STATUS_UNSET, GENOPS_ABSENT, 0x103);
	return out->length;
}

int
main(void)
{
	static uint8_t memory[16384];
	GenopsSpanFacts facts = typical_call();
	GenopsBytes out = genops_bytes_over(memory, sizeof(memory));
	struct timespec start;
	struct timespec end;
	size_t bytes = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < ROUNDS; i++)
	{
		facts.end_ns++;
		bytes += encode(&out, &facts);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.0f ns and %zu bytes a span\n",
	       ((double) (end.tv_sec - start.tv_sec) * 1e9 + (double) (end.tv_nsec - start.tv_nsec)) /
	           ROUNDS,
	       bytes / ROUNDS);
	return 0;
}
