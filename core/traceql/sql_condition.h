/* SPDX-License-Identifier: PostgreSQL */
/*
 * Conditions as SQL writes them, which people write in TraceQL, too.
 */
#ifndef GENOPS_CORE_TRACEQL_SQL_CONDITION_H
#define GENOPS_CORE_TRACEQL_SQL_CONDITION_H

#include "core/base/bytes.h"
#include "core/base/slice.h"

/*
 * Reads "in (...)", "like ..." or "is null", each with or without "not", at
 * the start of the text, and writes the operator and value that TraceQL has
 * for it.  Returns the bytes read; 0 for anything else, also for values whose
 * characters would mean something in a regular expression.
 */
extern size_t genops_translate_sql_condition(GenopsSlice text, GenopsBytes *out);

#endif
