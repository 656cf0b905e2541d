/*
 * The OTLP reader beside the tree of a query.
 *
 * ast.h and otlp_read.h both name a GenopsField and a GenopsValueType.  Where
 * both are needed this header stands for otlp_read.h, whose two are then called
 * GenopsWireField and GenopsWireValueType; it comes first.
 */
#ifndef GENOPS_CORE_TRACEQL_SPAN_BYTES_H
#define GENOPS_CORE_TRACEQL_SPAN_BYTES_H

#define GenopsField GenopsWireField
#define GenopsValueType GenopsWireValueType
#include "core/span/otlp_read.h"
#undef GenopsField
#undef GenopsValueType

#endif
