/* SPDX-License-Identifier: PostgreSQL */
/*
 * Ranges of segments that genops_resend() wants sent once more.
 */
#ifndef GENOPS_DELIVER_RESEND_H
#define GENOPS_DELIVER_RESEND_H

#include "postgres.h"

typedef struct ResendRange
{
	char *tenant_id;
	char *route;
	int64 next_seq; /* everything before is sent */
	int64 last_seq;
} ResendRange;

/* All ranges, in the current memory context.  Needs a transaction, as does
 * what follows. */
extern ResendRange *ResendRanges(int *count);

/* The range is sent up to, but not including, next_seq; removes it at its end. */
extern void ResendAdvance(ResendRange *range, int64 next_seq);

#endif
