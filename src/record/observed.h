/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a reply comes from that genops_observe is given, as far as its expression tells.
 */
#ifndef GENOPS_RECORD_OBSERVED_H
#define GENOPS_RECORD_OBSERVED_H

#include "postgres.h"

#include "record/outcome.h"

/* Puts what the mark of a call site means into the outcome.  "again": the site was evaluated
 * before in the same execution of the statement. */
extern void ObservedApply(int64 mark, bool again, CallOutcome *outcome);

#endif
