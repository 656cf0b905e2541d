/*
 * How far each stream has been delivered: genops.delivery, a row per tenant
 * and route.
 *
 * Rows are changed in place by the worker alone, without running triggers.
 * All functions need a transaction.
 */
#ifndef GENOPS_DELIVER_CURSOR_H
#define GENOPS_DELIVER_CURSOR_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* What changed for a stream since its row was last written. */
typedef struct CursorChange
{
	int64 settled_seq; /* new cursor, 0: unchanged */
	int64 stored;      /* the rest is added to the row's totals */
	int64 not_sampled;
	int64 exported;
	int64 rejected;
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

/* Adds the change to the stream's row, which is made if it is missing. */
extern void CursorApply(const char *tenant_id, const char *route, const CursorChange *change);

typedef struct CursorStream
{
	char *tenant_id;
	char *route;
	char *state;
	char *reason; /* "" for none */
	int64 cursor_seq;
	int64 pending; /* spans: stored, but for those that are not
								 * sampled, exported, rejected, expired or
								 * skipped */
} CursorStream;

/* All streams, in the current memory context. */
extern CursorStream *CursorStreams(int *count);

#endif
