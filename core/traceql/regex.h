/* SPDX-License-Identifier: PostgreSQL */
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

/* PCRE2's pcre2_code, so that who only checks needs no pcre2.h. */
struct pcre2_real_code_8;

/* The expression, to be given back by pcre2_code_free, or NULL and why.  It
 * matches a whole text or nothing, without captures, and texts that are no
 * valid UTF-8, too.  The message is a phrase without a place, for a sentence
 * about the expression. */
extern struct pcre2_real_code_8 *genops_regex_compile(GenopsSlice expression, GenopsError *error);

/* Whether it compiles. */
extern bool genops_regex_check(GenopsSlice expression, GenopsError *error);

#endif
