/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/ai_kind.h"

typedef struct OperationPart
{
	GenopsSlice operation;
	GenopsAiPart part;
} OperationPart;

static const OperationPart operations[] = {
#define LEAF(name)                                  \
	{                                               \
		GENOPS_LITERAL(name), GENOPS_AI_PART_LEAF \
	}
#define CONTAINER(name)                                  \
	{                                                    \
		GENOPS_LITERAL(name), GENOPS_AI_PART_CONTAINER \
	}
	LEAF("chat"),
	LEAF("text_completion"),
	LEAF("generate_content"),
	LEAF("embeddings"),
	CONTAINER("invoke_agent"),
	CONTAINER("create_agent"),
	CONTAINER("invoke_workflow"),
	CONTAINER("execute_tool"),
	CONTAINER("plan"),
	CONTAINER("retrieval"),
	CONTAINER("fetch_response"),
	CONTAINER("create_memory"),
	CONTAINER("update_memory"),
	CONTAINER("upsert_memory"),
	CONTAINER("delete_memory"),
	CONTAINER("search_memory"),
	CONTAINER("create_memory_store"),
	CONTAINER("delete_memory_store"),
#undef LEAF
#undef CONTAINER
};

GenopsAiPart
genops_ai_part_of_operation(GenopsSlice operation)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
	{
		if (genops_slice_equal(operation, operations[i].operation))
			return operations[i].part;
	}
	return GENOPS_AI_PART_UNKNOWN;
}

/* The words of other vocabularies; what is not listed says nothing. */
typedef struct KindName
{
	GenopsSlice key;
	GenopsSlice value; /* of letters of either case */
	GenopsAiPart part;
} KindName;

static const KindName kind_names[] = {
#define LEAF(key, value)                                                   \
	{                                                                      \
		GENOPS_LITERAL(key), GENOPS_LITERAL(value), GENOPS_AI_PART_LEAF \
	}
#define CONTAINER(key, value)                                                   \
	{                                                                           \
		GENOPS_LITERAL(key), GENOPS_LITERAL(value), GENOPS_AI_PART_CONTAINER \
	}
	/* OpenInference */
	LEAF("openinference.span.kind", "llm"),
	LEAF("openinference.span.kind", "embedding"),
	LEAF("openinference.span.kind", "reranker"),
	CONTAINER("openinference.span.kind", "agent"),
	CONTAINER("openinference.span.kind", "chain"),
	CONTAINER("openinference.span.kind", "tool"),
	CONTAINER("openinference.span.kind", "retriever"),
	CONTAINER("openinference.span.kind", "guardrail"),
	CONTAINER("openinference.span.kind", "evaluator"),
	CONTAINER("openinference.span.kind", "prompt"),
	/* OpenLLMetry */
	LEAF("llm.request.type", "chat"),
	LEAF("llm.request.type", "completion"),
	LEAF("llm.request.type", "embedding"),
	LEAF("llm.request.type", "rerank"),
	CONTAINER("traceloop.span.kind", "workflow"),
	CONTAINER("traceloop.span.kind", "task"),
	CONTAINER("traceloop.span.kind", "agent"),
	CONTAINER("traceloop.span.kind", "tool"),
	/* Langfuse */
	LEAF("langfuse.observation.type", "generation"),
	LEAF("langfuse.observation.type", "embedding"),
	CONTAINER("langfuse.observation.type", "span"),
	CONTAINER("langfuse.observation.type", "agent"),
	CONTAINER("langfuse.observation.type", "chain"),
	CONTAINER("langfuse.observation.type", "tool"),
	CONTAINER("langfuse.observation.type", "retriever"),
	CONTAINER("langfuse.observation.type", "evaluator"),
	CONTAINER("langfuse.observation.type", "guardrail"),
	/* MLflow */
	LEAF("mlflow.spantype", "llm"),
	LEAF("mlflow.spantype", "chat_model"),
	LEAF("mlflow.spantype", "embedding"),
	CONTAINER("mlflow.spantype", "agent"),
	CONTAINER("mlflow.spantype", "chain"),
	CONTAINER("mlflow.spantype", "tool"),
	CONTAINER("mlflow.spantype", "retriever"),
	CONTAINER("mlflow.spantype", "workflow"),
	/* Vercel's AI SDK: one function makes many calls, which have spans of their own. */
	LEAF("ai.operationid", "ai.generatetext.dogenerate"),
	LEAF("ai.operationid", "ai.streamtext.dostream"),
	LEAF("ai.operationid", "ai.generateobject.dogenerate"),
	LEAF("ai.operationid", "ai.streamobject.dostream"),
	LEAF("ai.operationid", "ai.embed.doembed"),
	LEAF("ai.operationid", "ai.embedmany.doembed"),
	CONTAINER("ai.operationid", "ai.generatetext"),
	CONTAINER("ai.operationid", "ai.streamtext"),
	CONTAINER("ai.operationid", "ai.generateobject"),
	CONTAINER("ai.operationid", "ai.streamobject"),
	CONTAINER("ai.operationid", "ai.embed"),
	CONTAINER("ai.operationid", "ai.embedmany"),
	CONTAINER("ai.operationid", "ai.toolcall"),
#undef LEAF
#undef CONTAINER
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
}

