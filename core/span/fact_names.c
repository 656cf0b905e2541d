/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/fact_names.h"

#define NAME(key, rank, kind, which, flat)              \
	{                                                   \
		GENOPS_LITERAL(key), rank, kind, (which), flat \
	}
#define TEXT(key, rank, which) NAME(key, rank, GENOPS_FACT_TEXT, GENOPS_TEXT_##which, false)
#define TOKENS(key, rank, which) NAME(key, rank, GENOPS_FACT_TOKENS, GENOPS_TOKENS_##which, false)
#define TOTAL(key, rank) NAME(key, rank, GENOPS_FACT_TOTAL_TOKENS, 0, false)
#define COST(key, rank, which) NAME(key, rank, GENOPS_FACT_COST, GENOPS_COST_##which, false)
#define REPLY(key, rank) NAME(key, rank, GENOPS_FACT_REPLY_ID, 0, false)

/* Without a prefix: they may mean anything, unless other names keep them company. */
#define FLAT_TEXT(key, rank, which) NAME(key, rank, GENOPS_FACT_TEXT, GENOPS_TEXT_##which, true)
#define FLAT_TOKENS(key, rank, which) \
	NAME(key, rank, GENOPS_FACT_TOKENS, GENOPS_TOKENS_##which, true)
#define FLAT_TOTAL(key, rank) NAME(key, rank, GENOPS_FACT_TOTAL_TOKENS, 0, true)
#define FLAT_COST(key, rank, which) NAME(key, rank, GENOPS_FACT_COST, GENOPS_COST_##which, true)

/*
 * The names that are read, GenOps' own, OpenTelemetry's of all times, and those of other
 * instrumentations (OpenInference, OpenLLMetry, OpenLIT, Langfuse, Vercel's AI SDK, coding
 * agents).  A new name is a line.  In the order of bytes of the keys: see find_name.
 */
static const GenopsFactName span_names[] = {
	TEXT("ai.model.id", 6, MODEL),
	TEXT("ai.model.provider", 6, PROVIDER),
	REPLY("ai.response.id", 2),
	TEXT("ai.response.model", 7, MODEL),
	TOKENS("ai.usage.cachedInputTokens", 4, CACHE_READ),
	TOKENS("ai.usage.completionTokens", 6, OUTPUT),
	TOKENS("ai.usage.inputTokens", 6, INPUT),
	TOKENS("ai.usage.outputTokens", 6, OUTPUT),
	TOKENS("ai.usage.promptTokens", 6, INPUT),
	TOKENS("ai.usage.reasoningTokens", 4, REASONING),
	TOKENS("ai.usage.tokens", 7, INPUT),
	TOTAL("ai.usage.totalTokens", 6),
	FLAT_TOKENS("cache_creation_input_tokens", 9, CACHE_WRITE),
	FLAT_TOKENS("cache_creation_tokens", 9, CACHE_WRITE),
	FLAT_TOKENS("cache_read_input_tokens", 9, CACHE_READ),
	FLAT_TOKENS("cache_read_tokens", 9, CACHE_READ),
	FLAT_TOKENS("cache_write_tokens", 9, CACHE_WRITE),
	FLAT_TOKENS("cached_tokens", 10, CACHE_READ),
	FLAT_TOKENS("completion_tokens", 9, OUTPUT),
	FLAT_COST("cost", 3, TOTAL),
	TEXT("cost_center", 1, COST_CENTER),
	FLAT_COST("cost_usd", 11, TOTAL),
	TEXT("customer", 4, CUSTOMER_ID),
	TEXT("customer.id", 3, CUSTOMER_ID),
	TEXT("customer_id", 1, CUSTOMER_ID),
	TEXT("embedding.model_name", 6, MODEL),
	TEXT("enduser.id", 4, USER_ID),
	TEXT("feature", 1, FEATURE),
	COST("gen_ai.cost.input_cost", 4, INPUT),
	COST("gen_ai.cost.output_cost", 4, OUTPUT),
	COST("gen_ai.cost.total_cost", 8, TOTAL),
	TEXT("gen_ai.openai.response.service_tier", 2, SERVICE_TIER),
	TEXT("gen_ai.operation.name", 1, OPERATION),
	TEXT("gen_ai.provider.name", 3, PROVIDER),
	TEXT("gen_ai.request.model", 3, MODEL),
	REPLY("gen_ai.response.id", 1),
	TEXT("gen_ai.response.model", 4, MODEL),
	TEXT("gen_ai.response.service_tier", 1, SERVICE_TIER),
	TEXT("gen_ai.system", 4, PROVIDER),
	TOKENS("gen_ai.usage.cache_creation.input_tokens", 2, CACHE_WRITE),
	TOKENS("gen_ai.usage.cache_creation_input_tokens", 3, CACHE_WRITE),
	TOKENS("gen_ai.usage.cache_creation_tokens", 4, CACHE_WRITE),
	TOKENS("gen_ai.usage.cache_read.input_tokens", 1, CACHE_READ),
	TOKENS("gen_ai.usage.cache_read_input_tokens", 2, CACHE_READ),
	TOKENS("gen_ai.usage.cache_read_tokens", 4, CACHE_READ),
	TOKENS("gen_ai.usage.cache_write.input_tokens", 1, CACHE_WRITE),
	TOKENS("gen_ai.usage.cache_write_input_tokens", 3, CACHE_WRITE),
	TOKENS("gen_ai.usage.cached_tokens", 4, CACHE_READ),
	TOKENS("gen_ai.usage.completion_tokens", 4, OUTPUT),
	COST("gen_ai.usage.cost", 6, TOTAL),
	COST("gen_ai.usage.cost.amount", 5, TOTAL),
	TEXT("gen_ai.usage.cost.currency", 2, CURRENCY),
	COST("gen_ai.usage.input_cost", 4, INPUT),
	TOKENS("gen_ai.usage.input_tokens", 3, INPUT),
	COST("gen_ai.usage.output_cost", 4, OUTPUT),
	TOKENS("gen_ai.usage.output_tokens", 3, OUTPUT),
	TOKENS("gen_ai.usage.prompt_tokens", 4, INPUT),
	TOKENS("gen_ai.usage.reasoning.output_tokens", 1, REASONING),
	TOKENS("gen_ai.usage.reasoning_tokens", 2, REASONING),
	COST("gen_ai.usage.total_cost", 7, TOTAL),
	TOTAL("gen_ai.usage.total_tokens", 3),
	COST("genops.cost.amount", 4, TOTAL),
	COST("genops.cost.breakdown.input", 2, INPUT),
	COST("genops.cost.breakdown.output", 2, OUTPUT),
	COST("genops.cost.cache_read_cost", 1, CACHE_READ),
	COST("genops.cost.cache_write_cost", 1, CACHE_WRITE),
	TOKENS("genops.cost.completion_tokens", 1, OUTPUT),
	TEXT("genops.cost.currency", 1, CURRENCY),
	COST("genops.cost.input_cost", 1, INPUT),
	TEXT("genops.cost.model", 2, MODEL),
	COST("genops.cost.output_cost", 1, OUTPUT),
	TOKENS("genops.cost.prompt_tokens", 1, INPUT),
	TEXT("genops.cost.provider", 2, PROVIDER),
	COST("genops.cost.total", 2, TOTAL),
	COST("genops.cost.total_cost", 1, TOTAL),
	TOTAL("genops.cost.total_tokens", 1),
	COST("genops.cost.total_usd", 5, TOTAL),
	TEXT("genops.cost_center", 2, COST_CENTER),
	COST("genops.cost_usd", 6, TOTAL),
	TEXT("genops.customer", 3, CUSTOMER_ID),
	TEXT("genops.customer_id", 2, CUSTOMER_ID),
	TEXT("genops.environment", 3, ENVIRONMENT),
	TEXT("genops.feature", 2, FEATURE),
	TEXT("genops.model", 1, MODEL),
	TEXT("genops.operation.name", 2, OPERATION),
	TEXT("genops.project", 2, PROJECT),
	TEXT("genops.provider", 1, PROVIDER),
	TEXT("genops.team", 2, TEAM),
	TOKENS("genops.tokens.input", 2, INPUT),
	TOKENS("genops.tokens.output", 2, OUTPUT),
	TOTAL("genops.tokens.total", 2),
	COST("genops.total_cost", 6, TOTAL),
	TEXT("genops.user", 4, USER_ID),
	TEXT("genops.user_id", 2, USER_ID),
	FLAT_TOKENS("input_tokens", 9, INPUT),
	TEXT("langfuse.observation.model.name", 6, MODEL),
	TEXT("langfuse.user.id", 5, USER_ID),
	COST("llm.cost.completion", 3, OUTPUT),
	COST("llm.cost.prompt", 3, INPUT),
	COST("llm.cost.total", 7, TOTAL),
	TEXT("llm.model_name", 5, MODEL),
	TEXT("llm.provider", 5, PROVIDER),
	TEXT("llm.request.model", 6, MODEL),
	REPLY("llm.response.id", 3),
	TEXT("llm.response.model", 7, MODEL),
	TEXT("llm.system", 6, PROVIDER),
	TOKENS("llm.token_count.completion", 5, OUTPUT),
	TOKENS("llm.token_count.completion_details.reasoning", 3, REASONING),
	TOKENS("llm.token_count.prompt", 5, INPUT),
	TOKENS("llm.token_count.prompt_details.cache_read", 3, CACHE_READ),
	TOKENS("llm.token_count.prompt_details.cache_write", 4, CACHE_WRITE),
	TOTAL("llm.token_count.total", 5),
	TOKENS("llm.usage.completion_tokens", 6, OUTPUT),
	TOKENS("llm.usage.prompt_tokens", 6, INPUT),
	COST("llm.usage.total_cost", 9, TOTAL),
	TOTAL("llm.usage.total_tokens", 6),
	TEXT("llm.vendor", 7, PROVIDER),
	FLAT_TEXT("model", 9, MODEL),
	FLAT_TEXT("model_id", 10, MODEL),
	FLAT_TEXT("model_name", 10, MODEL),
	COST("operation.cost", 10, TOTAL),
	FLAT_TOKENS("output_tokens", 9, OUTPUT),
	TEXT("project", 1, PROJECT),
	FLAT_TOKENS("prompt_tokens", 9, INPUT),
	FLAT_TEXT("provider", 9, PROVIDER),
	FLAT_TOKENS("reasoning_tokens", 9, REASONING),
	TEXT("reranker.model_name", 6, MODEL),
	TEXT("team", 1, TEAM),
	FLAT_COST("total_cost", 11, TOTAL),
	FLAT_COST("total_cost_usd", 11, TOTAL),
	FLAT_TOTAL("total_tokens", 9),
	TEXT("user.id", 3, USER_ID),
	TEXT("user_id", 1, USER_ID),
};

/* A resource says where its spans come from; who is charged may be said there
 * too, for a whole service. */
static const GenopsFactName resource_names[] = {
	TEXT("cost_center", 11, COST_CENTER),
	TEXT("customer_id", 11, CUSTOMER_ID),
	TEXT("deployment.environment", 2, ENVIRONMENT),
	TEXT("deployment.environment.name", 1, ENVIRONMENT),
	TEXT("feature", 11, FEATURE),
	TEXT("genops.cost_center", 12, COST_CENTER),
	TEXT("genops.customer_id", 12, CUSTOMER_ID),
	TEXT("genops.environment", 4, ENVIRONMENT),
	TEXT("genops.feature", 12, FEATURE),
	TEXT("genops.project", 12, PROJECT),
	TEXT("genops.team", 12, TEAM),
	TEXT("project", 11, PROJECT),
	TEXT("service.name", 1, SERVICE_NAME),
	TEXT("team", 11, TEAM),
};


static int
compare_keys(GenopsSlice a, GenopsSlice b)
{
	int order = memcmp(a.data, b.data, a.length < b.length ? a.length : b.length);

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static const GenopsFactName *
find_name(const GenopsFactName *list, size_t count, GenopsSlice key)
{
	size_t low = 0;
	size_t high = count;

	while (low < high)
	{
		size_t middle = (low + high) / 2;
		int order = compare_keys(key, list[middle].key);

		if (order == 0)
			return &list[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const GenopsFactName *
genops_fact_of_span_key(GenopsSlice key)
{
	return find_name(span_names, sizeof(span_names) / sizeof(span_names[0]), key);
}

const GenopsFactName *
genops_fact_of_resource_key(GenopsSlice key)
{
	return find_name(resource_names, sizeof(resource_names) / sizeof(resource_names[0]), key);
}
