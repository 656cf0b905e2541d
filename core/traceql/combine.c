/* SPDX-License-Identifier: PostgreSQL */
/*
 * What may stand on the two sides of an operator outside of "{ }".
 */
#include "core/traceql/build.h"
#include "core/traceql/dialect.h"
#include "core/traceql/parse_part.h"

static const char *
kind_text(const GenopsPart *part)
{
	static const char *const texts[] = { "a number", "an aggregate", "a set of spans", "a pipeline",
		                                 "a filter", "a pipeline",   "metrics" };

	return texts[part->kind];
}

static bool
refuse(GenopsParser *parser, const GenopsSymbol *symbol, uint32_t offset, const GenopsPart *left,
       const GenopsPart *right)
{
	return genops_parser_complain(parser, offset, "found %s between %s and %s", symbol->text,
	                              kind_text(left), kind_text(right));
}

static bool
is_spans(const GenopsPart *part)
{
	return part->kind == GENOPS_PART_SPANSET || part->kind == GENOPS_PART_PIPES;
}

static bool
combine_spansets(GenopsParser *parser, const GenopsSymbol *symbol, uint32_t offset,
                 GenopsPart *left, const GenopsPart *right)
{
	bool pipes = left->kind == GENOPS_PART_PIPES || right->kind == GENOPS_PART_PIPES;
	GenopsSpanset *spanset;

	if (symbol->spanset_operator == NO_SPANSET_OPERATOR)
		return refuse(parser, symbol, offset, left, right);
	if (pipes && ((left->kind == GENOPS_PART_SPANSET && !left->bracketed) ||
	              (right->kind == GENOPS_PART_SPANSET && !right->bracketed)))
	{
		genops_parser_complain(parser, offset,
		                       "a set of spans stands in brackets beside a pipeline");
		genops_error_hint(&parser->lexer.error->error, "Write ({ ... }) %s ({ ... } | ...).",
		                  symbol->text);
		return false;
	}
	spanset = genops_parser_take(parser, sizeof(GenopsSpanset));
	if (spanset == NULL)
		return false;
	spanset->kind = GENOPS_SPANSET_OPERATION;
	spanset->op = (GenopsSpansetOperator) symbol->spanset_operator;
	spanset->offset = offset;
	spanset->left = left->spanset;
	spanset->right = right->spanset;
	spanset->height = genops_parser_height(parser, left->spanset->height, right->spanset->height);
	left->kind = pipes ? GENOPS_PART_PIPES : GENOPS_PART_SPANSET;
	left->spanset = spanset;
	left->bracketed = false;
	return spanset->height > 0;
}

static bool
combine_numbers(GenopsParser *parser, const GenopsSymbol *symbol, uint32_t offset, GenopsPart *left,
                const GenopsPart *right)
{
	GenopsOperator op = symbol->op;

	if (left->literal.type == GENOPS_TYPE_DURATION || right->literal.type == GENOPS_TYPE_DURATION)
		return genops_parser_complain(parser, offset,
		                              "durations cannot take part in arithmetic here");
	if (op < GENOPS_OPERATOR_ADD || op > GENOPS_OPERATOR_DIVIDE)
		return refuse(parser, symbol, offset, left, right);
	if (!genops_fold(op, &left->literal, &right->literal, &left->literal))
		return genops_parser_complain(parser, offset, "the number has no finite value");
	return true;
}

static GenopsScalar *
scalar_of(GenopsParser *parser, const GenopsPart *part)
{
	GenopsScalar *scalar;

	if (part->kind == GENOPS_PART_SCALAR)
		return part->scalar;
	scalar = genops_parser_take(parser, sizeof(GenopsScalar));
	if (scalar == NULL)
		return NULL;
	scalar->kind = GENOPS_SCALAR_LITERAL;
	scalar->height = 1;
	scalar->offset = part->offset;
	scalar->literal = part->literal;
	return scalar;
}

static bool
combine_scalars(GenopsParser *parser, const GenopsSymbol *symbol, uint32_t offset, GenopsPart *left,
                const GenopsPart *right)
{
	GenopsScalar *scalar = genops_parser_take(parser, sizeof(GenopsScalar));

	if (scalar == NULL)
		return false;
	scalar->kind = GENOPS_SCALAR_OPERATION;
	scalar->op = symbol->op;
	scalar->offset = offset;
	scalar->left = scalar_of(parser, left);
	scalar->right = scalar_of(parser, right);
	if (scalar->left == NULL || scalar->right == NULL)
		return false;
	scalar->height = genops_parser_height(parser, scalar->left->height, scalar->right->height);
	left->kind = GENOPS_PART_SCALAR;
	left->scalar = scalar;
	return scalar->height > 0;
}

static bool
combine_scalar_filter(GenopsParser *parser, const GenopsSymbol *symbol, uint32_t offset,
                      GenopsPart *left, const GenopsPart *right)
{
	GenopsStage stage = { .kind = GENOPS_STAGE_SCALAR_FILTER };

	stage.offset = offset;
	stage.op = symbol->op;
	stage.left = scalar_of(parser, left);
	stage.right = scalar_of(parser, right);
	if (stage.left == NULL || stage.right == NULL)
		return false;
	left->kind = GENOPS_PART_FILTER;
	left->pipeline = genops_parser_take(parser, sizeof(GenopsPipeline));
	return left->pipeline != NULL && genops_pipeline_add(parser, left->pipeline, &stage);
}

