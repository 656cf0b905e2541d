/* SPDX-License-Identifier: PostgreSQL */
/*
 * Writes OTLP trace messages as bytes, front to back, without allocating.
 *
 * Field numbers and wire types are those of opentelemetry-proto's trace.proto,
 * common.proto and resource.proto.  Fields come out in the order of their
 * numbers, so that the bytes are the same as a protobuf library's (which the
 * tests compare).  A span is written in steps, because its outcome is only
 * known when the call is over:
 *
 *		genops_otlp_span_open		ids, name, kind, start, end
 *		genops_otlp_put_*			attributes, as many as wanted
 *		genops_otlp_span_exception	an event
 *		genops_otlp_span_close		status, flags
 *
 * What is written is the content of a Span message, without tag and length.
 * All texts must be valid UTF-8 (core/base/utf8.h).
 */
#ifndef GENOPS_CORE_SPAN_OTLP_WRITE_H
#define GENOPS_CORE_SPAN_OTLP_WRITE_H

#include "core/base/bytes.h"
#include "core/span/facts.h"

/* Span.flags (trace.proto, SpanFlags); the low eight bits are W3C's. */
#define GENOPS_SPAN_FLAG_SAMPLED 0x001u
#define GENOPS_SPAN_FLAG_RANDOM 0x002u
#define GENOPS_SPAN_FLAG_HAS_IS_REMOTE 0x100u
#define GENOPS_SPAN_FLAG_IS_REMOTE 0x200u

/* A key that is known when the program is compiled. */
#define GENOPS_KEY(literal) GENOPS_LITERAL(literal)

extern void genops_otlp_put_varint(GenopsBytes *out, uint64_t value);
extern size_t genops_otlp_varint_size(uint64_t value);

/*
 * Everything of a span that precedes its attributes, from facts: trace_id,
 * span_id, trace_state (absent or empty: none), parent_span_id, name, kind,
 * start and end; the times are there even when zero, so that the end can be
 * patched.  Returns the offset of the eight little-endian bytes of the end
 * time, which genops_otlp_patch_end overwrites later.
 */
extern size_t genops_otlp_span_open(GenopsBytes *out, const GenopsSpanFacts *facts,
                                    GenopsSlice trace_state);
extern void genops_otlp_patch_end(GenopsBytes *out, size_t end_offset, int64_t end_ns);

/* Overwrites the id of a span that genops_otlp_span_open wrote at the start of the buffer. */
extern void genops_otlp_patch_span_id(GenopsBytes *out, const uint8_t id[GENOPS_SPAN_ID_SIZE]);

/* One attribute of a span (field 9).  An absent text writes nothing; an empty
 * one is a value. */
extern void genops_otlp_put_text(GenopsBytes *out, GenopsSlice key, GenopsSlice value);
extern void genops_otlp_put_int(GenopsBytes *out, GenopsSlice key, int64_t value);
extern void genops_otlp_put_double(GenopsBytes *out, GenopsSlice key, double value);
extern void genops_otlp_put_bool(GenopsBytes *out, GenopsSlice key, bool value);
extern void genops_otlp_put_texts(GenopsBytes *out, GenopsSlice key, const GenopsSlice *values,
                                  size_t count);

/* One attribute whose value is an already encoded AnyValue content. */
extern void genops_otlp_put_any(GenopsBytes *out, GenopsSlice key, GenopsSlice any_value);

/* The content of an AnyValue, for building nested values. */
extern void genops_otlp_any_text(GenopsBytes *out, GenopsSlice value);
extern void genops_otlp_any_int(GenopsBytes *out, int64_t value);
extern void genops_otlp_any_double(GenopsBytes *out, double value);
extern void genops_otlp_any_bool(GenopsBytes *out, bool value);
extern void genops_otlp_any_array_item(GenopsBytes *array_content, GenopsSlice any_value);
extern void genops_otlp_any_map_item(GenopsBytes *map_content, GenopsSlice key,
                                     GenopsSlice any_value);
extern void genops_otlp_any_array(GenopsBytes *out, GenopsSlice array_content);
extern void genops_otlp_any_map(GenopsBytes *out, GenopsSlice map_content);

/* Span.dropped_attributes_count; writes nothing when zero. */
extern void genops_otlp_span_dropped(GenopsBytes *out, uint32_t count);

/* An event named "exception" with type and message (either may be absent). */
extern void genops_otlp_span_exception(GenopsBytes *out, int64_t time_ns, GenopsSlice type,
                                       GenopsSlice message);

/* A link to another span; after the events. */
extern void genops_otlp_span_link(GenopsBytes *out, const uint8_t trace_id[GENOPS_TRACE_ID_SIZE],
                                  const uint8_t span_id[GENOPS_SPAN_ID_SIZE]);

/* Status (written unless it is unset) and flags: the end of the span. */
extern void genops_otlp_span_close(GenopsBytes *out, GenopsStatus status, GenopsSlice message,
                                   uint32_t flags);

/*
 * Envelopes.  A segment is the content of one ResourceSpans:
 *
 *		0A len Resource | 12 len ScopeSpans { 0A len Scope | 12 len Span ... }
 *
 * genops_otlp_resource_item writes one KeyValue of a Resource's content.
 * genops_otlp_segment_head writes everything before the first span's tag; an
 * absent resource or scope is left out.  spans_size is of all that follows in
 * the ScopeSpans: the spans with their tags and lengths, and the scope's
 * schema URL (genops_otlp_schema_url_size).  Schema URLs, absent or empty for
 * none, follow the spans: genops_otlp_segment_tail.
 */
extern void genops_otlp_resource_item(GenopsBytes *out, GenopsSlice key, GenopsSlice any_value);
extern void genops_otlp_scope(GenopsBytes *out, GenopsSlice name, GenopsSlice version);
extern void genops_otlp_segment_head(GenopsBytes *out, GenopsSlice resource, GenopsSlice scope,
                                     size_t spans_size);
extern size_t genops_otlp_schema_url_size(GenopsSlice url);
extern void genops_otlp_segment_tail(GenopsBytes *out, GenopsSlice scope_schema_url,
                                     GenopsSlice resource_schema_url);

/* Bytes that one span of the given content size takes inside a ScopeSpans. */
extern size_t genops_otlp_span_item_size(size_t span_size);
extern void genops_otlp_span_item(GenopsBytes *out, GenopsSlice span);

#endif
