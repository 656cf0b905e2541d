/* SPDX-License-Identifier: PostgreSQL */
/*
 * Makes the nodes of a tree: by the parser, and where a tree is rewritten.
 *
 * NULL when there is no memory or a node is too high (see ast.h).
 */
#ifndef GENOPS_CORE_TRACEQL_BUILD_H
#define GENOPS_CORE_TRACEQL_BUILD_H

#include "core/traceql/arena.h"
#include "core/traceql/ast.h"

extern GenopsField *genops_build_literal(GenopsArena *arena, GenopsLiteral literal,
                                         uint32_t offset);
extern GenopsField *genops_build_attribute(GenopsArena *arena, GenopsAttribute attribute);

/* "right" is NULL for a unary operator.  A chain of the same "&&" or "||" to
 * the left becomes one node, for which the left one is used. */
extern GenopsField *genops_build_operation(GenopsArena *arena, GenopsOperator op, GenopsField *left,
                                           GenopsField *right, uint32_t offset);

/* Whether they have the same scope and name, or are the same intrinsic. */
extern bool genops_same_attribute(const GenopsAttribute *left, const GenopsAttribute *right);

/* Adds the attribute to the select() that the pipeline ends in, if it is not there; a
 * stage, if it ends otherwise.  False if there is no memory. */
extern bool genops_build_select(GenopsArena *arena, GenopsPipeline *pipeline,
                                GenopsAttribute attribute);

/* What the numbers give where that is simple: false, with the result untouched,
 * for durations, "^", a division by zero and a result that is no number.
 * Whole numbers wrap around, and "/" cuts, as in TraceQL. */
extern bool genops_fold(GenopsOperator op, const GenopsLiteral *left, const GenopsLiteral *right,
                        GenopsLiteral *result);

/* -x; false if that is none. */
extern bool genops_fold_minus(const GenopsLiteral *literal, GenopsLiteral *result);

#endif
