/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql_metrics.h"

#define REAL(key, value) "{\"key\":\"" key "\",\"value\":{\"doubleValue\":" value "}}"
#define MINUTE (60 * SECONDS)

/* Two buckets, that of 0 and that of 60 seconds. */
static GenopsMetricsGrid
minute(void)
{
	return range_of(0, 60, 60);
}

static const SimpleSpan numbers[] = {
	{ 0, 2 * SECONDS, ATTRIBUTES(INT("v", "3") "," TEXT("team", "a")) },
	{ 1, 3 * SECONDS, ATTRIBUTES(REAL("v", "1.5") "," TEXT("team", "a")) },
	{ 2, 4, ATTRIBUTES(TEXT("v", "7") "," TEXT("team", "b")) },
	{ 3, 1, ATTRIBUTES(INT("v", "-2")) },
	{ MINUTE + 1, 1, ATTRIBUTES(INT("v", "1000")) },
};

static void
counts_are_zero_where_no_span_is(void **state)
{
	(void) state;
	assert_spans_series("{} | rate()", numbers, minute(),
	                    "__name__=`rate`: 0.0166666666667 0.05\n");
	assert_spans_series("{} | count_over_time() by (.team)", numbers, minute(),
	                    ".team=`a`: 1 1\n.team=`b`: 0 1\n.team=`nil`: 0 1\n");
	assert_spans_series("{ .nope = 1 } | count_over_time()", numbers, minute(),
	                    "__name__=`count_over_time`: 0 0\n");
	assert_spans_series("{ .nope = 1 } | count_over_time() by (.team)", numbers, minute(), "");
	assert_spans_series("{} | rate()", numbers, instant_of(0, 60), "__name__=`rate`: 0.05\n");
}

static void
numbers_of_all_types_go_together_and_others_are_missing(void **state)
{
	(void) state;
	assert_spans_series("{} | sum_over_time(.v)", numbers, minute(),
	                    "__name__=`sum_over_time`: 3 -0.5\n");
	assert_spans_series("{} | min_over_time(.v)", numbers, minute(),
	                    "__name__=`min_over_time`: 3 -2\n");
	assert_spans_series("{} | max_over_time(.v) by (.team)", numbers, minute(),
	                    ".team=`a`: 3 1.5\n.team=`nil`: - -2\n");
	assert_spans_series("{} | avg_over_time(.v)", numbers, minute(),
	                    "__name__=`avg_over_time`: 3 -0.25\n");
	assert_spans_series("{} | avg_over_time(.nope)", numbers, minute(), "");
}

static void
durations_are_in_seconds_but_other_times_in_nanoseconds(void **state)
{
	static const SimpleSpan spans[] = {
		{ 100, 2 * SECONDS, ",\"events\":[{\"timeUnixNano\":\"150\"},{\"timeUnixNano\":\"200\"}]" },
	};

	(void) state;
	assert_spans_series("{} | max_over_time(duration)", spans, instant_of(0, 60),
	                    "__name__=`max_over_time`: 2\n");
	assert_spans_series("{} | max_over_time(traceDuration)", spans, instant_of(0, 60),
	                    "__name__=`max_over_time`: 2000000000\n");
	/* The first event's. */
	assert_spans_series("{} | max_over_time(event:timeSinceStart)", spans, instant_of(0, 60),
	                    "__name__=`max_over_time`: 50\n");
}

static void
events_and_links_count_by_the_first_that_has_the_attribute(void **state)
{
	static const SimpleSpan spans[] = {
		{ 1, 1,
		  ",\"events\":[{\"name\":\"x\"},{\"name\":\"y\"" ATTRIBUTES(
		      INT("n", "4")) "},"
		                     "{\"name\":\"z\"" ATTRIBUTES(
		                         INT("n", "5")) "}],\"links\":[{"
		                                        "\"traceId\":\"000000000000000000000000000000ef\","
		                                        "\"spanId\":\"0000000000000001\"}]" },
		{ 1, 1, NULL },
	};

	(void) state;
	assert_spans_series("{} | sum_over_time(event.n) by (event:name, link:spanID)", spans,
	                    instant_of(0, 60), "event:name=`x` link:spanID=`0000000000000001`: 4\n");
	assert_spans_series("{} | count_over_time() by (event:name, .team)", spans, instant_of(0, 60),
	                    "event:name=`nil`: 1\nevent:name=`x`: 1\n");
}

