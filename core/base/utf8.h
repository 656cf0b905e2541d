/* SPDX-License-Identifier: PostgreSQL */
/*
 * UTF-8: OTLP's strings must be valid, a database's may not be.
 */
#ifndef GENOPS_CORE_BASE_UTF8_H
#define GENOPS_CORE_BASE_UTF8_H

#include "core/base/slice.h"

/* Whether the text is valid UTF-8 (RFC 3629: no surrogates, no overlong
 * forms) without a zero byte. */
extern bool genops_utf8_valid(GenopsSlice text);

/* Copies text, each byte that is not part of a valid sequence replaced by
 * U+FFFD.  "out" has room for 3 * text.length bytes.  Returns the length. */
extern size_t genops_utf8_repair(char *out, GenopsSlice text);

/* The longest prefix of at most "limit" bytes that ends at a character. */
extern size_t genops_utf8_clip(GenopsSlice text, size_t limit);

#endif
