/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql_span.h"

static const char both_scopes[] =
    SPAN_JSON(TEXT("team", "outer") "," TEXT("region", "eu"),
              ATTRIBUTES(TEXT("team", "inner") "," ARRAY("none", "")));

static void
unscoped_is_the_span_then_the_resource(void **state)
{
	(void) state;
	assert_match(both_scopes, "{ .team = \"inner\" }");
	assert_no_match(both_scopes, "{ .team = \"outer\" }");
	assert_match(both_scopes, "{ resource.team = \"outer\" }");
	assert_match(both_scopes, "{ .region = \"eu\" }");
	assert_match(both_scopes, "{ span.region = nil }");
	assert_no_match(both_scopes, "{ .region = nil }");
	/* 5.1's artefact: Tempo as it is also takes it for nil if one scope lacks it. */
	assert_match(both_scopes, "{ .nowhere = nil }");
}

static void
a_key_without_value_is_present(void **state)
{
	(void) state;
	assert_no_match(both_scopes, "{ span.none = nil }");
	assert_no_match(both_scopes, "{ span.none != nil }");
	assert_no_match(both_scopes, "{ span.none != \"x\" }");
}

static void
a_key_in_the_span_hides_the_resource(void **state)
{
	const char *json = SPAN_JSON(TEXT("k", "v"), ATTRIBUTES(ARRAY("k", "")));

	(void) state;
	assert_no_match(json, "{ .k = \"v\" }");
	assert_match(json, "{ resource.k = \"v\" }");
}

static void
the_service_is_never_nil(void **state)
{
	(void) state;
	assert_match(both_scopes, "{ resource.service.name = \"\" }");
	assert_match(both_scopes, "{ .service.name != nil }");
	assert_no_match(both_scopes, "{ .service.name = nil }");
}

static void
intrinsics_of_the_span(void **state)
{
	const char *json = SPAN_JSON("", ",\"name\":\"n\",\"kind\":3,\"status\":{\"code\":2}");

	(void) state;
	assert_match(json, "{ duration = 2us && name = \"n\" && kind = client && status = error }");
	assert_match(json, "{ statusMessage = \"\" }");
	assert_match(json, "{ trace:id = \"ab\" && trace:id = \"00ab\" && \"0ab\" = trace:id }");
	assert_match(json, "{ trace:id =~ \"ab\" }");
	assert_no_match(json, "{ trace:id = \"AB\" }");
	assert_match(json, "{ span:id = \"00000000000000cd\" }");
	assert_match(json, "{ span:parentID = \"0000000000000000\" }");
	assert_match(json, "{ instrumentation:name = \"\" && name != nil }");
	assert_no_match(json, "{ .name = \"n\" }");
}

static void
nothing_of_events_where_there_are_none(void **state)
{
	(void) state;
	assert_no_match(both_scopes, "{ event.x = nil }");
	assert_no_match(both_scopes, "{ event:name != \"x\" }");
	assert_no_match(both_scopes, "{ link:spanID != nil }");
}

static void
what_only_the_trace_knows(void **state)
{
	static const char *const asked[] = {
		"{ span:childCount = 2 }",    "{ traceDuration = 5s }", "{ rootName = \"r\" }",
		"{ rootServiceName = \"\" }", "{ nestedSetLeft = 3 }",  "{ nestedSetRight = 4 }",
		"{ nestedSetParent = -1 }",
	};
	GenopsTraceFacts facts = { .duration_ns = 5000000000,
		                       .root_name = GENOPS_LITERAL("r"),
		                       .child_count = 2,
		                       .nested_set_left = 3,
		                       .nested_set_right = 4,
		                       .nested_set_parent = -1 };
	GenopsBytes bytes = request_of(genops_slice(both_scopes));
	GenopsSpanWalk walk = walk_of(&bytes);
	GenopsTraceqlSpan span;
	GenopsError error;

	(void) state;
	assert_true(genops_walk_next(&walk));
	assert_true(genops_traceql_span_at(&walk, &facts, &span, &error));
	for (size_t i = 0; i < COUNT_OF(asked); i++)
	{
		GenopsTraceql query = parse_valid(asked[i], GENOPS_TRACEQL_STRICT);
		GenopsTraceqlFilter *filter = genops_traceql_filter_prepare(only_filter(&query), &error);
		bool matches;

		assert_true(genops_traceql_filter_needs_trace(filter));
		assert_true(genops_traceql_filter_match(filter, &span, &matches, &error));
		if (!matches)
			fail_msg("%s", asked[i]);
		genops_traceql_filter_free(filter);
		genops_traceql_free(&query);
	}
	genops_bytes_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unscoped_is_the_span_then_the_resource),
		cmocka_unit_test(a_key_without_value_is_present),
		cmocka_unit_test(a_key_in_the_span_hides_the_resource),
		cmocka_unit_test(the_service_is_never_nil),
		cmocka_unit_test(intrinsics_of_the_span),
		cmocka_unit_test(nothing_of_events_where_there_are_none),
		cmocka_unit_test(what_only_the_trace_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
