/* SPDX-License-Identifier: PostgreSQL */
/*
 * The names are those that core/span/ai_call.c writes, the types those it gives
 * them; an empty text is not written, so that an empty column means none.
 */
#include "postgres.h"

#include "ask/promoted.h"
#include "core/span/facts.h"

typedef struct PromotedName
{
	const char *name;
	Promoted column;
} PromotedName;

#define TEXT_COLUMN(name, column)                                               \
	{                                                                           \
		name,                                                                   \
		{                                                                       \
			GENOPS_TYPE_STRING, "nullif(" column ", '')", true, column, NULL, 0 \
		}                                                                       \
	}
#define TOKENS_COLUMN(name, column)                        \
	{                                                      \
		name,                                              \
		{                                                  \
			GENOPS_TYPE_INT, column, true, NULL, column, 1 \
		}                                                  \
	}
#define COST_COLUMN(name, column)                                                       \
	{                                                                                   \
		name,                                                                           \
		{                                                                               \
			GENOPS_TYPE_FLOAT, "genops_internal.cost_to_double(" column ")", true, NULL, column, \
			    (double) GENOPS_MONEY_UNIT                                              \
		}                                                                               \
	}
#define TOTAL_TOKENS                                                             \
	"CASE WHEN prompt_tokens IS NOT NULL OR completion_tokens IS NOT NULL THEN " \
	"coalesce(prompt_tokens, 0)::bigint + coalesce(completion_tokens, 0) END"

/* On the span; of the server's own spans no resource has one of them. */
static const PromotedName span_names[] = {
	TEXT_COLUMN("team", "team"),
	TEXT_COLUMN("project", "project"),
	TEXT_COLUMN("customer_id", "customer_id"),
	TEXT_COLUMN("cost_center", "cost_center"),
	TEXT_COLUMN("feature", "feature"),
	TEXT_COLUMN("user_id", "user_id"),
	TEXT_COLUMN("genops.team", "team"),
	TEXT_COLUMN("genops.project", "project"),
	TEXT_COLUMN("genops.customer_id", "customer_id"),
	TEXT_COLUMN("genops.cost_center", "cost_center"),
	TEXT_COLUMN("genops.feature", "feature"),
	TEXT_COLUMN("genops.user_id", "user_id"),
	TEXT_COLUMN("genops.environment", "environment"),
	TEXT_COLUMN("genops.provider", "provider"),
	TEXT_COLUMN("genops.model", "model"),
	TEXT_COLUMN("gen_ai.request.model", "model"),
	TEXT_COLUMN("genops.operation.name", "operation"),
	TEXT_COLUMN("gen_ai.operation.name", "operation"),
	TOKENS_COLUMN("genops.cost.prompt_tokens", "prompt_tokens"),
	TOKENS_COLUMN("genops.tokens.input", "prompt_tokens"),
	TOKENS_COLUMN("gen_ai.usage.input_tokens", "prompt_tokens"),
	TOKENS_COLUMN("genops.cost.completion_tokens", "completion_tokens"),
	TOKENS_COLUMN("genops.tokens.output", "completion_tokens"),
	TOKENS_COLUMN("gen_ai.usage.output_tokens", "completion_tokens"),
	TOKENS_COLUMN("genops.cost.total_tokens", TOTAL_TOKENS),
	TOKENS_COLUMN("genops.tokens.total", TOTAL_TOKENS),
	TOKENS_COLUMN("gen_ai.usage.cache_read.input_tokens", "cache_read_tokens"),
	TOKENS_COLUMN("gen_ai.usage.cache_write.input_tokens", "cache_write_tokens"),
	TOKENS_COLUMN("gen_ai.usage.reasoning.output_tokens", "reasoning_tokens"),
	COST_COLUMN("genops.cost.total_cost", "total_cost_e12"),
	COST_COLUMN("genops.cost.total", "total_cost_e12"),
	COST_COLUMN("cost", "total_cost_e12"),
	COST_COLUMN("genops.cost.input_cost", "input_cost_e12"),
	COST_COLUMN("genops.cost.output_cost", "output_cost_e12"),
	COST_COLUMN("genops.cost.cache_read_cost", "cache_read_cost_e12"),
	COST_COLUMN("genops.cost.cache_write_cost", "cache_write_cost_e12"),
};

/* On the resource, and never on the span. */
static const PromotedName resource_names[] = {
	{ "service.name", { GENOPS_TYPE_STRING, "service_name", false, NULL, NULL, 0 } },
	TEXT_COLUMN("deployment.environment", "environment"),
	TEXT_COLUMN("deployment.environment.name", "environment"),
};

static const struct
{
	GenopsIntrinsic intrinsic;
	Promoted column;
} intrinsics[] = {
	{ GENOPS_INTRINSIC_DURATION,
	  { GENOPS_TYPE_DURATION, "duration_ns", false, NULL, "duration_ns", 1e9 } },
	{ GENOPS_INTRINSIC_STATUS, { GENOPS_TYPE_STATUS, "status", false, NULL, NULL, 0 } },
	{ GENOPS_INTRINSIC_KIND, { GENOPS_TYPE_KIND, "kind", false, NULL, NULL, 0 } },
	{ GENOPS_INTRINSIC_NAME,
	  { GENOPS_TYPE_STRING, "coalesce(name, operation || coalesce(' ' || model, ''))", false, NULL,
	    NULL, 0 } },
};

static const Promoted *
FindName(const PromotedName *names, int count, GenopsSlice name)
{
	for (int i = 0; i < count; i++)
		if (genops_slice_equal(genops_slice(names[i].name), name))
			return &names[i].column;
	return NULL;
}

static const Promoted *
FindIntrinsic(GenopsIntrinsic intrinsic)
{
	for (int i = 0; i < (int) lengthof(intrinsics); i++)
		if (intrinsics[i].intrinsic == intrinsic)
			return &intrinsics[i].column;
	return NULL;
}

const Promoted *
PromotedFind(const GenopsAttribute *attribute)
{
	const Promoted *found = NULL;

	if (attribute->intrinsic != GENOPS_INTRINSIC_NONE)
		return FindIntrinsic(attribute->intrinsic);
	if (attribute->scope == GENOPS_SCOPE_SPAN || attribute->scope == GENOPS_SCOPE_NONE)
		found = FindName(span_names, lengthof(span_names), attribute->name);
	if (found == NULL &&
	    (attribute->scope == GENOPS_SCOPE_RESOURCE || attribute->scope == GENOPS_SCOPE_NONE))
		found = FindName(resource_names, lengthof(resource_names), attribute->name);
	return found;
}
