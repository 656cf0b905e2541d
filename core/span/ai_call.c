#include "core/span/ai_call.h"

#include "core/base/money.h"
#include "core/base/utf8.h"
#include "core/span/fact_names.h"
#include "core/span/otlp_put.h"
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

/*
 * gen_ai.provider.name for the names that GenOps, LiteLLM and people use;
 * lower case, "_" for "-" and blank.
 */
static const struct
{
	GenopsSlice friendly;
	GenopsSlice convention;
} providers[] = {
#define PROVIDER(from, to)                       \
	{                                            \
		GENOPS_LITERAL(from), GENOPS_LITERAL(to) \
	}
	PROVIDER("openai", "openai"),
	PROVIDER("anthropic", "anthropic"),
	PROVIDER("bedrock", "aws.bedrock"),
	PROVIDER("aws_bedrock", "aws.bedrock"),
	PROVIDER("amazon_bedrock", "aws.bedrock"),
	PROVIDER("bedrock_converse", "aws.bedrock"),
	PROVIDER("aws", "aws.bedrock"),
	PROVIDER("azure", "azure.ai.openai"),
	PROVIDER("azure_openai", "azure.ai.openai"),
	PROVIDER("azure_ai", "azure.ai.inference"),
	PROVIDER("azure_ai_inference", "azure.ai.inference"),
	PROVIDER("gemini", "gcp.gemini"),
	PROVIDER("google_ai_studio", "gcp.gemini"),
	PROVIDER("vertex", "gcp.vertex_ai"),
	PROVIDER("vertex_ai", "gcp.vertex_ai"),
	PROVIDER("vertexai", "gcp.vertex_ai"),
	PROVIDER("google_vertex_ai", "gcp.vertex_ai"),
	PROVIDER("google", "gcp.gen_ai"),
	PROVIDER("google_genai", "gcp.gen_ai"),
	PROVIDER("cohere", "cohere"),
	PROVIDER("mistral", "mistral_ai"),
	PROVIDER("mistralai", "mistral_ai"),
	PROVIDER("mistral_ai", "mistral_ai"),
	PROVIDER("groq", "groq"),
	PROVIDER("deepseek", "deepseek"),
	PROVIDER("xai", "x_ai"),
	PROVIDER("x_ai", "x_ai"),
	PROVIDER("grok", "x_ai"),
	PROVIDER("perplexity", "perplexity"),
	PROVIDER("watsonx", "ibm.watsonx.ai"),
	PROVIDER("ibm", "ibm.watsonx.ai"),
	PROVIDER("moonshot", "moonshot_ai"),
	PROVIDER("moonshot_ai", "moonshot_ai"),
	PROVIDER("together", "together_ai"),
	PROVIDER("togetherai", "together_ai"),
	PROVIDER("together_ai", "together_ai"),
	PROVIDER("fireworks", "fireworks_ai"),
	PROVIDER("fireworks_ai", "fireworks_ai"),
	PROVIDER("ollama", "ollama"),
	PROVIDER("openrouter", "openrouter"),
	PROVIDER("hugging_face", "huggingface"),
	PROVIDER("huggingface", "huggingface"),
#undef PROVIDER
};

static char
folded(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char) (c + ('a' - 'A'));
	return c == '-' || c == ' ' ? '_' : c;
}

static bool
equal_folded(GenopsSlice text, GenopsSlice lower)
{
	if (text.length != lower.length)
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		if (folded(text.data[i]) != lower.data[i])
			return false;
	}
	return true;
}

GenopsSlice
genops_ai_provider_name(GenopsSlice provider)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
	{
		if (equal_folded(provider, providers[i].friendly))
			return providers[i].convention;
	}
	return provider;
}

bool
genops_ai_is_inference(GenopsSlice operation)
{
	static const GenopsSlice inference[] = { GENOPS_LITERAL("chat"),
		                                     GENOPS_LITERAL("text_completion"),
		                                     GENOPS_LITERAL("generate_content"),
		                                     GENOPS_LITERAL("embeddings") };

	for (size_t i = 0; i < sizeof(inference) / sizeof(inference[0]); i++)
	{
		if (genops_slice_equal(operation, inference[i]))
			return true;
	}
	return false;
}

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

static void
put_tokens(GenopsBytes *out, const int64_t *tokens)
{
	int64_t input = tokens[GENOPS_TOKENS_INPUT];
	int64_t output = tokens[GENOPS_TOKENS_OUTPUT];
	int64_t total = GENOPS_UNKNOWN_TOKENS;

	if (input >= 0 || output >= 0)
	{
		int64_t known_input = input > 0 ? input : 0;
		int64_t known_output = output > 0 ? output : 0;

		if (known_input <= INT64_MAX - known_output)
			total = known_input + known_output;
	}

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
	put_known(out, GENOPS_KEY("genops.cost.source"), outcome->cost_source);
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
