/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include <math.h>

#include "core/base/utf8.h"
#include "core/span/otlp_json.h"
#include "core/span/otlp_read.h"
#include "core/span/trace_context.h"

#include "otlp.pb-c.h"

typedef Genops__Otlp__ExportTraceServiceRequest PbRequest;
typedef Genops__Otlp__Span PbSpan;
typedef Genops__Otlp__AnyValue PbValue;

/* The converted bytes as protobuf-c reads them. */
static PbRequest *
convert(GenopsSlice json)
{
	GenopsBytes bytes = genops_bytes_growing();
	GenopsError error;
	PbRequest *request;

	if (!genops_otlp_from_json(json, &bytes, &error))
		fail_msg("%s: %s", error.message, error.detail);
	request = genops__otlp__export_trace_service_request__unpack(NULL, bytes.length, bytes.data);
	assert_non_null(request);
	genops_bytes_free(&bytes);
	return request;
}

static void
release(PbRequest *request)
{
	genops__otlp__export_trace_service_request__free_unpacked(request, NULL);
}

static void
expect_error(GenopsSlice json, GenopsErrorCode code, const char *message, const char *detail)
{
	GenopsBytes bytes = genops_bytes_growing();
	GenopsError error = { 0 };

	genops_bytes_put(&bytes, "kept", 4);
	assert_false(genops_otlp_from_json(json, &bytes, &error));
	assert_string_equal(error.message, message);
	if (detail != NULL)
		assert_string_equal(error.detail, detail);
	assert_int_equal(error.code, code);
	assert_int_equal(bytes.length, 4);
	genops_bytes_free(&bytes);
}

#define IDS "\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"00F067AA0BA902B7\""
#define REQUEST(span) "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS "," span "}]}]}]}"
#define VALUE(value) REQUEST("\"attributes\":[{\"key\":\"k\",\"value\":" value "}]")

static const PbSpan *
only_span(const PbRequest *request)
{
	assert_int_equal(request->n_resource_spans, 1);
	assert_int_equal(request->resource_spans[0]->n_scope_spans, 1);
	assert_int_equal(request->resource_spans[0]->scope_spans[0]->n_spans, 1);
	return request->resource_spans[0]->scope_spans[0]->spans[0];
}

static const PbValue *
only_value(const PbRequest *request)
{
	const PbSpan *span = only_span(request);

	assert_int_equal(span->n_attributes, 1);
	assert_string_equal(span->attributes[0]->key, "k");
	return span->attributes[0]->value;
}

