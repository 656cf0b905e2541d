/* SPDX-License-Identifier: PostgreSQL */
/*
 * Cuts a query into tokens, one at a time.
 *
 * After "." and "span." and the like the rules change: the name of an
 * attribute goes on to the first blank or operator that may end it, so that
 * ".a-1" is one name.  The lexer therefore gives an attribute, with its scope,
 * as one token.
 */
#ifndef GENOPS_CORE_TRACEQL_LEXER_H
#define GENOPS_CORE_TRACEQL_LEXER_H

#include "core/traceql/arena.h"
#include "core/traceql/complaint.h"
#include "core/traceql/vocabulary.h"

typedef struct GenopsToken
{
	GenopsTokenKind kind;
	uint32_t start; /* offsets in the text */
	uint32_t end;
	const GenopsSymbol *symbol; /* SYMBOL */
	int value;                  /* AGGREGATE, METRICS, SECOND: which */
	GenopsLiteral literal;      /* LITERAL */
	GenopsAttribute attribute;  /* ATTRIBUTE */
} GenopsToken;

typedef struct GenopsLexer
{
	GenopsSlice text; /* in the arena: names are slices of it */
	size_t at;
	GenopsArena *arena;
	GenopsTraceqlError *error;
} GenopsLexer;

extern bool genops_lexer_next(GenopsLexer *lexer, GenopsToken *token);

/* Whether the byte ends an attribute's name. */
extern bool genops_ends_name(char c);

#endif
