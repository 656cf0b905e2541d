/* SPDX-License-Identifier: PostgreSQL */
/*
 * What could not be recorded as it was said.
 *
 * A program must not fail because somebody watches it: a value that cannot be meant, a
 * privilege that is missing, a call that has ended are told as a WARNING, once a session
 * and kind, and counted; the call is recorded without it.  genops.on_error = error, for
 * development and tests, makes each an ERROR.
 */
#ifndef GENOPS_RECORD_COMPLAINT_H
#define GENOPS_RECORD_COMPLAINT_H

#include "postgres.h"

typedef enum ComplaintKind
{
	COMPLAINT_CALL,       /* no such call is open */
	COMPLAINT_OPEN_CALLS, /* too many are */
	COMPLAINT_CHARGE,     /* the role may not state a cost */
	COMPLAINT_COST,
	COMPLAINT_TOKENS,
	COMPLAINT_TIME,
	COMPLAINT_STATUS,
	COMPLAINT_TENANT,
	COMPLAINT_TRACE,
	COMPLAINT_ATTRIBUTES,
	COMPLAINT_OPTIONS,
	COMPLAINT_COUNT
} ComplaintKind;

/* Counts it.  ERROR, WARNING, or DEBUG1 where the session was told of the kind already. */
extern int ComplaintLevel(ComplaintKind kind);

/* The SQLSTATE goes with an ERROR only: a warning is no error that somebody looks for. */
extern int ComplaintSqlState(int sqlstate);

/* As ereport(); returns unless complaints are errors. */
#define Complain(kind, sqlstate, ...) \
	ereport(ComplaintLevel(kind), (errcode(ComplaintSqlState(sqlstate)), __VA_ARGS__))

#endif
