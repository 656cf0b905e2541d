/* SPDX-License-Identifier: PostgreSQL */
/*
 * Pausing and resuming delivery.
 */
#ifndef GENOPS_DELIVER_CONTROL_H
#define GENOPS_DELIVER_CONTROL_H

#include "postgres.h"

typedef enum DeliveryHold
{
	HOLD_NONE,
	HOLD_SWITCHED_OFF, /* genops_tempo.export */
	HOLD_COPY,
	HOLD_PAUSED
} DeliveryHold;

/* Why nothing at all is sent from this database.  Needs a transaction. */
extern DeliveryHold DeliveryHeldBy(void);

/* In words; NULL of HOLD_NONE. */
extern const char *DeliveryHoldReason(DeliveryHold hold);

#endif
