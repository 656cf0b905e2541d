/* SPDX-License-Identifier: PostgreSQL */
/*
 * The worker's transactions: short, as the owner of the extension, restricted.
 */
#ifndef GENOPS_KEEP_WORK_H
#define GENOPS_KEEP_WORK_H

#include "postgres.h"

/* Once, after connecting: settings under which a worker's transactions wait
 * little, run nobody's triggers and leave no trace in statistics. */
extern void WorkPrepare(void);

/* A transaction with a snapshot, as the extension's owner.  False, with nothing
 * begun, where the extension is not installed (any more). */
extern bool WorkBegin(void);
extern void WorkCommit(void);

#endif
