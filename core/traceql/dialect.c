/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/dialect.h"

#include "core/traceql/walk.h"

static GenopsIntrinsic
meant_intrinsic(const GenopsAttribute *attribute)
{
	const GenopsWord *word;

	if (attribute->intrinsic != GENOPS_INTRINSIC_NONE || attribute->parent ||
	    attribute->scope != GENOPS_SCOPE_NONE)
		return GENOPS_INTRINSIC_NONE;
	word = genops_word(attribute->name);
	if (word == NULL || word->kind != GENOPS_TOKEN_ATTRIBUTE)
		return GENOPS_INTRINSIC_NONE;
	return (GenopsIntrinsic) word->value;
}

static bool
take_intrinsic(GenopsParser *parser, GenopsAttribute *attribute, GenopsIntrinsic intrinsic)
{
	const char *name = genops_intrinsic_name(intrinsic)->bare;

	attribute->intrinsic = intrinsic;
	attribute->name = GENOPS_ABSENT;
	return genops_parser_notice(parser, "\".%s\" is read as the span's \"%s\"", name, name);
}

bool
genops_dialect_attribute(GenopsParser *parser, GenopsAttribute *attribute)
{
	GenopsIntrinsic intrinsic = meant_intrinsic(attribute);

	switch (intrinsic)
	{
		case GENOPS_INTRINSIC_DURATION:
		case GENOPS_INTRINSIC_NAME:
		case GENOPS_INTRINSIC_STATUS:
		case GENOPS_INTRINSIC_KIND:
			return take_intrinsic(parser, attribute, intrinsic);
		default:
			return true;
	}
}

bool
genops_at_dialect_quantile(const GenopsParser *parser)
{
	const GenopsToken *token = &parser->token;

	return parser->dialect && token->kind == GENOPS_TOKEN_IDENTIFIER &&
	       token->end - token->start == 8 &&
	       memcmp(parser->lexer.text.data + token->start, "quantile", 8) == 0;
}

/* Group keys in the pipeline, "| by(.team) | sum(.cost)", become the function's. */
static bool
take_groups(GenopsParser *parser, GenopsPipeline *pipeline, GenopsMetricsCall *call)
{
	size_t first = pipeline->count;

	while (first > 1 && pipeline->stages[first - 1].kind == GENOPS_STAGE_GROUP_BY)
		first--;
	for (size_t i = first; i < pipeline->count; i++)
	{
		const GenopsStage *stage = &pipeline->stages[i];

		if (stage->group->kind != GENOPS_FIELD_ATTRIBUTE)
			return genops_parser_complain(parser, stage->offset,
			                              "metrics are grouped by attributes only");
		call->by = genops_parser_grow(parser, call->by, call->by_count, sizeof(GenopsAttribute));
		if (call->by == NULL)
			return false;
		call->by[call->by_count++] = stage->group->attribute;
	}
	pipeline->count = first;
	return true;
}

static bool
parse_by(GenopsParser *parser, GenopsPipeline *pipeline, GenopsMetricsCall *call)
{
	if (parser->token.kind == GENOPS_TOKEN_BY)
	{
		if (!genops_parser_advance(parser) ||
		    !genops_parse_attributes(parser, &call->by, &call->by_count))
			return false;
	}
	else if (!take_groups(parser, pipeline, call))
		return false;
	for (size_t i = 0; i < call->by_count; i++)
	{
		if (!genops_dialect_attribute(parser, &call->by[i]))
			return false;
	}
	return true;
}

static bool
aggregated_attribute(GenopsParser *parser, const GenopsScalar *scalar, GenopsMetricsCall *call)
{
	if (scalar->argument == NULL)
		return true;
	if (scalar->argument->kind != GENOPS_FIELD_ATTRIBUTE)
		return genops_parser_complain(parser, scalar->argument->offset,
		                              "an aggregate without comparison takes an attribute, "
		                              "no expression");
	call->attribute = scalar->argument->attribute;
	return genops_dialect_attribute(parser, &call->attribute);
}

static GenopsMetrics *
aggregate_to_metrics(GenopsParser *parser, GenopsPipeline *pipeline, const GenopsScalar *scalar)
{
	static const GenopsMetricsFunction functions[] = {
		[GENOPS_AGGREGATE_COUNT] = GENOPS_METRICS_COUNT_OVER_TIME,
		[GENOPS_AGGREGATE_AVG] = GENOPS_METRICS_AVG_OVER_TIME,
		[GENOPS_AGGREGATE_MAX] = GENOPS_METRICS_MAX_OVER_TIME,
		[GENOPS_AGGREGATE_MIN] = GENOPS_METRICS_MIN_OVER_TIME,
		[GENOPS_AGGREGATE_SUM] = GENOPS_METRICS_SUM_OVER_TIME,
	};
	GenopsMetrics *metrics = genops_parser_take(parser, sizeof(GenopsMetrics));

	if (metrics == NULL)
		return NULL;
	metrics->kind = GENOPS_METRICS_CALL;
	metrics->offset = scalar->offset;
	metrics->pipeline = pipeline;
	metrics->height = genops_parser_height(parser, pipeline->height, 0);
	metrics->call.function = functions[scalar->aggregate];
	metrics->call.offset = scalar->offset;
	parser->instant = true;
	if (metrics->height == 0 ||
	    !genops_parser_notice(parser,
	                          "\"%s\" without a comparison is read as \"%s\" over the whole "
	                          "time range",
	                          genops_aggregate_text(scalar->aggregate),
	                          genops_metrics_function_text(metrics->call.function)) ||
	    !aggregated_attribute(parser, scalar, &metrics->call))
		return NULL;
	return metrics;
}

