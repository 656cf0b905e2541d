/* SPDX-License-Identifier: PostgreSQL */
/*
 * When a stream may be tried again.
 *
 * A pure state machine: the caller brings the time (milliseconds of a clock
 * that never goes back) and the random number.  Failures that pass by
 * themselves are retried with exponential backoff and full jitter; a blocked
 * stream is probed slowly.  "Paused" is not a state of this: nobody asks then.
 */
#ifndef GENOPS_CORE_NET_RETRY_H
#define GENOPS_CORE_NET_RETRY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct GenopsRetryPolicy
{
	int64_t first_ms; /* the first backoff is at most this; doubles */
	int64_t max_ms;
	int64_t first_probe_ms; /* of a blocked stream; doubles */
	int64_t max_probe_ms;
} GenopsRetryPolicy;

/* 1 s to 60 s, 30 s to 5 min. */
extern const GenopsRetryPolicy genops_retry_defaults;

typedef enum GenopsRetryState
{
	GENOPS_STREAM_DELIVERING,
	GENOPS_STREAM_RETRYING,
	GENOPS_STREAM_BLOCKED
} GenopsRetryState;

/* Zeroed: delivering. */
typedef struct GenopsRetry
{
	GenopsRetryState state;
	uint32_t failures;       /* in a row, in this state */
	int64_t next_attempt_ms; /* not before; meaningless when delivering */
} GenopsRetry;

/* Whether a request may be sent now, and in how many ms (0: now). */
extern bool genops_retry_due(const GenopsRetry *retry, int64_t now_ms);
extern int64_t genops_retry_wait_ms(const GenopsRetry *retry, int64_t now_ms);

extern void genops_retry_delivered(GenopsRetry *retry);

/*
 * A failure that passes: tried again after a random part of the backoff, but
 * not before min_delay_ms (Retry-After, 0: none).  "random" is uniform over
 * all 64-bit numbers.  Failures of requests that were in flight together, that
 * is before the next attempt was due, count as one.
 */
extern void genops_retry_failed(GenopsRetry *retry, const GenopsRetryPolicy *policy,
                                int64_t min_delay_ms, int64_t now_ms, uint64_t random);

/* One that does not: probed after first_probe_ms, twice that, ... plus up to a
 * tenth, so that streams do not probe in step. */
extern void genops_retry_blocked(GenopsRetry *retry, const GenopsRetryPolicy *policy,
                                 int64_t now_ms, uint64_t random);

/* After a change of configuration: due at once.  The state is kept until an
 * answer says otherwise, the waiting starts anew. */
extern void genops_retry_now(GenopsRetry *retry, int64_t now_ms);

#endif
