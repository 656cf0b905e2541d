/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ledger's partitions: a pair of tables for each day (UTC) of recording,
 * ledger_span_20261123 and ledger_segment_20261123.
 */
#ifndef GENOPS_KEEP_PARTITION_H
#define GENOPS_KEEP_PARTITION_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef struct LedgerDay
{
	TimestampTz start; /* midnight UTC */
	TimestampTz end;   /* the next one */
	Oid span;          /* a partition, InvalidOid if there is none */
	Oid segment;       /* likewise */
} LedgerDay;

/* Makes the partitions of a day if they are missing.  Needs the right to: for
 * the worker. */
extern LedgerDay PartitionEnsure(TimestampTz recorded_at);

/* The days that have partitions, oldest first, in the current memory
 * context. */
extern LedgerDay *PartitionDays(int *count);

/* The end of the day that a time is in. */
extern TimestampTz PartitionDayEnd(TimestampTz time);

/* The partitions of genops.ledger_segment, oldest first. */
extern Oid *PartitionSegmentTables(int *count);

/* That of a time of recording; InvalidOid if there is none. */
extern Oid PartitionOfSegments(TimestampTz recorded_at);

/* Whether all of a partition of genops.ledger_segment was recorded before a time, as
 * far as its name tells. */
extern bool PartitionEndsBefore(Oid segment_partition, TimestampTz time);

/* Whether all of it was recorded after a time. */
extern bool PartitionBeginsAfter(Oid segment_partition, TimestampTz time);

/* The partition of genops.call_key of a day, made if it is missing; all of them, oldest first; and
 * the time before which all of one's keys were recorded. */
extern Oid PartitionEnsureOfKeys(TimestampTz recorded_at);
extern Oid *PartitionsOfKeys(int *count);
extern TimestampTz PartitionKeysEnd(Oid partition);

/* The name of an index or a constraint of a partition. */
extern char *PartitionIndexName(Oid partition, const char *suffix);

#endif
