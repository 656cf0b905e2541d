/* SPDX-License-Identifier: PostgreSQL */
/*
 * What it means when Tempo does not answer a question, and what to do about it.
 */
#ifndef GENOPS_CORE_TEMPO_PROBLEM_H
#define GENOPS_CORE_TEMPO_PROBLEM_H

#include "core/net/http.h"

typedef enum GenopsTempoProblem
{
	GENOPS_TEMPO_ANSWERED,
	GENOPS_TEMPO_UNREACHABLE,    /* name, connection, TLS */
	GENOPS_TEMPO_INTERRUPTED,    /* closed or silent before the answer was complete */
	GENOPS_TEMPO_UNAUTHORIZED,   /* 401, 403 */
	GENOPS_TEMPO_SOMETHING_ELSE, /* what answers there is no Tempo, or one that cannot do this */
	GENOPS_TEMPO_BAD_QUERY,      /* it does not understand the TraceQL */
	GENOPS_TEMPO_BAD_REQUEST,    /* time range, limit, tenant ... */
	GENOPS_TEMPO_TOO_LARGE,      /* the question or the answer */
	GENOPS_TEMPO_BUSY,           /* 429 */
	GENOPS_TEMPO_UNAVAILABLE,    /* 502, 503, 504 */
	GENOPS_TEMPO_FAILED          /* other 5xx */
} GenopsTempoProblem;

/*
 * Whether the reply has a body to be read as JSON; else fills the error.  Its detail
 * is Tempo's own text as one line, without the value of a header that was sent.
 * "address" is the query address, for the message; "sent" may be NULL.
 */
extern GenopsTempoProblem genops_tempo_judge(const GenopsHttpReply *reply, const char *address,
                                             const GenopsHeaders *sent, GenopsError *error);

/* Of the error of a BAD_REQUEST: the most traces, or spans of a spanset, that this
 * Tempo allows; 0 if it is about something else. */
extern int genops_tempo_allowed_traces(const GenopsError *error);
extern int genops_tempo_allowed_spans(const GenopsError *error);

#endif