static void
missing_attributes_have_no_label_unless_all_are(void **state)
{
	static const SimpleSpan spans[] = {
		{ 1, 1, ATTRIBUTES(TEXT("a", "x") "," TEXT("b", "y")) },
		{ 1, 1, ATTRIBUTES(TEXT("b", "y")) },
		{ 1, 1, NULL },
		{ 1, 1, ATTRIBUTES(TEXT("a", "nil")) },
		{ 1, 1, ATTRIBUTES(ARRAY("a", "{\"intValue\":1},{\"intValue\":2}")) },
		{ 1, 1, ATTRIBUTES(ARRAY("a", "{\"stringValue\":\"x\"}")) },
	};

	(void) state;
	assert_spans_series("{} | count_over_time() by (.a, .b)", spans, instant_of(0, 60),
	                    ".a=`nil`: 3\n.a=`x`: 1\n.b=`y`: 1\n.a=`x` .b=`y`: 1\n");
	assert_spans_series("{} | count_over_time() by (resource.service.name)", spans,
	                    instant_of(0, 60), "resource.service.name=``: 6\n");
}

static void
a_quantile_that_is_given_twice_is_one_series(void **state)
{
	static const SimpleSpan spans[] = { { 1, 2, NULL } };

	(void) state;
	assert_spans_series("{} | quantile_over_time(duration, 1, 1.0)", spans, instant_of(0, 60),
	                    "p=1.0: 2e-09\n");
}

static void
missing_attributes_have_no_label_beside_the_buckets(void **state)
{
	static const SimpleSpan spans[] = { { 1, 2, NULL }, { 1, 2, ATTRIBUTES(TEXT("a", "x")) } };

	(void) state;
	assert_spans_series("{} | histogram_over_time(duration) by (.a)", spans, instant_of(0, 60),
	                    "__bucket=2e-09: 1\n.a=`x` __bucket=2e-09: 1\n");
}

static void
values_of_different_types_are_different_groups_sorted_by_type(void **state)
{
	static const SimpleSpan spans[] = {
		{ 1, 1, ATTRIBUTES(TEXT("a", "1")) },   { 1, 1, ATTRIBUTES(INT("a", "1")) },
		{ 1, 1, ATTRIBUTES(REAL("a", "1.0")) }, { 1, 1, ATTRIBUTES(BOOL("a", "true")) },
		{ 1, 1, ATTRIBUTES(REAL("a", "0.0")) }, { 1, 1, ATTRIBUTES(REAL("a", "-0.0")) },
		{ 1, 1, ATTRIBUTES(INT("a", "10")) },   { 1, 1, ATTRIBUTES(INT("a", "2")) },
	};

	(void) state;
	assert_spans_series(
	    "{} | count_over_time() by (.a)", spans, instant_of(0, 60),
	    ".a=true: 1\n.a=0.0: 2\n.a=1.0: 1\n.a=1: 1\n.a=10: 1\n.a=2: 1\n.a=`1`: 1\n");
}

static void
numbers_that_are_none_do_not_hurt(void **state)
{
	static const SimpleSpan spans[] = {
		{ 1, 1, ATTRIBUTES(REAL("a", "\"NaN\"")) },
		{ 1, 1, ATTRIBUTES(REAL("a", "\"Infinity\"")) },
		{ 1, 1, ATTRIBUTES(REAL("a", "\"-Infinity\"")) },
		{ 1, 1, ATTRIBUTES(REAL("a", "1.0")) },
	};
	MetricsRun run = start_metrics("{} | count_over_time() by (.a)", instant_of(0, 60));
	GenopsBytes request = request_of_spans(spans, COUNT_OF(spans));

	(void) state;
	count_request(&run, &request, 0);
	finish_metrics(&run);
	/* Sorted as +Inf, -Inf, 1.0, NaN. */
	assert_int_equal(run.list.count, 4);
	assert_true(isinf(run.list.series[0].labels[0].value.real));
	assert_true(isnan(run.list.series[3].labels[0].value.real));
	end_metrics(&run);
	genops_bytes_free(&request);
	assert_spans_series("{ .a > -5.0 } | sum_over_time(.a)", spans, instant_of(0, 60),
	                    "__name__=`sum_over_time`: inf\n");
	assert_spans_series("{} | histogram_over_time(.a)", spans, instant_of(0, 60), "");
}

static void
sums_keep_what_rounding_loses(void **state)
{
	static const SimpleSpan spans[] = {
		{ 1, 1, ATTRIBUTES(REAL("a", "1e16")) },
		{ 2, 1, ATTRIBUTES(REAL("a", "1.0")) },
		{ 3, 1, ATTRIBUTES(REAL("a", "1.0")) },
		{ 4, 1, ATTRIBUTES(REAL("a", "-1e16")) },
	};

	(void) state;
	assert_spans_series("{} | sum_over_time(.a)", spans, instant_of(0, 60),
	                    "__name__=`sum_over_time`: 2\n");
	assert_spans_series("{} | avg_over_time(.a)", spans, instant_of(0, 60),
	                    "__name__=`avg_over_time`: 0.5\n");
}

