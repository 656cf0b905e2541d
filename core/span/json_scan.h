/* SPDX-License-Identifier: PostgreSQL */
/*
 * Looks over JSON text without parsing it: how many values it holds, and where one of
 * them begins and ends.  A parsed value takes some fifty times as much memory as the shortest
 * one takes of the text, so that a text is counted before it is parsed.
 *
 * What is no JSON gives some number or end; the parser says what is wrong with it.
 */
#ifndef GENOPS_CORE_SPAN_JSON_SCAN_H
#define GENOPS_CORE_SPAN_JSON_SCAN_H

#include "core/base/error.h"
#include "core/base/slice.h"

/* The values in the text, itself, members and elements; or some number above the limit once it
 * is exceeded. */
extern size_t genops_json_count(GenopsSlice json, size_t limit);

/* Whether there are no more values than that, or the error that says so of "what". */
extern bool genops_json_bounded(GenopsSlice json, size_t limit, const char *what,
                                GenopsError *error);

/* The length of the blanks at the start. */
extern size_t genops_json_blanks(GenopsSlice json);

/* The length of the value that begins with the first byte; 0 if it does not end. */
extern size_t genops_json_skip(GenopsSlice json);

/* The value of an object's member, within the text; GENOPS_ABSENT if there is none, or what comes
 * before it does not end. */
extern GenopsSlice genops_json_find(GenopsSlice object, const char *name);

#endif
