/* SPDX-License-Identifier: PostgreSQL */
/*
 * TraceQL's words and symbols: what the lexer finds and the printer writes.
 */
#ifndef GENOPS_CORE_TRACEQL_VOCABULARY_H
#define GENOPS_CORE_TRACEQL_VOCABULARY_H

#include "core/traceql/ast.h"

/* How tightly binary operators bind; unary minus binds like PRECEDENCE_ADD.
 * "&&" and "||" bind alike, in TraceQL. */
#define PRECEDENCE_BOOLEAN 1
#define PRECEDENCE_COMPARE 2
#define PRECEDENCE_ADD 3
#define PRECEDENCE_NOT 4
#define PRECEDENCE_MULTIPLY 5
#define PRECEDENCE_POWER 6 /* to the right */

#define NO_SPANSET_OPERATOR (-1)

typedef struct GenopsSymbol
{
	const char *text;
	GenopsOperator op; /* NONE if it is none between values */
	int spanset_operator;
	int precedence; /* 0: only a prefix */
} GenopsSymbol;

/* The longest symbol at the start of the text, NULL if there is none. */
extern const GenopsSymbol *genops_symbol_at(GenopsSlice text);

typedef enum GenopsTokenKind
{
	GENOPS_TOKEN_END,
	GENOPS_TOKEN_OPEN_BRACE,
	GENOPS_TOKEN_CLOSE_BRACE,
	GENOPS_TOKEN_OPEN,
	GENOPS_TOKEN_CLOSE,
	GENOPS_TOKEN_COMMA,
	GENOPS_TOKEN_PIPE,
	GENOPS_TOKEN_SYMBOL,
	GENOPS_TOKEN_LITERAL,
	GENOPS_TOKEN_ATTRIBUTE, /* intrinsics, too */
	GENOPS_TOKEN_AGGREGATE,
	GENOPS_TOKEN_METRICS,
	GENOPS_TOKEN_SECOND, /* topk, bottomk */
	GENOPS_TOKEN_BY,
	GENOPS_TOKEN_COALESCE,
	GENOPS_TOKEN_SELECT,
	GENOPS_TOKEN_WITH,
	GENOPS_TOKEN_RESERVED, /* a word that means something only after "span:" and the like */
	GENOPS_TOKEN_IDENTIFIER
} GenopsTokenKind;

typedef struct GenopsWord
{
	const char *text;
	GenopsTokenKind kind;
	GenopsValueType type; /* LITERAL */
	int64_t value;        /* LITERAL's; else the intrinsic, aggregate, function or stage */
} GenopsWord;

/* NULL if the text is no word of the language. */
extern const GenopsWord *genops_word(GenopsSlice text);

typedef struct GenopsIntrinsicName
{
	const char *bare;  /* NULL if it has only the other spelling */
	const char *scope; /* before the colon; NULL if it has only the bare spelling */
	const char *name;
	GenopsValueType type;
} GenopsIntrinsicName;

extern const GenopsIntrinsicName *genops_intrinsic_name(GenopsIntrinsic intrinsic);

/* GENOPS_INTRINSIC_NONE if there is none. */
extern GenopsIntrinsic genops_scoped_intrinsic(GenopsSlice scope, GenopsSlice name);

/* "span", or "" for none. */
extern const char *genops_scope_text(GenopsScope scope);

extern const char *genops_operator_text(GenopsOperator op);

/* The comparison with its sides changed over. */
extern GenopsOperator genops_operator_mirrored(GenopsOperator op);
extern const char *genops_spanset_operator_text(GenopsSpansetOperator op);

/* "!>" and the like. */
extern bool genops_spanset_operator_negated(GenopsSpansetOperator op);
extern const char *genops_aggregate_text(GenopsAggregate aggregate);
extern const char *genops_metrics_function_text(GenopsMetricsFunction function);
extern const char *genops_status_text(int64_t status);
extern const char *genops_kind_text(int64_t kind);

#endif
