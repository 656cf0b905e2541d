/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/parse_part.h"

#include "core/traceql/build.h"

static bool
parse_spanset_filter(GenopsParser *parser, GenopsPart *part)
{
	GenopsField *filter = genops_parse_filter(parser);
	GenopsSpanset *spanset;

	if (filter == NULL)
		return false;
	spanset = genops_parser_take(parser, sizeof(GenopsSpanset));
	if (spanset == NULL)
		return false;
	spanset->kind = GENOPS_SPANSET_FILTER;
	spanset->filter = filter;
	spanset->offset = part->offset;
	spanset->height = genops_parser_height(parser, filter->height, 0);
	part->kind = GENOPS_PART_SPANSET;
	part->spanset = spanset;
	return spanset->height > 0;
}

static bool
parse_aggregate(GenopsParser *parser, GenopsPart *part)
{
	GenopsScalar *scalar = genops_parser_take(parser, sizeof(GenopsScalar));

	if (scalar == NULL)
		return false;
	part->kind = GENOPS_PART_SCALAR;
	part->scalar = scalar;
	scalar->kind = GENOPS_SCALAR_AGGREGATE;
	scalar->aggregate = (GenopsAggregate) parser->token.value;
	scalar->offset = part->offset;
	scalar->height = 1;
	if (!genops_parser_advance(parser) || !genops_parser_expect(parser, GENOPS_TOKEN_OPEN, "("))
		return false;
	if (scalar->aggregate != GENOPS_AGGREGATE_COUNT)
	{
		scalar->argument = genops_parse_field(parser);
		if (scalar->argument == NULL)
			return false;
		scalar->height = genops_parser_height(parser, scalar->argument->height, 0);
	}
	return scalar->height > 0 && genops_parser_expect(parser, GENOPS_TOKEN_CLOSE, ")");
}

static bool
parse_bracketed(GenopsParser *parser, GenopsPart *part)
{
	uint32_t offset = part->offset;
	bool valid;

	if (!genops_parser_enter(parser) || !genops_parser_advance(parser))
		return false;
	valid = genops_parse_sequence(parser, true, part);
	genops_parser_leave(parser);
	part->offset = offset;
	return valid && genops_parser_expect(parser, GENOPS_TOKEN_CLOSE, ")") &&
	       genops_bracket_part(parser, part);
}

static bool
parse_negative(GenopsParser *parser, GenopsPart *part)
{
	uint32_t offset = part->offset;
	bool valid;

	if (!genops_parser_enter(parser) || !genops_parser_advance(parser))
		return false;
	valid = genops_parse_part(parser, PRECEDENCE_POWER + 1, part);
	genops_parser_leave(parser);
	if (!valid)
		return false;
	part->offset = offset;
	if (part->kind != GENOPS_PART_NUMBER)
		return genops_parser_complain(parser, offset, "only a number may have a minus here");
	if (!genops_fold_minus(&part->literal, &part->literal))
		return genops_parser_complain(parser, offset, "the number is beyond 64 bits");
	return true;
}

static bool
parse_number(GenopsParser *parser, GenopsPart *part)
{
	part->kind = GENOPS_PART_NUMBER;
	part->literal = parser->token.literal;
	if (part->literal.type != GENOPS_TYPE_INT && part->literal.type != GENOPS_TYPE_FLOAT &&
	    part->literal.type != GENOPS_TYPE_DURATION)
		return genops_parser_unexpected(parser, "a number or a duration");
	return genops_parser_advance(parser);
}

static bool
parse_operand(GenopsParser *parser, GenopsPart *part)
{
	*part = (GenopsPart){ .offset = parser->token.start };
	switch (parser->token.kind)
	{
		case GENOPS_TOKEN_OPEN_BRACE:
			return parse_spanset_filter(parser, part);
		case GENOPS_TOKEN_OPEN:
			return parse_bracketed(parser, part);
		case GENOPS_TOKEN_AGGREGATE:
			return parse_aggregate(parser, part);
		case GENOPS_TOKEN_LITERAL:
			return parse_number(parser, part);
		default:
			if (genops_parser_at_symbol(parser, GENOPS_OPERATOR_SUBTRACT))
				return parse_negative(parser, part);
			return genops_parser_unexpected(parser, "a filter { ... }, an aggregate or a number");
	}
}

bool
genops_parse_part(GenopsParser *parser, int precedence, GenopsPart *part)
{
	if (!parse_operand(parser, part))
		return false;
	while (parser->token.kind == GENOPS_TOKEN_SYMBOL &&
	       parser->token.symbol->precedence >= precedence)
	{
		const GenopsSymbol *symbol = parser->token.symbol;
		uint32_t offset = parser->token.start;
		GenopsPart right;
		bool valid;

		if (!genops_parser_enter(parser) || !genops_parser_advance(parser))
			return false;
		valid = genops_parse_part(
		    parser, symbol->precedence + (symbol->op == GENOPS_OPERATOR_POWER ? 0 : 1), &right);
		genops_parser_leave(parser);
		if (!valid || !genops_combine_parts(parser, symbol, offset, part, &right))
			return false;
	}
	return true;
}
