#include "test/core/traceql_span.h"

/*
 * The recorded answers of a real Tempo over test/core/data/traceql_spans.json, as
 * letter of the trace and number of the span.  Where the storage behind Tempo's
 * engine departs from the language (traceql.md 5.1) the artefact is named, and the
 * spans are the language's.
 */
static const struct
{
	const char *query;
	const char *spans;
	const char *artefact;
} recorded[] = {
	{ "{ resource.team = \"resteam\" }", "a1 a2", NULL },
	{ "{ .foo !~ \"res\" }", "a3 a4 a5", NULL },
	{ "{ .tokens ^ 2 > 90 }", "a2", NULL },
	{ "{ !.flag }", "a2", NULL },
	{ "{ .foo =~ \"res.*\" }", "a1 a2 a4 a5", NULL },
	{ "{ .one != \"solo\" }", "", NULL },
	{ "{ traceDuration > 1s }", "a1 a2 a3 a4 a5", NULL },
	{ "{ .strnum = 200 }", "", NULL },
	{ "{ .foo = \"res2\" }", "a4 a5", NULL },
	{ "{ span.nested = nil }", "a1 a2 a3 a5 b1 b2 c1", NULL },
	{ "{ event.exception.message != \"\" }", "a3", NULL },
	{ "{ -2 ^ 2 = -4 }", "a1 a2 a3 a4 a5 b1 b2 c1", NULL },
	{ "{ event:timeSinceStart > 60ms }", "a3", NULL },
	{ "{ .flag }", "a1", NULL },
	{ "{ name =~ \"child\" }", "", NULL },
	{ "{ resource.service.name = \"\" }", "c1", NULL },
	{ "{ 5 = span.tokens }", "a3", NULL },
	{ "{ name !~ \"child.\" }", "a1 b1 b2 c1", NULL },
	{ "{ name = \"root\" || true }", "a1 a2 a3 a4 a5 b1 b2 c1", "|| true fetches nothing" },
	{ "{ .tags !~ \"x\" }", "", "equal elements of arrays are not fetched" },
	{ "{ .http.status_code >= 200 && .http.status_code < 300 }", "a1", NULL },
	{ "{ nestedSetParent < 0 }", "a1 c1", NULL },
	{ "{ span.nums > 2 && span.nums < 2 }", "a2", NULL },
	{ "{ resource.foo = nil }", "b1 b2 c1", NULL },
	{ "{ .nums = 2.0 }", "a2", "a float literal sees no int" },
	{ "{ .tokens > 5.5 }", "a1 a2", "a float literal sees no int" },
	{ "{ .cost > 1.0 }", "a1 a3", NULL },
	{ "{ .\"weird key\" = \"w\" }", "a5", NULL },
	{ "{ event:name = \"exception\" }", "a3", NULL },
	{ "{ span.foo = nil }", "a1 a2 a4 a5 b1 b2 c1", NULL },
	{ "{ resource.service.name != \"frontend\" }", "a3 a4 a5 b1 b2 c1", NULL },
	{ "{ .http.status_code != 200 }", "a3", NULL },
	{ "{ duration > 0.5 }", "a1 a2 a3 a4 a5 b1 b2 c1", NULL },
	{ "{ .team = \"\" }", "c1", NULL },
	{ "{ span.cost > 1 && span.tokens > 1.0 }", "a1 a3", NULL },
	{ "{ trace:id = \"AAAAAAAAAAAA0001\" }", "", NULL },
	{ "{ .strnum != 200 }", "", NULL },
	{ "{ !(.team = \"platform\") && name = \"childA\" }", "a2", NULL },
	{ "{ instrumentation.sc = \"1\" }", "a3 a4 a5", NULL },
	{ "{ span.mixed = nil }", "a1 a2 b1 b2 c1", NULL },
	{ "{ status = error }", "a3", NULL },
	{ "{ .team = \"resteam\" }", "", NULL },
	{ "{ resource.service.name != nil }", "a1 a2 a3 a4 a5 b1 b2 c1", NULL },
	{ "{ .tags = \"x\" }", "a2", NULL },
	{ "{ .tokens = 10.0 }", "a2", "a float literal sees no int" },
	{ "{ .team != \"\" }", "a1 a2 b1 b2", NULL },
	{ "{ .nums > 2 }", "a2", NULL },
	{ "{ .nested != nil }", "", NULL },
	{ "{ duration > 500ms }", "a1 a2 a5", NULL },
	{ "{ nestedSetParent = 0 }", "b1 b2", NULL },
	{ "{ span.cost > 1 || span.tokens > 100000 }", "a1 a3", "an int literal sees no double" },
	{ "{ span:id = \"a000000000000001\" }", "a1", NULL },
	{ "{ span.cost > 1 && span.tokens > 1 }", "a1 a3", "an int literal sees no double" },
	{ "{ event.n = nil }", "a3", NULL },
	{ "{ .team = nil }", "a3 a4 a5", "nil if one of both scopes lacks it" },
	{ "{ .http.status_code = \"200\" }", "", NULL },
	{ "{ .team = \"platform\" }", "a1 b1", NULL },
	{ "{ .tags != \"x\" }", "", "equal elements of arrays are not fetched" },
	{ "{ event.exception.type = \"E2\" }", "a3", NULL },
	{ "{ 2 ^ 3 = 9 }", "a1 a2 a3 a4 a5 b1 b2 c1", NULL },
	{ "{ .cost = 2.0 }", "a3", NULL },
	{ "{ link:traceID = \"1234567890abcdef1234567890abcdef\" }", "a3", NULL },
	{ "{ name =~ \"(?i)CHILDA\" }", "a2", NULL },
	{ "{ !(.flag = true) }", "a2 a3 a4 a5 b1 b2 c1", "! drops what was fetched" },
	{ "{ .foo != \"res2\" }", "a1 a2 a3", NULL },
	{ "{ .cost > 1 }", "a1 a3", "an int literal sees no double" },
	{ "{ !(span.team = \"platform\") && name = \"childA\" }", "a2", "! drops what was fetched" },
	{ "{ kind = server }", "a1 a3", NULL },
	{ "{ .team != \"platform\" }", "a2 b2 c1", NULL },
	{ "{ 7 / 2 = 3 }", "a1 a2 a3 a4 a5 b1 b2 c1", NULL },
	{ "{ 2 ^ 3 = 8 }", "", NULL },
	{ "{ .mixed = 1.0 }", "a3 a5", "a float literal sees no int" },
	{ "{ 500ms < duration }", "a1 a2 a5", "the value on the left is read backwards" },
	{ "{ trace:id = \"0000000000000000aaaaaaaaaaaa0001\" }", "a1 a2 a3 a4 a5", NULL },
	{ "{ .mixed != 1 }", "", NULL },
};