static void
every_field(void **state)
{
	PbRequest *request = convert(GENOPS_LITERAL(
	    "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"
	    "{\"stringValue\":\"checkout\"}}],\"droppedAttributesCount\":1},\"schemaUrl\":\"ru\","
	    "\"scopeSpans\":[{\"scope\":{\"name\":\"lib\",\"version\":\"2\",\"attributes\":[{\"key\":"
	    "\"a\"}],\"droppedAttributesCount\":2},\"schemaUrl\":\"su\",\"spans\":[{" IDS ","
	    "\"traceState\":\"ot=th:8\",\"parentSpanId\":\"0102030405060708\",\"name\":\"chat\","
	    "\"kind\":\"SPAN_KIND_CLIENT\",\"startTimeUnixNano\":\"1795456771000000001\","
	    "\"endTimeUnixNano\":1795456773000000003,\"droppedAttributesCount\":3,\"events\":[{"
	    "\"timeUnixNano\":\"7\",\"name\":\"exception\",\"attributes\":[{\"key\":\"x\",\"value\":"
	    "{\"boolValue\":true}}],\"droppedAttributesCount\":4}],\"droppedEventsCount\":5,"
	    "\"links\":[{" IDS ",\"traceState\":\"l\",\"attributes\":[],\"droppedAttributesCount\":6,"
	    "\"flags\":257}],\"droppedLinksCount\":\"7\",\"status\":{\"code\":\"STATUS_CODE_ERROR\","
	    "\"message\":\"failed\"},\"flags\":769,\"unknown\":{\"deep\":[1,2]}}]}]}]}"));
	const Genops__Otlp__ResourceSpans *resource_spans = request->resource_spans[0];
	const Genops__Otlp__ScopeSpans *scope_spans = resource_spans->scope_spans[0];
	const PbSpan *span = only_span(request);
	uint8_t id[16];

	(void) state;
	assert_string_equal(resource_spans->resource->attributes[0]->value->string_value, "checkout");
	assert_int_equal(resource_spans->resource->dropped_attributes_count, 1);
	assert_string_equal(resource_spans->schema_url, "ru");
	assert_string_equal(scope_spans->scope->name, "lib");
	assert_string_equal(scope_spans->scope->version, "2");
	assert_null(scope_spans->scope->attributes[0]->value);
	assert_int_equal(scope_spans->scope->dropped_attributes_count, 2);
	assert_string_equal(scope_spans->schema_url, "su");

	genops_unhex(id, GENOPS_LITERAL("4bf92f3577b34da6a3ce929d0e0e4736"), 16);
	assert_int_equal(span->trace_id.len, 16);
	assert_memory_equal(span->trace_id.data, id, 16);
	genops_unhex(id, GENOPS_LITERAL("00f067aa0ba902b7"), 8);
	assert_int_equal(span->span_id.len, 8);
	assert_memory_equal(span->span_id.data, id, 8);
	assert_memory_equal(span->parent_span_id.data, "\1\2\3\4\5\6\7\10", 8);
	assert_string_equal(span->trace_state, "ot=th:8");
	assert_string_equal(span->name, "chat");
	assert_int_equal(span->kind, 3);
	assert_true(span->start_time_unix_nano == UINT64_C(1795456771000000001));
	assert_true(span->end_time_unix_nano == UINT64_C(1795456773000000003));
	assert_int_equal(span->dropped_attributes_count, 3);
	assert_int_equal(span->n_events, 1);
	assert_int_equal(span->events[0]->time_unix_nano, 7);
	assert_string_equal(span->events[0]->name, "exception");
	assert_true(span->events[0]->attributes[0]->value->bool_value);
	assert_int_equal(span->events[0]->dropped_attributes_count, 4);
	assert_int_equal(span->dropped_events_count, 5);
	assert_int_equal(span->n_links, 1);
	assert_int_equal(span->links[0]->trace_id.len, 16);
	assert_int_equal(span->links[0]->span_id.len, 8);
	assert_string_equal(span->links[0]->trace_state, "l");
	assert_int_equal(span->links[0]->dropped_attributes_count, 6);
	assert_int_equal(span->links[0]->flags, 257);
	assert_int_equal(span->dropped_links_count, 7);
	assert_int_equal(span->status->code, 2);
	assert_string_equal(span->status->message, "failed");
	assert_int_equal(span->flags, 769);
	release(request);
}

/* What comes out is what protobuf-c packs: order of fields, defaults left out. */
static void
bytes_are_canonical(void **state)
{
	const GenopsSlice json = GENOPS_LITERAL(
	    REQUEST("\"status\":{},\"kind\":0,\"name\":\"\",\"parentSpanId\":\"\","
	            "\"startTimeUnixNano\":\"0\",\"traceState\":null,\"events\":null,\"attributes\":["
	            "{\"value\":{\"kvlistValue\":{\"values\":[{\"key\":\"in\",\"value\":{"
	            "\"arrayValue\":{\"values\":[{\"stringValue\":\"\"},{},{\"intValue\":-1}]}}}]}},"
	            "\"key\":\"out\"}]"));
	GenopsBytes bytes = genops_bytes_growing();
	GenopsError error;
	PbRequest *request = convert(json);
	size_t size = genops__otlp__export_trace_service_request__get_packed_size(request);
	uint8_t *packed = test_malloc(size);

	(void) state;
	genops__otlp__export_trace_service_request__pack(request, packed);
	assert_true(genops_otlp_from_json(json, &bytes, &error));
	assert_int_equal(bytes.length, size);
	assert_memory_equal(bytes.data, packed, size);
	test_free(packed);
	genops_bytes_free(&bytes);
	release(request);
}

