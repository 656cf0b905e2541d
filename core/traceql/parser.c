/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/parser.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/utf8.h"
#include "core/traceql/mistake.h"

/* Of a token, in bytes. */
#define MAX_SHOWN 40

/* A tree of the greatest height must parse again as it is printed: then each
 * of its levels may be an operator and a bracket. */
#define MAX_OPEN (2 * GENOPS_TRACEQL_MAX_DEPTH + 8)

bool
genops_parser_advance(GenopsParser *parser)
{
	parser->previous = parser->token;
	return genops_lexer_next(&parser->lexer, &parser->token);
}

bool
genops_parser_complain(GenopsParser *parser, size_t offset, const char *format, ...)
{
	char text[sizeof(parser->lexer.error->error.message)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return genops_complain(parser->lexer.error, GENOPS_INVALID_ARGUMENT, parser->lexer.text, offset,
	                       "%s", text);
}

bool
genops_parser_unexpected(GenopsParser *parser, const char *expected)
{
	GenopsSlice text = { parser->lexer.text.data + parser->token.start,
		                 parser->token.end - parser->token.start };

	if (parser->token.kind == GENOPS_TOKEN_END)
		genops_parser_complain(parser, parser->token.start, "the query ends, expected %s",
		                       expected);
	else
		genops_parser_complain(parser, parser->token.start, "found %.*s%s, expected %s",
		                       (int) genops_utf8_clip(text, MAX_SHOWN), text.data,
		                       text.length > MAX_SHOWN ? "..." : "", expected);
	genops_hint_at_mistake(parser);
	return false;
}

bool
genops_parser_expect(GenopsParser *parser, GenopsTokenKind kind, const char *what)
{
	if (parser->token.kind == kind)
		return genops_parser_advance(parser);
	genops_parser_unexpected(parser, what);
	if (parser->token.kind == GENOPS_TOKEN_END)
		genops_complain_fix(parser->lexer.error, parser->token.start, parser->token.start,
		                    genops_slice(kind == GENOPS_TOKEN_OPEN ? "()" : what));
	return false;
}

void *
genops_parser_take(GenopsParser *parser, size_t size)
{
	void *memory = genops_arena_take(parser->lexer.arena, size);

	if (memory == NULL)
		genops_complain_memory(parser->lexer.error);
	return memory;
}

void *
genops_parser_grow(GenopsParser *parser, void *array, size_t count, size_t size)
{
	void *grown = genops_arena_grow(parser->lexer.arena, array, count, size);

	if (grown == NULL)
		genops_complain_memory(parser->lexer.error);
	return grown;
}

static bool
refuse_depth(GenopsParser *parser)
{
	return genops_complain(parser->lexer.error, GENOPS_TOO_LARGE, parser->lexer.text,
	                       parser->token.start, "expressions are nested more than %d deep",
	                       GENOPS_TRACEQL_MAX_DEPTH);
}

bool
genops_parser_enter(GenopsParser *parser)
{
	if (parser->depth == MAX_OPEN)
		return refuse_depth(parser);
	parser->depth++;
	return true;
}

void
genops_parser_leave(GenopsParser *parser)
{
	parser->depth--;
}

uint16_t
genops_parser_height(GenopsParser *parser, uint16_t left, uint16_t right)
{
	uint16_t higher = left > right ? left : right;

	if (higher >= GENOPS_TRACEQL_MAX_DEPTH)
	{
		refuse_depth(parser);
		return 0;
	}
	return (uint16_t) (higher + 1);
}

bool
genops_parser_notice(GenopsParser *parser, const char *format, ...)
{
	char text[512];
	va_list arguments;
	GenopsSlice *notices;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	notices =
	    genops_parser_grow(parser, parser->notices, parser->notice_count, sizeof(GenopsSlice));
	if (notices == NULL)
		return false;
	parser->notices = notices;
	notices[parser->notice_count] = genops_arena_copy(parser->lexer.arena, genops_slice(text));
	return notices[parser->notice_count++].data != NULL ||
	       genops_complain_memory(parser->lexer.error);
}
