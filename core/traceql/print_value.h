/* SPDX-License-Identifier: PostgreSQL */
/*
 * Values and names as TraceQL writes them.
 */
#ifndef GENOPS_CORE_TRACEQL_PRINT_VALUE_H
#define GENOPS_CORE_TRACEQL_PRINT_VALUE_H

#include "core/base/bytes.h"
#include "core/traceql/ast.h"

/* Whether the literal prints with a minus. */
extern bool genops_is_negative(const GenopsLiteral *literal);

/* The name of an attribute, behind its scope and dot, quoted where it must be. */
extern void genops_print_name(GenopsBytes *out, const GenopsAttribute *attribute);

#endif
