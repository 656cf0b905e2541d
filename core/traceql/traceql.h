/* SPDX-License-Identifier: PostgreSQL */
/*
 * TraceQL, the query language of traces: from text to a checked tree and back.
 *
 *	GenopsTraceql query;
 *	GenopsTraceqlError error;
 *
 *	if (!genops_traceql_parse(text, GENOPS_TRACEQL_DIALECT, &query, &error))
 *		... error.error has message, detail and hint, error.column the place
 *	... query.query is the tree (ast.h), query.notices say how it was read
 *	genops_traceql_free(&query);
 */
#ifndef GENOPS_CORE_TRACEQL_TRACEQL_H
#define GENOPS_CORE_TRACEQL_TRACEQL_H

#include "core/base/bytes.h"
#include "core/traceql/arena.h"
#include "core/traceql/ast.h"
#include "core/traceql/complaint.h"

typedef enum GenopsTraceqlMode
{
	GENOPS_TRACEQL_STRICT, /* the language as Tempo has it */
	GENOPS_TRACEQL_DIALECT /* and the forms of dialect.h */
} GenopsTraceqlMode;

typedef struct GenopsTraceql
{
	GenopsArena arena;
	GenopsSlice text;
	GenopsQuery query;
	GenopsSlice *notices; /* sentences: how forms of the dialect were read */
	size_t notice_count;
} GenopsTraceql;

/* Parses and checks a query.  The text is copied.  On failure nothing is left
 * to be freed. */
extern bool genops_traceql_parse(GenopsSlice text, GenopsTraceqlMode mode, GenopsTraceql *traceql,
                                 GenopsTraceqlError *error);

extern void genops_traceql_free(GenopsTraceql *traceql);

/* The static rules: types, what is not supported, limits.  Part of
 * genops_traceql_parse.  "text" is where the nodes' offsets point into. */
extern bool genops_traceql_check(const GenopsQuery *query, GenopsSlice text,
                                 GenopsTraceqlError *error);

/* The type of an expression as far as it is known without a span. */
extern GenopsValueType genops_traceql_type(const GenopsField *field);

/* Whether the expression is true or false for every span; a bare attribute, or what is
 * computed, may be neither, and then "&&" and "||" over it are false. */
extern bool genops_traceql_certain(const GenopsField *field);

/* Appends the query as text that parses to the same tree, in Tempo's spelling.
 * As ever with a GenopsBytes, see "failed" at the end. */
extern void genops_traceql_print(GenopsBytes *out, const GenopsQuery *query);
extern void genops_traceql_print_field(GenopsBytes *out, const GenopsField *field);
extern void genops_traceql_print_attribute(GenopsBytes *out, const GenopsAttribute *attribute);
extern void genops_traceql_print_literal(GenopsBytes *out, const GenopsLiteral *literal);
extern void genops_traceql_print_scalar(GenopsBytes *out, const GenopsScalar *scalar);
extern void genops_traceql_print_pipeline(GenopsBytes *out, const GenopsPipeline *pipeline);

/* Whether two trees are the same, wherever their text came from. */
extern bool genops_traceql_equal(const GenopsQuery *left, const GenopsQuery *right);
extern bool genops_traceql_field_equal(const GenopsField *left, const GenopsField *right);

#endif
