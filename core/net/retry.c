/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/retry.h"

const GenopsRetryPolicy genops_retry_defaults = {
	.first_ms = 1000,
	.max_ms = 60 * 1000,
	.first_probe_ms = 30 * 1000,
	.max_probe_ms = 5 * 60 * 1000,
};

int64_t
genops_retry_wait_ms(const GenopsRetry *retry, int64_t now_ms)
{
	if (retry->state == GENOPS_STREAM_DELIVERING || retry->next_attempt_ms <= now_ms)
		return 0;
	return retry->next_attempt_ms - now_ms;
}

bool
genops_retry_due(const GenopsRetry *retry, int64_t now_ms)
{
	return genops_retry_wait_ms(retry, now_ms) == 0;
}

void
genops_retry_delivered(GenopsRetry *retry)
{
	*retry = (GenopsRetry){ .state = GENOPS_STREAM_DELIVERING };
}

/* first * 2^(failures - 1), at most max. */
static int64_t
doubled(int64_t first, int64_t max, uint32_t failures)
{
	int64_t delay = first;

	for (uint32_t i = 1; i < failures && delay < max; i++)
		delay *= 2;
	return delay < max ? delay : max;
}

/* A random number from 0 to max. */
static int64_t
part_of(int64_t max, uint64_t random)
{
	return max > 0 ? (int64_t) (random % ((uint64_t) max + 1)) : 0;
}

/* Counts a failure, unless it is of the round that has been counted. */
static bool
counts(GenopsRetry *retry, GenopsRetryState state, int64_t now_ms)
{
	if (retry->state != state)
		*retry = (GenopsRetry){ .state = state };
	else if (!genops_retry_due(retry, now_ms))
		return false;
	if (retry->failures < UINT32_MAX)
		retry->failures++;
	return true;
}

void
genops_retry_failed(GenopsRetry *retry, const GenopsRetryPolicy *policy, int64_t min_delay_ms,
                    int64_t now_ms, uint64_t random)
{
	if (counts(retry, GENOPS_STREAM_RETRYING, now_ms))
		retry->next_attempt_ms =
		    now_ms + part_of(doubled(policy->first_ms, policy->max_ms, retry->failures), random);
	if (retry->next_attempt_ms < now_ms + min_delay_ms)
		retry->next_attempt_ms = now_ms + min_delay_ms;
}

void
genops_retry_blocked(GenopsRetry *retry, const GenopsRetryPolicy *policy, int64_t now_ms,
                     uint64_t random)
{
	int64_t delay;

	if (!counts(retry, GENOPS_STREAM_BLOCKED, now_ms))
		return;
	delay = doubled(policy->first_probe_ms, policy->max_probe_ms, retry->failures);
	retry->next_attempt_ms = now_ms + delay + part_of(delay / 10, random);
}

void
genops_retry_now(GenopsRetry *retry, int64_t now_ms)
{
	retry->failures = 0;
	retry->next_attempt_ms = now_ms;
}
