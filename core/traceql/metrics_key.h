/* SPDX-License-Identifier: PostgreSQL */
/*
 * Values as the bytes of a group's key, and back.  Equal values have equal bytes.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_KEY_H
#define GENOPS_CORE_TRACEQL_METRICS_KEY_H

#include "core/base/bytes.h"
#include "core/traceql/value.h"

/* An array is kept as nil, which it is in a label. */
extern void genops_key_put(GenopsBytes *key, const GenopsTraceqlValue *value);

/* The next value, whose text points into the key; false if there is none or the
 * bytes are not of genops_key_put(). */
extern bool genops_key_take(GenopsSlice *key, GenopsTraceqlValue *value);

/* Numbers in a fixed width, for keys and what else is kept in bytes. */
extern void genops_key_put_count(GenopsBytes *bytes, uint32_t count);
extern void genops_key_put_real(GenopsBytes *bytes, double real);
extern bool genops_key_take_count(GenopsSlice *bytes, uint32_t *count);
extern bool genops_key_take_real(GenopsSlice *bytes, double *real);

/* The next "length" bytes. */
extern bool genops_key_take_bytes(GenopsSlice *bytes, size_t length, GenopsSlice *taken);

#endif