static bool
equal_lower(GenopsSlice text, GenopsSlice of_lower_case)
{
	if (text.length != of_lower_case.length)
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		if (lower(text.data[i]) != of_lower_case.data[i])
			return false;
	}
	return true;
}

GenopsAiPart
genops_ai_part_of_attribute(GenopsSlice key, GenopsSlice value)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++)
	{
		if (equal_lower(key, kind_names[i].key) && equal_lower(value, kind_names[i].value))
			return kind_names[i].part;
	}
	return GENOPS_AI_PART_UNKNOWN;
}

bool
genops_ai_include_cache(GenopsSpanFacts *facts)
{
	int64_t *tokens = facts->tokens;
	int64_t input = tokens[GENOPS_TOKENS_INPUT];
	int64_t read = tokens[GENOPS_TOKENS_CACHE_READ] > 0 ? tokens[GENOPS_TOKENS_CACHE_READ] : 0;
	int64_t written = tokens[GENOPS_TOKENS_CACHE_WRITE] > 0 ? tokens[GENOPS_TOKENS_CACHE_WRITE] : 0;

	if (input < 0 || read > INT64_MAX - written || input >= read + written ||
	    read + written > INT64_MAX - input)
		return false;
	tokens[GENOPS_TOKENS_INPUT] = input + read + written;
	facts->flags |= GENOPS_FLAG_CACHE_OUTSIDE;
	return true;
}

static bool
is_named(const GenopsSpanFacts *facts)
{
	return facts->text[GENOPS_TEXT_PROVIDER].length > 0 || facts->text[GENOPS_TEXT_MODEL].length > 0;
}

/*
 * An agent that another server runs is called like a model and bills like one; one that
 * this program runs makes calls that have spans of their own.  OpenTelemetry tells them
 * apart by the kind of the span.
 */
static bool
is_remote_agent(const GenopsSpanFacts *facts)
{
	return facts->kind == GENOPS_KIND_CLIENT && is_named(facts) && genops_ai_has_usage(facts);
}

static GenopsAiPart
part_of(const GenopsSpanFacts *facts, GenopsAiPart said)
{
	GenopsAiPart part = genops_ai_part_of_operation(facts->text[GENOPS_TEXT_OPERATION]);

	if (said != GENOPS_AI_PART_UNKNOWN)
		return said;
	if (part == GENOPS_AI_PART_CONTAINER && is_remote_agent(facts))
		return GENOPS_AI_PART_LEAF;
	return part;
}

void
genops_ai_decide(GenopsSpanFacts *facts, GenopsAiPart said, bool stated, bool hinted)
{
	GenopsAiPart part = part_of(facts, said);
	bool used = genops_ai_has_usage(facts);
	bool named = is_named(facts);

	facts->ai_call = false;
	facts->flags &= ~(uint32_t) (GENOPS_FLAG_CONTAINER | GENOPS_FLAG_UNCLEAR);
	if (part == GENOPS_AI_PART_CONTAINER)
	{
		if (used)
			facts->flags |= GENOPS_FLAG_CONTAINER;
	}
	else if (part == GENOPS_AI_PART_LEAF)
		facts->ai_call = true;
	else if (stated)
		facts->ai_call = named || used;
	else if ((named && used) || (facts->known_costs & 1u << GENOPS_COST_TOTAL && hinted))
		facts->ai_call = true;
	else if (named || hinted)
		facts->flags |= GENOPS_FLAG_UNCLEAR;
}

void
genops_ai_uncharge(GenopsSpanFacts *facts)
{
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		facts->tokens[i] = GENOPS_UNKNOWN_TOKENS;
	for (int i = 0; i < GENOPS_COST_COUNT; i++)
		facts->cost[i] = 0;
	facts->known_costs = 0;
	facts->cache_write_1h = GENOPS_UNKNOWN_TOKENS;
	facts->price_id = 0;
	facts->has_reasoning_cost = false;
	facts->text[GENOPS_TEXT_CURRENCY] = GENOPS_ABSENT;
	facts->text[GENOPS_TEXT_USAGE_FLAGS] = GENOPS_ABSENT;
	facts->cost_source = GENOPS_COST_NONE;
	facts->ai_call = false;
}

void
genops_ai_cancel(GenopsSpanFacts *facts)
{
	if (!facts->ai_call)
		facts->flags &= ~(uint32_t) GENOPS_FLAG_UNFINISHED;
	genops_ai_uncharge(facts);
}
