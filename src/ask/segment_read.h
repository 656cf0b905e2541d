/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading the bytes of one segment for a function that a query calls.
 */
#ifndef GENOPS_ASK_SEGMENT_READ_H
#define GENOPS_ASK_SEGMENT_READ_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"

/*
 * In the current memory context; NULL where there is no such segment, or none that the
 * current user may see.  Raises where the user may not read the ledger.  What the user
 * may read is looked up once for the FmgrInfo, whose fn_extra it takes.
 */
extern struct varlena *SegmentRead(FmgrInfo *function, TimestampTz recorded_at, int64 seq);

#endif
