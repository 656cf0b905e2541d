/* SPDX-License-Identifier: PostgreSQL */
/*
 * Who may say what a call cost.
 */
#ifndef GENOPS_RECORD_CHARGE_H
#define GENOPS_RECORD_CHARGE_H

#include "record/outcome.h"

/*
 * False, and complained of, if the outcome has a cost and the current user may not state
 * one: the call is then recorded without.  To be called before the draft borrows anything
 * from the configuration: it may look at the catalogs, which may hear of a new one.
 */
extern bool ChargeAllowed(const CallOutcome *outcome);

/* Whether the current user may charge; the answer of ChargeAllowed for this call. */
extern bool ChargeGranted(void);

#endif
