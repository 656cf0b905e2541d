/*
 * The types of the attributes that this project gives its own spans.  Numbers that callers give
 * them, such as a budget's, are none: the same key may be an int here and a double there.
 */
#ifndef GENOPS_CORE_TRACEQL_KNOWN_TYPES_H
#define GENOPS_CORE_TRACEQL_KNOWN_TYPES_H

#include "core/traceql/ast.h"

/* INT, FLOAT or STRING, or ANY when it is not one of them. */
extern GenopsValueType genops_known_type(const GenopsAttribute *attribute);

#endif
