/* SPDX-License-Identifier: PostgreSQL */
/*
 * The processes that the launcher starts.
 */
#ifndef GENOPS_DELIVER_PROCESSES_H
#define GENOPS_DELIVER_PROCESSES_H

#include "postgres.h"

#include "shared/seat.h"

/* Notices which of them have gone.  A worker that went before it took its seat gives
 * it up. */
extern void ProcessesLook(void);

/* Workers of ours, those that are about to leave among them: each has a place of
 * max_worker_processes until it is gone. */
extern int ProcessesRunning(void);

/* Whether the seat's last worker is still there. */
extern bool ProcessRunsFor(const SeatView *view);

/* False if the server has no place for it. */
extern bool ProcessStartWorker(const SeatView *view);
extern bool ProcessStartCensus(Oid database);

#endif
