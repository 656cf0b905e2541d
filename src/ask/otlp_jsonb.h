/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is in a span becomes jsonb.
 */
#ifndef GENOPS_ASK_OTLP_JSONB_H
#define GENOPS_ASK_OTLP_JSONB_H

#include "postgres.h"

#include "core/base/slice.h"
#include "utils/jsonb.h"

/* An object of the KeyValues in the fields of that number of a message, the
 * first of several with one key. */
extern Jsonb *OtlpAttributes(GenopsSlice message, uint32 field_number);

/* Arrays of a span's events {time, name, attributes} and links {trace_id,
 * span_id, trace_state, attributes}. */
extern Jsonb *OtlpEvents(GenopsSlice span);
extern Jsonb *OtlpLinks(GenopsSlice span);

/* Raises: the bytes of the ledger are not what they should be. */
extern void OtlpMalformed(void) __attribute__((noreturn));

#endif