static void
integers(void **state)
{
	const struct
	{
		GenopsSlice json;
		int64_t value;
	} cases[] = {
		{ GENOPS_LITERAL(VALUE("{\"intValue\":5}")), 5 },
		{ GENOPS_LITERAL(VALUE("{\"intValue\":\"5\"}")), 5 },
		{ GENOPS_LITERAL(VALUE("{\"intValue\":\"-7\"}")), -7 },
		{ GENOPS_LITERAL(VALUE("{\"intValue\":0}")), 0 },
		{ GENOPS_LITERAL(VALUE("{\"intValue\":1e3}")), 1000 },
		/* Beyond what a double holds, also as numbers. */
		{ GENOPS_LITERAL(VALUE("{\"intValue\":9007199254740993}")), INT64_C(9007199254740993) },
		{ GENOPS_LITERAL(VALUE("{\"intValue\":9223372036854775807}")), INT64_MAX },
		{ GENOPS_LITERAL(VALUE("{\"intValue\":-9223372036854775808}")), INT64_MIN },
		{ GENOPS_LITERAL(VALUE("{\"intValue\": 1795456771000000001 }")),
		  INT64_C(1795456771000000001) },
	};
	const GenopsSlice refused[] = {
		GENOPS_LITERAL(VALUE("{\"intValue\":1.5}")),
		GENOPS_LITERAL(VALUE("{\"intValue\":9223372036854775808}")),
		GENOPS_LITERAL(VALUE("{\"intValue\":-9223372036854775809}")),
		GENOPS_LITERAL(VALUE("{\"intValue\":99999999999999999999999}")),
		GENOPS_LITERAL(VALUE("{\"intValue\":1e300}")),
		GENOPS_LITERAL(VALUE("{\"intValue\":\"\"}")),
		GENOPS_LITERAL(VALUE("{\"intValue\":\"-\"}")),
		GENOPS_LITERAL(VALUE("{\"intValue\":\"1x\"}")),
		GENOPS_LITERAL(VALUE("{\"intValue\":true}")),
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		PbRequest *request = convert(cases[i].json);

		assert_int_equal(only_value(request)->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_INT_VALUE);
		assert_true(only_value(request)->int_value == cases[i].value);
		release(request);
	}
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		expect_error(refused[i], GENOPS_MALFORMED,
		             "invalid OTLP/JSON at resourceSpans[0].scopeSpans[0].spans[0].attributes[0]"
		             ".value.intValue",
		             "Expected an integer of 64 bits, as a text or number.");
}

static void
doubles(void **state)
{
	const struct
	{
		GenopsSlice json;
		double value;
	} cases[] = {
		{ GENOPS_LITERAL(VALUE("{\"doubleValue\":0.1}")), 0.1 },
		{ GENOPS_LITERAL(VALUE("{\"doubleValue\":0}")), 0.0 },
		{ GENOPS_LITERAL(VALUE("{\"doubleValue\":\"1.5e3\"}")), 1500.0 },
		{ GENOPS_LITERAL(VALUE("{\"doubleValue\":12345678901234567890}")), 12345678901234567890.0 },
		{ GENOPS_LITERAL(VALUE("{\"doubleValue\":0.12345678901234567890}")),
		  0.12345678901234567890 },
		{ GENOPS_LITERAL(VALUE("{\"doubleValue\":\"Infinity\"}")), INFINITY },
		{ GENOPS_LITERAL(VALUE("{\"doubleValue\":\"-Infinity\"}")), -INFINITY },
	};
	PbRequest *request = convert(GENOPS_LITERAL(VALUE("{\"doubleValue\":\"NaN\"}")));

	(void) state;
	assert_true(isnan(only_value(request)->double_value));
	release(request);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		request = convert(cases[i].json);
		assert_int_equal(only_value(request)->value_case,
		                 GENOPS__OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE);
		assert_true(only_value(request)->double_value == cases[i].value);
		release(request);
	}
	expect_error(GENOPS_LITERAL(VALUE("{\"doubleValue\":\"much\"}")), GENOPS_MALFORMED,
	             "invalid OTLP/JSON at resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value"
	             ".doubleValue",
	             "Expected a number.");
}

