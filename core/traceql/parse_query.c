/* SPDX-License-Identifier: PostgreSQL */
/*
 * Stages, pipelines and the whole query.
 */
#include "core/traceql/build.h"
#include "core/traceql/dialect.h"
#include "core/traceql/parse_part.h"

static uint16_t
higher(uint16_t a, uint16_t b)
{
	return a > b ? a : b;
}

bool
genops_pipeline_add(GenopsParser *parser, GenopsPipeline *pipeline, const GenopsStage *stage)
{
	GenopsStage *stages =
	    genops_parser_grow(parser, pipeline->stages, pipeline->count, sizeof(GenopsStage));

	if (stages == NULL)
		return false;
	pipeline->stages = stages;
	stages[pipeline->count++] = *stage;
	if (stage->spanset != NULL)
		pipeline->height = higher(pipeline->height, stage->spanset->height);
	if (stage->group != NULL)
		pipeline->height = higher(pipeline->height, stage->group->height);
	if (stage->left != NULL)
		pipeline->height = higher(pipeline->height, stage->left->height);
	if (stage->right != NULL)
		pipeline->height = higher(pipeline->height, stage->right->height);
	return true;
}

static bool
add_group_by(GenopsParser *parser, GenopsPipeline *pipeline)
{
	GenopsStage stage = { .kind = GENOPS_STAGE_GROUP_BY, .offset = parser->token.start };

	if (!genops_parser_advance(parser) || !genops_parser_expect(parser, GENOPS_TOKEN_OPEN, "("))
		return false;
	stage.group = genops_parse_field(parser);
	return stage.group != NULL && genops_parser_expect(parser, GENOPS_TOKEN_CLOSE, ")") &&
	       genops_pipeline_add(parser, pipeline, &stage);
}

static bool
add_select(GenopsParser *parser, GenopsPipeline *pipeline)
{
	GenopsStage stage = { .kind = GENOPS_STAGE_SELECT, .offset = parser->token.start };

	return genops_parser_advance(parser) &&
	       genops_parse_attributes(parser, &stage.attributes, &stage.attribute_count) &&
	       genops_pipeline_add(parser, pipeline, &stage);
}

static bool
add_coalesce(GenopsParser *parser, GenopsPipeline *pipeline)
{
	GenopsStage stage = { .kind = GENOPS_STAGE_COALESCE, .offset = parser->token.start };

	return genops_parser_advance(parser) && genops_parser_expect(parser, GENOPS_TOKEN_OPEN, "(") &&
	       genops_parser_expect(parser, GENOPS_TOKEN_CLOSE, ")") &&
	       genops_pipeline_add(parser, pipeline, &stage);
}

/* Makes the part a pipeline, to which stages can be added. */
static bool
part_to_pipeline(GenopsParser *parser, GenopsPart *part)
{
	GenopsStage stage = { .kind = GENOPS_STAGE_SPANSET, .offset = part->offset };

	if (part->kind == GENOPS_PART_SPANSET || part->kind == GENOPS_PART_PIPES)
	{
		stage.spanset = part->spanset;
		part->pipeline = genops_parser_take(parser, sizeof(GenopsPipeline));
		if (part->pipeline == NULL || !genops_pipeline_add(parser, part->pipeline, &stage))
			return false;
	}
	part->kind = GENOPS_PART_PIPELINE;
	return true;
}

/* ({ } | count()): a scalar, which TraceQL reads and no Tempo evaluates. */
static bool
scalar_pipeline(GenopsParser *parser, GenopsScalar *aggregate, GenopsPart *part)
{
	GenopsStage stage = { .kind = GENOPS_STAGE_AGGREGATE, .offset = aggregate->offset };
	GenopsScalar *scalar = genops_parser_take(parser, sizeof(GenopsScalar));

	stage.left = aggregate;
	if (scalar == NULL || !genops_pipeline_add(parser, part->pipeline, &stage))
		return false;
	scalar->kind = GENOPS_SCALAR_PIPELINE;
	scalar->offset = part->offset;
	scalar->pipeline = part->pipeline;
	scalar->height = genops_parser_height(parser, part->pipeline->height, 0);
	part->kind = GENOPS_PART_SCALAR;
	part->scalar = scalar;
	return scalar->height > 0;
}