static void
histograms_take_ints_and_durations(void **state)
{
	(void) state;
	assert_spans_series("{} | histogram_over_time(.v)", numbers, minute(), "__bucket=4.0: 1 0\n");
	assert_spans_series("{} | histogram_over_time(duration) by (.team)", numbers, minute(),
	                    ".team=`a` __bucket=2.147483648: 1 0\n"
	                    ".team=`a` __bucket=4.294967296: 0 1\n"
	                    ".team=`b` __bucket=4e-09: 0 1\n");
}

static void
quantiles_lie_between_powers_of_two(void **state)
{
	static const SimpleSpan spans[] = {
		{ 1, 1, ATTRIBUTES(INT("a", "9")) },   { 1, 1, ATTRIBUTES(INT("a", "10")) },
		{ 1, 1, ATTRIBUTES(INT("a", "11")) },  { 1, 1, ATTRIBUTES(INT("a", "12")) },
		{ 1, 1, ATTRIBUTES(INT("a", "100")) }, { 1, 1, ATTRIBUTES(INT("a", "101")) },
		{ 1, 1, ATTRIBUTES(INT("a", "102")) }, { 1, 1, ATTRIBUTES(INT("a", "103")) },
	};

	(void) state;
	/* Four in (8, 16] and four in (64, 128]; of the latter each is a quarter of the way
	 * from 16, the end of the bucket before. */
	assert_spans_series("{} | quantile_over_time(.a, 0, .25, .5, .75, 1)", spans, minute(),
	                    "p=0.0: 0 9.51365692002\n"
	                    "p=0.25: 0 11.313708499\n"
	                    "p=0.5: 0 16\n"
	                    "p=0.75: 0 45.2548339959\n"
	                    "p=1.0: 0 128\n");
	assert_spans_series("{} | quantile(.duration, .5)", numbers, minute(),
	                    "p=0.5: 2.147483648 4e-09\n");
}

static void
sampled_spans_stand_for_others_if_asked(void **state)
{
	static const SimpleSpan spans[] = {
		{ 1, 1, ",\"traceState\":\"ot=th:8\"" ATTRIBUTES(REAL("cost", "0.5")) },
		{ 1, 1, ",\"traceState\":\"x=y, ot=rv:0;th:c\"" ATTRIBUTES(REAL("cost", "0.5")) },
		{ 1, 1, ATTRIBUTES(REAL("cost", "2.0")) },
		{ 1, 1, ",\"traceState\":\"ot=th:zz,bot=th:8\"" },
		{ 1, 1, ",\"traceState\":\"ot=th:0\"" },
	};

	(void) state;
	assert_spans_series("{} | sum_over_time(.cost) with (extrapolate=true)", spans,
	                    instant_of(0, 60), "__name__=`sum_over_time`: 5\n");
	assert_spans_series("{} | sum_over_time(.cost) with (extrapolate=false)", spans,
	                    instant_of(0, 60), "__name__=`sum_over_time`: 3\n");
	assert_spans_series("{} | count_over_time() with (extrapolate=true)", spans, instant_of(0, 60),
	                    "__name__=`count_over_time`: 9\n");
	assert_spans_series("{} | avg_over_time(.cost) with (extrapolate=true)", spans,
	                    instant_of(0, 60), "__name__=`avg_over_time`: 0.714285714286\n");
	assert_spans_series("{} | max_over_time(.cost) with (extrapolate=true)", spans,
	                    instant_of(0, 60), "__name__=`max_over_time`: 2\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_zero_where_no_span_is),
		cmocka_unit_test(numbers_of_all_types_go_together_and_others_are_missing),
		cmocka_unit_test(durations_are_in_seconds_but_other_times_in_nanoseconds),
		cmocka_unit_test(events_and_links_count_by_the_first_that_has_the_attribute),
		cmocka_unit_test(missing_attributes_have_no_label_unless_all_are),
		cmocka_unit_test(missing_attributes_have_no_label_beside_the_buckets),
		cmocka_unit_test(a_quantile_that_is_given_twice_is_one_series),
		cmocka_unit_test(values_of_different_types_are_different_groups_sorted_by_type),
		cmocka_unit_test(numbers_that_are_none_do_not_hurt),
		cmocka_unit_test(sums_keep_what_rounding_loses),
		cmocka_unit_test(histograms_take_ints_and_durations),
		cmocka_unit_test(quantiles_lie_between_powers_of_two),
		cmocka_unit_test(sampled_spans_stand_for_others_if_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