static void
other_values(void **state)
{
	PbRequest *request = convert(GENOPS_LITERAL(VALUE("{\"bytesValue\":\"AAH_/w==\"}")));

	(void) state;
	assert_int_equal(only_value(request)->bytes_value.len, 4);
	assert_memory_equal(only_value(request)->bytes_value.data, "\x00\x01\xFF\xFF", 4);
	release(request);
	request = convert(GENOPS_LITERAL(VALUE("{\"bytesValue\":\"\"}")));
	assert_int_equal(only_value(request)->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_BYTES_VALUE);
	release(request);
	request = convert(GENOPS_LITERAL(VALUE("{\"stringValue\":\"\"}")));
	assert_string_equal(only_value(request)->string_value, "");
	release(request);
	request = convert(GENOPS_LITERAL(VALUE("{\"boolValue\":false}")));
	assert_int_equal(only_value(request)->value_case, GENOPS__OTLP__ANY_VALUE__VALUE_BOOL_VALUE);
	assert_false(only_value(request)->bool_value);
	release(request);
	request = convert(GENOPS_LITERAL(VALUE("{}")));
	assert_int_equal(only_value(request)->value_case, GENOPS__OTLP__ANY_VALUE__VALUE__NOT_SET);
	release(request);
	expect_error(GENOPS_LITERAL(VALUE("{\"bytesValue\":\"A\"}")), GENOPS_MALFORMED,
	             "invalid OTLP/JSON at resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value"
	             ".bytesValue",
	             "Expected a text in base64.");
}

static void
texts_are_repaired(void **state)
{
	const struct
	{
		GenopsSlice json;
		const char *text;
	} cases[] = {
		{ GENOPS_LITERAL(VALUE("{\"stringValue\":\"\\u20ac \\ud83d\\ude00 \\\"\\\\\"}")),
		  "\xE2\x82\xAC \xF0\x9F\x98\x80 \"\\" },
		{ GENOPS_LITERAL(VALUE("{\"stringValue\":\"a\\u0000b\"}")), "a\xEF\xBF\xBD"
		                                                            "b" },
		{ GENOPS_LITERAL(VALUE("{\"stringValue\":\"\\\\u0000\"}")), "\\u0000" },
		{ GENOPS_LITERAL(VALUE("{\"stringValue\":\"\\ud83d\"}")), "\xEF\xBF\xBD" },
		{ GENOPS_LITERAL(VALUE("{\"stringValue\":\"\\ud83dx\"}")), "\xEF\xBF\xBDx" },
		{ GENOPS_LITERAL(VALUE("{\"stringValue\":\"\\ude00\\u0041\"}")), "\xEF\xBF\xBD"
		                                                                 "A" },
		{ GENOPS_LITERAL(VALUE("{\"stringValue\":\"caf\xE9\"}")), "caf\xEF\xBF\xBD" },
		{ GENOPS_LITERAL(VALUE("{\"stringValue\":\"a\0b\"}")), "a\xEF\xBF\xBD"
		                                                       "b" },
		/* No number, however long. */
		{ GENOPS_LITERAL(VALUE("{\"stringValue\":\"a 12345678901234567890 [[{\"}")),
		  "a 12345678901234567890 [[{" },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		PbRequest *request = convert(cases[i].json);

		assert_string_equal(only_value(request)->string_value, cases[i].text);
		release(request);
	}
}

