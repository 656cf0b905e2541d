/* SPDX-License-Identifier: PostgreSQL */
/*
 * JSON text made ready for cJSON, which keeps numbers as doubles and texts as
 * C strings.
 */
#ifndef GENOPS_CORE_SPAN_JSON_TEXT_H
#define GENOPS_CORE_SPAN_JSON_TEXT_H

#include <cjson/cJSON.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/slice.h"

/*
 * Appends the JSON to "out", changed where cJSON would lose something:
 *
 *	 - an integer of 16 digits or more becomes a text, because a double holds
 *	   no more than 15 for certain (a time in nanoseconds has 19);
 *	 - what is not valid UTF-8, an escaped zero byte, and half a surrogate pair
 *	   become U+FFFD.
 *
 * False when it is nested deeper than max_depth, or there is no memory.
 */
extern bool genops_json_prepare(GenopsSlice json, int max_depth, GenopsBytes *out,
                                GenopsError *error);

/* Parses text that genops_json_prepare has made ready.  NULL if it is not valid, and then near
 * which byte; else the caller's to delete. */
extern cJSON *genops_json_parse_prepared(GenopsSlice text, size_t *stopped);

/* The error for that, in which the text is called "what"; returns false. */
extern bool genops_json_refuse(const char *what, size_t stopped, GenopsError *error);

/* Both.  An error also where there are more values than that: a parsed one takes some hundred
 * bytes. */
extern cJSON *genops_json_parse(GenopsSlice json, int max_depth, size_t max_values,
                                const char *what, GenopsError *error);

#endif
