/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the parts of the static check share; traceql.h has what others call.
 */
#ifndef GENOPS_CORE_TRACEQL_CHECK_H
#define GENOPS_CORE_TRACEQL_CHECK_H

#include "core/traceql/traceql.h"

typedef struct GenopsCheck
{
	GenopsSlice text;
	GenopsTraceqlError *error;
} GenopsCheck;

/* Types, operators, regular expressions and nil within an expression. */
extern bool genops_check_field(const GenopsCheck *check, const GenopsField *field);
extern bool genops_check_attribute(const GenopsCheck *check, const GenopsAttribute *attribute);

/* Complains about an expression, which is shown behind the message. */
extern bool genops_check_refuse(const GenopsCheck *check, const GenopsField *field,
                                const char *message);

#endif
