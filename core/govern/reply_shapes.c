/* SPDX-License-Identifier: PostgreSQL */
/*
 * The shapes of providers' replies, in the order in which they are looked for.
 *
 * A new provider whose replies are OpenAI's needs a row only if something in them is
 * different; another shape needs its fields, a function that knows it, and a row.
 */
#include "core/govern/reply_shapes.h"

#include "core/base/money.h"

/* The USD that one of xAI's ticks is, in money. */
#define TICK (GENOPS_MONEY_UNIT / INT64_C(10000000000))

#define NAME(literal) GENOPS_LITERAL(literal)
#define AT(literal)                 \
	{                               \
		{                           \
			GENOPS_LITERAL(literal) \
		}                           \
	}
#define AT2(first, second)                                \
	{                                                     \
		{                                                 \
			GENOPS_LITERAL(first), GENOPS_LITERAL(second) \
		}                                                 \
	}
#define AT3(first, second, third)                                                \
	{                                                                            \
		{                                                                        \
			GENOPS_LITERAL(first), GENOPS_LITERAL(second), GENOPS_LITERAL(third) \
		}                                                                        \
	}

GenopsJsonItem
genops_reply_at(GenopsJsonItem item, const GenopsReplyPath *path)
{
	for (int i = 0; i < GENOPS_PATH_STEPS && genops_slice_present(path->step[i]); i++)
		item = genops_json_get(item, path->step[i]);
	return item;
}

static bool
digits_to_count(GenopsSlice text, int64_t *count)
{
	int64_t value = 0;

	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9' || value > GENOPS_TOKENS_MAX)
			return false;
		value = value * 10 + (text.data[i] - '0');
	}
	*count = value;
	return text.length > 0;
}

bool
genops_reply_count(GenopsJsonItem item, int64_t *count)
{
	int64_t value;
	bool taken = item.kind == GENOPS_JSON_NUMBER ? item.holder->integer(item.node, &value)
	             : item.kind == GENOPS_JSON_TEXT ? digits_to_count(item.text, &value)
	                                             : false;

	if (!taken || value < 0 || value > GENOPS_TOKENS_MAX)
		return false;
	*count = value;
	return true;
}

bool
genops_reply_money(GenopsJsonItem item, GenopsMoney *money)
{
	char buffer[64];
	GenopsSlice text = item.text;
	GenopsError error;

	if (item.kind == GENOPS_JSON_NUMBER)
		text = (GenopsSlice){ buffer, item.holder->decimal(item.node, buffer, sizeof(buffer)) };
	else if (item.kind != GENOPS_JSON_TEXT)
		return false;
	return genops_money_parse(text, money, &error);
}

static bool
text_is(GenopsJsonItem item, GenopsSlice text)
{
	return item.kind == GENOPS_JSON_TEXT && genops_slice_equal(item.text, text);
}

static bool
member_is(GenopsJsonItem body, GenopsSlice name, GenopsSlice text)
{
	return text_is(genops_json_get(body, name), text);
}

static bool
member_begins(GenopsJsonItem body, GenopsSlice name, GenopsSlice start)
{
	GenopsJsonItem item = genops_json_get(body, name);

	return item.kind == GENOPS_JSON_TEXT && item.text.length >= start.length &&
	       memcmp(item.text.data, start.data, start.length) == 0;
}

static GenopsJsonKind
kind_of(GenopsJsonItem body, GenopsSlice name)
{
	return genops_json_get(body, name).kind;
}

/* Neither missing nor null. */
static bool
has(GenopsJsonItem body, GenopsSlice name)
{
	return kind_of(body, name) > GENOPS_JSON_NULL;
}

static bool
is_openai_chat(GenopsJsonItem body)
{
	return kind_of(body, NAME("choices")) == GENOPS_JSON_ARRAY;
}

static bool
is_openai_completion(GenopsJsonItem body)
{
	return member_is(body, NAME("object"), NAME("text_completion"));
}

static bool
is_openai_chunk(GenopsJsonItem chunk)
{
	return member_is(chunk, NAME("object"), NAME("chat.completion.chunk")) || is_openai_chat(chunk);
}

static bool
is_openai_response(GenopsJsonItem body)
{
	return member_is(body, NAME("object"), NAME("response"));
}

static bool
is_response_event(GenopsJsonItem chunk)
{
	return member_begins(chunk, NAME("type"), NAME("response."));
}

