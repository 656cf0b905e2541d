/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

static cJSON *
read_examples(void)
{
	FILE *file = fopen("test/core/data/traceql_examples.json", "rb");
	static char text[64 * 1024];
	cJSON *examples;

	assert_non_null(file);
	examples = cJSON_ParseWithLength(text, fread(text, 1, sizeof(text), file));
	fclose(file);
	assert_non_null(examples);
	return examples;
}

static void
valid_examples(void **state)
{
	cJSON *examples = read_examples();
	const cJSON *example;
	GenopsBytes out = genops_bytes_growing();

	(void) state;
	cJSON_ArrayForEach(example, cJSON_GetObjectItem(examples, "valid"))
	{
		GenopsTraceql query = parse_valid(example->valuestring, GENOPS_TRACEQL_STRICT);
		GenopsTraceql again = parse_valid(print_query(&out, &query.query), GENOPS_TRACEQL_STRICT);

		if (!genops_traceql_equal(&query.query, &again.query))
			fail_msg("%s is not %s", example->valuestring, (char *) out.data);
		genops_traceql_free(&query);
		genops_traceql_free(&again);
	}
	genops_bytes_free(&out);
	cJSON_Delete(examples);
}

static void
check_failures(const char *section, bool syntax)
{
	cJSON *examples = read_examples();
	const cJSON *example;
	int count = 0;

	cJSON_ArrayForEach(example, cJSON_GetObjectItem(examples, section))
	{
		GenopsTraceqlError error = parse_invalid(example->valuestring, GENOPS_TRACEQL_STRICT);

		if (error.syntax != syntax)
			fail_msg("%s: %s", example->valuestring, error.error.message);
		assert_true(error.column > 0);
		count++;
	}
	assert_true(count > 0);
	cJSON_Delete(examples);
}

static void
invalid_examples(void **state)
{
	(void) state;
	check_failures("parse_fails", true);
	check_failures("validate_fails", false);
	check_failures("unsupported", false);
}

static void
precedence(void **state)
{
	(void) state;
	assert_prints("{ .a || .b && .c }", "{ (.a || .b) && .c }");
	assert_prints("{ .a && .b && .c }", "{ .a && .b && .c }");
	assert_prints("{ .a && (.b && .c) }", "{ .a && (.b && .c) }");
	assert_prints("{ -2 ^ .x = 1 }", "{ (-(2 ^ .x)) = 1 }");
	assert_prints("{ -.a * 2 = 1 }", "{ (-(.a * 2)) = 1 }");
	assert_prints("{ -.a + .b = 1 }", "{ ((-.a) + .b) = 1 }");
	assert_prints("{ .a * -.b + .c = 1 }", "{ ((.a * (-.b)) + .c) = 1 }");
	assert_prints("{ !.a = true }", "{ (!.a) = true }");
	assert_prints("{ .a ^ .b ^ .c = 1 }", "{ (.a ^ (.b ^ .c)) = 1 }");
	assert_prints("{ .a - .b - .c = 1 }", "{ ((.a - .b) - .c) = 1 }");
	assert_prints("{ .a + .b * .c % 2 = 1 }", "{ (.a + ((.b * .c) % 2)) = 1 }");
	assert_prints("{.a} > {.b} > {.c}", "({ .a } > { .b }) > { .c }");
	assert_prints("{.a} && {.b} >> {.c}", "{ .a } && ({ .b } >> { .c })");
	assert_prints("{.a} || {.b} && {.c}", "({ .a } || { .b }) && { .c }");
	assert_prints("({} | rate()) + ({} | rate()) * 2",
	              "({ true } | rate()) + (({ true } | rate()) * 2)");
}

static void
operators(void **state)
{
	(void) state;
	assert_prints("{.a}>{.b}", "{ .a } > { .b }");
	assert_prints("{.a}<{.b}", "{ .a } < { .b }");
	assert_prints("{.a}>>{.b}", "{ .a } >> { .b }");
	assert_prints("{.a}<<{.b}", "{ .a } << { .b }");
	assert_prints("{.a}~{.b}", "{ .a } ~ { .b }");
	assert_prints("{.a}!>{.b}", "{ .a } !> { .b }");
	assert_prints("{.a}!<{.b}", "{ .a } !< { .b }");
	assert_prints("{.a}!>>{.b}", "{ .a } !>> { .b }");
	assert_prints("{.a}!<<{.b}", "{ .a } !<< { .b }");
	assert_prints("{.a}!~{.b}", "{ .a } !~ { .b }");
	assert_prints("{.a}&>{.b}", "{ .a } &> { .b }");
	assert_prints("{.a}&<{.b}", "{ .a } &< { .b }");
	assert_prints("{.a}&>>{.b}", "{ .a } &>> { .b }");
	assert_prints("{.a}&<<{.b}", "{ .a } &<< { .b }");
	assert_prints("{.a}&~{.b}", "{ .a } &~ { .b }");
	assert_prints("{.a>=1&&.a<=2||.a!=3}", "{ ((.a >= 1) && (.a <= 2)) || (.a != 3) }");
	assert_prints("{.a=~\"x\"||.a!~`y`}", "{ (.a =~ `x`) || (.a !~ `y`) }");
}