bool
genops_dialect_aggregate(GenopsParser *parser, GenopsPipeline *pipeline, const GenopsScalar *scalar,
                         GenopsPart *part)
{
	part->kind = GENOPS_PART_METRICS;
	part->metrics = aggregate_to_metrics(parser, pipeline, scalar);
	return part->metrics != NULL && parse_by(parser, pipeline, &part->metrics->call) &&
	       genops_parse_second_stages(parser, part->metrics);
}

/* The aggregate is the pipeline's last stage. */
static GenopsMetrics *
pipeline_to_metrics(GenopsParser *parser, GenopsPipeline *pipeline)
{
	const GenopsScalar *aggregate = pipeline->stages[pipeline->count - 1].left;
	GenopsMetrics *metrics;

	pipeline->count--;
	metrics = aggregate_to_metrics(parser, pipeline, aggregate);
	return metrics != NULL && take_groups(parser, pipeline, &metrics->call) ? metrics : NULL;
}

static GenopsMetrics *
operation_to_metrics(GenopsParser *parser, const GenopsScalar *scalar)
{
	GenopsMetrics *metrics = genops_parser_take(parser, sizeof(GenopsMetrics));

	if (metrics == NULL)
		return NULL;
	metrics->kind = GENOPS_METRICS_OPERATION;
	metrics->op = scalar->op;
	metrics->offset = scalar->offset;
	metrics->left = genops_dialect_scalar(parser, scalar->left);
	if (metrics->left == NULL)
		return NULL;
	metrics->right = genops_dialect_scalar(parser, scalar->right);
	if (metrics->right == NULL)
		return NULL;
	metrics->height = genops_parser_height(parser, metrics->left->height, metrics->right->height);
	return metrics->height > 0 ? metrics : NULL;
}

static GenopsMetrics *
literal_to_metrics(GenopsParser *parser, const GenopsScalar *scalar)
{
	GenopsMetrics *metrics = genops_parser_take(parser, sizeof(GenopsMetrics));

	if (metrics == NULL)
		return NULL;
	metrics->kind = GENOPS_METRICS_LITERAL;
	metrics->height = 1;
	metrics->offset = scalar->offset;
	metrics->literal = scalar->literal;
	return metrics;
}

GenopsMetrics *
genops_dialect_scalar(GenopsParser *parser, const GenopsScalar *scalar)
{
	if (scalar->kind == GENOPS_SCALAR_PIPELINE)
		return pipeline_to_metrics(parser, scalar->pipeline);
	if (scalar->kind == GENOPS_SCALAR_OPERATION && scalar->op <= GENOPS_OPERATOR_DIVIDE)
		return operation_to_metrics(parser, scalar);
	if (scalar->kind == GENOPS_SCALAR_LITERAL && scalar->literal.type != GENOPS_TYPE_DURATION)
		return literal_to_metrics(parser, scalar);
	genops_parser_complain(parser, scalar->offset,
	                       "expected a comparison, or arithmetic of ({ ... } | aggregate) only");
	return NULL;
}

static GenopsIntrinsic
intrinsic_for(const GenopsField *attribute, const GenopsField *literal)
{
	GenopsIntrinsic intrinsic;

	if (attribute->kind != GENOPS_FIELD_ATTRIBUTE || literal->kind != GENOPS_FIELD_LITERAL)
		return GENOPS_INTRINSIC_NONE;
	intrinsic = meant_intrinsic(&attribute->attribute);
	switch (literal->literal.type)
	{
		case GENOPS_TYPE_DURATION:
		case GENOPS_TYPE_STATUS:
		case GENOPS_TYPE_KIND:
			return genops_intrinsic_name(intrinsic)->type == literal->literal.type
			           ? intrinsic
			           : GENOPS_INTRINSIC_NONE;
		default:
			return GENOPS_INTRINSIC_NONE;
	}
}

/* No attribute has a duration, a status or a kind as its value. */
static bool
read_intrinsics(GenopsParser *parser, GenopsField *field)
{
	if (field->operand_count == 2 && field->op >= GENOPS_OPERATOR_EQUAL &&
	    field->op <= GENOPS_OPERATOR_GREATER_EQUAL)
	{
		for (int side = 0; side < 2; side++)
		{
			GenopsField *attribute = field->operands[side];
			GenopsIntrinsic intrinsic = intrinsic_for(attribute, field->operands[1 - side]);

			if (intrinsic != GENOPS_INTRINSIC_NONE &&
			    !take_intrinsic(parser, &attribute->attribute, intrinsic))
				return false;
		}
	}
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (!read_intrinsics(parser, field->operands[i]))
			return false;
	}
	return true;
}

static bool
visit_field(void *context, GenopsFieldRole role, GenopsField **field)
{
	(void) role;
	return read_intrinsics(context, *field);
}

bool
genops_dialect_intrinsics(GenopsParser *parser, GenopsQuery *query)
{
	return genops_walk_query(query, visit_field, parser);
}
