/*
 * What the ledger's parts tell the folding of spend.
 */
#ifndef GENOPS_KEEP_SPEND_H
#define GENOPS_KEEP_SPEND_H

/* That many spans were inserted (their transaction may still fail: it is only
 * about when to fold). */
extern void SpendNoteStored(int spans);

#endif
