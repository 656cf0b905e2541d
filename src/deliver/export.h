/*
 * One export: a request with the first spans of a stream, and its answer.
 */
#ifndef GENOPS_DELIVER_EXPORT_H
#define GENOPS_DELIVER_EXPORT_H

#include "postgres.h"

#include "core/net/http.h"
#include "deliver/stream.h"

/* Starts a request with at most max_spans spans from the front of the stream, of
 * segments up to last_seq, which must have some and stay as it is until the answer has been judged. */
extern void ExportStart(GenopsHttpClient *client, Stream *stream, int max_spans, int64 last_seq);

/* Judges a finished request: settles spans, or sets the stream's state and
 * when it is tried again.  Frees the reply. */
extern void ExportFinish(GenopsHttpReply *reply);

/* Forgets requests that were under way when their client was freed. */
extern void ExportForgetAll(void);

extern int export_in_flight;

#endif