static bool
is_openai_embeddings(GenopsJsonItem body)
{
	return kind_of(body, NAME("data")) == GENOPS_JSON_ARRAY &&
	       (member_is(body, NAME("object"), NAME("list")) ||
	        kind_of(body, NAME("usage")) == GENOPS_JSON_OBJECT);
}

static bool
is_anthropic(GenopsJsonItem body)
{
	return member_is(body, NAME("type"), NAME("message")) && has(body, NAME("role"));
}

static bool
is_anthropic_event(GenopsJsonItem chunk)
{
	return member_begins(chunk, NAME("type"), NAME("message_")) ||
	       member_begins(chunk, NAME("type"), NAME("content_block_"));
}

static bool
is_gemini(GenopsJsonItem body)
{
	return kind_of(body, NAME("usageMetadata")) == GENOPS_JSON_OBJECT ||
	       kind_of(body, NAME("candidates")) == GENOPS_JSON_ARRAY ||
	       kind_of(body, NAME("promptFeedback")) == GENOPS_JSON_OBJECT;
}

static bool
is_vertex_embeddings(GenopsJsonItem body)
{
	return kind_of(body, NAME("predictions")) == GENOPS_JSON_ARRAY;
}

static bool
is_bedrock(GenopsJsonItem body)
{
	return kind_of(genops_json_get(body, NAME("output")), NAME("message")) == GENOPS_JSON_OBJECT;
}

static bool
is_bedrock_event(GenopsJsonItem chunk)
{
	return has(chunk, NAME("messageStart")) || has(chunk, NAME("contentBlockStart")) ||
	       has(chunk, NAME("contentBlockDelta")) || has(chunk, NAME("messageStop"));
}

static bool
is_titan_text(GenopsJsonItem body)
{
	return has(body, NAME("inputTextTokenCount")) &&
	       kind_of(body, NAME("results")) == GENOPS_JSON_ARRAY;
}

static bool
is_titan_embeddings(GenopsJsonItem body)
{
	return has(body, NAME("inputTextTokenCount"));
}

static bool
is_llama(GenopsJsonItem body)
{
	return has(body, NAME("generation_token_count")) || has(body, NAME("prompt_token_count")) ||
	       kind_of(body, NAME("generation")) == GENOPS_JSON_TEXT;
}

static bool
is_cohere(GenopsJsonItem body)
{
	GenopsJsonItem usage = genops_json_get(body, NAME("usage"));

	return kind_of(usage, NAME("billed_units")) == GENOPS_JSON_OBJECT ||
	       (kind_of(genops_json_get(body, NAME("message")), NAME("content")) > GENOPS_JSON_NULL &&
	        has(body, NAME("finish_reason")));
}

static bool
is_cohere_event(GenopsJsonItem chunk)
{
	return member_begins(chunk, NAME("type"), NAME("message-")) ||
	       member_begins(chunk, NAME("type"), NAME("content-")) || has(chunk, NAME("event_type"));
}

static bool
is_cohere_meta(GenopsJsonItem body)
{
	return kind_of(genops_json_get(body, NAME("meta")), NAME("billed_units")) ==
	           GENOPS_JSON_OBJECT ||
	       has(body, NAME("generation_id"));
}

static bool
is_cohere_embeddings(GenopsJsonItem body)
{
	return has(body, NAME("embeddings")) && has(body, NAME("meta"));
}

static bool
is_ollama(GenopsJsonItem body)
{
	return kind_of(body, NAME("done")) == GENOPS_JSON_BOOLEAN && has(body, NAME("created_at"));
}

static bool
is_ollama_embeddings(GenopsJsonItem body)
{
	return kind_of(body, NAME("embeddings")) == GENOPS_JSON_ARRAY && has(body, NAME("model"));
}

static bool
is_tgi(GenopsJsonItem body)
{
	return kind_of(body, NAME("generated_text")) == GENOPS_JSON_TEXT;
}

/* An array of vectors, or of vectors for each token. */
static bool
is_tei(GenopsJsonItem body)
{
	return genops_json_at(body, 0).kind == GENOPS_JSON_ARRAY;
}

/* In credits, each of which is a dollar; with a key of one's own, the provider's bill
 * comes on top. */
