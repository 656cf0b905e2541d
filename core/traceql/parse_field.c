/* SPDX-License-Identifier: PostgreSQL */
/*
 * Expressions over one span, by precedence climbing.
 *
 * Unary minus binds like binary minus, and "!" between "+" and "*", as
 * operands, too: -.a * 2 is -(.a * 2), and -.a + 2 is (-.a) + 2.
 */
#include "core/traceql/build.h"
#include "core/traceql/parser.h"

static GenopsField *parse_operations(GenopsParser *parser, int precedence);

static bool
is_nil(const GenopsField *field)
{
	return field->kind == GENOPS_FIELD_LITERAL && field->literal.type == GENOPS_TYPE_NIL;
}

static bool
refuse_nil(GenopsParser *parser, const GenopsField *field)
{
	genops_parser_complain(parser, field->offset, "nil can only be compared by = and !=");
	return false;
}

static GenopsField *
made(GenopsParser *parser, GenopsField *field)
{
	if (field == NULL)
		genops_complain_memory(parser->lexer.error);
	return field;
}

static GenopsField *
combine(GenopsParser *parser, GenopsOperator op, GenopsField *left, GenopsField *right,
        uint32_t offset)
{
	GenopsLiteral folded;

	if (op != GENOPS_OPERATOR_EQUAL && op != GENOPS_OPERATOR_NOT_EQUAL)
	{
		if (is_nil(left) || is_nil(right))
		{
			refuse_nil(parser, is_nil(left) ? left : right);
			return NULL;
		}
	}
	if (left->kind == GENOPS_FIELD_LITERAL && right->kind == GENOPS_FIELD_LITERAL &&
	    genops_fold(op, &left->literal, &right->literal, &folded))
		return made(parser, genops_build_literal(parser->lexer.arena, folded, left->offset));
	if (genops_parser_height(parser, left->height, right->height) == 0)
		return NULL;
	return made(parser, genops_build_operation(parser->lexer.arena, op, left, right, offset));
}

static GenopsField *
parse_unary(GenopsParser *parser)
{
	bool minus = parser->token.symbol->op == GENOPS_OPERATOR_SUBTRACT;
	uint32_t offset = parser->token.start;
	GenopsField *operand;
	GenopsLiteral folded;

	if (!genops_parser_enter(parser) || !genops_parser_advance(parser))
		return NULL;
	operand = parse_operations(parser, minus ? PRECEDENCE_ADD + 1 : PRECEDENCE_NOT + 1);
	genops_parser_leave(parser);
	if (operand == NULL)
		return NULL;
	if (is_nil(operand))
	{
		refuse_nil(parser, operand);
		return NULL;
	}
	if (minus && operand->kind == GENOPS_FIELD_LITERAL &&
	    genops_fold_minus(&operand->literal, &folded))
		return made(parser, genops_build_literal(parser->lexer.arena, folded, offset));
	if (genops_parser_height(parser, operand->height, 0) == 0)
		return NULL;
	return made(parser, genops_build_operation(parser->lexer.arena,
	                                           minus ? GENOPS_OPERATOR_NEGATE : GENOPS_OPERATOR_NOT,
	                                           operand, NULL, offset));
}

static GenopsField *
parse_bracketed(GenopsParser *parser)
{
	GenopsField *field;

	if (!genops_parser_enter(parser) || !genops_parser_advance(parser))
		return NULL;
	field = genops_parse_field(parser);
	genops_parser_leave(parser);
	if (field == NULL || !genops_parser_expect(parser, GENOPS_TOKEN_CLOSE, ")"))
		return NULL;
	return field;
}

