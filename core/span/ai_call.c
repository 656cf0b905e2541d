/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/ai_call.h"

#include "core/base/money.h"
#include "core/base/utf8.h"
#include "core/span/ai_provider.h"
#include "core/span/fact_names.h"
#include "core/span/otlp_put.h"
#include "core/span/otlp_read.h"
#include "core/span/otlp_write.h"

/*
 * Every key that this file writes, those that the span's resource has from the same arguments,
 * and those that a reader could take for one of them, in the order of bytes, for
 * genops_ai_call_owns_key.  What is read as a fact of others' spans (fact_names.c) belongs to them, too.
 */
static const GenopsSlice owned_keys[] = {
#define KEY(literal) GENOPS_LITERAL(literal)
	KEY("cost"),
	KEY("cost_center"),
	KEY("customer_id"),
	KEY("deployment.environment"),
	KEY("deployment.environment.name"),
	KEY("environment"),
	KEY("error.type"),
	KEY("exception.message"),
	KEY("exception.type"),
	KEY("feature"),
	KEY("gen_ai.operation.name"),
	KEY("gen_ai.provider.name"),
	KEY("gen_ai.request.model"),
	KEY("gen_ai.response.finish_reasons"),
	KEY("gen_ai.response.id"),
	KEY("gen_ai.response.model"),
	KEY("gen_ai.usage.cache_read.input_tokens"),
	KEY("gen_ai.usage.cache_write.input_tokens"),
	KEY("gen_ai.usage.input_tokens"),
	KEY("gen_ai.usage.output_tokens"),
	KEY("gen_ai.usage.reasoning.output_tokens"),
	KEY("genops.call.unfinished"),
	KEY("genops.cost.cache_read_cost"),
	KEY("genops.cost.cache_write_cost"),
	KEY("genops.cost.completion_tokens"),
	KEY("genops.cost.currency"),
	KEY("genops.cost.input"),
	KEY("genops.cost.input_cost"),
	KEY("genops.cost.output"),
	KEY("genops.cost.output_cost"),
	KEY("genops.cost.price_version"),
	KEY("genops.cost.prompt_tokens"),
	KEY("genops.cost.source"),
	KEY("genops.cost.total"),
	KEY("genops.cost.total_cost"),
	KEY("genops.cost.total_tokens"),
	KEY("genops.cost_center"),
	KEY("genops.customer_id"),
	KEY("genops.environment"),
	KEY("genops.feature"),
	KEY("genops.model"),
	KEY("genops.operation.name"),
	KEY("genops.operation.type"),
	KEY("genops.original.provider"),
	KEY("genops.project"),
	KEY("genops.provider"),
	KEY("genops.service_name"),
	KEY("genops.team"),
	KEY("genops.tenant_id"),
	KEY("genops.timing"),
	KEY("genops.tokens.input"),
	KEY("genops.tokens.output"),
	KEY("genops.tokens.total"),
	KEY("genops.user_id"),
	KEY("project"),
	KEY("service.name"),
	KEY("team"),
	KEY("tenant_id"),
	KEY("user_id"),
#undef KEY
};

/* The guide's names are bare, GenOps' own have the prefix. */
static const struct
{
	GenopsFactText text;
	GenopsSlice bare; /* absent: only the other */
	GenopsSlice prefixed;
} attribution[] = {
	{ GENOPS_TEXT_TEAM, GENOPS_KEY("team"), GENOPS_KEY("genops.team") },
	{ GENOPS_TEXT_PROJECT, GENOPS_KEY("project"), GENOPS_KEY("genops.project") },
	{ GENOPS_TEXT_CUSTOMER_ID, GENOPS_KEY("customer_id"), GENOPS_KEY("genops.customer_id") },
	{ GENOPS_TEXT_COST_CENTER, GENOPS_KEY("cost_center"), GENOPS_KEY("genops.cost_center") },
	{ GENOPS_TEXT_FEATURE, GENOPS_KEY("feature"), GENOPS_KEY("genops.feature") },
	{ GENOPS_TEXT_USER_ID, GENOPS_KEY("user_id"), GENOPS_KEY("genops.user_id") },
	/* deployment.environment is the resource's. */
	{ GENOPS_TEXT_ENVIRONMENT, { NULL, 0 }, GENOPS_KEY("genops.environment") },
};

/* Unknown and "none" are left out alike: {.team != ""} must mean "has one". */
static inline void
put_known(GenopsBytes *out, GenopsSlice key, GenopsSlice value)
{
	if (value.length > 0)
		put_text_attribute(out, key, value);
}

