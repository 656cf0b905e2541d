/* SPDX-License-Identifier: PostgreSQL */
/*
 * Metrics functions and what follows them.
 */
#include "core/traceql/dialect.h"
#include "core/traceql/parse_part.h"

bool
genops_at_metrics_call(const GenopsParser *parser)
{
	return parser->token.kind == GENOPS_TOKEN_METRICS || genops_at_dialect_quantile(parser);
}

static bool
parse_quantiles(GenopsParser *parser, GenopsMetricsCall *call)
{
	if (parser->token.kind != GENOPS_TOKEN_COMMA)
		return genops_parser_unexpected(parser, ", and a quantile from 0 to 1");
	while (parser->token.kind == GENOPS_TOKEN_COMMA)
	{
		GenopsLiteral *grown = genops_parser_grow(parser, call->quantiles, call->quantile_count,
		                                          sizeof(GenopsLiteral));

		if (grown == NULL || !genops_parser_advance(parser))
			return false;
		if (parser->token.literal.type != GENOPS_TYPE_INT &&
		    parser->token.literal.type != GENOPS_TYPE_FLOAT)
			return genops_parser_unexpected(parser, "a quantile from 0 to 1");
		call->quantiles = grown;
		grown[call->quantile_count++] = parser->token.literal;
		if (!genops_parser_advance(parser))
			return false;
	}
	return true;
}

static bool
parse_int(GenopsParser *parser, int64_t *value)
{
	if (parser->token.kind != GENOPS_TOKEN_LITERAL || parser->token.literal.type != GENOPS_TYPE_INT)
		return genops_parser_unexpected(parser, "a whole number");
	*value = parser->token.literal.integer;
	return genops_parser_advance(parser);
}

static bool
parse_compare_number(GenopsParser *parser, int64_t *value)
{
	return genops_parser_expect(parser, GENOPS_TOKEN_COMMA, ",") && parse_int(parser, value);
}

/* ({ ... }), ({ ... }, top) or ({ ... }, top, start, end). */
static bool
parse_compare(GenopsParser *parser, GenopsMetricsCall *call)
{
	call->top = 10;
	call->selection = genops_parse_filter(parser);
	if (call->selection == NULL)
		return false;
	if (parser->token.kind != GENOPS_TOKEN_COMMA)
		return true;
	if (!parse_compare_number(parser, &call->top))
		return false;
	if (parser->token.kind != GENOPS_TOKEN_COMMA)
		return true;
	call->has_range = true;
	return parse_compare_number(parser, &call->start) && parse_compare_number(parser, &call->end);
}

static bool
parse_arguments(GenopsParser *parser, GenopsMetricsCall *call)
{
	switch (call->function)
	{
		case GENOPS_METRICS_RATE:
		case GENOPS_METRICS_COUNT_OVER_TIME:
			return true;
		case GENOPS_METRICS_COMPARE:
			return parse_compare(parser, call);
		case GENOPS_METRICS_QUANTILE_OVER_TIME:
			return genops_parse_attribute(parser, &call->attribute) &&
			       parse_quantiles(parser, call);
		default:
			return genops_parse_attribute(parser, &call->attribute);
	}
}

static bool
parse_call(GenopsParser *parser, GenopsMetricsCall *call)
{
	bool quantile = genops_at_dialect_quantile(parser);

	call->offset = parser->token.start;
	call->function =
	    quantile ? GENOPS_METRICS_QUANTILE_OVER_TIME : (GenopsMetricsFunction) parser->token.value;
	if (!genops_parser_advance(parser) || !genops_parser_expect(parser, GENOPS_TOKEN_OPEN, "(") ||
	    !parse_arguments(parser, call) || !genops_parser_expect(parser, GENOPS_TOKEN_CLOSE, ")"))
		return false;
	if (quantile)
	{
		parser->instant = true;
		if (!genops_parser_notice(parser, "\"quantile\" is read as \"quantile_over_time\"") ||
		    !genops_dialect_attribute(parser, &call->attribute))
			return false;
	}
	if (parser->token.kind != GENOPS_TOKEN_BY || call->function == GENOPS_METRICS_COMPARE)
		return true;
	return genops_parser_advance(parser) &&
	       genops_parse_attributes(parser, &call->by, &call->by_count);
}

