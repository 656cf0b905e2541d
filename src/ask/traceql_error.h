/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the core says of a query, as PostgreSQL's errors and notices.
 */
#ifndef GENOPS_ASK_TRACEQL_ERROR_H
#define GENOPS_ASK_TRACEQL_ERROR_H

#include "postgres.h"

#include "core/traceql/traceql.h"

/* Parses and checks a query, whose memory is given back with the current
 * memory context.  Raises with the place in the query. */
extern GenopsTraceql *TraceqlParse(GenopsSlice query, GenopsTraceqlMode mode);

/* A query as the user gave it, in UTF-8. */
extern GenopsSlice TraceqlUtf8(text *query);

/* A query, or a pipeline, as text in UTF-8. */
extern GenopsSlice TraceqlPrint(const GenopsQuery *query);
extern GenopsSlice TraceqlPrintPipeline(const GenopsPipeline *pipeline);

/* Says how forms of the dialect were read. */
extern void TraceqlNotices(const GenopsTraceql *traceql);

extern void TraceqlRaiseComplaint(const GenopsTraceqlError *error) __attribute__((noreturn));

/* An error while a query runs. */
extern void TraceqlRaise(const GenopsError *error) __attribute__((noreturn));

/* Calls "release" when the current memory context is emptied or deleted. */
extern void TraceqlReleaseWithContext(void (*release)(void *), void *argument);

#endif