void
genops_ai_call_put_request(GenopsBytes *out, const GenopsSpanFacts *facts)
{
	GenopsSlice operation = facts->text[GENOPS_TEXT_OPERATION];
	GenopsSlice provider = facts->text[GENOPS_TEXT_PROVIDER];
	GenopsSlice model = facts->text[GENOPS_TEXT_MODEL];

	put_known(out, GENOPS_KEY("gen_ai.operation.name"), operation);
	put_known(out, GENOPS_KEY("gen_ai.provider.name"), genops_ai_provider_name(provider));
	put_known(out, GENOPS_KEY("gen_ai.request.model"), model);
	put_known(out, GENOPS_KEY("genops.operation.name"), operation);
	put_known(out, GENOPS_KEY("genops.operation.type"), GENOPS_LITERAL("ai.inference"));
	put_known(out, GENOPS_KEY("genops.provider"), provider);
	put_known(out, GENOPS_KEY("genops.model"), model);
	for (size_t i = 0; i < sizeof(attribution) / sizeof(attribution[0]); i++)
	{
		GenopsSlice value = facts->text[attribution[i].text];

		if (genops_slice_present(attribution[i].bare))
			put_known(out, attribution[i].bare, value);
		put_known(out, attribution[i].prefixed, value);
	}
}

static inline void
put_count(GenopsBytes *out, GenopsSlice key, int64_t tokens)
{
	if (tokens >= 0)
		put_int_attribute(out, key, tokens);
}

int64_t
genops_ai_total_tokens(const int64_t tokens[GENOPS_TOKENS_COUNT])
{
	int64_t input = tokens[GENOPS_TOKENS_INPUT];
	int64_t output = tokens[GENOPS_TOKENS_OUTPUT];

	if (input < 0 && output < 0)
		return GENOPS_UNKNOWN_TOKENS;
	input = input > 0 ? input : 0;
	output = output > 0 ? output : 0;
	return input <= INT64_MAX - output ? input + output : GENOPS_UNKNOWN_TOKENS;
}

static void
put_tokens(GenopsBytes *out, const int64_t *tokens)
{
	int64_t input = tokens[GENOPS_TOKENS_INPUT];
	int64_t output = tokens[GENOPS_TOKENS_OUTPUT];
	int64_t total = genops_ai_total_tokens(tokens);

	put_count(out, GENOPS_KEY("gen_ai.usage.input_tokens"), input);
	put_count(out, GENOPS_KEY("gen_ai.usage.output_tokens"), output);
	put_count(out, GENOPS_KEY("gen_ai.usage.cache_read.input_tokens"),
	          tokens[GENOPS_TOKENS_CACHE_READ]);
	put_count(out, GENOPS_KEY("gen_ai.usage.cache_write.input_tokens"),
	          tokens[GENOPS_TOKENS_CACHE_WRITE]);
	put_count(out, GENOPS_KEY("gen_ai.usage.reasoning.output_tokens"),
	          tokens[GENOPS_TOKENS_REASONING]);
	put_count(out, GENOPS_KEY("genops.cost.prompt_tokens"), input);
	put_count(out, GENOPS_KEY("genops.cost.completion_tokens"), output);
	put_count(out, GENOPS_KEY("genops.cost.total_tokens"), total);
	put_count(out, GENOPS_KEY("genops.tokens.input"), input);
	put_count(out, GENOPS_KEY("genops.tokens.output"), output);
	put_count(out, GENOPS_KEY("genops.tokens.total"), total);
}

static void
put_amount(GenopsBytes *out, GenopsSlice key, const GenopsSpanFacts *facts, GenopsFactCost which)
{
	if (facts->known_costs & 1u << which)
		put_double_attribute(out, key, genops_money_to_double(facts->cost[which]));
}

static const GenopsSlice cost_sources[] = {
	[GENOPS_COST_FROM_PRICES] = GENOPS_LITERAL("price_table"),
	[GENOPS_COST_FROM_PROVIDER] = GENOPS_LITERAL("provider"),
	[GENOPS_COST_FROM_CALLER] = GENOPS_LITERAL("caller"),
	[GENOPS_COST_UNPRICED] = GENOPS_LITERAL("unpriced"),
	[GENOPS_COST_NONE] = { NULL, 0 },
};

static void
put_cost(GenopsBytes *out, const GenopsSpanFacts *facts, const GenopsAiOutcome *outcome)
{
	if (facts->known_costs & 1u << GENOPS_COST_TOTAL)
	{
		double total = genops_money_to_double(facts->cost[GENOPS_COST_TOTAL]);

		put_double_attribute(out, GENOPS_KEY("genops.cost.total_cost"), total);
		put_double_attribute(out, GENOPS_KEY("genops.cost.total"), total);
		put_double_attribute(out, GENOPS_KEY("cost"), total);
	}
	put_amount(out, GENOPS_KEY("genops.cost.input_cost"), facts, GENOPS_COST_INPUT);
	put_amount(out, GENOPS_KEY("genops.cost.output_cost"), facts, GENOPS_COST_OUTPUT);
	put_amount(out, GENOPS_KEY("genops.cost.cache_read_cost"), facts, GENOPS_COST_CACHE_READ);
	put_amount(out, GENOPS_KEY("genops.cost.cache_write_cost"), facts, GENOPS_COST_CACHE_WRITE);
	if (facts->known_costs != 0)
		put_known(out, GENOPS_KEY("genops.cost.currency"), facts->text[GENOPS_TEXT_CURRENCY]);
	put_known(out, GENOPS_KEY("genops.cost.source"), cost_sources[facts->cost_source]);
	put_known(out, GENOPS_KEY("genops.cost.price_version"), outcome->price_version);
}

