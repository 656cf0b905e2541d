/* SPDX-License-Identifier: PostgreSQL */
/*
 * Seats: which database has a worker, who needs one, and who must not have one.
 *
 * There is a seat for each database that has ever recorded, or is known to have a
 * ledger; seats are numbered from 0.  All times are by MonotonicMs().
 */
#ifndef GENOPS_SHARED_SEAT_H
#define GENOPS_SHARED_SEAT_H

#include "postgres.h"

typedef enum SeatState
{
	SEAT_EMPTY,
	SEAT_STARTING, /* a worker is on its way */
	SEAT_TAKEN
} SeatState;

/* A seat at a moment. */
typedef struct SeatView
{
	int number;
	Oid database;
	SeatState state;
	pid_t worker_pid;
	int64 changed_at; /* when the state changed; 0: no worker was ever there */
	int64 not_before; /* no worker is to be started until then */
	bool failed;      /* the last worker did not leave in good order */
	bool kept_out;    /* a session needs the database without connections */
	bool wanted;      /* somebody asked for the worker */
	int64 wanted_at;  /* when */
	uint64 queued;
	int64 oldest_at;       /* since when the oldest record waits; 0: none does */
	bool pending;          /* the last worker left something to deliver */
	int64 pending_due_at;  /* which is due then */
	uint64 dropped_full;   /* records that found no room */
	bool dropping;         /* the last one did not */
} SeatView;

/*
 * The launcher's side.
 */
extern int SeatCount(void);

/* False where no database has the seat. */
extern bool SeatLookAt(int number, SeatView *view);

/* Makes a seat that looks as it did start a worker; false if it has changed. */
extern bool SeatClaim(const SeatView *view);

/* The worker does not come; false if one has come after all. */
extern bool SeatGiveUp(const SeatView *view, bool failed);

/* No worker is to be started for the seat until then. */
extern void SeatPostpone(const SeatView *view, int64 not_before);

/* The worker is to leave, whatever it does. */
extern void SeatAskToLeave(int number);

/* Databases wait for a worker to leave: one that has nothing to do leaves. */
extern void SeatSetOthersWait(bool others_wait);

/* Asks for the worker of every database that has a seat. */
extern void SeatWantAll(void);

/* This process is to be woken when there is something to do, until its exit. */
extern void SeatLauncherArrive(void);
extern bool SeatLauncherRuns(void);

/*
 * The worker's side.
 */

/* Takes the seat, until this process exits, and makes its queue the one that
 * shared/reader.h reads.  InvalidOid if the worker has to go: another was faster, the
 * database is gone, or no connection may be made to it. */
extern Oid SeatTake(int number);

extern bool SeatAskedToLeave(void);

/* Whether somebody has asked for the worker since the last call. */
extern bool SeatHearWish(void);

/* Whether a worker is needed again when this one goes, and when. */
extern void SeatLeavePending(bool pending, int64 due_at);

/*
 * Anybody's.
 */

/* Asks for the worker of a database, which gets a seat if it has none; false if there
 * is no seat left. */
extern bool SeatWant(Oid database);

/* The database has a ledger, from which something may have to be delivered: of
 * interest if no worker has looked at it since the server started. */
extern bool SeatNoteLedger(Oid database);

/*
 * Keeping the worker out of a database that must have no connections.  SeatKeepOut marks
 * the seat and asks the worker to go; false if the database has no seat: then there is no
 * mark to take away.  SeatAwaitEmpty waits up to the timeout for the worker to be gone.
 * SeatLetIn takes the mark away.
 */
extern bool SeatKeepOut(Oid database);
extern void SeatAwaitEmpty(Oid database, long timeout_ms);
extern void SeatLetIn(Oid database);

/* The database is gone: what it had queued is dropped, its seat is free. */
extern void SeatDiscard(Oid database);

#endif
