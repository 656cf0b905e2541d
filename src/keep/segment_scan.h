/* SPDX-License-Identifier: PostgreSQL */
/*
 * Walks the segments of the ledger in the order of their numbers, whether they have
 * rows of their own or share one (pack.h).
 *
 * It reads tables as whoever may, without privileges or row security being looked at:
 * that is the caller's business.  Under the active snapshot.
 */
#ifndef GENOPS_KEEP_SEGMENT_SCAN_H
#define GENOPS_KEEP_SEGMENT_SCAN_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "core/base/slice.h"
#include "datatype/timestamp.h"
#include "keep/pack.h"

typedef struct SegmentScan SegmentScan;

typedef struct StoredSegment
{
	TimestampTz recorded_at;
	int64 seq;
	TimestampTz min_start;
	TimestampTz max_end;
	int span_count;
	bool sampled;
	bool exact;
	GenopsSlice tenant_id; /* "" for none; in the server's encoding, as is the route */
	GenopsSlice route;
} StoredSegment;

/* All segments numbered above "after". */
extern SegmentScan *SegmentScanBegin(int64 after);

/* Of these the sampled ones of one stream. */
extern SegmentScan *SegmentScanStream(int64 after, const char *tenant_id, const char *route);

/* Whether a row that several segments share can have one that is wanted, by its
 * columns. */
typedef bool WantsPack(void *argument, HeapTuple row, TupleDesc descriptor);

/* Segments above "after" that share rows, in partitions of days that end after
 * recorded_from. */
extern SegmentScan *SegmentScanPacked(int64 after, TimestampTz recorded_from, WantsPack *wants,
                                      void *argument);

/* Whether there is any. */
extern bool SegmentsSharingRows(TimestampTz recorded_from);

/* The one segment that was recorded then and has that number, if there is one. */
extern SegmentScan *SegmentScanOne(TimestampTz recorded_at, int64 seq);

/* The next segment; its texts are valid until the next call.  False at the end. */
extern bool SegmentScanNext(SegmentScan *scan, StoredSegment *segment);

/* Of the segment that was returned last: whether it shares a row; the row's number. */
extern bool SegmentScanIsPacked(const SegmentScan *scan);
extern int64 SegmentScanRow(const SegmentScan *scan);

/* All of the row that it shares, in the current memory context. */
typedef struct StoredPack
{
	TimestampTz recorded_at;
	PackedSegment *segments; /* their numbers have no gap */
	int count;
	struct varlena *bytes; /* of all of them */
} StoredPack;

extern StoredPack SegmentScanUnpack(const SegmentScan *scan);

/* The bytes of the segment that was returned last, in the current memory context. */
extern struct varlena *SegmentScanBytes(SegmentScan *scan);

extern void SegmentScanEnd(SegmentScan *scan);

#endif