void
genops_ai_call_put_outcome(GenopsBytes *out, const GenopsSpanFacts *facts,
                           const GenopsAiOutcome *outcome)
{
	put_known(out, GENOPS_KEY("gen_ai.response.id"), outcome->response_id);
	put_known(out, GENOPS_KEY("gen_ai.response.model"), outcome->response_model);
	if (outcome->finish_reason_count > 0)
		genops_otlp_put_texts(out, GENOPS_KEY("gen_ai.response.finish_reasons"),
		                      outcome->finish_reasons, outcome->finish_reason_count);
	put_tokens(out, facts->tokens);
	put_cost(out, facts, outcome);

	/* On the span as well as in its event: TraceQL's unscoped .exception.message
	 * does not look into events. */
	put_known(out, GENOPS_KEY("error.type"), outcome->error_type);
	put_known(out, GENOPS_KEY("exception.type"), outcome->error_type);
	put_known(out, GENOPS_KEY("exception.message"), outcome->error_message);

	if (outcome->unfinished)
		genops_otlp_put_bool(out, GENOPS_KEY("genops.call.unfinished"), true);
	if (outcome->untimed)
		put_known(out, GENOPS_KEY("genops.timing"), GENOPS_LITERAL("unknown"));
}

/* What put_tokens and put_cost write begins with one of these, or is "cost". */
static bool
is_charge(GenopsSlice key)
{
	static const GenopsSlice prefixes[] = { GENOPS_LITERAL("gen_ai.usage."),
		                                    GENOPS_LITERAL("genops.cost."),
		                                    GENOPS_LITERAL("genops.tokens.") };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		if (key.length > prefixes[i].length &&
		    memcmp(key.data, prefixes[i].data, prefixes[i].length) == 0)
			return true;
	}
	return genops_slice_equal(key, GENOPS_LITERAL("cost"));
}

bool
genops_ai_call_take_charge_out(GenopsBytes *out, GenopsSlice span)
{
	GenopsFields fields = genops_fields(span);
	const uint8_t *start = fields.next;
	GenopsWireField field;
	bool marked = false;

	while (genops_fields_next(&fields, &field))
	{
		GenopsSlice key;
		GenopsValue value;
		bool attribute =
		    field.number == GENOPS_SPAN_ATTRIBUTES && field.wire_type == GENOPS_WIRE_BYTES;

		if (field.number > GENOPS_SPAN_ATTRIBUTES && !marked)
		{
			genops_otlp_put_bool(out, GENOPS_AI_DUPLICATE_KEY, true);
			marked = true;
		}
		if (!attribute || (genops_read_key_value(field.bytes, &key, &value) && !is_charge(key)))
			genops_bytes_put(out, start, (size_t) (fields.next - start));
		start = fields.next;
	}
	if (!marked)
		genops_otlp_put_bool(out, GENOPS_AI_DUPLICATE_KEY, true);
	return !fields.malformed && !out->failed;
}

static size_t
append_clipped(char *buffer, size_t size, size_t used, GenopsSlice text)
{
	size_t length = genops_utf8_clip(text, size - used);

	if (length > 0)
		memcpy(buffer + used, text.data, length);
	return used + length;
}

GenopsSlice
genops_ai_call_name(char *buffer, size_t size, GenopsSlice operation, GenopsSlice model)
{
	size_t used = append_clipped(buffer, size, 0, operation);

	/* A blank only between two words, and only if one more character fits. */
	if (model.length > 0 && used == operation.length)
	{
		size_t blank = used > 0 ? 1 : 0;

		if (used + blank < size && genops_utf8_clip(model, size - used - blank) > 0)
		{
			if (blank > 0)
				buffer[used] = ' ';
			used = append_clipped(buffer, size, used + blank, model);
		}
	}
	return (GenopsSlice){ buffer, used };
}

static int
compare_keys(GenopsSlice a, GenopsSlice b)
{
	int order = memcmp(a.data, b.data, a.length < b.length ? a.length : b.length);

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

bool
genops_ai_call_owns_key(GenopsSlice key)
{
	size_t low = 0;
	size_t high = sizeof(owned_keys) / sizeof(owned_keys[0]);

	if (key.length == 0)
		return false;
	if (genops_fact_of_span_key(key) != NULL || genops_fact_of_resource_key(key) != NULL)
		return true;
	while (low < high)
	{
		size_t middle = (low + high) / 2;
		int order = compare_keys(key, owned_keys[middle]);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}
