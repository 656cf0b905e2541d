/* SPDX-License-Identifier: PostgreSQL */
/*
 * What each span is within its trace.
 */
#include "test/core/traceql_trace.h"

#define ID(n) "000000000000000" #n
#define NONE ""

static void
read_trace(const char *json, GenopsBytes *bytes, GenopsTrace *trace)
{
	*bytes = request_of(genops_slice(json));
	*trace = (GenopsTrace){ 0 };
	add_spans(trace, bytes, GENOPS_ABSENT);
}

/* "left right parent children" of each span. */
static void
check_places(const char *json, const char *expected, const char *file, int line)
{
	GenopsBytes bytes;
	GenopsTrace trace;
	char places[400] = "";
	size_t used = 0;

	read_trace(json, &bytes, &trace);
	for (size_t i = 0; i < trace.count; i++)
	{
		const GenopsTraceFacts *facts = &trace.spans[i].trace;

		used += (size_t) snprintf(places + used, sizeof(places) - used, "%s%d %d %d %d",
		                          i > 0 ? ", " : "", (int) facts->nested_set_left,
		                          (int) facts->nested_set_right, (int) facts->nested_set_parent,
		                          (int) facts->child_count);
		assert_true(used < sizeof(places));
	}
	_assert_string_equal(places, expected, file, line);
	genops_trace_free(&trace);
	genops_bytes_free(&bytes);
}

#define assert_places(spans, expected) check_places(TRACE_JSON(spans), expected, __FILE__, __LINE__)

static void
spans_are_numbered_from_the_roots(void **state)
{
	(void) state;
	assert_places(TRACE_SPAN(ID(1), NONE, 1, "a", ""), "1 2 -1 0");
	/* Children in the order of the trace, wherever their parent is. */
	assert_places(
	    TRACE_SPAN(ID(3), ID(1), 1, "c", "") "," TRACE_SPAN(ID(1), NONE, 1, "a", "") "," TRACE_SPAN(
	        ID(2), ID(1), 1, "b", "") "," TRACE_SPAN(ID(4), ID(3), 1, "d", ""),
	    "2 5 1 1, 1 8 -1 2, 6 7 1 0, 3 4 2 0");
	assert_places(TRACE_SPAN(ID(1), NONE, 1, "a", "") "," TRACE_SPAN(
	                  ID(2), NONE, 1, "b", "") "," TRACE_SPAN(ID(3), ID(1), 1, "c", ""),
	              "1 4 -1 1, 5 6 -1 0, 2 3 1 0");
	assert_places(TRACE_SPAN(ID(1), ID(0), 1, "zeros are no parent", ""), "1 2 -1 0");
}

static void
spans_that_no_root_leads_to_have_no_bounds(void **state)
{
	(void) state;
	assert_places(TRACE_SPAN(ID(2), ID(9), 1, "b", "") "," TRACE_SPAN(ID(3), ID(2), 1, "c", ""),
	              "0 0 0 0, 0 0 0 0");
	assert_places(TRACE_SPAN(ID(1), NONE, 1, "a", "") "," TRACE_SPAN(
	                  ID(2), ID(9), 1, "b", "") "," TRACE_SPAN(ID(3), ID(2), 1, "c", ""),
	              "1 2 -1 0, 0 0 0 1, 0 0 0 0");
	assert_places(
	    TRACE_SPAN(ID(1), NONE, 1, "a", "") "," TRACE_SPAN(ID(2), ID(3), 1, "b", "") "," TRACE_SPAN(
	        ID(3), ID(2), 1, "c", "") "," TRACE_SPAN(ID(4), ID(4), 1, "d", ""),
	    "1 2 -1 0, 0 0 0 1, 0 0 0 1, 0 0 0 1");
}

static void
of_twins_the_server_is_the_clients_child(void **state)
{
	(void) state;
	/* The root calls (client), the other side answers (server) and does something. */
	assert_places(
	    TRACE_SPAN(ID(1), NONE, 1, "a", "") "," TRACE_SPAN(ID(2), ID(2), 2, "s", "") "," TRACE_SPAN(
	        ID(2), ID(1), 3, "c", "") "," TRACE_SPAN(ID(3), ID(2), 1, "d", ""),
	    "1 8 -1 1, 3 6 2 1, 2 7 1 1, 4 5 3 0");
	/* Without a server's span among the twins it is nobody's child. */
	assert_places(
	    TRACE_SPAN(ID(1), NONE, 1, "a", "") "," TRACE_SPAN(ID(2), ID(1), 1, "b", "") "," TRACE_SPAN(
	        ID(2), ID(1), 3, "c", "") "," TRACE_SPAN(ID(3), ID(2), 1, "d", ""),
	    "1 6 -1 2, 2 3 1 0, 4 5 1 0, 0 0 0 0");
	assert_places(
	    TRACE_SPAN(ID(1), NONE, 1, "a", "") "," TRACE_SPAN(ID(2), ID(1), 1, "b", "") "," TRACE_SPAN(
	        ID(2), ID(1), 1, "b", "") "," TRACE_SPAN(ID(2), ID(1), 1, "b", ""),
	    "0 0 0 0, 0 0 0 0, 0 0 0 0, 0 0 0 0");
}

#define LINK(trace_id, type)                                                     \
	",\"links\":[{\"traceId\":\"" trace_id "\",\"spanId\":\"0000000000000009\"," \
	"\"attributes\":[" TEXT("opentracing.ref_type", type) "]}]"
