/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the answer to an OTLP export means for the spans that were sent.
 *
 * The OTLP specification drops whatever it does not call retryable, which is
 * all but 429, 502, 503 and 504.  A ledger can afford better: only data that
 * the endpoint calls bad, or fails on again and again, is given up.  What is a
 * matter of configuration (a wrong token, address, tenant or certificate)
 * blocks the stream until somebody mends it, and loses nothing.
 */
#ifndef GENOPS_CORE_NET_ANSWER_H
#define GENOPS_CORE_NET_ANSWER_H

#include <stdint.h>

#include "core/net/http.h"

typedef enum GenopsOutcome
{
	GENOPS_OUTCOME_DELIVERED, /* with rejected_spans, if any */
	GENOPS_OUTCOME_RETRY,     /* the same again, later */
	GENOPS_OUTCOME_BLOCKED,   /* until the configuration changes */
	GENOPS_OUTCOME_TOO_LARGE, /* the same will never do: send less at once */
	GENOPS_OUTCOME_SUSPECT,   /* the endpoint failed, and the data may be why: send less at
	                           * once, a bounded number of times */
	GENOPS_OUTCOME_REJECTED   /* the endpoint can't take this data */
} GenopsOutcome;

typedef struct GenopsAnswer
{
	GenopsOutcome outcome;
	int64_t rejected_spans; /* 0 to the number sent; only when delivered */
	int64_t min_delay_ms;   /* wanted by the endpoint before a retry; 0: none */
	/* One line that is safe to show: valid UTF-8, no control characters, no
	 * header's value.  Empty if delivered without a remark. */
	char reason[320];
} GenopsAnswer;

/* The longest delay that an endpoint may ask for. */
#define GENOPS_MAX_RETRY_AFTER_MS ((int64_t) 60 * 60 * 1000)

/* "sent" are the request's headers, NULL: none; "now_unix" is in seconds. */
extern void genops_answer_judge(const GenopsHttpReply *reply, const GenopsHeaders *sent,
                                int64_t sent_spans, int64_t now_unix, GenopsAnswer *answer);

/* Milliseconds of a Retry-After header, seconds or an HTTP date (RFC 9110,
 * 10.2.3); 0 for the past and for what can't be read. */
extern int64_t genops_retry_after_ms(const char *text, int64_t now_unix);

#endif