static bool
openrouter_cost(GenopsJsonItem body, GenopsMoney *cost)
{
	GenopsJsonItem usage = genops_json_get(body, NAME("usage"));
	GenopsMoney upstream;

	if (!genops_reply_money(genops_json_get(usage, NAME("cost")), cost))
		return false;
	if (genops_json_get(usage, NAME("is_byok")).truth &&
	    genops_reply_money(genops_json_get(genops_json_get(usage, NAME("cost_details")),
	                                       NAME("upstream_inference_cost")),
	                       &upstream) &&
	    *cost <= INT64_MAX - upstream)
		*cost += upstream;
	return true;
}

static bool
xai_cost(GenopsJsonItem body, GenopsMoney *cost)
{
	int64_t ticks;

	if (!genops_reply_count(
	        genops_json_get(genops_json_get(body, NAME("usage")), NAME("cost_in_usd_ticks")),
	        &ticks) ||
	    ticks > INT64_MAX / TICK)
		return false;
	*cost = ticks * TICK;
	return true;
}

static bool
perplexity_cost(GenopsJsonItem body, GenopsMoney *cost)
{
	GenopsJsonItem usage = genops_json_get(body, NAME("usage"));

	return genops_reply_money(
	    genops_json_get(genops_json_get(usage, NAME("cost")), NAME("total_cost")), cost);
}

#define NOWHERE         \
	{                   \
		{               \
			{           \
				NULL, 0 \
			}           \
		}               \
	}
#define END_OF_FIELDS                  \
	{                                  \
		GENOPS_QUANTITY_COUNT, NOWHERE \
	}
#define TEXT(literal)                  \
	{                                  \
		(literal), sizeof(literal) - 1 \
	}

static const GenopsReplyField openai_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT("prompt_tokens") },
	{ GENOPS_QUANTITY_OUTPUT, AT("completion_tokens") },
	{ GENOPS_QUANTITY_TOTAL, AT("total_tokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT2("prompt_tokens_details", "cached_tokens") },
	{ GENOPS_QUANTITY_CACHE_WRITE, AT2("prompt_tokens_details", "cache_write_tokens") },
	{ GENOPS_QUANTITY_REASONING, AT2("completion_tokens_details", "reasoning_tokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT("prompt_cache_hit_tokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT("cached_tokens") },
	{ GENOPS_QUANTITY_REASONING, AT("reasoning_tokens") },
	END_OF_FIELDS,
};

/* Its proxy passes on Anthropic's own counts of the cache, which prompt_tokens includes. */
static const GenopsReplyField litellm_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT("prompt_tokens") },
	{ GENOPS_QUANTITY_OUTPUT, AT("completion_tokens") },
	{ GENOPS_QUANTITY_TOTAL, AT("total_tokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT2("prompt_tokens_details", "cached_tokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT("cache_read_input_tokens") },
	{ GENOPS_QUANTITY_CACHE_WRITE, AT("cache_creation_input_tokens") },
	{ GENOPS_QUANTITY_REASONING, AT2("completion_tokens_details", "reasoning_tokens") },
	END_OF_FIELDS,
};

static const GenopsReplyField response_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT("input_tokens") },
	{ GENOPS_QUANTITY_OUTPUT, AT("output_tokens") },
	{ GENOPS_QUANTITY_TOTAL, AT("total_tokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT2("input_tokens_details", "cached_tokens") },
	{ GENOPS_QUANTITY_CACHE_WRITE, AT2("input_tokens_details", "cache_write_tokens") },
	{ GENOPS_QUANTITY_REASONING, AT2("output_tokens_details", "reasoning_tokens") },
	END_OF_FIELDS,
};

static const GenopsReplyField anthropic_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT("input_tokens") },
	{ GENOPS_QUANTITY_OUTPUT, AT("output_tokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT("cache_read_input_tokens") },
	{ GENOPS_QUANTITY_CACHE_WRITE, AT("cache_creation_input_tokens") },
	{ GENOPS_QUANTITY_CACHE_WRITE_SHORT, AT2("cache_creation", "ephemeral_5m_input_tokens") },
	{ GENOPS_QUANTITY_CACHE_WRITE_1H, AT2("cache_creation", "ephemeral_1h_input_tokens") },
	{ GENOPS_QUANTITY_REASONING, AT2("output_tokens_details", "thinking_tokens") },
	END_OF_FIELDS,
};

static const GenopsReplyField gemini_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT("promptTokenCount") },
	{ GENOPS_QUANTITY_MORE_INPUT, AT("toolUsePromptTokenCount") },
	{ GENOPS_QUANTITY_OUTPUT, AT("candidatesTokenCount") },
	{ GENOPS_QUANTITY_TOTAL, AT("totalTokenCount") },
	{ GENOPS_QUANTITY_CACHE_READ, AT("cachedContentTokenCount") },
	{ GENOPS_QUANTITY_REASONING, AT("thoughtsTokenCount") },
	END_OF_FIELDS,
};

