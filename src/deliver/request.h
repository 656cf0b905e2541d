/* SPDX-License-Identifier: PostgreSQL */
/*
 * Requests with batches of spans, and their answers.
 */
#ifndef GENOPS_DELIVER_REQUEST_H
#define GENOPS_DELIVER_REQUEST_H

#include "postgres.h"

#include "core/export/streams.h"
#include "storage/latch.h"

/* Once in the worker's life, after connecting; and at its end. */
extern void RequestsInit(void);
extern void RequestsEnd(void);

/* Starts a request with what waits of the stream, up to a segment. */
extern void RequestStart(GenopsStream *stream, int64 durable_seq);

/* Goes on with all requests, and judges those that are over.  Never waits, never raises
 * for what a peer did. */
extern void RequestsGoOn(void);

extern int RequestsUnderWay(void);

/* Milliseconds until RequestsGoOn has something to do beside what sockets bring; -1:
 * nothing. */
extern long RequestsWait(void);

/* The sockets that bring answers. */
extern int RequestsSocketCount(void);
extern void RequestsAddSockets(WaitEventSet *set);

/*
 * The targets have changed: no request starts until those under way are over, or a
 * second has passed; what is left then is given up, and the next one uses new
 * connections.
 */
extern void RequestsStartAnew(void);
extern bool RequestsMayStart(void);

/* Gives up all requests at once, and forgets them: their streams go, too. */
extern void RequestsDrop(void);

#endif
