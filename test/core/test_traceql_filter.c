/* SPDX-License-Identifier: PostgreSQL */
/*
 * What filters mean beyond the recorded answers of test_traceql_search.c.
 */
#include "test/core/traceql_span.h"

static const char flagged[] =
    SPAN_JSON("", ATTRIBUTES(BOOL("yes", "true") "," TEXT("team", "t") "," INT("n", "0") "," ARRAY(
                      "list", "{\"intValue\":1},{\"intValue\":2}")));

static void
nil_makes_logic_false(void **state)
{
	(void) state;
	assert_match(flagged, "{ .yes }");
	assert_no_match(flagged, "{ .team }");
	assert_no_match(flagged, "{ .nope || .yes }");
	assert_no_match(flagged, "{ .yes || .nope }");
	assert_match(flagged, "{ .nope || .yes || true }");
	assert_no_match(flagged, "{ .yes && .nope }");
	assert_no_match(flagged, "{ !.nope }");
	assert_match(flagged, "{ !(.nope = 1) }");
	assert_match(flagged, "{ !(.yes && .nope) }");
	assert_no_match(flagged, "{ .nope != 1 || .nope !~ \"x\" }");
}

static void
what_no_operator_is_for_does_not_match(void **state)
{
	(void) state;
	assert_no_match(flagged, "{ !.team }");
	assert_no_match(flagged, "{ -.team = 1 }");
	assert_no_match(flagged, "{ -.nope != 1 }");
	assert_no_match(flagged, "{ -.list != 1 }");
	assert_match(flagged, "{ -.nope = .nope + 1 }");
	assert_no_match(flagged, "{ .list + 1 = 2 || .list + 1 != 2 }");
}

static void
run_time_errors_end_the_query(void **state)
{
	(void) state;
	assert_run_error(flagged, "{ 1 / .n = 1 }", "division by zero");
	assert_run_error(flagged, "{ 1 / 0 = 1 }", "division by zero");
	/* What decides comes first. */
	assert_no_match(flagged, "{ .n > 0 && 1 / .n = 1 }");
	assert_match(flagged, "{ .n = 0 || 1 / .n = 1 }");
}

static const char with_events[] = SPAN_JSON(
    "",
    ",\"events\":[{\"name\":\"a\"" ATTRIBUTES(INT(
        "n", "1")) "},"
                   "{\"name\":\"b\"" ATTRIBUTES(INT("n", "2") "," BOOL(
                       "on",
                       "true")) "}],"
                                "\"links\":[{\"traceId\":\"000000000000000000000000000000ef\","
                                "\"spanId\":\"0000000000000001\"" ATTRIBUTES(INT("n", "2")) "}]");

static void
operands_of_and_hold_for_one_event(void **state)
{
	(void) state;
	assert_match(with_events, "{ event.n = 2 && event:name = \"b\" }");
	assert_no_match(with_events, "{ event.n = 2 && event:name = \"a\" }");
	assert_no_match(with_events, "{ duration > 0 && event.n = 2 && event:name =~ \"a\" }");
	assert_match(with_events, "{ event.n = 2 || event:name = \"zz\" }");
	assert_no_match(with_events, "{ event:name = \"a\" && (event.n = 2 || event.n = 3) }");
	/* What needs no event holds without one, too. */
	assert_match(flagged, "{ (event.n = 2 || .n = 0) && .yes }");
	assert_match(flagged, "{ (event.n = 2 || (link.n = 1 || .n = 0)) && .yes }");
	assert_match(with_events, "{ (event.n = 7 || duration >= 0s) && duration >= 0s }");
	assert_no_match(flagged, "{ (event.n = 2 || .n = 1) && .yes }");
	assert_no_match(flagged, "{ (event.on || .n = 0) && .yes }");
	assert_no_match(flagged, "{ (.nope || true || event.n = 2) && .yes }");
	assert_match(flagged, "{ (.nope || event.n = 2 || true) && .yes }");
	assert_match(with_events, "{ (event:name = \"a\" && true = true) && event.n + 1 = 2 }");
	assert_match(with_events, "{ event.on && event.n = 2 }");
	assert_match(with_events, "{ event.on = nil }");
	assert_match(with_events, "{ event.on }");
}

static void
not_means_no_event(void **state)
{
	(void) state;
	assert_match(with_events, "{ event.n != 2 }");
	assert_no_match(with_events, "{ !(event.n = 2) }");
	assert_match(with_events, "{ !(event.n = 3) }");
	assert_match(with_events, "{ event:name = \"a\" && !(event.n = 3) }");
	assert_no_match(with_events, "{ event:name = \"a\" && !(event.n = 2) }");
}

static void
links_are_chosen_beside_events(void **state)
{
	(void) state;
	assert_match(with_events, "{ event.n = link.n }");
	assert_match(with_events, "{ event.n = 1 && link.n = 2 && link:traceID = \"00ef\" }");
	assert_no_match(with_events, "{ link.n = 2 && link:spanID = \"2\" }");
}

static void
work_over_one_value_is_bounded(void **state)
{
	const char *json = SPAN_JSON("", ",\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"");

	(void) state;
	assert_run_error(json, "{ name =~ \"(a|aa)*(a|aa)*(a|aa)*[cd]\" }",
	                 "a regular expression is too much work for a value");
}

static void
bad_bytes_are_an_error(void **state)
{
	GenopsTraceql query = parse_valid("{ .a = 1 }", GENOPS_TRACEQL_STRICT);
	GenopsError error;
	GenopsTraceqlFilter *filter = genops_traceql_filter_prepare(only_filter(&query), &error);
	/* Attribute 9 of two bytes, which say that more follow. */
	GenopsSpanWalk walk = { .span = { "\x4A\x02\x0A\x05", 4 } };
	GenopsTraceqlSpan span;
	bool matches;

	(void) state;
	assert_true(genops_traceql_span_at(&walk, NULL, &span, &error));
	assert_false(genops_traceql_filter_match(filter, &span, &matches, &error));
	assert_int_equal(error.code, GENOPS_MALFORMED);
	genops_traceql_filter_free(filter);
	genops_traceql_free(&query);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nil_makes_logic_false),
		cmocka_unit_test(what_no_operator_is_for_does_not_match),
		cmocka_unit_test(run_time_errors_end_the_query),
		cmocka_unit_test(operands_of_and_hold_for_one_event),
		cmocka_unit_test(not_means_no_event),
		cmocka_unit_test(links_are_chosen_beside_events),
		cmocka_unit_test(work_over_one_value_is_bounded),
		cmocka_unit_test(bad_bytes_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
