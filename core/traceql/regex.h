/*
 * TraceQL's regular expressions: RE2's syntax, matched against the whole text,
 * where "." matches a newline too.
 *
 * They run on PCRE2, which has more syntax than RE2.  What RE2 lacks is
 * refused, so that a query means the same on both sides.
 */
#ifndef GENOPS_CORE_TRACEQL_REGEX_H
#define GENOPS_CORE_TRACEQL_REGEX_H

#include "core/base/error.h"
#include "core/base/slice.h"

/* Whether the expression is one of RE2, or why not.  The message is a phrase
 * without a place, for a sentence about the expression. */
extern bool genops_regex_check(GenopsSlice expression, GenopsError *error);

#endif
