/* SPDX-License-Identifier: PostgreSQL */
/*
 * A caller's own attributes: a jsonb object becomes attributes of the span.
 */
#ifndef GENOPS_RECORD_ATTRIBUTES_H
#define GENOPS_RECORD_ATTRIBUTES_H

#include "postgres.h"

#include "core/base/bytes.h"
#include "utils/jsonb.h"

/* OpenTelemetry's default limit for a span. */
#define ATTRIBUTES_MAX 128

/*
 * Writes them to "out", as long as it is not longer than "room" bytes then.
 * Texts and numbers, truth values, arrays and objects keep their type; an
 * integral number is an int, any other a double; a null is left out.  Returns
 * how many did not fit.  NULL writes nothing.  What is no object, and keys that the
 * functions' arguments set, are complained of and left out.
 */
extern uint32 AttributesPut(GenopsBytes *out, Jsonb *attributes, size_t room);

#endif
