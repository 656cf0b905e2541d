/*
 * Walks the rows of genops.ledger_segment in the order of their numbers.
 */
#ifndef GENOPS_KEEP_SEGMENT_SCAN_H
#define GENOPS_KEEP_SEGMENT_SCAN_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"

typedef struct SegmentScan SegmentScan;

/* Segments numbered above "after", of all streams or (tenant_id not NULL) the
 * sampled ones of one; under the active snapshot. */
extern SegmentScan *SegmentScanBegin(int64 after, const char *tenant_id, const char *route);

/* The next row, valid until the next call; NULL at the end. */
extern HeapTuple SegmentScanNext(SegmentScan *scan, TupleDesc *descriptor);
extern void SegmentScanEnd(SegmentScan *scan);

#endif