static GenopsField *
parse_operand(GenopsParser *parser)
{
	GenopsArena *arena = parser->lexer.arena;
	GenopsField *field;

	switch (parser->token.kind)
	{
		case GENOPS_TOKEN_OPEN:
			return parse_bracketed(parser);
		case GENOPS_TOKEN_LITERAL:
			field = genops_build_literal(arena, parser->token.literal, parser->token.start);
			break;
		case GENOPS_TOKEN_ATTRIBUTE:
			field = genops_build_attribute(arena, parser->token.attribute);
			break;
		default:
			if (genops_parser_at_symbol(parser, GENOPS_OPERATOR_SUBTRACT) ||
			    genops_parser_at_symbol(parser, GENOPS_OPERATOR_NOT))
				return parse_unary(parser);
			genops_parser_unexpected(parser, "an attribute or a value");
			return NULL;
	}
	if (made(parser, field) == NULL || !genops_parser_advance(parser))
		return NULL;
	return field;
}

static bool
at_operator(const GenopsParser *parser, int precedence)
{
	return parser->token.kind == GENOPS_TOKEN_SYMBOL &&
	       parser->token.symbol->op != GENOPS_OPERATOR_NONE &&
	       parser->token.symbol->precedence >= precedence;
}

/* An operand and what follows it that binds at least as tightly. */
static GenopsField *
parse_operations(GenopsParser *parser, int precedence)
{
	GenopsField *left = parse_operand(parser);

	while (left != NULL && at_operator(parser, precedence))
	{
		const GenopsSymbol *symbol = parser->token.symbol;
		uint32_t offset = parser->token.start;
		/* "^" goes to the right, all others to the left. */
		int next = symbol->precedence + (symbol->op == GENOPS_OPERATOR_POWER ? 0 : 1);
		GenopsField *right;

		if (!genops_parser_enter(parser) || !genops_parser_advance(parser))
			return NULL;
		right = parse_operations(parser, next);
		genops_parser_leave(parser);
		left = right == NULL ? NULL : combine(parser, symbol->op, left, right, offset);
	}
	return left;
}

GenopsField *
genops_parse_field(GenopsParser *parser)
{
	GenopsField *field = parse_operations(parser, PRECEDENCE_BOOLEAN);

	if (field != NULL && is_nil(field))
	{
		refuse_nil(parser, field);
		return NULL;
	}
	return field;
}

GenopsField *
genops_parse_filter(GenopsParser *parser)
{
	static const GenopsLiteral everything = { GENOPS_TYPE_BOOLEAN, 1, 0, { NULL, 0 } };
	uint32_t offset = parser->token.start;
	GenopsField *field;

	if (!genops_parser_expect(parser, GENOPS_TOKEN_OPEN_BRACE, "{"))
		return NULL;
	if (parser->token.kind == GENOPS_TOKEN_CLOSE_BRACE)
		field = made(parser, genops_build_literal(parser->lexer.arena, everything, offset));
	else
		field = genops_parse_field(parser);
	if (field == NULL || !genops_parser_expect(parser, GENOPS_TOKEN_CLOSE_BRACE, "}"))
		return NULL;
	return field;
}

bool
genops_parse_attribute(GenopsParser *parser, GenopsAttribute *attribute)
{
	if (parser->token.kind != GENOPS_TOKEN_ATTRIBUTE)
		return genops_parser_unexpected(parser, "an attribute");
	*attribute = parser->token.attribute;
	return genops_parser_advance(parser);
}

bool
genops_parse_attributes(GenopsParser *parser, GenopsAttribute **attributes, size_t *count)
{
	if (!genops_parser_expect(parser, GENOPS_TOKEN_OPEN, "("))
		return false;
	for (;;)
	{
		GenopsAttribute *grown =
		    genops_parser_grow(parser, *attributes, *count, sizeof(GenopsAttribute));

		if (grown == NULL || !genops_parse_attribute(parser, &grown[*count]))
			return false;
		*attributes = grown;
		++*count;
		if (parser->token.kind != GENOPS_TOKEN_COMMA)
			return genops_parser_expect(parser, GENOPS_TOKEN_CLOSE, ")");
		if (!genops_parser_advance(parser))
			return false;
	}
}