static GenopsMetrics *
metrics_of(GenopsParser *parser, const GenopsPart *part)
{
	GenopsMetrics *metrics;

	if (part->kind == GENOPS_PART_METRICS)
	{
		if (part->metrics->kind != GENOPS_METRICS_OPERATION || part->metrics->second_count == 0)
			return part->metrics;
		genops_parser_complain(parser, part->metrics->second[0].offset,
		                       "only the whole query's arithmetic may be filtered");
		return NULL;
	}
	if (part->kind == GENOPS_PART_SCALAR)
		return genops_dialect_scalar(parser, part->scalar);
	metrics = genops_parser_take(parser, sizeof(GenopsMetrics));
	if (metrics == NULL)
		return NULL;
	metrics->kind = GENOPS_METRICS_LITERAL;
	metrics->height = 1;
	metrics->offset = part->offset;
	metrics->literal = part->literal;
	return metrics;
}

static bool
combine_metrics(GenopsParser *parser, const GenopsSymbol *symbol, uint32_t offset, GenopsPart *left,
                const GenopsPart *right)
{
	GenopsMetrics *metrics;

	if (left->literal.type == GENOPS_TYPE_DURATION || right->literal.type == GENOPS_TYPE_DURATION)
		return genops_parser_complain(parser, offset,
		                              "a duration cannot take part in arithmetic of metrics");
	metrics = genops_parser_take(parser, sizeof(GenopsMetrics));
	if (metrics == NULL)
		return false;
	metrics->kind = GENOPS_METRICS_OPERATION;
	metrics->op = symbol->op;
	metrics->offset = offset;
	metrics->left = metrics_of(parser, left);
	metrics->right = metrics_of(parser, right);
	if (metrics->left == NULL || metrics->right == NULL)
		return false;
	metrics->height = genops_parser_height(parser, metrics->left->height, metrics->right->height);
	*left = (GenopsPart){ .kind = GENOPS_PART_METRICS, .offset = left->offset };
	left->metrics = metrics;
	return metrics->height > 0;
}

static bool
is_scalar(const GenopsPart *part)
{
	return part->kind == GENOPS_PART_SCALAR || part->kind == GENOPS_PART_NUMBER;
}

/* In the dialect, ({ } | count()) may stand beside metrics. */
static bool
is_metrics(const GenopsParser *parser, const GenopsPart *part)
{
	return part->kind == GENOPS_PART_METRICS || part->kind == GENOPS_PART_NUMBER ||
	       (part->kind == GENOPS_PART_SCALAR && parser->dialect);
}

bool
genops_combine_parts(GenopsParser *parser, const GenopsSymbol *symbol, uint32_t offset,
                     GenopsPart *left, const GenopsPart *right)
{
	GenopsOperator op = symbol->op;
	bool numbers = left->kind == GENOPS_PART_NUMBER && right->kind == GENOPS_PART_NUMBER;
	bool compares = op >= GENOPS_OPERATOR_EQUAL && op <= GENOPS_OPERATOR_GREATER_EQUAL;

	if (is_spans(left) && is_spans(right))
		return combine_spansets(parser, symbol, offset, left, right);
	if (numbers && !compares)
		return combine_numbers(parser, symbol, offset, left, right);
	if (numbers)
		return refuse(parser, symbol, offset, left, right);
	if (is_scalar(left) && is_scalar(right))
	{
		if (compares)
			return combine_scalar_filter(parser, symbol, offset, left, right);
		if (op >= GENOPS_OPERATOR_ADD && op <= GENOPS_OPERATOR_POWER)
			return combine_scalars(parser, symbol, offset, left, right);
	}
	else if (is_metrics(parser, left) && is_metrics(parser, right))
	{
		if (op >= GENOPS_OPERATOR_ADD && op <= GENOPS_OPERATOR_DIVIDE)
			return combine_metrics(parser, symbol, offset, left, right);
		if (compares && left->kind == GENOPS_PART_METRICS && right->kind == GENOPS_PART_NUMBER)
			return genops_second_filter(parser, left->metrics, op, offset, &right->literal);
	}
	return refuse(parser, symbol, offset, left, right);
}

bool
genops_bracket_part(GenopsParser *parser, GenopsPart *part)
{
	part->bracketed = true;
	if (part->kind != GENOPS_PART_FILTER && part->kind != GENOPS_PART_PIPELINE)
		return true;
	part->kind = GENOPS_PART_PIPES;
	part->spanset = genops_parser_take(parser, sizeof(GenopsSpanset));
	if (part->spanset == NULL)
		return false;
	part->spanset->kind = GENOPS_SPANSET_PIPELINE;
	part->spanset->pipeline = part->pipeline;
	part->spanset->offset = part->offset;
	part->spanset->height = genops_parser_height(parser, part->pipeline->height, 0);
	return part->spanset->height > 0;
}