static void
errors_name_the_place(void **state)
{
	const struct
	{
		GenopsSlice json;
		const char *place;
		const char *detail;
	} cases[] = {
		{ GENOPS_LITERAL("[]"), "its start", "Expected an object." },
		{ GENOPS_LITERAL("{\"resourceSpans\":{}}"), "resourceSpans", "Expected an array." },
		{ GENOPS_LITERAL("{\"resourceSpans\":[{},7]}"), "resourceSpans[1]", "Expected an object." },
		{ GENOPS_LITERAL("{\"resourceSpans\":[{\"resource\":1}]}"), "resourceSpans[0].resource",
		  "Expected an object." },
		{ GENOPS_LITERAL("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" IDS
		                 "},{\"traceId\":\"4bf9\"}]}]}]}"),
		  "resourceSpans[0].scopeSpans[0].spans[1].traceId",
		  "Expected 16 bytes in hexadecimal digits." },
		/* Base64 is not for requests. */
		{ GENOPS_LITERAL("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":"
		                 "\"zMzMzMzMzMzMzMzMzMwAAg==\"}]}]}]}"),
		  "resourceSpans[0].scopeSpans[0].spans[0].traceId",
		  "Expected 16 bytes in hexadecimal digits." },
		{ GENOPS_LITERAL("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":"
		                 "\"00000000000000000000000000000000\"}]}]}]}"),
		  "resourceSpans[0].scopeSpans[0].spans[0].traceId",
		  "Expected an id that is not all zeros." },
		{ GENOPS_LITERAL("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{}]}]}]}"),
		  "resourceSpans[0].scopeSpans[0].spans[0].traceId",
		  "Expected 16 bytes in hexadecimal digits." },
		{ GENOPS_LITERAL(REQUEST("\"parentSpanId\":\"12\"")),
		  "resourceSpans[0].scopeSpans[0].spans[0].parentSpanId",
		  "Expected 8 bytes in hexadecimal digits." },
		{ GENOPS_LITERAL(REQUEST("\"kind\":\"CLIENT\"")),
		  "resourceSpans[0].scopeSpans[0].spans[0].kind",
		  "Expected a number or name of the enumeration." },
		{ GENOPS_LITERAL(REQUEST("\"kind\":-1")), "resourceSpans[0].scopeSpans[0].spans[0].kind",
		  "Expected an unsigned integer of 32 bits." },
		{ GENOPS_LITERAL(REQUEST("\"startTimeUnixNano\":\"-1\"")),
		  "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano",
		  "Expected an unsigned integer of 64 bits, as a text or number." },
		{ GENOPS_LITERAL(REQUEST("\"name\":7")), "resourceSpans[0].scopeSpans[0].spans[0].name",
		  "Expected a text." },
		{ GENOPS_LITERAL(REQUEST("\"flags\":4294967296")),
		  "resourceSpans[0].scopeSpans[0].spans[0].flags",
		  "Expected an unsigned integer of 32 bits." },
		{ GENOPS_LITERAL(REQUEST("\"events\":[{},{\"attributes\":[{\"key\":1}]}]")),
		  "resourceSpans[0].scopeSpans[0].spans[0].events[1].attributes[0].key",
		  "Expected a text." },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		char message[300];

		snprintf(message, sizeof(message), "invalid OTLP/JSON at %s", cases[i].place);
		expect_error(cases[i].json, GENOPS_MALFORMED, message, cases[i].detail);
	}
}

static void
no_json(void **state)
{
	static const char *const cases[] = {
		"", " ", "{", "{} x", "nul", "{\"a\":1,}", "{\"a\"", "\"\\"
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		expect_error(genops_slice(cases[i]), GENOPS_MALFORMED, "OTLP/JSON is not valid JSON", NULL);
	expect_error(GENOPS_ABSENT, GENOPS_MALFORMED, "OTLP/JSON is not valid JSON",
	             "Parsing stopped near byte 0.");
}

static void
nothing_to_send(void **state)
{
	static const char *const cases[] = { "{}", " {\"resourceSpans\":[]} \n",
		                                 "{\"resourceSpans\":null}", "{\"other\":[1]}" };

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsBytes bytes = genops_bytes_growing();
		GenopsError error;

		assert_true(genops_otlp_from_json(genops_slice(cases[i]), &bytes, &error));
		assert_int_equal(bytes.length, 0);
		genops_bytes_free(&bytes);
	}
}