static void
intrinsics(void **state)
{
	(void) state;
	assert_prints("{ span:duration > 1s }", "{ duration > 1s }");
	assert_prints("{ span:name = name }", "{ name = name }");
	assert_prints("{ span:status = status && span:statusMessage = statusMessage }",
	              "{ (status = status) && (statusMessage = statusMessage) }");
	assert_prints("{ span:kind = kind }", "{ kind = kind }");
	assert_prints("{ span:id = span:parentID }", "{ span:id = span:parentID }");
	assert_prints("{ span:childCount = nestedSetLeft + nestedSetRight + nestedSetParent }",
	              "{ span:childCount = ((nestedSetLeft + nestedSetRight) + nestedSetParent) }");
	assert_prints("{ trace:duration = traceDuration }", "{ traceDuration = traceDuration }");
	assert_prints("{ trace:rootName = rootName && trace:rootService = rootServiceName }",
	              "{ (rootName = rootName) && (rootServiceName = rootServiceName) }");
	assert_prints("{ trace:id = link:traceID || link:spanID = `a` }",
	              "{ (trace:id = link:traceID) || (link:spanID = `a`) }");
	assert_prints("{ event:name = `a` && event:timeSinceStart > 1ms }",
	              "{ (event:name = `a`) && (event:timeSinceStart > 1ms) }");
	assert_prints("{ instrumentation:name = instrumentation:version }",
	              "{ instrumentation:name = instrumentation:version }");
}

static void
attribute_names(void **state)
{
	(void) state;
	assert_prints("{ .a-1 = span.b+c && resource.d/e = 2 }",
	              "{ (.a-1 = span.b+c) && (resource.d/e = 2) }");
	assert_prints("{ .a - 1 = 2 }", "{ (.a - 1) = 2 }");
	assert_prints("{ .foo.\"bar baz\".x = 1 }", "{ .\"foo.bar baz.x\" = 1 }");
	assert_prints("{ span.5x = 1 && .\"5x\" = 2 }", "{ (span.5x = 1) && (.\"5x\" = 2) }");
	assert_prints("{ event.exception.message != nil }", "{ event.exception.message != nil }");
	assert_prints("{ link.a = 1 && instrumentation.b = 2 }",
	              "{ (link.a = 1) && (instrumentation.b = 2) }");
	assert_prints("{ .\"a\\\"b\\\\c d\" = 1 }", "{ .\"a\\\"b\\\\c d\" = 1 }");
	assert_prints("{ .gr\xC3\xBC\xC3\x9F"
	              "e^2 = 1 }",
	              "{ (.gr\xC3\xBC\xC3\x9F"
	              "e ^ 2) = 1 }");
	assert_prints("{ .span = 1 && .duration = 2 }", "{ (.span = 1) && (.duration = 2) }");
}

static void
literals(void **state)
{
	(void) state;
	assert_prints("{ .a = 010 }", "{ .a = 10 }");
	assert_prints("{ .a = 1e3 || .a = .5 || .a = 5. || .a = 1E-7 }",
	              "{ (.a = 1000.0) || (.a = 0.5) || (.a = 5.0) || (.a = 1e-07) }");
	assert_prints("{ .a = 1234567.0 || .a = 0.1 }", "{ (.a = 1.234567e+06) || (.a = 0.1) }");
	assert_prints("{ .a = maxInt || .a = minInt }",
	              "{ (.a = 9223372036854775807) || (.a = minInt) }");
	assert_prints("{ .a = 7 / 2 || .a = -7 / 2.0 }", "{ (.a = 3) || (.a = -3.5) }");
	assert_prints("{ .a = \"x\\n\\x41\\101\\u00e9\\t\" }", "{ .a = `x\nAA\xC3\xA9\t` }");
	assert_prints("{ .a = \"`\" }", "{ .a = \"`\" }");
	assert_prints("{ .a = `\\d` }", "{ .a = `\\d` }");
	assert_prints("{ status = ok || status = unset || status = error }",
	              "{ (status = ok) || (status = unset) || (status = error) }");
	assert_prints("{ kind = unspecified || kind = internal || kind = server }",
	              "{ (kind = unspecified) || (kind = internal) || (kind = server) }");
	assert_prints("{ kind = client || kind = producer || kind = consumer }",
	              "{ (kind = client) || (kind = producer) || (kind = consumer) }");
	assert_prints("{ nil = nil && .a = nil && nil != .a }",
	              "{ (nil = nil) && (.a = nil) && (nil != .a) }");
}

