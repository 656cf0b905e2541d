/* SPDX-License-Identifier: PostgreSQL */
/*
 * Makes export requests of segments, without copying a span.
 *
 * A segment is the content of one ResourceSpans (core/span/otlp_write.h), and
 * an ExportTraceServiceRequest is a row of those, each after a tag and its
 * length: so a request's body is a list of runs, a few bytes that are written
 * here and the segment's own, by turns.
 */
#ifndef GENOPS_CORE_NET_EXPORT_REQUEST_H
#define GENOPS_CORE_NET_EXPORT_REQUEST_H

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/slice.h"

/* Of a body before compression (OTLP's advice to clients). */
#define GENOPS_EXPORT_LIMIT ((size_t) 64 * 1024 * 1024)

/* Bytes for what stands before one segment: tag and varint. */
#define GENOPS_EXPORT_HEAD_SIZE 11

/*
 * Writes the runs of a request for count segments: at most 2 * count runs;
 * "heads" has count * GENOPS_EXPORT_HEAD_SIZE bytes and must live as long as
 * the runs.  Empty segments are left out.  Fails with GENOPS_TOO_LARGE beyond
 * GENOPS_EXPORT_LIMIT.
 */
extern bool genops_export_frame(const GenopsSlice *segments, size_t count, uint8_t *heads,
                                GenopsSlice *runs, size_t *run_count, size_t *body_size,
                                GenopsError *error);

/* How many spans a segment has. */
extern bool genops_segment_spans(GenopsSlice segment, size_t *spans, GenopsError *error);

/*
 * Appends a segment with the spans from number "first" up to but without
 * "last" (in the order of the bytes, from 0) and all else that the segment
 * has; a scope without any of those spans is left out.
 */
extern bool genops_segment_cut(GenopsSlice segment, size_t first, size_t last, GenopsBytes *out,
                               GenopsError *error);

#endif