static const GenopsReplyField bedrock_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT("inputTokens") },
	{ GENOPS_QUANTITY_OUTPUT, AT("outputTokens") },
	{ GENOPS_QUANTITY_TOTAL, AT("totalTokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT("cacheReadInputTokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT("cacheReadInputTokenCount") },
	{ GENOPS_QUANTITY_CACHE_WRITE, AT("cacheWriteInputTokens") },
	{ GENOPS_QUANTITY_CACHE_WRITE, AT("cacheWriteInputTokenCount") },
	END_OF_FIELDS,
};

static const GenopsReplyField titan_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT("inputTextTokenCount") },
	END_OF_FIELDS,
};

static const GenopsReplyField llama_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT("prompt_token_count") },
	{ GENOPS_QUANTITY_OUTPUT, AT("generation_token_count") },
	END_OF_FIELDS,
};

/* What is billed, and where that isn't said what was processed. */
static const GenopsReplyField cohere_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT2("billed_units", "input_tokens") },
	{ GENOPS_QUANTITY_OUTPUT, AT2("billed_units", "output_tokens") },
	{ GENOPS_QUANTITY_INPUT, AT2("tokens", "input_tokens") },
	{ GENOPS_QUANTITY_OUTPUT, AT2("tokens", "output_tokens") },
	{ GENOPS_QUANTITY_CACHE_READ, AT("cached_tokens") },
	END_OF_FIELDS,
};

static const GenopsReplyField ollama_fields[] = {
	{ GENOPS_QUANTITY_INPUT, AT("prompt_eval_count") },
	{ GENOPS_QUANTITY_OUTPUT, AT("eval_count") },
	END_OF_FIELDS,
};

static const GenopsReplyField tgi_fields[] = {
	{ GENOPS_QUANTITY_OUTPUT, AT("generated_tokens") },
	END_OF_FIELDS,
};

static const GenopsReplyField no_fields[] = { END_OF_FIELDS };

static const GenopsReplyUnit anthropic_units[] = {
	{ "web_search_requests", AT2("server_tool_use", "web_search_requests") },
	{ NULL, AT("") },
};

static const GenopsReplyUnit cohere_units[] = {
	{ "search_units", AT2("billed_units", "search_units") },
	{ "classifications", AT2("billed_units", "classifications") },
	{ "images", AT2("billed_units", "images") },
	{ NULL, AT("") },
};

static const GenopsReplyUnit perplexity_units[] = {
	{ "search_queries", AT("num_search_queries") },
	{ "citation_tokens", AT("citation_tokens") },
	{ NULL, AT("") },
};

static const GenopsReplyUnit xai_units[] = {
	{ "sources", AT("num_sources_used") },
	{ NULL, AT("") },
};

static const char *const anthropic_wrappers[] = { "message", "delta", NULL };
static const char *const response_wrappers[] = { "response", NULL };
static const char *const bedrock_wrappers[] = { "messageStop", "metadata", NULL };
static const char *const cohere_wrappers[] = { "delta", "response", NULL };

/* What all of OpenAI's kind share. */
#define OPENAI                                                          \
	.usage = AT("usage"), .model = AT("model"), .id = AT("id"),         \
	.service_tier = AT("service_tier"), .finish_list = TEXT("choices"), \
	.finish = AT("finish_reason")
#define OPENAI_KIND(provider_name) \
	OPENAI, .is = is_openai_chat, .is_chunk = is_openai_chunk, .provider = (provider_name)

