/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ledger's one row, genops.ledger_state: how far it is numbered and folded, and
 * which database it belongs to.
 *
 * Changed in place by the worker alone, without running triggers.  All functions
 * need a transaction.
 */
#ifndef GENOPS_KEEP_LEDGER_STATE_H
#define GENOPS_KEEP_LEDGER_STATE_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* The worker makes the row with the first span; a copy of the database is told by
 * an identity that is not its own. */
typedef struct LedgerState
{
	bool exists;
	int64 newest_seq;
	int64 folded_seq;               /* spend is folded up to here */
	TimestampTz newest_recorded_at; /* of any span */
	bool is_copy;                   /* system identifier or database differ */
	bool paused;                    /* by genops_pause_delivery */
	uint32 timeline;                /* of the server when delivery was begun or resumed;
									 * 0: not known */
} LedgerState;

extern LedgerState LedgerStateRead(void);

/* The same for who must not wait for a session that has locked the table: false if
 * one has. */
extern bool LedgerStateReadAtOnce(LedgerState *state);

/* Makes the row with this server's identity and timeline if it is missing. */
extern void LedgerStateAdvance(int64 newest_seq, TimestampTz newest_recorded_at);
extern void LedgerStateFolded(int64 folded_seq);

#endif
