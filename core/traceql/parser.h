/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the parts of the parser share; traceql.h has what others call.
 *
 * A recursive descent with one token of look-ahead.  Functions return NULL or
 * false after the first complaint, and nothing is read after it.
 */
#ifndef GENOPS_CORE_TRACEQL_PARSER_H
#define GENOPS_CORE_TRACEQL_PARSER_H

#include "core/traceql/lexer.h"

typedef struct GenopsParser
{
	GenopsLexer lexer;
	GenopsToken token;    /* the next one, not yet taken */
	GenopsToken previous; /* the last one taken */
	int depth;            /* of open brackets and operators whose right side is being read */
	bool dialect;         /* read the forms that people write and TraceQL lacks */
	bool instant;         /* such a form was read */
	GenopsSlice *notices; /* how they were read */
	size_t notice_count;
} GenopsParser;

extern bool genops_parser_advance(GenopsParser *parser);

/* Takes the next token if it is of that kind, or complains.  "what" is the
 * token as text. */
extern bool genops_parser_expect(GenopsParser *parser, GenopsTokenKind kind, const char *what);

/* Complains about the next token, with a hint if the mistake is a known one. */
extern bool genops_parser_unexpected(GenopsParser *parser, const char *expected);

extern bool genops_parser_complain(GenopsParser *parser, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Zeroed memory from the arena, or a complaint. */
extern void *genops_parser_take(GenopsParser *parser, size_t size);
extern void *genops_parser_grow(GenopsParser *parser, void *array, size_t count, size_t size);

/* Counts an open bracket; each that succeeds is followed by a leave. */
extern bool genops_parser_enter(GenopsParser *parser);
extern void genops_parser_leave(GenopsParser *parser);

/* The height of a node over others, or 0 with a complaint when it is too high. */
extern uint16_t genops_parser_height(GenopsParser *parser, uint16_t left, uint16_t right);

/* A notice for the caller: how a form of the dialect was read. */
extern bool genops_parser_notice(GenopsParser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline bool
genops_parser_at_symbol(const GenopsParser *parser, GenopsOperator op)
{
	return parser->token.kind == GENOPS_TOKEN_SYMBOL && parser->token.symbol->op == op;
}

/* An expression over one span, as between "{" and "}". */
extern GenopsField *genops_parse_field(GenopsParser *parser);

/* "{", maybe an expression, "}". */
extern GenopsField *genops_parse_filter(GenopsParser *parser);

extern bool genops_parse_attribute(GenopsParser *parser, GenopsAttribute *attribute);

/* "(", attributes, ")". */
extern bool genops_parse_attributes(GenopsParser *parser, GenopsAttribute **attributes,
                                    size_t *count);

/* The whole query behind the first token. */
extern bool genops_parse_query(GenopsParser *parser, GenopsQuery *query);

#endif
