/* SPDX-License-Identifier: PostgreSQL */
/*
 * The mistakes that people make in TraceQL, and what they meant.
 */
#ifndef GENOPS_CORE_TRACEQL_MISTAKE_H
#define GENOPS_CORE_TRACEQL_MISTAKE_H

#include "core/traceql/parser.h"

/* Adds a hint to the complaint about the parser's next token, if it looks like
 * a known mistake. */
extern void genops_hint_at_mistake(GenopsParser *parser);

#endif
