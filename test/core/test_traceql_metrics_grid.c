/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql_metrics.h"

static void
a_range_begins_with_the_bucket_that_ends_at_its_start(void **state)
{
	GenopsMetricsGrid grid = range_of(1200, 1380, 60);

	(void) state;
	assert_int_equal(grid.first_ns, 1200 * SECONDS);
	assert_int_equal(grid.step_ns, 60 * SECONDS);
	assert_int_equal(grid.count, 4);
	assert_false(grid.instant);
	/* The start is rounded down, the end up. */
	grid = range_of(1230, 1350, 60);
	assert_int_equal(grid.first_ns, 1200 * SECONDS);
	assert_int_equal(grid.count, 4);
	grid = range_of(0, 1, 60);
	assert_int_equal(grid.first_ns, 0);
	assert_int_equal(grid.count, 2);
}

static int
bucket_of(GenopsMetricsGrid grid, int64_t start_ns)
{
	size_t bucket;

	return genops_metrics_bucket(&grid, start_ns, &bucket) ? (int) bucket : -1;
}

static void
buckets_hold_their_right_edge(void **state)
{
	GenopsMetricsGrid grid = range_of(1200, 1320, 60);

	(void) state;
	assert_int_equal(bucket_of(grid, 1140 * SECONDS), -1);
	assert_int_equal(bucket_of(grid, 1140 * SECONDS + 1), 0);
	assert_int_equal(bucket_of(grid, 1200 * SECONDS), 0);
	assert_int_equal(bucket_of(grid, 1200 * SECONDS + 1), 1);
	assert_int_equal(bucket_of(grid, 1320 * SECONDS), 2);
	assert_int_equal(bucket_of(grid, 1320 * SECONDS + 1), -1);
	assert_int_equal(bucket_of(grid, INT64_MAX), -1);
	assert_int_equal(bucket_of(grid, -1), -1);
	/* The first bucket may reach below 1970. */
	grid = range_of(0, 60, 60);
	assert_int_equal(bucket_of(grid, 0), 0);
	assert_int_equal(bucket_of(grid, 1), 1);
}

static void
an_instant_query_has_one_bucket(void **state)
{
	GenopsMetricsGrid grid = instant_of(1207, 1333);

	(void) state;
	assert_true(grid.instant);
	assert_int_equal(grid.count, 1);
	assert_int_equal(bucket_of(grid, 1207 * SECONDS), -1);
	assert_int_equal(bucket_of(grid, 1207 * SECONDS + 1), 0);
	assert_int_equal(bucket_of(grid, 1333 * SECONDS), 0);
	assert_int_equal(bucket_of(grid, 1333 * SECONDS + 1), -1);
}

static void
the_default_step_follows_the_range(void **state)
{
	static const struct
	{
		int64_t seconds;
		int64_t milliseconds;
	} steps[] = {
		{ 5, 50 },         { 30, 100 },         { 59, 200 },
		{ 60, 1000 },      { 600, 2000 },       { 3600, 15000 },
		{ 86400, 300000 }, { 604800, 2400000 }, { 8640000, 36000000 },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		assert_int_equal(range_of(36000000, 36000000 + steps[i].seconds, 0).step_ns,
		                 steps[i].milliseconds * 1000000);
	assert_int_equal(range_of(36000000, 36003600, 0).count, 241);
}

static void
refuse_range(int64_t start_ns, int64_t end_ns, int64_t step_ns, const char *message)
{
	GenopsMetricsGrid grid;
	GenopsError error;

	assert_false(genops_metrics_range(start_ns, end_ns, step_ns, &grid, &error));
	assert_string_equal(error.message, message);
}

static void
wrong_ranges_are_refused(void **state)
{
	GenopsMetricsGrid grid;
	GenopsError error;

	(void) state;
	refuse_range(5, 5, 1, "the end of the time range is not after its start");
	refuse_range(-1, 5, 1, "the time range of metrics starts before 1970");
	refuse_range(0, 5, -1, "a step is above 0");
	refuse_range(0, INT64_MAX, 1000, "the time range or its step is too far in the future");
	refuse_range(0, 5, INT64_MAX, "the time range or its step is too far in the future");
	assert_false(genops_metrics_instant(5, 4, &grid, &error));
	assert_false(genops_metrics_range(0, 90 * SECONDS, 1000000, &grid, &error));
	assert_int_equal(error.code, GENOPS_TOO_LARGE);
	assert_string_equal(error.message,
	                    "a step of 1 ms is too short: a series has at most 10000 points");
	assert_string_equal(error.hint, "For this time range a step is at least 10 ms.");
	/* What the hint says is enough, wherever the range begins. */
	assert_true(genops_metrics_range(9999999, 90 * SECONDS + 9999999, 10000000, &grid, &error));
}

static void
histogram_buckets_are_powers_of_two(void **state)
{
	(void) state;
	assert_int_equal(genops_metrics_exponent(INT64_MIN), -1);
	assert_int_equal(genops_metrics_exponent(1), -1);
	assert_int_equal(genops_metrics_exponent(2), 1);
	assert_int_equal(genops_metrics_exponent(3), 2);
	assert_int_equal(genops_metrics_exponent(4), 2);
	assert_int_equal(genops_metrics_exponent(5), 3);
	assert_int_equal(genops_metrics_exponent(INT64_C(1) << 62), 62);
	/* A double has no 2^53 + 1. */
	assert_int_equal(genops_metrics_exponent((INT64_C(1) << 53) + 1), 53);
	assert_int_equal(genops_metrics_exponent(INT64_MAX), 63);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_begins_with_the_bucket_that_ends_at_its_start),
		cmocka_unit_test(buckets_hold_their_right_edge),
		cmocka_unit_test(an_instant_query_has_one_bucket),
		cmocka_unit_test(the_default_step_follows_the_range),
		cmocka_unit_test(wrong_ranges_are_refused),
		cmocka_unit_test(histogram_buckets_are_powers_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