static void
durations(void **state)
{
	(void) state;
	assert_prints("{ duration > 1h30m }", "{ duration > 1h30m0s }");
	assert_prints("{ duration > 1y2w3d4h5m6s7ms }", "{ duration > 9172h5m6.007s }");
	assert_prints("{ duration > 1.5s }", "{ duration > 1.5s }");
	assert_prints("{ duration > 30s1ms }", "{ duration > 30.001s }");
	assert_prints("{ duration > 1h1h }", "{ duration > 2h0m0s }");
	assert_prints("{ duration > .5s }", "{ duration > 500ms }");
	assert_prints("{ duration > 1500\xC2\xB5s }", "{ duration > 1.5ms }");
	assert_prints("{ duration > 1us }", "{ duration > 1\xC2\xB5s }");
	assert_prints("{ duration > 5ns }", "{ duration > 5ns }");
	assert_prints("{ duration > -2d }", "{ duration > -48h0m0s }");
	assert_prints("{ duration > 1.000000001s }", "{ duration > 1.000000001s }");
	assert_prints("{ duration > 9223372036854775807ns }",
	              "{ duration > 2562047h47m16.854775807s }");
	parse_invalid("{ duration > 1.5d }", GENOPS_TRACEQL_STRICT);
	parse_invalid("{ duration > 1h 30m }", GENOPS_TRACEQL_STRICT);
	parse_invalid("{ duration > 1x }", GENOPS_TRACEQL_STRICT);
	parse_invalid("{ duration > 1M }", GENOPS_TRACEQL_STRICT);
	parse_invalid("{ duration > 1s1d }", GENOPS_TRACEQL_STRICT);
	parse_invalid("{ duration > 300000000h }", GENOPS_TRACEQL_STRICT);
}

static void
pipelines(void **state)
{
	(void) state;
	assert_prints("{} | by(span.a) | count() > 2 | coalesce() | select(.a, name)",
	              "{ true } | by(span.a) | count() > 2 | coalesce() | select(.a, name)");
	assert_prints("select(.a)", "select(.a)");
	assert_prints("by(.a + 1) | avg(duration) > 1s", "by(.a + 1) | avg(duration) > 1s");
	assert_prints("({.a} | count() > 1) && ({.b})", "({ .a } | count() > 1) && ({ .b })");
	assert_prints("(({.a} | count() > 1)) > ({.b} | {.c} | min(.d) = 1)",
	              "({ .a } | count() > 1) > ({ .b } | { .c } | min(.d) = 1)");
	parse_invalid("({.a} | count() > 1) >> ({.b}) | select(.x)", GENOPS_TRACEQL_STRICT);
	parse_invalid("coalesce()", GENOPS_TRACEQL_STRICT);
	assert_prints("{} // all\n | /* how many */ count() > 1", "{ true } | count() > 1");
}

static void
metrics(void **state)
{
	(void) state;
	assert_prints("{} | quantile_over_time(span:duration, .5, 1) by (.a, .b) | topk(3) > 1s",
	              "{ true } | quantile_over_time(duration, 0.5, 1) by(.a, .b) | topk(3) > 1s");
	assert_prints("{} | compare({ status = error })", "{ true } | compare({ status = error }, 10)");
	assert_prints("{} | compare({.a}, 5, 100, 200)", "{ true } | compare({ .a }, 5, 100, 200)");
	assert_prints("({} | rate()) > 10", "{ true } | rate() > 10");
	assert_prints("2 * (({} | rate()) + 1) > 10 | bottomk(2)",
	              "2 * (({ true } | rate()) + 1) > 10 | bottomk(2)");
	assert_prints("{} | histogram_over_time(duration) by (resource.service.name)",
	              "{ true } | histogram_over_time(duration) by(resource.service.name)");
	parse_invalid("{} | compare({.a}, 5, 100)", GENOPS_TRACEQL_STRICT);
	parse_invalid("{} | compare({.a}, 5, 100, 100)", GENOPS_TRACEQL_STRICT);
	parse_invalid("{} | rate() by (.a, .b, .c, .d, .e, .f)", GENOPS_TRACEQL_STRICT);
	parse_invalid("{} | quantile_over_time(.a, 1.5)", GENOPS_TRACEQL_STRICT);
	parse_invalid("({} | rate()) + 10s", GENOPS_TRACEQL_STRICT);
	parse_invalid("((({} | rate()) + 1) > 5) * 2", GENOPS_TRACEQL_STRICT);
}

static void
hints(void **state)
{
	(void) state;
	assert_prints("{} with(most_recent=true) with (sample=0.1, exemplars=5)",
	              "{ true } with(sample=0.1, exemplars=5)");
	assert_prints("{} | rate() with(extrapolate=true)", "{ true } | rate() with(extrapolate=true)");
	parse_invalid("{} with(rate=true)", GENOPS_TRACEQL_STRICT);
	parse_invalid("{} with(a=-1)", GENOPS_TRACEQL_STRICT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_examples), cmocka_unit_test(invalid_examples),
		cmocka_unit_test(precedence),     cmocka_unit_test(operators),
		cmocka_unit_test(intrinsics),     cmocka_unit_test(attribute_names),
		cmocka_unit_test(literals),       cmocka_unit_test(durations),
		cmocka_unit_test(pipelines),      cmocka_unit_test(metrics),
		cmocka_unit_test(hints),
	};

	return cmocka_run_group_tests_name("traceql_parser", tests, NULL, NULL);
}
