/* SPDX-License-Identifier: PostgreSQL */
/*
 * Base64 (RFC 4648), as protobuf's JSON mapping reads it: the standard or the
 * URL-safe alphabet, with padding or without.
 */
#ifndef GENOPS_CORE_BASE_BASE64_H
#define GENOPS_CORE_BASE_BASE64_H

#include "core/base/bytes.h"
#include "core/base/slice.h"

/* Bytes that "text" decodes to at most. */
static inline size_t
genops_base64_room(GenopsSlice text)
{
	return text.length / 4 * 3 + 3;
}

/* Decodes into "out" of genops_base64_room bytes; false for what is none. */
extern bool genops_base64_decode(uint8_t *out, GenopsSlice text, size_t *length);

#endif
