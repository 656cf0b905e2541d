/*
 * Spans that retention removes before they were delivered.
 */
#ifndef GENOPS_DELIVER_EXPIRED_H
#define GENOPS_DELIVER_EXPIRED_H

#include "postgres.h"

/*
 * Counts, in genops.delivery, the spans of a partition of genops.ledger_segment that
 * are behind no cursor yet; returns how many there are.  Within SPI, in the
 * transaction that drops the partition.
 */
extern int64 ExpiredCount(Oid segment_partition);

#endif
