/* SPDX-License-Identifier: PostgreSQL */
/*
 * W3C trace context: traceparent and tracestate (Level 2).
 */
#ifndef GENOPS_CORE_SPAN_TRACE_CONTEXT_H
#define GENOPS_CORE_SPAN_TRACE_CONTEXT_H

#include "core/base/slice.h"
#include "core/span/facts.h"

#define GENOPS_TRACEPARENT_LENGTH 55
#define GENOPS_TRACE_FLAG_SAMPLED 0x01
#define GENOPS_TRACE_FLAG_RANDOM 0x02

typedef struct GenopsTraceParent
{
	uint8_t trace_id[GENOPS_TRACE_ID_SIZE];
	uint8_t span_id[GENOPS_SPAN_ID_SIZE];
	uint8_t flags; /* sampled and random only */
} GenopsTraceParent;

/* False for anything that is not a usable traceparent: see section 3.2 of the
 * recommendation (version ff, zero ids, upper case, wrong length ...). */
extern bool genops_traceparent_parse(GenopsSlice text, GenopsTraceParent *parent);

/* Writes GENOPS_TRACEPARENT_LENGTH characters and a NUL. */
extern void genops_traceparent_print(const GenopsTraceParent *parent,
                                     char text[GENOPS_TRACEPARENT_LENGTH + 1]);

/* Lower-case hexadecimal digits, without NUL. */
extern void genops_hex(char *out, const uint8_t *bytes, size_t count);
extern bool genops_unhex(uint8_t *out, GenopsSlice digits, size_t count);

/*
 * tracestate, section 3.3: takes an incoming one and puts "ot=<value>" in
 * front, replacing an "ot" member that is there except for what the value
 * doesn't say (OpenTelemetry's "rv" has to be passed on); members that do not parse
 * are dropped singly, and the whole is kept within 512 characters and 32
 * members.  An absent incoming one is fine; an absent or empty value writes no "ot" of
 * ours but keeps an incoming member.  Returns what it wrote to buffer; empty
 * when there is nothing to say.
 */
#define GENOPS_TRACESTATE_MAX 512
extern GenopsSlice genops_tracestate_update(char buffer[GENOPS_TRACESTATE_MAX],
                                            GenopsSlice incoming, GenopsSlice ot_value);

/*
 * SQLCommenter: the value of traceparent (and tracestate) in the comment that
 * ends a statement, percent-decoded into buffer.  False when there is none.
 */
extern bool genops_sqlcommenter_find(GenopsSlice statement, const char *key, char *buffer,
                                     size_t size, GenopsSlice *value);

#endif
