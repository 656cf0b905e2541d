/* SPDX-License-Identifier: PostgreSQL */
/*
 * Spans that others made, decoded by the protobuf library.
 *
 * What this project wrote itself it reads with its own reader (otlp_read.h), in place.  What comes
 * from elsewhere may be anything: it has to pass the library first.  It is kept as it came all the
 * same, for an encoder of C strings would cut what has a NUL in it, and the bytes are
 * somebody else's evidence.
 */
#ifndef GENOPS_CORE_SPAN_OTLP_DECODE_H
#define GENOPS_CORE_SPAN_OTLP_DECODE_H

#include "core/base/error.h"
#include "core/base/slice.h"

/* Values may be nested that deep. */
#define GENOPS_OTLP_MAX_DEPTH 64

/* What a message is of.  The contents of larger ones are refused by whoever calls: decoding takes
 * some twenty times the memory. */
typedef enum GenopsOtlpMessage
{
	GENOPS_OTLP_SPAN,
	GENOPS_OTLP_RESOURCE,
	GENOPS_OTLP_SCOPE
} GenopsOtlpMessage;

/* Whether the library decodes the message.  False with an error if it is malformed, nested too
 * deep, or memory ran out. */
extern bool genops_otlp_decodes(GenopsOtlpMessage message, GenopsSlice bytes, GenopsError *error);

#endif
