#include "core/span/fact_names.h"

#define TEXT(key, rank, which)                                           \
	{                                                                    \
		GENOPS_LITERAL(key), rank, GENOPS_FACT_TEXT, GENOPS_TEXT_##which \
	}
#define TOKENS(key, rank, which)                                             \
	{                                                                        \
		GENOPS_LITERAL(key), rank, GENOPS_FACT_TOKENS, GENOPS_TOKENS_##which \
	}
#define COST(key, rank, which)                                           \
	{                                                                    \
		GENOPS_LITERAL(key), rank, GENOPS_FACT_COST, GENOPS_COST_##which \
	}

/* In the order of bytes of the keys: see find_name. */
static const GenopsFactName span_names[] = {
	COST("cost", 3, TOTAL),
	TEXT("cost_center", 1, COST_CENTER),
	TEXT("customer", 4, CUSTOMER_ID),
	TEXT("customer_id", 1, CUSTOMER_ID),
	TEXT("enduser.id", 4, USER_ID),
	TEXT("feature", 1, FEATURE),
	TEXT("gen_ai.operation.name", 1, OPERATION),
	TEXT("gen_ai.provider.name", 3, PROVIDER),
	TEXT("gen_ai.request.model", 3, MODEL),
	TEXT("gen_ai.response.model", 4, MODEL),
	TEXT("gen_ai.system", 4, PROVIDER),
	TOKENS("gen_ai.usage.cache_creation.input_tokens", 2, CACHE_WRITE),
	TOKENS("gen_ai.usage.cache_creation_input_tokens", 3, CACHE_WRITE),
	TOKENS("gen_ai.usage.cache_read.input_tokens", 1, CACHE_READ),
	TOKENS("gen_ai.usage.cache_read_input_tokens", 2, CACHE_READ),
	TOKENS("gen_ai.usage.cache_write.input_tokens", 1, CACHE_WRITE),
	TOKENS("gen_ai.usage.completion_tokens", 4, OUTPUT),
	COST("gen_ai.usage.cost", 6, TOTAL),
	COST("gen_ai.usage.cost.amount", 5, TOTAL),
	TEXT("gen_ai.usage.cost.currency", 2, CURRENCY),
	TOKENS("gen_ai.usage.input_tokens", 3, INPUT),
	TOKENS("gen_ai.usage.output_tokens", 3, OUTPUT),
	TOKENS("gen_ai.usage.prompt_tokens", 4, INPUT),
	TOKENS("gen_ai.usage.reasoning.output_tokens", 1, REASONING),
	TOKENS("gen_ai.usage.reasoning_tokens", 2, REASONING),
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
	TEXT("genops.cost_center", 2, COST_CENTER),
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
	TEXT("genops.user_id", 2, USER_ID),
	COST("llm.cost.completion", 3, OUTPUT),
	COST("llm.cost.prompt", 3, INPUT),
	COST("llm.cost.total", 7, TOTAL),
	TEXT("llm.model_name", 5, MODEL),
	TEXT("llm.provider", 5, PROVIDER),
	TOKENS("llm.token_count.completion", 5, OUTPUT),
	TOKENS("llm.token_count.completion_details.reasoning", 3, REASONING),
	TOKENS("llm.token_count.prompt", 5, INPUT),
	TOKENS("llm.token_count.prompt_details.cache_read", 3, CACHE_READ),
	TOKENS("llm.token_count.prompt_details.cache_write", 4, CACHE_WRITE),
	TEXT("project", 1, PROJECT),
	TEXT("team", 1, TEAM),
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

#undef TEXT
#undef TOKENS
#undef COST

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