static bool
refuse_bare_aggregate(GenopsParser *parser)
{
	size_t end = parser->previous.end;

	genops_parser_unexpected(parser, "a comparison of the aggregate, as > 0");
	genops_complain_fix(parser->lexer.error, end, end, GENOPS_LITERAL(" > 0"));
	return false;
}

static bool
bare_aggregate(GenopsParser *parser, GenopsScalar *scalar, bool bracketed, GenopsPart *part)
{
	if (scalar->kind != GENOPS_SCALAR_AGGREGATE)
		return refuse_bare_aggregate(parser);
	if (bracketed && parser->token.kind == GENOPS_TOKEN_CLOSE)
		return scalar_pipeline(parser, scalar, part);
	if (parser->dialect)
		return genops_dialect_aggregate(parser, part->pipeline, scalar, part);
	return refuse_bare_aggregate(parser);
}

/* A stage that is a set of spans or a comparison of aggregates. */
static bool
add_part(GenopsParser *parser, bool bracketed, GenopsPart *part)
{
	GenopsPart next;
	GenopsStage stage = { .kind = GENOPS_STAGE_SPANSET, .offset = parser->token.start };

	if (parser->token.kind == GENOPS_TOKEN_IDENTIFIER || parser->token.kind == GENOPS_TOKEN_SECOND)
		return genops_parser_unexpected(parser, parser->token.kind == GENOPS_TOKEN_SECOND
		                                            ? "a metrics function before it"
		                                            : "a filter, an aggregate, by, select, "
		                                              "coalesce or a metrics function");
	if (!genops_parse_part(parser, PRECEDENCE_BOOLEAN, &next))
		return false;
	switch (next.kind)
	{
		case GENOPS_PART_SPANSET:
			stage.spanset = next.spanset;
			return genops_pipeline_add(parser, part->pipeline, &stage);
		case GENOPS_PART_FILTER:
			return genops_pipeline_add(parser, part->pipeline, &next.pipeline->stages[0]);
		case GENOPS_PART_SCALAR:
			return bare_aggregate(parser, next.scalar, bracketed, part);
		default:
			return genops_parser_complain(parser, next.offset,
			                              "expected a filter or a comparison of an aggregate");
	}
}

static bool
add_stage(GenopsParser *parser, bool bracketed, GenopsPart *part)
{
	switch (parser->token.kind)
	{
		case GENOPS_TOKEN_BY:
			return add_group_by(parser, part->pipeline);
		case GENOPS_TOKEN_SELECT:
			return add_select(parser, part->pipeline);
		case GENOPS_TOKEN_COALESCE:
			return add_coalesce(parser, part->pipeline);
		default:
			if (genops_at_metrics_call(parser))
				return genops_parse_metrics_call(parser, part->pipeline, part);
			return add_part(parser, bracketed, part);
	}
}

static bool
parse_first(GenopsParser *parser, GenopsPart *part)
{
	if (parser->token.kind != GENOPS_TOKEN_BY && parser->token.kind != GENOPS_TOKEN_SELECT)
		return genops_parse_part(parser, PRECEDENCE_BOOLEAN, part);
	*part = (GenopsPart){ .kind = GENOPS_PART_PIPELINE, .offset = parser->token.start };
	part->pipeline = genops_parser_take(parser, sizeof(GenopsPipeline));
	return part->pipeline != NULL && add_stage(parser, false, part);
}

