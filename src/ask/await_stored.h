/* SPDX-License-Identifier: PostgreSQL */
/*
 * Waiting until what was recorded can be read.
 */
#ifndef GENOPS_ASK_AWAIT_STORED_H
#define GENOPS_ASK_AWAIT_STORED_H

/* Waits for what was recorded before in this database, by anyone; a WARNING if that takes too
 * long.  What is stored meanwhile is seen by snapshots that are taken afterwards. */
extern void AwaitStored(void);

#endif
