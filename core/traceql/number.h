/* SPDX-License-Identifier: PostgreSQL */
/*
 * Numbers and durations, as TraceQL writes them.
 */
#ifndef GENOPS_CORE_TRACEQL_NUMBER_H
#define GENOPS_CORE_TRACEQL_NUMBER_H

#include "core/traceql/ast.h"

/* The number or duration at the start of the text: how many bytes it takes,
 * or 0 when there is none.  The literal's type is NIL when what stands there
 * is none that TraceQL has, as 0x10, 1.5d or a number beyond 64 bits. */
extern size_t genops_scan_number(GenopsSlice text, GenopsLiteral *literal);

/* Takes both forms: 1d12h, each unit at most once and in order, and Go's
 * 1.5h30m.  False if it is none, or beyond 64 bits of nanoseconds. */
extern bool genops_parse_duration(GenopsSlice text, int64_t *nanoseconds);

#endif
