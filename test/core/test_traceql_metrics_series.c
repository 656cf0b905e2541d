/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql_metrics.h"

#define OF(team) ATTRIBUTES(TEXT("team", team) "," TEXT("model", "m"))

/* At 10 seconds a: 2, b: 2, c: 1; at 20 seconds a: 1, c: 1. */
static const SimpleSpan spans[] = {
	{ 1 * SECONDS, 1 * SECONDS, OF("a") },  { 2 * SECONDS, 2 * SECONDS, OF("a") },
	{ 3 * SECONDS, 3 * SECONDS, OF("b") },  { 4 * SECONDS, 4 * SECONDS, OF("b") },
	{ 5 * SECONDS, 5 * SECONDS, OF("c") },  { 11 * SECONDS, 8 * SECONDS, OF("a") },
	{ 12 * SECONDS, 8 * SECONDS, OF("c") },
};

#define assert_answer(text, expected) \
	assert_spans_series(text, spans, range_of(10, 20, 10), expected)

static void
topk_takes_the_first_of_equals(void **state)
{
	(void) state;
	assert_answer("{} | count_over_time() by (.team) | topk(1)", ".team=`a`: 2 1\n");
	assert_answer("{} | count_over_time() by (.team) | topk(2)",
	              ".team=`a`: 2 1\n.team=`b`: 2 -\n.team=`c`: - 1\n");
	assert_answer("{} | max_over_time(duration) by (.team) | topk(2)",
	              ".team=`a`: - 8\n.team=`b`: 4 -\n.team=`c`: 5 8\n");
}

static void
bottomk_takes_the_last_of_equals(void **state)
{
	(void) state;
	assert_answer("{} | count_over_time() by (.team) | bottomk(1)",
	              ".team=`b`: - 0\n.team=`c`: 1 -\n");
	assert_answer("{} | count_over_time() by (.team) | bottomk(2)",
	              ".team=`b`: 2 0\n.team=`c`: 1 1\n");
}

static void
a_limit_not_below_the_number_of_series_changes_nothing(void **state)
{
	const char *all = ".team=`a`: 2 1\n.team=`b`: 2 0\n.team=`c`: 1 1\n";

	(void) state;
	assert_answer("{} | count_over_time() by (.team) | topk(3)", all);
	assert_answer("{} | count_over_time() by (.team) | bottomk(9223372036854775807)", all);
}

static void
comparisons_drop_points_and_then_series(void **state)
{
	(void) state;
	assert_answer("{} | count_over_time() by (.team) > 1", ".team=`a`: 2 -\n.team=`b`: 2 -\n");
	assert_answer("{} | count_over_time() by (.team) = 0", ".team=`b`: - 0\n");
	assert_answer("{} | count_over_time() by (.team) != 2 <= 1.0",
	              ".team=`a`: - 1\n.team=`b`: - 0\n.team=`c`: 1 1\n");
	assert_answer("{} | count_over_time() > 100", "");
	/* Durations are seconds. */
	assert_answer("{} | max_over_time(duration) by (.team) >= 5s",
	              ".team=`a`: - 8\n.team=`c`: 5 8\n");
	assert_answer("{} | max_over_time(duration) by (.team) < 4500ms",
	              ".team=`a`: 2 -\n.team=`b`: 4 -\n");
	assert_answer("{} | count_over_time() by (.team) > 0 | topk(2) > 1",
	              ".team=`a`: 2 -\n.team=`b`: 2 -\n");
}

static void
series_with_equal_labels_are_combined(void **state)
{
	(void) state;
	assert_answer(
	    "({} | count_over_time() by (.team)) + ({ .team != \"b\" } | count_over_time() by (.team))",
	    ".team=`a`: 4 2\n.team=`c`: 2 2\n");
	assert_answer(
	    "({} | count_over_time() by (.team, .model)) * ({} | count_over_time() by (.model, .team))",
	    ".model=`m` .team=`a`: 4 1\n.model=`m` .team=`b`: 4 0\n.model=`m` .team=`c`: 1 1\n");
	assert_answer("({} | count_over_time() by (.team)) + ({} | count_over_time() by (.model))", "");
	assert_answer(
	    "({} | sum_over_time(duration) by (.team)) - ({} | max_over_time(duration) by (.team))",
	    ".team=`a`: 1 0\n.team=`b`: 3 -\n.team=`c`: 0 0\n");
}

static void
a_series_without_labels_goes_with_all(void **state)
{
	(void) state;
	assert_answer("({} | count_over_time() by (.team)) / ({} | count_over_time())",
	              ".team=`a`: 0.4 0.5\n.team=`b`: 0.4 0\n.team=`c`: 0.2 0.5\n");
	assert_answer("({} | count_over_time()) - ({} | count_over_time() by (.team))",
	              ".team=`a`: 3 1\n.team=`b`: 3 2\n.team=`c`: 4 1\n");
	assert_answer("({} | max_over_time(.nope)) - ({} | count_over_time() by (.team))", "");
}

static void
names_tell_what_was_combined(void **state)
{
	(void) state;
	assert_answer("({} | max_over_time(duration)) / ({} | min_over_time(duration))",
	              "__name__=`(max_over_time / min_over_time)`: 5 1\n");
	assert_answer("(({} | rate()) + ({} | rate())) * ({} | count_over_time())",
	              "__name__=`((rate + rate) * count_over_time)`: 5 0.8\n");
	assert_answer("({} | count_over_time()) * 10 - 1", "__name__=`count_over_time`: 49 19\n");
	assert_answer("12 / ({} | count_over_time()) > 3", "__name__=`count_over_time`: - 6\n");
}

static void
a_division_by_zero_has_no_point(void **state)
{
	(void) state;
	assert_answer("({} | count_over_time()) / 0", "");
	assert_answer("1 / ({ .team = \"b\" } | count_over_time())",
	              "__name__=`count_over_time`: 0.5 -\n");
	assert_answer("({} | rate()) / ({ .team = \"b\" } | count_over_time())",
	              "__name__=`(rate / count_over_time)`: 0.25 -\n");
}

static void
the_dialects_forms_are_the_same_metrics(void **state)
{
	(void) state;
	assert_spans_series("{} | sum(.duration) by (.team)", spans, instant_of(0, 20),
	                    ".team=`a`: 11\n.team=`b`: 7\n.team=`c`: 13\n");
	assert_spans_series("({} | sum(.duration)) / ({} | count())", spans, instant_of(0, 20),
	                    "__name__=`(sum_over_time / count_over_time)`: 4.42857142857\n");
	assert_spans_series("{} | by(.team) | count() | topk(1)", spans, instant_of(0, 20),
	                    ".team=`a`: 3\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topk_takes_the_first_of_equals),
		cmocka_unit_test(bottomk_takes_the_last_of_equals),
		cmocka_unit_test(a_limit_not_below_the_number_of_series_changes_nothing),
		cmocka_unit_test(comparisons_drop_points_and_then_series),
		cmocka_unit_test(series_with_equal_labels_are_combined),
		cmocka_unit_test(a_series_without_labels_goes_with_all),
		cmocka_unit_test(names_tell_what_was_combined),
		cmocka_unit_test(a_division_by_zero_has_no_point),
		cmocka_unit_test(the_dialects_forms_are_the_same_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
