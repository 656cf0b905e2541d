/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which ledger is there, and how it is configured.
 */
#ifndef GENOPS_DELIVER_FOLLOW_H
#define GENOPS_DELIVER_FOLLOW_H

#include "postgres.h"

#include "deliver/cursor.h"

/* Whether the ledger is known, and its streams are. */
extern bool LedgerIsKnown(void);

/*
 * A transaction for the ledger that is known.  False, with nothing begun, if the
 * extension is not there, or another ledger is: what is known is then found out anew.
 */
extern bool LedgerBegin(void);

/* What CursorOpen is to expect. */
extern CursorIdentity LedgerCursor(void);

/* As many spans may be queued; 0: as many as fit. */
extern int FollowQueueLimit(void);

/* Something may have changed of which no one tells: look again in the next round. */
extern void FollowAgain(void);

#endif
