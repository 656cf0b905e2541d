/* SPDX-License-Identifier: PostgreSQL */
/*
 * The span that genops_validate() sends, to see whether it can be read back.
 */
#ifndef GENOPS_VALIDATE_PROBE_H
#define GENOPS_VALIDATE_PROBE_H

#include "postgres.h"

#include "core/base/slice.h"
#include "core/span/facts.h"

/* An export request of one span, in the current memory context. */
typedef struct Probe
{
	char trace_id[2 * GENOPS_TRACE_ID_SIZE + 1]; /* hexadecimal digits */
	GenopsSlice body;
} Probe;

/*
 * A workflow step, not an AI call: it has neither provider nor cost, and is in no ledger,
 * so that genops.spend knows nothing of it.
 */
extern Probe ProbeMake(const char *service_name);

#endif
