#include "core/traceql/known_types.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const ints[] = {
	"genops.cost.prompt_tokens",
	"genops.cost.completion_tokens",
	"genops.cost.total_tokens",
	"genops.tokens.input",
	"genops.tokens.output",
	"genops.tokens.total",
	"gen_ai.usage.input_tokens",
	"gen_ai.usage.output_tokens",
	"gen_ai.usage.cache_read.input_tokens",
	"gen_ai.usage.cache_write.input_tokens",
	"gen_ai.usage.reasoning.output_tokens",
	"server.port",
};

static const char *const floats[] = {
	"genops.cost.total_cost",       "genops.cost.total",        "cost",
	"genops.cost.input_cost",       "genops.cost.output_cost",  "genops.cost.cache_read_cost",
	"genops.cost.cache_write_cost", "gen_ai.usage.cost.amount", "gen_ai.usage.cost",
};

static const char *const strings[] = {
	"team",
	"project",
	"customer_id",
	"cost_center",
	"environment",
	"feature",
	"user_id",
	"session_id",
	"genops.team",
	"genops.project",
	"genops.customer_id",
	"genops.cost_center",
	"genops.environment",
	"genops.feature",
	"genops.user_id",
	"genops.provider",
	"genops.model",
	"genops.operation.name",
	"genops.operation.type",
	"genops.cost.currency",
	"genops.cost.source",
	"genops.cost.price_version",
	"genops.policy.name",
	"genops.policy.result",
	"genops.policy.reason",
	"genops.budget.name",
	"genops.budget.period",
	"genops.budget.currency",
	"gen_ai.operation.name",
	"gen_ai.provider.name",
	"gen_ai.request.model",
	"gen_ai.response.model",
	"gen_ai.response.id",
	"server.address",
	"error.type",
	"exception.type",
	"exception.message",
	"service.name",
	"service.version",
	"service.instance.id",
	"deployment.environment",
	"deployment.environment.name",
	"cloud.region",
	"cloud.provider",
};

static bool
is_one_of(GenopsSlice name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (genops_slice_equal(name, genops_slice(names[i])))
			return true;
	}
	return false;
}

GenopsValueType
genops_known_type(const GenopsAttribute *attribute)
{
	if (attribute->intrinsic != GENOPS_INTRINSIC_NONE || attribute->scope > GENOPS_SCOPE_RESOURCE)
		return GENOPS_TYPE_ANY;
	if (is_one_of(attribute->name, ints, COUNT_OF(ints)))
		return GENOPS_TYPE_INT;
	if (is_one_of(attribute->name, floats, COUNT_OF(floats)))
		return GENOPS_TYPE_FLOAT;
	if (is_one_of(attribute->name, strings, COUNT_OF(strings)))
		return GENOPS_TYPE_STRING;
	return GENOPS_TYPE_ANY;
}