/* Of the spans in their order in the data. */
static const struct
{
	const char *label;
	int64_t left;
	int64_t right;
	int64_t parent;
	int64_t duration_ns;
} places[] = {
	{ "a1", 1, 10, -1, 2000000000 }, { "a2", 2, 7, 1, 2000000000 }, { "a3", 3, 4, 2, 2000000000 },
	{ "a4", 5, 6, 2, 2000000000 },   { "a5", 8, 9, 1, 2000000000 }, { "b1", 0, 0, 0, 50000000 },
	{ "b2", 0, 0, 0, 50000000 },     { "c1", 1, 2, -1, 5000000 },
};

static GenopsBytes
read_spans(void)
{
	static char text[20000];
	FILE *file = fopen("test/core/data/traceql_spans.json", "rb");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text), file);
	fclose(file);
	return request_of((GenopsSlice){ text, length });
}

/* The labels of the spans that match. */
static void
find_spans(const GenopsBytes *bytes, const char *text, char *labels, size_t size)
{
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_STRICT);
	GenopsError error;
	GenopsTraceqlFilter *filter = genops_traceql_filter_prepare(only_filter(&query), &error);
	GenopsSpanWalk walk = walk_of(bytes);
	size_t used = 0;

	assert_non_null(filter);
	labels[0] = '\0';
	for (size_t i = 0; genops_walk_next(&walk); i++)
	{
		GenopsTraceFacts facts = { .duration_ns = places[i].duration_ns,
			                       .nested_set_left = places[i].left,
			                       .nested_set_right = places[i].right,
			                       .nested_set_parent = places[i].parent };
		GenopsTraceqlSpan span;
		bool matches;

		assert_true(i < COUNT_OF(places));
		assert_true(genops_traceql_span_at(&walk, &facts, &span, &error));
		if (!genops_traceql_filter_match(filter, &span, &matches, &error))
			fail_msg("%s: %s", text, error.message);
		if (matches)
			used += (size_t) snprintf(labels + used, size - used, "%s%s", used > 0 ? " " : "",
			                          places[i].label);
	}
	genops_traceql_filter_free(filter);
	genops_traceql_free(&query);
}

static void
answers_as_tempo_or_as_the_language(void **state)
{
	GenopsBytes bytes = read_spans();

	(void) state;
	for (size_t i = 0; i < COUNT_OF(recorded); i++)
	{
		char labels[64];

		find_spans(&bytes, recorded[i].query, labels, sizeof(labels));
		if (strcmp(labels, recorded[i].spans) != 0)
			fail_msg("%s finds \"%s\", not \"%s\" (%s)", recorded[i].query, labels,
			         recorded[i].spans,
			         recorded[i].artefact ? recorded[i].artefact : "as recorded");
	}
	genops_bytes_free(&bytes);
}

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
run_time_errors_end_the_query(void **state)
{
	(void) state;
	assert_run_error(flagged, "{ !.team }",
	                 "expression \"!.team\" expected a boolean, but got a string");
	assert_run_error(flagged, "{ -.team = 1 }",
	                 "expression \"-.team\" expected a number, but got a string");
	assert_run_error(flagged, "{ 1 / .n = 1 }", "division by zero");
	assert_run_error(flagged, "{ 1 / 0 = 1 }", "division by zero");
	assert_run_error(flagged, "{ .list + 1 = 2 }", "arithmetic on arrays is not supported");
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
		cmocka_unit_test(answers_as_tempo_or_as_the_language),
		cmocka_unit_test(nil_makes_logic_false),
		cmocka_unit_test(run_time_errors_end_the_query),
		cmocka_unit_test(operands_of_and_hold_for_one_event),
		cmocka_unit_test(not_means_no_event),
		cmocka_unit_test(links_are_chosen_beside_events),
		cmocka_unit_test(work_over_one_value_is_bounded),
		cmocka_unit_test(bad_bytes_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
