/* SPDX-License-Identifier: PostgreSQL */
/*
 * Stages of pipelines over one trace, and what a span alone tells of them.
 */
#include "test/core/traceql_trace.h"

#define SPAN(id, name, more) TRACE_SPAN("000000000000000" #id, "", 1, name, more)
#define DOUBLE(key, value) "{\"key\":\"" key "\",\"value\":{\"doubleValue\":" value "}}"
#define LINKS(...) ",\"links\":[" __VA_ARGS__ "]"
#define LINK(span) "{\"traceId\":\"000000000000000000000000000000ff\",\"spanId\":\"" span "\"}"

static const char trace[] =
    TRACE_JSON(SPAN(1, "a", ATTRIBUTES(TEXT("team", "x") "," INT("n", "1"))) "," SPAN(
        2, "b",
        ATTRIBUTES(TEXT("team", "y") "," INT(
            "n", "-4"))) "," SPAN(3, "c",
                                  ATTRIBUTES(TEXT("team", "x") "," INT("n", "2") "," DOUBLE(
                                      "m", "0.5"))) "," SPAN(4, "d",
                                                             ATTRIBUTES(DOUBLE("n", "1.5") "," INT(
                                                                 "m", "3"))));

static void
and_needs_both_sides(void **state)
{
	(void) state;
	assert_run(trace, "{ name = \"c\" } && { name =~ \"a|c\" }", "a c");
	assert_run(trace, "{ name = \"c\" } && { name = \"none\" }", "");
	assert_run(trace, "{ name = \"none\" } && { name = \"c\" }", "");
	assert_run(trace, "{ name = \"c\" } || { name = \"none\" }", "c");
	assert_run(trace, "{ name = \"c\" } || { name = \"none\" } && { name = \"a\" }", "a c");
	/* The first side decides, as within a filter. */
	assert_run(trace, "{ name = \"none\" } && { 1 / 0 = 1 }", "");
	assert_run(trace, "{ name = \"c\" } && { 1 / 0 = 1 }", "division by zero");
}

static void
stages_follow_each_other(void **state)
{
	(void) state;
	assert_run(trace, "{ name != \"a\" } | { name != \"b\" }", "c d");
	assert_run(trace, "{ name = \"a\" } | { name = \"b\" }", "");
	assert_run(trace, "{ } | select(.n) | { name = \"b\" }", "b");
	assert_run(trace, "({ } | { name = \"a\" }) || ({ } | count() > 2 | { .m = 3 })", "a d");
}

static void
groups_come_in_the_order_of_their_first_spans(void **state)
{
	(void) state;
	assert_run(trace, "{ } | by(.team)",
	           "a c: by(.team) = `x` | b: by(.team) = `y` | d: by(.team) = nil");
	assert_run(trace, "{ } | by(.n > 1)", "a b: by(.n > 1) = false | c d: by(.n > 1) = true");
	assert_run(trace, "{ } | by(1 + .k)", "a b c d: by(1 + .k) = false");
	assert_run(trace, "{ name != \"b\" } | by(kind) | by(.team)",
	           "a c: by(kind) = internal, by(.team) = `x` | d: by(kind) = internal, "
	           "by(.team) = nil");
	assert_run(trace, "by(.n) | { name = \"c\" }", "c: by(.n) = 2");
	/* A type is part of the value. */
	assert_run(
	    TRACE_JSON(SPAN(1, "a", ATTRIBUTES(INT("n", "1"))) "," SPAN(
	        2, "b", ATTRIBUTES(DOUBLE("n", "1"))) "," SPAN(3, "c", ATTRIBUTES(TEXT("n", "1")))),
	    "by(.n)", "a: by(.n) = 1 | b: by(.n) = 1.0 | c: by(.n) = `1`");
	assert_run(trace, "by(1 / (.n - 1))", "division by zero");
}

static void
a_links_id_stays_the_groups(void **state)
{
	const char *json = TRACE_JSON(
	    SPAN(1, "a", LINKS(LINK("0000000000000001") "," LINK("0000000000000002"))) "," SPAN(
	        2, "b", LINKS(LINK("0000000000000001"))) "," SPAN(3, "c", ""));

	(void) state;
	assert_run(json, "by(link:spanID) | { link:spanID = \"0000000000000002\" || .x = nil }",
	           "a b: by(link:spanID) = `0000000000000001` | c: by(link:spanID) = nil");
	assert_run(json, "by(link:traceID) | { link:spanID != nil }", "a b: by(link:traceID) = `ff`");
}

static void
an_event_stands_for_all_if_it_is_the_first_to_have_it(void **state)
{
	const char *json = TRACE_JSON(SPAN(
	    1, "a",
	    ",\"events\":[{\"name\":\"x\"},{\"attributes\":[" INT("n", "2") "," BOOL(
	        "last", "false") "]},"
	                         "{\"attributes\":[" INT("n", "3") "," BOOL("last", "true") "]}]"));

	(void) state;
	assert_run(json, "by(event.n)", "a: by(event.n) = 2");
	assert_run(json, "by(event.last)", "a: by(event.last) = false");
	assert_run(json, "by(event.n = 3)", "a: by(event.n = 3) = true");
	assert_run(json, "{ event.last } | max(event.n) > 0", "a: max(event.n) = 2");
}

