/* SPDX-License-Identifier: PostgreSQL */
/*
 * Packs: small segments of many streams in one row of genops.ledger_segment.
 *
 * With thousands of tenants a flush has a span or two of each.  A row, a bloom filter
 * and two index entries for each of them would take several times as much as the
 * spans, and every look-up would walk them all.  So small segments of a flush share a
 * row: their bytes stand one behind the other, packed as one value, and a directory
 * says which of them is whose.
 *
 * Each segment keeps a number of its own, and is sent as the very bytes that it would
 * have been by itself.  The row's number is that of its last segment, and the numbers
 * of its segments have no gap, so that a walk by number needs nothing else.
 *
 * A row of many tenants belongs to none: its tenant is PACK_TENANT, which is no name
 * that a tenant can have.  Row security thereby hides it from who is limited to
 * tenants; what such a reader may see of it is decided in C, segment by segment
 * (ask/reader.h).
 *
 * The directory, all numbers as varints:
 *
 *		format (1), number of segments, then for each segment
 *		marks, spans, length of its bytes,
 *		its first start less the row's min_start, its duration, in microseconds,
 *		tenant's length and name, route's length and name
 *
 * where marks are PACKED_SAMPLED, PACKED_EXACT, and PACKED_SAME_TENANT, PACKED_SAME_ROUTE:
 * then length and name are left out.  Names of tenants and routes are ASCII, in whatever
 * encoding the database has.
 *
 * The row is always "sampled", whatever its segments are, so that the index of streams
 * finds all packs.
 *
 * A bloom filter of the streams that have a sampled segment in the row lets a stream
 * find its segments without the directories.  It is not that of the trace ids: who may
 * ask that for a trace must not ask it for a tenant.
 */
#ifndef GENOPS_KEEP_PACK_H
#define GENOPS_KEEP_PACK_H

#include "postgres.h"

#include "core/base/slice.h"
#include "core/span/facts.h"
#include "datatype/timestamp.h"
#include "keep/segment.h"

#define PACK_TENANT "|"

/* A row of the ledger: segments whose numbers follow each other.  More than one of
 * them is a pack. */
typedef struct SegmentGroup
{
	Segment *segments;
	int count;
} SegmentGroup;

/*
 * Divides segments into groups: a large one is alone, small ones that follow each other
 * share a row, if they may.  The order of the segments stays, since their numbers follow it
 * and a stream is sent in the order of its numbers.  In the current memory context.
 */
extern SegmentGroup *PackGroups(Segment *segments, int segment_count, bool may_share,
                                int *group_count);

/* The columns of a pack, in the current memory context; its segments are numbered. */
typedef struct PackRow
{
	TimestampTz min_start;
	TimestampTz max_end;
	int span_count;
	bool exact; /* all of them are */
	struct varlena *directory;
	struct varlena *bloom;
	struct varlena *stream_bloom;
	struct varlena *bytes;
} PackRow;

extern PackRow PackBuild(const SegmentGroup *group);

typedef struct PackedSegment
{
	int64 seq;
	TimestampTz min_start;
	TimestampTz max_end;
	int span_count;
	bool sampled;
	bool exact;
	GenopsSlice tenant_id; /* they point into the directory */
	GenopsSlice route;
	uint32 offset; /* of its bytes in the row's */
	uint32 length;
} PackedSegment;

typedef struct PackReader
{
	const uint8 *next;
	const uint8 *end;
	int left;
	int64 seq;
	uint32 offset;
	TimestampTz base;
	PackedSegment last;
} PackReader;

/* Reads a directory, detoasted, which must live as long; row_seq and row_min_start are
 * the row's.  Raises for a directory that is none. */
extern PackReader PackReadBegin(const struct varlena *directory, int64 row_seq,
                                TimestampTz row_min_start);
extern bool PackReadNext(PackReader *reader, PackedSegment *segment);

/* What stands in the bloom filter for a stream. */
extern void PackStreamKey(GenopsSlice tenant_id, GenopsSlice route,
                          uint8 key[GENOPS_TRACE_ID_SIZE]);

/* The bytes of one segment of a pack whose bytes are unpacked, in the current memory
 * context. */
extern struct varlena *PackCut(const struct varlena *bytes, const PackedSegment *segment);

/*
 * Likewise, where "bytes" is the row's column, maybe toasted; the row is known by its
 * partition, time of recording and number.  A row that is asked twice running is kept unpacked, with
 * a few others.
 */
extern struct varlena *PackRead(Oid partition, TimestampTz recorded_at, int64 row_seq, Datum bytes,
                                uint32 offset, uint32 length);

#endif
