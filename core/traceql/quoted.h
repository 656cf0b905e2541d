/* SPDX-License-Identifier: PostgreSQL */
/*
 * Quoted texts: TraceQL's strings are Go's, its quoted names have two escapes.
 *
 * Each function reads what starts with the quote at lexer->at, and goes past
 * it; false with a complaint when it does not end or holds another escape.
 */
#ifndef GENOPS_CORE_TRACEQL_QUOTED_H
#define GENOPS_CORE_TRACEQL_QUOTED_H

#include "core/base/bytes.h"
#include "core/traceql/lexer.h"

/* "..." with escapes or `...` without. */
extern bool genops_read_string(GenopsLexer *lexer, GenopsSlice *text);

/* Appends the name's part to "name", which has room. */
extern bool genops_read_quoted_name(GenopsLexer *lexer, GenopsBytes *name);

/* Complains about a text in single quotes. */
extern bool genops_refuse_single_quotes(GenopsLexer *lexer);

#endif
