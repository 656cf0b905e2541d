/* SPDX-License-Identifier: PostgreSQL */
/*
 * How far each stream has been delivered: genops.delivery, a row per tenant and
 * route.
 *
 * "cursor_seq" is the one truth: segments of the stream behind it are to be sent.
 * "newest_seq" is the newest of them, so that streams with nothing to send need not be
 * looked for in the ledger.  The rest counts what became of spans.
 *
 * Rows are changed in place by the worker, without running triggers; sessions change
 * them only under a lock that keeps the worker away (control.c).  All functions need a
 * transaction.
 */
#ifndef GENOPS_DELIVER_CURSOR_H
#define GENOPS_DELIVER_CURSOR_H

#include "postgres.h"

#include "core/base/slice.h"
#include "datatype/timestamp.h"

/* Which table it is: another after DROP and CREATE EXTENSION, another file after
 * TRUNCATE. */
typedef struct CursorIdentity
{
	Oid table; /* InvalidOid: none is known */
	Oid file;
} CursorIdentity;

/* The table that is there now; raises if there is none. */
extern CursorIdentity CursorIdentify(void);

typedef struct CursorTable CursorTable;

/* Opens the table for changes, if it is the one that is expected; raises otherwise. */
extern CursorTable *CursorOpen(CursorIdentity expected);
extern void CursorClose(CursorTable *table);

/* Where a stream's row stands. */
typedef struct CursorRow
{
	int64 cursor_seq;
	int64 newest_seq;
	bool established; /* something was delivered */
} CursorRow;

/* What is to change in a row. */
typedef struct CursorChange
{
	/* The cursor moves from "from_seq" to "settled_seq", with what is exported and
	 * rejected, if it stands at "from_seq"; 0: it does not move. */
	int64 from_seq;
	int64 settled_seq;
	int64 exported;
	int64 rejected;

	int64 newest_seq;  /* 0: unchanged */
	int64 expired_seq; /* what is not sent up to here is gone; 0: nothing is */
	int64 stored;      /* this and the rest is added to the row's totals */
	int64 not_sampled;
	int64 expired;
	int64 resent;
	int64 bytes;
	int64 requests;
	int64 retries;
	const char *state;         /* NULL: unchanged; see genops.delivery */
	const char *reason;        /* goes with state */
	TimestampTz last_success;  /* 0: unchanged */
	TimestampTz last_error_at; /* 0: unchanged; then last_error too */
	const char *last_error;
} CursorChange;

/*
 * Changes the stream's row, and says where it stood before.  A row that is missing is
 * made, with its cursor at "start_seq".  False if the cursor was to move and
 * does not stand where it is said to: then it does not, and nothing of that is counted.
 */
extern bool CursorApply(CursorTable *table, GenopsSlice tenant_id, GenopsSlice route,
                        int64 start_seq, const CursorChange *change, CursorRow *before);

/* A stream; of interest are those that have something to send, or are not delivering. */
typedef struct CursorStream
{
	char *tenant_id;
	char *route;
	char *state;
	char *reason; /* "" for none */
	CursorRow row;
} CursorStream;

/* Called for each stream, or only for those; the stream is freed after the call. */
typedef void CursorVisit(const CursorStream *stream, void *argument);
extern void CursorVisitRows(bool only_these, CursorVisit *visit, void *argument);

/* Whether there is a row of the stream with something delivered. */
extern bool CursorEstablished(GenopsSlice tenant_id, GenopsSlice route);

/* Spans behind a stream's cursor / behind the cursors of all streams; the latter waits for no
 * lock, and is false where somebody has locked what it would read. */
extern int64 CursorPending(const CursorStream *stream);
extern bool CursorPendingSpans(int64 *spans);

/* If there is no row at all, but there are segments, makes the rows anew, with
 * nothing delivered: the cursors are lost. */
extern void CursorRestore(void);

#endif
