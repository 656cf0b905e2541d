/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql.h"

static void
aggregates_become_metrics(void **state)
{
	(void) state;
	assert_dialect_prints("{.customer_id = \"acme\"} | sum(.genops.cost.total_cost)",
	                      "{ .customer_id = `acme` } | sum_over_time(.genops.cost.total_cost)");
	assert_dialect_prints("{} | sum(.genops.cost.total_cost) by (.team)",
	                      "{ true } | sum_over_time(.genops.cost.total_cost) by(.team)");
	assert_dialect_prints("{} | avg(.duration) by (.team, .name)",
	                      "{ true } | avg_over_time(duration) by(.team, name)");
	assert_dialect_prints("{} | min(duration)", "{ true } | min_over_time(duration)");
	assert_dialect_prints("{} | max(.x) | topk(3)", "{ true } | max_over_time(.x) | topk(3)");
	assert_dialect_prints("{} | count() by (status) with(sample=true)",
	                      "{ true } | count_over_time() by(status) with(sample=true)");
	assert_dialect_prints("{} | by(.team) | sum(.x)", "{ true } | sum_over_time(.x) by(.team)");
	assert_dialect_prints("{} | by(.team) | by(status) | count()",
	                      "{ true } | count_over_time() by(.team, status)");
	assert_dialect_prints("{} | {.a} | count() > 1 | sum(.x)",
	                      "{ true } | { .a } | count() > 1 | sum_over_time(.x)");
}

static void
arithmetic_becomes_metrics(void **state)
{
	(void) state;
	assert_dialect_prints("({} | sum(.x)) / ({} | count())",
	                      "({ true } | sum_over_time(.x)) / ({ true } | count_over_time())");
	assert_dialect_prints("100 * (({} | sum(.x)) + 1)",
	                      "100 * (({ true } | sum_over_time(.x)) + 1)");
	assert_dialect_prints("({} | sum(.x)) / ({} | rate())",
	                      "({ true } | sum_over_time(.x)) / ({ true } | rate())");
	assert_dialect_prints(
	    "({} | sum(.x) by (.team)) - ({} | by(.team) | count())",
	    "({ true } | sum_over_time(.x) by(.team)) - ({ true } | count_over_time() by(.team))");
	/* A comparison of the aggregates of each trace, which is another thing. */
	parse_invalid("({} | count()) + ({} | count()) = 1", GENOPS_TRACEQL_DIALECT);
	parse_invalid("({} | count()) ^ 2", GENOPS_TRACEQL_DIALECT);
	parse_invalid("({} | count()) + count()", GENOPS_TRACEQL_DIALECT);
	parse_invalid("({} | count()) + ({} | rate()) ^ 2", GENOPS_TRACEQL_DIALECT);
	parse_invalid("count() + ({} | rate())", GENOPS_TRACEQL_DIALECT);
}

static void
quantile(void **state)
{
	(void) state;
	assert_dialect_prints("{} | quantile(.duration, 0.95)",
	                      "{ true } | quantile_over_time(duration, 0.95)");
	assert_dialect_prints("{} | quantile(.x, .5, .9) by (.team)",
	                      "{ true } | quantile_over_time(.x, 0.5, 0.9) by(.team)");
}

static void
intrinsics_with_a_dot(void **state)
{
	(void) state;
	assert_dialect_prints("{ .duration > 1s && .status = error && .kind != client }",
	                      "{ (duration > 1s) && (status = error) && (kind != client) }");
	assert_dialect_prints("{ 1s < .duration }", "{ 1s < duration }");
	/* These may be attributes. */
	assert_dialect_prints("{ .duration > 5 && .status = \"error\" && .name = \"x\" }",
	                      "{ (.duration > 5) && (.status = `error`) && (.name = `x`) }");
	assert_dialect_prints("{ span.duration > 1s }", "{ span.duration > 1s }");
}

static void
readings_are_told(void **state)
{
	GenopsTraceql query =
	    parse_valid("{ .status = error } | sum(.duration) by (.team)", GENOPS_TRACEQL_DIALECT);

	(void) state;
	assert_true(query.query.instant);
	assert_int_equal(query.notice_count, 3);
	assert_slice(query.notices[0],
	             "\"sum\" without a comparison is read as \"sum_over_time\" over the whole time "
	             "range");
	assert_slice(query.notices[1], "\".duration\" is read as the span's \"duration\"");
	assert_slice(query.notices[2], "\".status\" is read as the span's \"status\"");
	genops_traceql_free(&query);
}

/* What TraceQL has keeps its meaning. */
static void
language_is_untouched(void **state)
{
	GenopsTraceql query =
	    parse_valid("{} | sum(.x) > 1 | rate() by (.name)", GENOPS_TRACEQL_DIALECT);

	(void) state;
	assert_false(query.query.instant);
	assert_int_equal(query.notice_count, 0);
	genops_traceql_free(&query);
	assert_dialect_prints("{} | sum(.x) > 1 | rate() by (.name)",
	                      "{ true } | sum(.x) > 1 | rate() by(.name)");
}

static void
strict_has_none_of_it(void **state)
{
	(void) state;
	parse_invalid("{} | sum(.x) by (.team)", GENOPS_TRACEQL_STRICT);
	parse_invalid("{} | quantile(.duration, 0.95)", GENOPS_TRACEQL_STRICT);
	assert_prints("{ .duration > 1s }", "{ .duration > 1s }");
}

static void
what_cannot_be_meant(void **state)
{
	(void) state;
	parse_invalid("{} | sum(.a + .b)", GENOPS_TRACEQL_DIALECT);
	parse_invalid("{} | sum(.a) + sum(.b)", GENOPS_TRACEQL_DIALECT);
	parse_invalid("{} | by(.a + 1) | sum(.b)", GENOPS_TRACEQL_DIALECT);
	parse_invalid("{} | quantile(.a)", GENOPS_TRACEQL_DIALECT);
	parse_invalid("sum(.a)", GENOPS_TRACEQL_DIALECT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aggregates_become_metrics),
		cmocka_unit_test(arithmetic_becomes_metrics),
		cmocka_unit_test(quantile),
		cmocka_unit_test(intrinsics_with_a_dot),
		cmocka_unit_test(readings_are_told),
		cmocka_unit_test(language_is_untouched),
		cmocka_unit_test(strict_has_none_of_it),
		cmocka_unit_test(what_cannot_be_meant),
	};

	return cmocka_run_group_tests_name("traceql_dialect", tests, NULL, NULL);
}