bool
genops_parse_sequence(GenopsParser *parser, bool bracketed, GenopsPart *part)
{
	if (!parse_first(parser, part))
		return false;
	if (part->kind == GENOPS_PART_METRICS)
		return genops_parse_second_stages(parser, part->metrics);
	while (parser->token.kind == GENOPS_TOKEN_PIPE &&
	       (part->kind == GENOPS_PART_SPANSET || part->kind == GENOPS_PART_FILTER ||
	        part->kind == GENOPS_PART_PIPELINE))
	{
		if (!part_to_pipeline(parser, part) || !genops_parser_advance(parser) ||
		    !add_stage(parser, bracketed, part))
			return false;
	}
	return true;
}

static bool
parse_hint(GenopsParser *parser, GenopsQuery *query)
{
	GenopsHint *hints =
	    genops_parser_grow(parser, query->hints, query->hint_count, sizeof(GenopsHint));

	if (hints == NULL)
		return false;
	query->hints = hints;
	hints += query->hint_count++;
	hints->name = (GenopsSlice){ parser->lexer.text.data + parser->token.start,
		                         parser->token.end - parser->token.start };
	if (!genops_parser_expect(parser, GENOPS_TOKEN_IDENTIFIER, "the name of a hint"))
		return false;
	if (!genops_parser_at_symbol(parser, GENOPS_OPERATOR_EQUAL))
		return genops_parser_unexpected(parser, "=");
	if (!genops_parser_advance(parser))
		return false;
	hints->value = parser->token.literal;
	if (parser->token.kind == GENOPS_TOKEN_LITERAL && hints->value.type == GENOPS_TYPE_NIL)
		return genops_parser_unexpected(parser, "a value");
	return genops_parser_expect(parser, GENOPS_TOKEN_LITERAL, "a value");
}

/* Of several lists the last one counts. */
static bool
parse_hints(GenopsParser *parser, GenopsQuery *query)
{
	query->hints = NULL;
	query->hint_count = 0;
	if (!genops_parser_advance(parser) || !genops_parser_expect(parser, GENOPS_TOKEN_OPEN, "("))
		return false;
	while (parse_hint(parser, query))
	{
		if (parser->token.kind != GENOPS_TOKEN_COMMA)
			return genops_parser_expect(parser, GENOPS_TOKEN_CLOSE, ")");
		if (!genops_parser_advance(parser))
			return false;
	}
	return false;
}

static bool
part_to_query(GenopsParser *parser, GenopsPart *part, GenopsQuery *query)
{
	switch (part->kind)
	{
		case GENOPS_PART_METRICS:
			query->kind = GENOPS_QUERY_METRICS;
			query->metrics = part->metrics;
			return true;
		case GENOPS_PART_SCALAR:
			if (!parser->dialect || part->scalar->kind == GENOPS_SCALAR_AGGREGATE)
				return refuse_bare_aggregate(parser);
			query->kind = GENOPS_QUERY_METRICS;
			query->metrics = genops_dialect_scalar(parser, part->scalar);
			return query->metrics != NULL;
		case GENOPS_PART_NUMBER:
			return genops_parser_complain(parser, part->offset,
			                              "a number alone is no query, expected a filter { ... }");
		default:
			if (!part_to_pipeline(parser, part))
				return false;
			query->kind = GENOPS_QUERY_SEARCH;
			query->pipeline = part->pipeline;
			return true;
	}
}

bool
genops_parse_query(GenopsParser *parser, GenopsQuery *query)
{
	GenopsPart part;

	*query = (GenopsQuery){ 0 };
	if (parser->token.kind == GENOPS_TOKEN_END)
		return genops_parser_unexpected(parser, "a filter, as {} for all spans");
	if (!genops_parse_sequence(parser, false, &part) || !part_to_query(parser, &part, query))
		return false;
	while (parser->token.kind == GENOPS_TOKEN_WITH)
	{
		if (!parse_hints(parser, query))
			return false;
	}
	if (parser->token.kind != GENOPS_TOKEN_END)
		return genops_parser_unexpected(parser, part.kind == GENOPS_PART_PIPELINE
		                                            ? "| and a stage, with (...) or the end"
		                                            : "with (...) or the end of the query");
	query->instant = parser->instant;
	return !parser->dialect || genops_dialect_intrinsics(parser, query);
}