bool
genops_parse_metrics_call(GenopsParser *parser, GenopsPipeline *pipeline, GenopsPart *part)
{
	GenopsMetrics *metrics = genops_parser_take(parser, sizeof(GenopsMetrics));
	uint16_t inner = pipeline->height;

	if (metrics == NULL || !parse_call(parser, &metrics->call))
		return false;
	if (metrics->call.selection != NULL && metrics->call.selection->height > inner)
		inner = metrics->call.selection->height;
	metrics->kind = GENOPS_METRICS_CALL;
	metrics->offset = metrics->call.offset;
	metrics->pipeline = pipeline;
	metrics->height = genops_parser_height(parser, inner, 0);
	part->kind = GENOPS_PART_METRICS;
	part->metrics = metrics;
	return metrics->height > 0 && genops_parse_second_stages(parser, metrics);
}

static bool
add_second_stage(GenopsParser *parser, GenopsMetrics *metrics, const GenopsSecondStage *stage)
{
	GenopsSecondStage *grown = genops_parser_grow(parser, metrics->second, metrics->second_count,
	                                              sizeof(GenopsSecondStage));

	if (grown == NULL)
		return false;
	metrics->second = grown;
	grown[metrics->second_count++] = *stage;
	return true;
}

bool
genops_second_filter(GenopsParser *parser, GenopsMetrics *metrics, GenopsOperator op,
                     uint32_t offset, const GenopsLiteral *value)
{
	GenopsSecondStage stage = { .kind = GENOPS_SECOND_FILTER, .op = op, .offset = offset };

	stage.value = *value;
	return add_second_stage(parser, metrics, &stage);
}

/* Behind "|". */
static bool
parse_top(GenopsParser *parser, GenopsMetrics *metrics)
{
	GenopsSecondStage stage = { .kind = (GenopsSecondStageKind) parser->token.value,
		                        .offset = parser->token.start };

	if (parser->token.kind != GENOPS_TOKEN_SECOND)
		return genops_parser_unexpected(parser, "topk, bottomk or a comparison");
	stage.value.type = GENOPS_TYPE_INT;
	return genops_parser_advance(parser) && genops_parser_expect(parser, GENOPS_TOKEN_OPEN, "(") &&
	       parse_int(parser, &stage.value.integer) &&
	       genops_parser_expect(parser, GENOPS_TOKEN_CLOSE, ")") &&
	       add_second_stage(parser, metrics, &stage);
}

static bool
at_comparison(const GenopsParser *parser)
{
	return parser->token.kind == GENOPS_TOKEN_SYMBOL &&
	       parser->token.symbol->op >= GENOPS_OPERATOR_EQUAL &&
	       parser->token.symbol->op <= GENOPS_OPERATOR_GREATER_EQUAL;
}

static bool
parse_comparison(GenopsParser *parser, GenopsMetrics *metrics)
{
	GenopsOperator op = parser->token.symbol->op;
	uint32_t offset = parser->token.start;
	GenopsPart part;

	if (!genops_parser_advance(parser) || !genops_parse_part(parser, PRECEDENCE_ADD, &part))
		return false;
	if (part.kind != GENOPS_PART_NUMBER)
		return genops_parser_complain(parser, part.offset, "metrics are compared with a number");
	return genops_second_filter(parser, metrics, op, offset, &part.literal);
}

bool
genops_parse_second_stages(GenopsParser *parser, GenopsMetrics *metrics)
{
	for (;;)
	{
		if (at_comparison(parser))
		{
			if (!parse_comparison(parser, metrics))
				return false;
		}
		else if (parser->token.kind == GENOPS_TOKEN_PIPE)
		{
			if (!genops_parser_advance(parser) || !parse_top(parser, metrics))
				return false;
		}
		else
			return true;
	}
}