#define OWN "000000000000000000000000000000ab"
#define OTHER "000000000000000000000000000000ac"

static void
check_root(const char *json, const char *name, const char *service, const char *file, int line)
{
	GenopsBytes bytes;
	GenopsTrace trace;

	read_trace(json, &bytes, &trace);
	check_slice(trace.root_name, name, file, line);
	check_slice(trace.root_service_name, service, file, line);
	genops_trace_free(&trace);
	genops_bytes_free(&bytes);
}

#define assert_root(spans, name, service) \
	check_root(TRACE_JSON(spans), name, service, __FILE__, __LINE__)

static void
the_root_is_the_last_without_a_parent(void **state)
{
	(void) state;
	assert_root(TRACE_SPAN(ID(1), NONE, 1, "a", "") "," TRACE_SPAN(
	                ID(2), NONE, 1, "b", "") "," TRACE_SPAN(ID(3), ID(1), 1, "c", ""),
	            "b", "svc");
	assert_root(TRACE_SPAN(ID(3), ID(1), 1, "c", ""), NULL, NULL);
	assert_root(TRACE_SPAN(ID(1), NONE, 1, "a", "") "," TRACE_SPAN(ID(2), NONE, 1, "b",
	                                                               LINK(OWN, "child_of")),
	            "a", "svc");
	assert_root(TRACE_SPAN(ID(2), NONE, 1, "b", LINK(OTHER, "child_of")), "b", "svc");
	assert_root(TRACE_SPAN(ID(2), NONE, 1, "b", LINK(OWN, "follows_from")), "b", "svc");
}

static void
a_trace_is_from_the_first_start_to_the_last_end(void **state)
{
	GenopsBytes bytes;
	GenopsTrace trace;

	(void) state;
	read_trace(TRACE_JSON("{\"traceId\":\"" OWN
	                      "\",\"spanId\":\"" ID(1) "\",\"startTimeUnixNano\":\"20\","
	                                               "\"endTimeUnixNano\":\"30\"},"
	                                               "{\"traceId\":\"" OWN "\",\"spanId\":\"" ID(
	                                                   2) "\",\"startTimeUnixNano\":\"10\","
	                                                      "\"endTimeUnixNano\":\"15\"}"),
	           &bytes, &trace);
	assert_int_equal(trace.start_ns, 10);
	assert_int_equal(trace.end_ns, 30);
	assert_int_equal(trace.spans[1].trace.duration_ns, 20);
	assert_slice(trace.spans[1].trace.root_service_name, "svc");
	genops_trace_free(&trace);
	genops_bytes_free(&bytes);
}

/* Field 2 and 4 of a Span. */
static void
put_span(uint8_t *bytes, uint32_t id, uint32_t parent)
{
	memcpy(bytes, "\x12\x08\0\0\0\0\0\0\0\0\x22\x08\0\0\0\0\0\0\0\0", 20);
	for (int i = 0; i < 4; i++)
	{
		bytes[9 - i] = (uint8_t) (id >> 8 * i);
		bytes[19 - i] = (uint8_t) (parent >> 8 * i);
	}
}

/* Spans 1 to "count"; the parents are "step" before or, below 0, behind. */
static void
chain(GenopsTrace *trace, uint8_t *bytes, int count, int step)
{
	GenopsError error;

	for (int i = 0; i < count; i++)
	{
		GenopsSpanWalk walk = { .span = { (const char *) bytes + 20 * i, 20 } };
		int parent = i + 1 - step;

		put_span(bytes + 20 * i, (uint32_t) i + 1, (uint32_t) (parent < 0 ? 0 : parent));
		assert_true(genops_trace_add(trace, &walk, &error));
	}
	assert_true(genops_trace_complete(trace, &error));
}

static void
a_chain_of_a_million_spans_is_numbered(void **state)
{
	static uint8_t bytes[20 * GENOPS_TRACE_MAX_SPANS];
	GenopsTrace trace = { 0 };
	GenopsSpanWalk more = { .span = { (const char *) bytes, 20 } };
	GenopsError error;

	(void) state;
	chain(&trace, bytes, GENOPS_TRACE_MAX_SPANS, 1);
	assert_int_equal(trace.spans[0].trace.nested_set_right, 2 * GENOPS_TRACE_MAX_SPANS);
	assert_int_equal(trace.spans[GENOPS_TRACE_MAX_SPANS - 1].trace.nested_set_left,
	                 GENOPS_TRACE_MAX_SPANS);
	assert_false(genops_trace_add(&trace, &more, &error));
	assert_string_equal(error.message, "a trace has more than 1000000 spans");
	genops_trace_clear(&trace);
	chain(&trace, bytes, 1000, -1);
	assert_int_equal(trace.spans[0].trace.nested_set_left, 0);
	genops_trace_free(&trace);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_numbered_from_the_roots),
		cmocka_unit_test(spans_that_no_root_leads_to_have_no_bounds),
		cmocka_unit_test(of_twins_the_server_is_the_clients_child),
		cmocka_unit_test(the_root_is_the_last_without_a_parent),
		cmocka_unit_test(a_trace_is_from_the_first_start_to_the_last_end),
		cmocka_unit_test(a_chain_of_a_million_spans_is_numbered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