static void
coalesce_makes_one_spanset(void **state)
{
	(void) state;
	assert_run(trace, "{ name != \"b\" } | by(.n) | coalesce()", "a c d");
	assert_run(trace, "{ name = \"none\" } | by(.n) | coalesce()", "");
	assert_run(trace, "by(.team) | count() > 1 | coalesce() | count() = 2", "a c: count() = 2");
}

static void
aggregates_keep_or_drop_a_spanset(void **state)
{
	(void) state;
	assert_run(trace, "{ } | count() > 3", "a b c d: count() = 4");
	assert_run(trace, "{ } | count() > 4", "");
	assert_run(trace, "by(.team) | count() = 1",
	           "b: by(.team) = `y`, count() = 1 | d: by(.team) = nil, count() = 1");
	assert_run(trace, "{ } | max(.n) > 1.5 | min(.n) < 0", "a b c d: max(.n) = 2, min(.n) = -4");
	assert_run(trace, "{ } | max(duration) >= 1us", "a b c d: max(duration) = 1µs");
	/* Nothing has a value. */
	assert_run(trace, "{ } | sum(.none) >= 0", "");
	assert_run(trace, "{ } | min(.team) != 0", "");
	assert_run(trace, "{ } | avg(1 + .none) = 0", "");
}

static void
the_first_value_has_the_type_of_a_sum(void **state)
{
	(void) state;
	assert_run(trace, "{ } | sum(.n) < 0", "a b c d: sum(.n) = -1");
	assert_run(trace, "{ } | sum(.m) > 0", "a b c d: sum(.m) = 0.5");
	/* An average divides by all that are numbers. */
	assert_run(trace, "{ } | avg(.n) < 0", "a b c d: avg(.n) = -0.25");
	assert_run(trace, "{ } | avg(.m) > 0", "a b c d: avg(.m) = 0.25");
	assert_run(trace, "{ } | avg(duration) > 0.5", "a b c d: avg(duration) = 1µs");
	assert_run(trace, "{ } | sum(duration) = 4us", "a b c d: sum(duration) = 4µs");
	assert_run(trace, "{ } | sum(1 / (.n - 1)) > 0", "division by zero");
}

/* What a span alone tells */

typedef enum Told
{
	NO,
	YES,
	FAILS,
	NOT_LOCAL
} Told;

static Told
tell_match(GenopsTraceqlPipeline *pipeline, GenopsTraceqlSpan *span)
{
	GenopsError error;
	bool matches;

	if (!genops_traceql_pipeline_is_span_local(pipeline))
		return NOT_LOCAL;
	if (!genops_traceql_pipeline_match(pipeline, span, &matches, &error))
		return FAILS;
	return matches ? YES : NO;
}

static void
check_told(const char *text, Told match, bool may, const char *file, int line)
{
	const char *json = TRACE_JSON(SPAN(1, "a", ATTRIBUTES(INT("n", "1"))));
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_STRICT);
	GenopsError error;
	GenopsTraceqlPipeline *pipeline = genops_traceql_pipeline_prepare(query.query.pipeline, &error);
	GenopsBytes bytes = request_of(genops_slice(json));
	GenopsTrace one = { 0 };
	bool may_match;

	add_spans(&one, &bytes, GENOPS_ABSENT);
	_assert_int_equal(tell_match(pipeline, one.spans), match, file, line);
	assert_true(genops_traceql_pipeline_may_match(pipeline, one.spans, &may_match, &error));
	_assert_int_equal(may_match, may, file, line);
	genops_trace_free(&one);
	genops_bytes_free(&bytes);
	genops_traceql_pipeline_free(pipeline);
	genops_traceql_free(&query);
}

#define assert_told(text, match, may) check_told(text, match, may, __FILE__, __LINE__)

static void
spans_decide_by_themselves_about_filters(void **state)
{
	(void) state;
	assert_told("{ name = \"a\" }", YES, true);
	assert_told("{ name = \"b\" }", NO, false);
	assert_told("{ name = \"b\" } || { .n = 1 }", YES, true);
	assert_told("{ name = \"a\" } | select(.n) | { .n = 2 }", NO, false);
	assert_told("({ name = \"a\" } | { .n = 1 }) || ({ name = \"b\" })", YES, true);
	assert_told("{ name = \"a\" } || { 1 / (.n - 1) = 1 }", FAILS, true);
	assert_told("{ name = \"b\" } || { 1 / (.n - 1) = 1 }", FAILS, true);
	assert_told("{ name = \"b\" } && { .n = 1 }", NOT_LOCAL, true);
	assert_told("{ traceDuration > 1s }", NOT_LOCAL, true);
	assert_told("by(.n)", NOT_LOCAL, true);
	assert_told("{ name = \"b\" } | count() > 0", NOT_LOCAL, false);
}