static const GenopsReplyShape shapes[] = {
	/* OpenAI's kind is the most frequent: the providers' own first, then what any of them
	 * is. */
	{ .name = "openai_completions",
	  OPENAI,
	  .is = is_openai_completion,
	  .is_chunk = is_openai_completion,
	  .fields = openai_fields },
	{ .name = "xai",
	  OPENAI_KIND("x_ai"),
	  .own_usage_member = TEXT("cost_in_usd_ticks"),
	  .fields = openai_fields,
	  .units = xai_units,
	  .rules = GENOPS_SHAPE_REASONING_OUTSIDE_MOSTLY,
	  .stated_cost = xai_cost },
	{ .name = "groq", OPENAI_KIND("groq"), .own_member = TEXT("x_groq"), .fields = openai_fields },
	{ .name = "deepseek",
	  OPENAI_KIND("deepseek"),
	  .own_usage_member = TEXT("prompt_cache_hit_tokens"),
	  .fields = openai_fields },
	{ .name = "perplexity",
	  OPENAI_KIND("perplexity"),
	  .own_member = TEXT("search_results"),
	  .fields = openai_fields,
	  .units = perplexity_units,
	  .rules = GENOPS_SHAPE_REASONING_OUTSIDE,
	  .stated_cost = perplexity_cost },
	{ .name = "openrouter",
	  OPENAI_KIND("openrouter"),
	  .own_member = TEXT("provider"),
	  .fields = openai_fields,
	  .stated_cost = openrouter_cost },
	{ .name = "azure_openai",
	  OPENAI_KIND("azure.ai.openai"),
	  .own_member = TEXT("prompt_filter_results"),
	  .fields = openai_fields },
	{ .name = "mistral", OPENAI_KIND("mistral_ai"), .fields = openai_fields },
	{ .name = "together", OPENAI_KIND("together_ai"), .fields = openai_fields },
	{ .name = "fireworks", OPENAI_KIND("fireworks_ai"), .fields = openai_fields },
	{ .name = "litellm", OPENAI_KIND("litellm"), .fields = litellm_fields },
	{ .name = "openai_chat", OPENAI, .is = is_openai_chat, .fields = openai_fields },
	{ .name = "openai_stream", OPENAI, .is_chunk = is_openai_chunk, .fields = openai_fields },

	{ .name = "gemini",
	  .is = is_gemini,
	  .is_chunk = is_gemini,
	  .usage = AT("usageMetadata"),
	  .fields = gemini_fields,
	  .model = AT("modelVersion"),
	  .id = AT("responseId"),
	  .service_tier = AT2("usageMetadata", "trafficType"),
	  .finish_list = TEXT("candidates"),
	  .finish = AT("finishReason"),
	  .rules = GENOPS_SHAPE_REASONING_OUTSIDE | GENOPS_SHAPE_ZERO_IS_ABSENT },
	{ .name = "bedrock_converse",
	  .is = is_bedrock,
	  .is_chunk = is_bedrock_event,
	  .wrappers = bedrock_wrappers,
	  .usage = AT("usage"),
	  .fields = bedrock_fields,
	  .service_tier = AT2("serviceTier", "type"),
	  .finish = AT("stopReason"),
	  .rules = GENOPS_SHAPE_CACHE_OUTSIDE },
	{ .name = "anthropic_messages",
	  .is = is_anthropic,
	  .is_chunk = is_anthropic_event,
	  .wrappers = anthropic_wrappers,
	  .usage = AT("usage"),
	  .fields = anthropic_fields,
	  .units = anthropic_units,
	  .model = AT("model"),
	  .id = AT("id"),
	  .service_tier = AT2("usage", "service_tier"),
	  .finish = AT("stop_reason"),
	  .rules = GENOPS_SHAPE_CACHE_OUTSIDE },
	{ .name = "openai_responses",
	  .is = is_openai_response,
	  .is_chunk = is_response_event,
	  .wrappers = response_wrappers,
	  .usage = AT("usage"),
	  .fields = response_fields,
	  .model = AT("model"),
	  .id = AT("id"),
	  .service_tier = AT("service_tier"),
	  .finish = AT("status") },
	{ .name = "openai_embeddings",
	  .is = is_openai_embeddings,
	  .usage = AT("usage"),
	  .fields = openai_fields,
	  .model = AT("model"),
	  .id = AT("id"),
	  .rules = GENOPS_SHAPE_NO_OUTPUT },
	{ .name = "vertex_embeddings",
	  .is = is_vertex_embeddings,
	  .fields = no_fields,
	  .sum = { GENOPS_QUANTITY_INPUT, TEXT("predictions"),
	           AT3("embeddings", "statistics", "token_count") },
	  .rules = GENOPS_SHAPE_NO_OUTPUT },
	{ .name = "cohere",
	  .is = is_cohere,
	  .is_chunk = is_cohere_event,
	  .wrappers = cohere_wrappers,
	  .usage = AT("usage"),
	  .fields = cohere_fields,
	  .units = cohere_units,
	  .model = AT("model"),
	  .id = AT("id"),
	  .finish = AT("finish_reason") },
	{ .name = "cohere_embeddings",
	  .is = is_cohere_embeddings,
	  .usage = AT("meta"),
	  .fields = cohere_fields,
	  .units = cohere_units,
	  .id = AT("id"),
	  .rules = GENOPS_SHAPE_NO_OUTPUT },
	{ .name = "cohere_meta",
	  .is = is_cohere_meta,
	  .usage = AT("meta"),
	  .fields = cohere_fields,
	  .units = cohere_units,
	  .model = AT("model"),
	  .id = AT("id"),
	  .finish = AT("finish_reason") },
	{ .name = "ollama",
	  .is = is_ollama,
	  .is_chunk = is_ollama,
	  .fields = ollama_fields,
	  .model = AT("model"),
	  .finish = AT("done_reason"),
	  .rules = GENOPS_SHAPE_ZERO_IS_ABSENT },
	{ .name = "ollama_embeddings",
	  .is = is_ollama_embeddings,
	  .fields = ollama_fields,
	  .model = AT("model"),
	  .rules = GENOPS_SHAPE_NO_OUTPUT },
	{ .name = "bedrock_titan_text",
	  .is = is_titan_text,
	  .fields = titan_fields,
	  .sum = { GENOPS_QUANTITY_OUTPUT, TEXT("results"), AT("tokenCount") },
	  .finish_list = TEXT("results"),
	  .finish = AT("completionReason") },
	{ .name = "bedrock_titan_embeddings",
	  .is = is_titan_embeddings,
	  .fields = titan_fields,
	  .rules = GENOPS_SHAPE_NO_OUTPUT },
	{ .name = "bedrock_llama",
	  .is = is_llama,
	  .fields = llama_fields,
	  .finish = AT("stop_reason") },
	{ .name = "huggingface_tgi",
	  .is = is_tgi,
	  .usage = AT("details"),
	  .fields = tgi_fields,
	  .sum = { GENOPS_QUANTITY_INPUT, TEXT("prefill"), NOWHERE },
	  .finish = AT2("details", "finish_reason") },
	{ .name = "huggingface_tei",
	  .is = is_tei,
	  .fields = no_fields,
	  .rules = GENOPS_SHAPE_NO_OUTPUT },
};

