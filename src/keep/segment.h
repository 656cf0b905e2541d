/* SPDX-License-Identifier: PostgreSQL */
/*
 * Segments: spans of one tenant and one resource, packed as the OTLP
 * message they are stored, sent and searched as.
 */
#ifndef GENOPS_KEEP_SEGMENT_H
#define GENOPS_KEEP_SEGMENT_H

#include "postgres.h"

#include "record/span_record.h"

typedef struct Segment
{
	int64 seq;             /* number in the ledger; 0 until it is stored */
	GenopsSlice tenant_id; /* "" for none: the ledger's key is not null */
	GenopsSlice route;     /* likewise */
	GenopsSlice service_name;
	GenopsSlice environment;
	bool sampled; /* is to be sent */

	/*
	 * The columns of genops.ledger_span say of these spans what their attributes
	 * say, as src/ask/promoted.c has it, so that a query on those need not read
	 * the bytes: they are the server's own, and neither the configured resource
	 * nor a column's width comes between.
	 */
	bool exact;
	int span_count;
	const SpanRecord **records; /* in the order of the spans */
	uint32 *offsets;            /* of each span's content in bytes */
	int64 min_start_ns;
	int64 max_end_ns;
	struct varlena *bytes; /* bytea: the content of one ResourceSpans */
	struct varlena *bloom; /* bytea: of the trace ids, see core/base/bloom.h */
} Segment;

/*
 * Groups records by tenant, route, resource and sampling, and packs each
 * group, at most max_spans a segment.  Everything is allocated in the current
 * memory context; records must live as long.
 */
extern Segment *SegmentsBuild(const SpanRecord *records, int record_count, int max_spans,
                              int *segment_count);

#endif
