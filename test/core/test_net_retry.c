/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/net/retry.h"

#define LARGEST UINT64_MAX

static const GenopsRetryPolicy *const policy = &genops_retry_defaults;

/* The largest backoff of the n-th failure in a row, each tried when due. */
static int64_t
largest_backoff(GenopsRetry *retry, int64_t now, int64_t cap)
{
	GenopsRetry copy;

	/* A random number that is the cap modulo cap + 1. */
	copy = *retry;
	genops_retry_failed(&copy, policy, 0, now, (uint64_t) cap);
	*retry = copy;
	return copy.next_attempt_ms - now;
}

static void
backoff_doubles_to_its_limit(void **state)
{
	const int64_t caps[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000 };
	GenopsRetry retry = { 0 };
	int64_t now = 5;

	(void) state;
	assert_true(genops_retry_due(&retry, now));
	for (size_t i = 0; i < COUNT_OF(caps); i++)
	{
		assert_int_equal(largest_backoff(&retry, now, caps[i]), caps[i]);
		assert_int_equal(retry.state, GENOPS_STREAM_RETRYING);
		assert_int_equal(retry.failures, i + 1);
		assert_false(genops_retry_due(&retry, now + caps[i] - 1));
		assert_int_equal(genops_retry_wait_ms(&retry, now + 1), caps[i] - 1);
		now += caps[i];
		assert_true(genops_retry_due(&retry, now));
	}
}

static void
jitter_is_full_and_in_range(void **state)
{
	uint64_t seed = 42;
	int64_t smallest = INT64_MAX;
	int64_t largest = 0;

	(void) state;
	for (int i = 0; i < 1000; i++)
	{
		GenopsRetry retry = { 0 };

		genops_retry_failed(&retry, policy, 0, 100, next_random(&seed));
		assert_uint_in_range(retry.next_attempt_ms, 100, 1100);
		if (retry.next_attempt_ms < smallest)
			smallest = retry.next_attempt_ms;
		if (retry.next_attempt_ms > largest)
			largest = retry.next_attempt_ms;
	}
	assert_true(smallest < 150 && largest > 1050);
}

static void
retry_after_is_a_minimum(void **state)
{
	GenopsRetry retry = { 0 };

	(void) state;
	genops_retry_failed(&retry, policy, 5000, 0, 700);
	assert_int_equal(retry.next_attempt_ms, 5000);
	/* Not a maximum. */
	retry = (GenopsRetry){ 0 };
	genops_retry_failed(&retry, policy, 500, 0, 700);
	assert_int_equal(retry.next_attempt_ms, 700);
	/* More than the longest backoff is honoured too. */
	genops_retry_failed(&retry, policy, 600000, 700, 0);
	assert_int_equal(retry.next_attempt_ms, 600700);
}

static void
failures_in_flight_together_count_once(void **state)
{
	GenopsRetry retry = { 0 };

	(void) state;
	genops_retry_failed(&retry, policy, 0, 0, 1000);
	genops_retry_failed(&retry, policy, 0, 1, 1);
	genops_retry_failed(&retry, policy, 0, 2, 1);
	assert_int_equal(retry.failures, 1);
	assert_int_equal(retry.next_attempt_ms, 1000);
	genops_retry_failed(&retry, policy, 9000, 3, 1);
	assert_int_equal(retry.failures, 1);
	assert_int_equal(retry.next_attempt_ms, 9003);
}

static void
blocked_streams_are_probed_slowly(void **state)
{
	const int64_t delays[] = { 30000, 60000, 120000, 240000, 300000, 300000 };
	GenopsRetry retry = { 0 };
	int64_t now = 0;

	(void) state;
	genops_retry_failed(&retry, policy, 0, now, LARGEST);
	for (size_t i = 0; i < COUNT_OF(delays); i++)
	{
		genops_retry_blocked(&retry, policy, now, LARGEST - i);
		assert_int_equal(retry.state, GENOPS_STREAM_BLOCKED);
		assert_uint_in_range(retry.next_attempt_ms - now, delays[i], delays[i] + delays[i] / 10);
		now = retry.next_attempt_ms;
	}
	/* A passing failure of a probe starts the backoff at its beginning. */
	genops_retry_failed(&retry, policy, 0, now, 1000);
	assert_int_equal(retry.state, GENOPS_STREAM_RETRYING);
	assert_int_equal(retry.next_attempt_ms, now + 1000);
}

static void
a_success_resets(void **state)
{
	GenopsRetry retry = { 0 };

	(void) state;
	for (int64_t now = 0; now < 1000000; now += 100000)
		genops_retry_failed(&retry, policy, 0, now, LARGEST);
	genops_retry_delivered(&retry);
	assert_int_equal(retry.state, GENOPS_STREAM_DELIVERING);
	assert_true(genops_retry_due(&retry, 0));
	genops_retry_failed(&retry, policy, 0, 0, 1000);
	assert_int_equal(retry.next_attempt_ms, 1000);
}

static void
a_configuration_change_tries_at_once(void **state)
{
	GenopsRetry retry = { 0 };

	(void) state;
	genops_retry_blocked(&retry, policy, 0, 0);
	genops_retry_blocked(&retry, policy, 30000, 0);
	genops_retry_now(&retry, 30001);
	assert_int_equal(retry.state, GENOPS_STREAM_BLOCKED);
	assert_true(genops_retry_due(&retry, 30001));
	genops_retry_blocked(&retry, policy, 30002, 0);
	assert_int_equal(retry.next_attempt_ms, 60002);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backoff_doubles_to_its_limit),
		cmocka_unit_test(jitter_is_full_and_in_range),
		cmocka_unit_test(retry_after_is_a_minimum),
		cmocka_unit_test(failures_in_flight_together_count_once),
		cmocka_unit_test(blocked_streams_are_probed_slowly),
		cmocka_unit_test(a_success_resets),
		cmocka_unit_test(a_configuration_change_tries_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