/* Arrays in arrays: as many levels as are allowed, and one too many. */
static void
nesting_is_bounded(void **state)
{
	char json[8192];
	GenopsBytes bytes = genops_bytes_growing();
	GenopsError error = { 0 };

	(void) state;
	for (int levels = 60; levels <= 70; levels += 10)
	{
		size_t length = (size_t) snprintf(
		    json, sizeof(json), "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"value\":{");

		for (int i = 0; i < levels; i++)
			length += (size_t) sprintf(json + length, "\"arrayValue\":{\"values\":[{");
		for (int i = 0; i < levels; i++)
			length += (size_t) sprintf(json + length, "}]}");
		length += (size_t) sprintf(json + length, "}}]}}]}");
		if (levels == 60)
			release(convert((GenopsSlice){ json, length }));
		else
			expect_error((GenopsSlice){ json, length }, GENOPS_TOO_LARGE,
			             "JSON is nested too deeply", "The limit is 200 levels.");
	}
	/* Brackets alone don't get further. */
	memset(json, '[', sizeof(json));
	assert_false(genops_otlp_from_json((GenopsSlice){ json, sizeof(json) }, &bytes, &error));
	assert_int_equal(error.code, GENOPS_TOO_LARGE);
	genops_bytes_free(&bytes);
}

static GenopsSlice
read_data(const char *name, char *buffer, size_t size)
{
	char path[256];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "test/core/data/%s", name);
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s is missing: run the tests in the source directory", path);
	length = fread(buffer, 1, size, file);
	fclose(file);
	return (GenopsSlice){ buffer, length };
}

/* Requests that Tempo accepted, and its answers when asked for a trace: every
 * span has its facts. */
static void
check_data(const char *name, size_t expected_spans, size_t expected_attributes)
{
	static char buffer[65536];
	GenopsBytes bytes = genops_bytes_growing();
	GenopsError error;
	GenopsSpanWalk walk;
	size_t spans = 0;
	size_t attributes = 0;

	if (!genops_otlp_from_json(read_data(name, buffer, sizeof(buffer)), &bytes, &error))
		fail_msg("%s: %s: %s", name, error.message, error.detail);
	walk = genops_walk_request((GenopsSlice){ (const char *) bytes.data, bytes.length });
	while (genops_walk_next(&walk))
	{
		GenopsSpanView view;
		GenopsSpanFacts facts;
		GenopsFactMemory memory;
		GenopsSlice reply_id;
		GenopsFields fields;
		GenopsWireField field;

		assert_true(genops_read_span(walk.span, &view));
		if (!genops_facts_from_span(walk.resource, &view, &memory, &facts, &reply_id, &error))
			fail_msg("%s: %s", name, error.message);
		assert_true(facts.start_ns > INT64_C(1700000000000000000));
		assert_true(facts.end_ns >= facts.start_ns);
		fields = genops_fields(view.message);
		while (genops_fields_next(&fields, &field))
			attributes += field.number == GENOPS_SPAN_ATTRIBUTES;
		spans++;
	}
	assert_false(walk.malformed);
	assert_int_equal(spans, expected_spans);
	assert_int_equal(attributes, expected_attributes);
	genops_bytes_free(&bytes);
}

static void
real_requests(void **state)
{
	(void) state;
	check_data("request.json", 8, 29);
	check_data("request_metrics.json", 8, 25);
	check_data("tempo_trace_v1.json", 5, 26);
	check_data("tempo_trace_v2.json", 5, 26);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field),
		cmocka_unit_test(bytes_are_canonical),
		cmocka_unit_test(integers),
		cmocka_unit_test(doubles),
		cmocka_unit_test(other_values),
		cmocka_unit_test(texts_are_repaired),
		cmocka_unit_test(errors_name_the_place),
		cmocka_unit_test(no_json),
		cmocka_unit_test(nothing_to_send),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(real_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
