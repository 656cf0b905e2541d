/* SPDX-License-Identifier: PostgreSQL */
/*
 * What an expression yields for a span, and how two of them compare and
 * compute.
 *
 * nil compares with nothing, neither do values of different types; only
 * numbers (int, float, duration, which counts nanoseconds) go together.
 */
#ifndef GENOPS_CORE_TRACEQL_VALUE_H
#define GENOPS_CORE_TRACEQL_VALUE_H

#include "core/base/error.h"
#include "core/traceql/ast.h"

typedef struct GenopsTraceqlValue
{
	GenopsValueType type; /* never ANY; an array's is that of each element */
	bool array;           /* of two or more elements of one type */
	int64_t integer;      /* as in GenopsLiteral */
	double real;          /* FLOAT */
	GenopsSlice text;     /* STRING; an array's content of an ArrayValue */
} GenopsTraceqlValue;

extern GenopsTraceqlValue genops_traceql_value_boolean(bool value);
extern GenopsTraceqlValue genops_traceql_value_of(const GenopsLiteral *literal);

/* From the content of an AnyValue.  An array of one element is that element;
 * maps, bytes, empty and mixed arrays are nil.  False if it does not parse. */
extern bool genops_traceql_value_read(GenopsSlice any_value, GenopsTraceqlValue *value);

/* The elements of an array; "rest" starts as its text and shrinks. */
extern bool genops_traceql_value_next(GenopsSlice *rest, GenopsTraceqlValue *element);

/* = != < <= > >=.  Of an array one element must fulfil it, but all must differ. */
extern bool genops_traceql_compare(GenopsOperator op, const GenopsTraceqlValue *left,
                                   const GenopsTraceqlValue *right);

/* + - * / % ^.  What are no two numbers, as arrays, yields false, the boolean.  Fails
 * for an integer division by zero. */
extern bool genops_traceql_compute(GenopsOperator op, const GenopsTraceqlValue *left,
                                   const GenopsTraceqlValue *right, GenopsTraceqlValue *result,
                                   GenopsError *error);

#endif