static void
a_span_may_be_in_a_result_or_cannot(void **state)
{
	(void) state;
	assert_told("{ name = \"b\" } && { .n = 2 }", NOT_LOCAL, false);
	/* Only the right side is in the result, unless it is a union. */
	assert_told("{ name = \"a\" } >> { name = \"b\" }", NOT_LOCAL, false);
	assert_told("{ name = \"b\" } !< { name = \"a\" }", NOT_LOCAL, true);
	assert_told("{ name = \"a\" } &>> { name = \"b\" }", NOT_LOCAL, true);
	assert_told("({ name = \"b\" } | count() > 1) ~ ({ } | { name = \"b\" })", NOT_LOCAL, false);
	/* What needs the trace may be, beside it the rest decides. */
	assert_told("{ name = \"b\" && traceDuration > 1s }", NOT_LOCAL, false);
	assert_told("{ name = \"a\" && traceDuration > 1s }", NOT_LOCAL, true);
	assert_told("{ .n = 1 && (rootName = \"x\" && name = \"b\") }", NOT_LOCAL, false);
	assert_told("{ name = \"b\" || traceDuration > 1s }", NOT_LOCAL, true);
	assert_told("{ !(name = \"a\" && traceDuration > 1s) }", NOT_LOCAL, true);
	assert_told("{ name = \"a\" && 1 / (.n - 1) = 1 && rootName = \"x\" }", NOT_LOCAL, true);
}

/* Of each run the result is its own: memory is used again. */
static void
a_pipeline_runs_over_many_traces(void **state)
{
	GenopsTraceql query =
	    parse_valid("{ } | by(name) | count() > 0 | { } ~ { } || { }", GENOPS_TRACEQL_STRICT);
	GenopsError error;
	GenopsTraceqlPipeline *pipeline = genops_traceql_pipeline_prepare(query.query.pipeline, &error);
	GenopsBytes bytes = request_of(genops_slice(trace));
	GenopsTrace over = { 0 };
	GenopsSpansets sets;

	(void) state;
	assert_true(genops_traceql_pipeline_run(pipeline, &over, &sets, &error));
	assert_int_equal(sets.count, 0);
	for (int i = 0; i < 100; i++)
	{
		add_spans(&over, &bytes, GENOPS_ABSENT);
		assert_true(genops_traceql_pipeline_run(pipeline, &over, &sets, &error));
		assert_int_equal(sets.count, 4);
		assert_int_equal(sets.sets[3].labels[1].value.integer, i % 3 + 1);
		if (i % 3 == 2)
			genops_trace_clear(&over);
	}
	genops_trace_free(&over);
	genops_bytes_free(&bytes);
	genops_traceql_pipeline_free(pipeline);
	genops_traceql_free(&query);
}

/* Field 2 of a Span: its id. */
static void
add_numbered_span(GenopsTrace *to, char *bytes, uint32_t number)
{
	GenopsSpanWalk walk = { .span = { bytes, 10 } };
	GenopsError error;

	memcpy(bytes, "\x12\x08\0\0\0\0", 6);
	memcpy(bytes + 6, &number, sizeof(number));
	assert_true(genops_trace_add(to, &walk, &error));
}

static void
memory_for_one_trace_is_bounded(void **state)
{
	static char bytes[200000][10];
	char text[1000] = "by(span:id)";
	GenopsTraceql query;
	GenopsTrace large = { 0 };
	GenopsTraceqlPipeline *pipeline;
	GenopsSpansets sets;
	GenopsError error;

	(void) state;
	for (int i = 0; i < 50; i++)
		strcat(text, " | count() > 0");
	query = parse_valid(text, GENOPS_TRACEQL_STRICT);
	pipeline = genops_traceql_pipeline_prepare(query.query.pipeline, &error);
	for (uint32_t i = 0; i < COUNT_OF(bytes); i++)
		add_numbered_span(&large, bytes[i], i);
	assert_false(genops_traceql_pipeline_run(pipeline, &large, &sets, &error));
	assert_string_equal(error.message, "the query is too much work for a trace of 200000 spans");
	genops_trace_free(&large);
	genops_traceql_pipeline_free(pipeline);
	genops_traceql_free(&query);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(and_needs_both_sides),
		cmocka_unit_test(stages_follow_each_other),
		cmocka_unit_test(groups_come_in_the_order_of_their_first_spans),
		cmocka_unit_test(a_links_id_stays_the_groups),
		cmocka_unit_test(an_event_stands_for_all_if_it_is_the_first_to_have_it),
		cmocka_unit_test(coalesce_makes_one_spanset),
		cmocka_unit_test(aggregates_keep_or_drop_a_spanset),
		cmocka_unit_test(the_first_value_has_the_type_of_a_sum),
		cmocka_unit_test(spans_decide_by_themselves_about_filters),
		cmocka_unit_test(a_span_may_be_in_a_result_or_cannot),
		cmocka_unit_test(a_pipeline_runs_over_many_traces),
		cmocka_unit_test(memory_for_one_trace_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