#define SHAPE_COUNT (sizeof(shapes) / sizeof(shapes[0]))

/* Whether this is the provider's own kind.  Who says another provider with a kind of its
 * own has said that it isn't. */
static bool
is_own_kind(const GenopsReplyShape *shape, GenopsJsonItem body, GenopsSlice provider)
{
	if (shape->provider == NULL || genops_slice_equal(provider, genops_slice(shape->provider)))
		return true;
	if (genops_slice_present(provider))
		return false;
	if (genops_slice_present(shape->own_member))
		return has(body, shape->own_member);
	return genops_slice_present(shape->own_usage_member) &&
	       has(genops_json_get(body, NAME("usage")), shape->own_usage_member);
}

/* The rows of OpenAI's kind have one test in common, which is made once. */
static const GenopsReplyShape *
find(GenopsJsonItem body, GenopsSlice provider, bool chunk)
{
	GenopsShapeIs *failed = NULL;

	for (size_t i = 0; i < SHAPE_COUNT; i++)
	{
		GenopsShapeIs *is = chunk ? shapes[i].is_chunk : shapes[i].is;

		if (is == NULL || is == failed)
			continue;
		if (!is(body))
			failed = is;
		else if (is_own_kind(&shapes[i], body, provider))
			return &shapes[i];
	}
	return NULL;
}

const GenopsReplyShape *
genops_reply_shape(GenopsJsonItem body, GenopsSlice provider)
{
	return find(body, provider, false);
}

const GenopsReplyShape *
genops_reply_chunk_shape(GenopsJsonItem chunk, GenopsSlice provider)
{
	return find(chunk, provider, true);
}

size_t
genops_reply_shape_count(void)
{
	return SHAPE_COUNT;
}

const char *
genops_reply_shape_name(size_t index)
{
	return shapes[index].name;
}
