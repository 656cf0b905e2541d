/* SPDX-License-Identifier: PostgreSQL */
#include <stdlib.h>

#include "test/core/tempo_data.h"

#include <math.h>

#include "core/span/trace_context.h"
#include "core/tempo/reply.h"

/* The value of the first pair with that key. */
static GenopsValue
value_of(GenopsSlice pairs, const char *key)
{
	GenopsFields fields = genops_fields(pairs);
	GenopsWireField field;
	GenopsSlice name;
	GenopsValue value;

	while (genops_fields_next(&fields, &field))
	{
		assert_int_equal(field.number, GENOPS_TEMPO_PAIRS);
		assert_true(genops_read_key_value(field.bytes, &name, &value));
		if (genops_slice_equal(name, genops_slice(key)))
			return value;
	}
	fail_msg("there is no \"%s\"", key);
	return (GenopsValue){ 0 };
}

static size_t
count_pairs(GenopsSlice pairs)
{
	GenopsFields fields = genops_fields(pairs);
	GenopsWireField field;
	size_t count = 0;

	while (genops_fields_next(&fields, &field))
		count++;
	assert_false(fields.malformed);
	return count;
}

static GenopsTempoSearch
read_search(GenopsSlice json)
{
	GenopsTempoSearch search;
	GenopsError error;

	if (!genops_tempo_search_read(json, &search, NULL, &error))
		fail_msg("%s: %s", error.message, error.detail);
	return search;
}

static GenopsTempoMetrics
read_metrics(GenopsSlice json, bool instant)
{
	GenopsTempoMetrics metrics;
	GenopsError error;

	if (!genops_tempo_metrics_read(json, instant, &metrics, NULL, &error))
		fail_msg("%s: %s", error.message, error.detail);
	return metrics;
}

static void
search_without_attributes(void **state)
{
	GenopsTempoSearch search = read_search(recorded("search_hit.json"));
	const GenopsTempoTrace *trace = &search.traces[0];

	(void) state;
	assert_int_equal(search.trace_count, 1);
	assert_slice(trace->trace_id, "0000000000000000aaaaaaaaaaaa0001");
	assert_slice(trace->root_service_name, "frontend");
	assert_slice(trace->root_name, "root");
	assert_int_equal(trace->start_ns, UINT64_C(1795455385000000000));
	assert_int_equal(trace->duration_ms, 2000);
	assert_int_equal(trace->spanset_count, 1);
	assert_int_equal(trace->spansets[0].matched, 1);
	assert_int_equal(trace->spansets[0].span_count, 1);
	assert_int_equal(trace->spansets[0].attributes.length, 0);
	assert_slice(trace->spansets[0].spans[0].span_id, "a000000000000003");
	assert_slice(trace->spansets[0].spans[0].name, "childB");
	assert_int_equal(trace->spansets[0].spans[0].duration_ns, 300000000);
	assert_int_equal(trace->spansets[0].spans[0].attributes.length, 0);
	assert_int_equal(search.inspected_bytes, 15686);
	assert_int_equal(search.completed_jobs, 3);
	assert_int_equal(search.total_jobs, 3);
	assert_false(search.completeness.partial);
	genops_arena_free(&search.arena);
}

static void
typed_attributes(void **state)
{
	GenopsTempoSearch search = read_search(recorded("search_arrays.json"));
	GenopsSlice pairs = search.traces[0].spansets[0].spans[0].attributes;

	(void) state;
	assert_int_equal(count_pairs(pairs), 6);
	assert_int_equal(value_of(pairs, "tags").type, GENOPS_VALUE_ARRAY);
	assert_int_equal(value_of(pairs, "nums").type, GENOPS_VALUE_ARRAY);
	assert_slice(value_of(pairs, "one").bytes, "solo");
	assert_int_equal(value_of(pairs, "cost").type, GENOPS_VALUE_DOUBLE);
	assert_true(value_of(pairs, "cost").number == 0.06);
	assert_int_equal(value_of(pairs, "flag").type, GENOPS_VALUE_BOOL);
	assert_int_equal(value_of(pairs, "tokens").integer, 10);
	genops_arena_free(&search.arena);
}

static void
groups(void **state)
{
	GenopsTempoSearch search = read_search(recorded("search_by_count.json"));
	const GenopsTempoTrace *orphans = &search.traces[0];
	const GenopsTempoTrace *trace = &search.traces[1];

	(void) state;
	assert_int_equal(search.trace_count, 2);
	assert_slice(orphans->root_service_name, NULL);
	assert_slice(orphans->root_name, NULL);
	assert_int_equal(trace->spanset_count, 2);
	assert_int_equal(trace->spansets[1].matched, 3);
	assert_int_equal(trace->spansets[1].span_count, 3);
	assert_slice(value_of(trace->spansets[1].attributes, "by(resource.service.name)").bytes,
	             "backend");
	assert_int_equal(value_of(trace->spansets[1].attributes, "count()").integer, 3);
	genops_arena_free(&search.arena);
}

/* Of a Tempo before there were several spansets. */
static void
only_the_old_spanset(void **state)
{
	GenopsTempoSearch search = read_search(GENOPS_LITERAL(
	    "{\"traces\":[{\"traceID\":\"1A\",\"spanSet\":{\"spans\":[{\"spanID\":\"2B\"}"
	    "],\"matched\":7}}]}"));

	(void) state;
	assert_slice(search.traces[0].trace_id, "0000000000000000000000000000001a");
	assert_int_equal(search.traces[0].spanset_count, 1);
	assert_int_equal(search.traces[0].spansets[0].matched, 7);
	assert_slice(search.traces[0].spansets[0].spans[0].span_id, "000000000000002b");
	assert_slice(search.traces[0].spansets[0].spans[0].name, NULL);
	genops_arena_free(&search.arena);
}

static void
nothing_found(void **state)
{
	GenopsTempoSearch search = read_search(recorded("search_empty.json"));

	(void) state;
	assert_int_equal(search.trace_count, 0);
	genops_arena_free(&search.arena);

	search = read_search(GENOPS_LITERAL("{}"));
	assert_int_equal(search.trace_count, 0);
	genops_arena_free(&search.arena);

	search =
	    read_search(GENOPS_LITERAL("{\"metrics\":{},\"status\":\"PARTIAL\",\"message\":\"m\"}"));
	assert_int_equal(search.trace_count, 0);
	assert_true(search.completeness.partial);
	assert_slice(search.completeness.message, "m");
	genops_arena_free(&search.arena);
}

static void
series(void **state)
{
	GenopsTempoMetrics metrics = read_metrics(recorded("metrics_rate_by.json"), false);
	const GenopsTempoSeries *backend = &metrics.series[1];

	(void) state;
	assert_int_equal(metrics.series_count, 4);
	assert_slice(value_of(metrics.series[0].labels, "resource.service.name").bytes, "");
	assert_slice(value_of(backend->labels, "resource.service.name").bytes, "backend");
	assert_int_equal(backend->sample_count, 11);
	assert_true(backend->samples[0].unix_ms == INT64_C(1795455350000));
	assert_true(backend->samples[0].value == 0);
	assert_true(backend->samples[4].value == 0.30000000000000004);
	assert_false(metrics.completeness.partial);
	genops_arena_free(&metrics.arena);

	metrics = read_metrics(recorded("metrics_quantile.json"), false);
	assert_int_equal(metrics.series_count, 3);
	assert_true(value_of(metrics.series[1].labels, "p").number == 0.9);
	genops_arena_free(&metrics.arena);
}

static void
instant_series(void **state)
{
	GenopsTempoMetrics metrics = read_metrics(recorded("metrics_instant.json"), true);

	(void) state;
	assert_int_equal(metrics.series_count, 4);
	assert_int_equal(metrics.series[1].sample_count, 1);
	assert_true(metrics.series[1].samples[0].value == 3);
	genops_arena_free(&metrics.arena);
}

static void
numbers_as_texts(void **state)
{
	GenopsTempoMetrics metrics = read_metrics(
	    GENOPS_LITERAL(
	        "{\"series\":[{\"samples\":[{\"timestampMs\":\"1\",\"value\":\"NaN\"},"
	        "{\"timestampMs\":2,\"value\":\"-Infinity\"},{\"timestampMs\":3,\"value\":\"1.5\"},"
	        "{\"timestampMs\":1795455350000,\"value\":12345678901234567890}]}],"
	        "\"status\":\"PARTIAL\",\"message\":\"too many series\"}"),
	    false);
	const GenopsTempoSample *samples = metrics.series[0].samples;

	(void) state;
	assert_true(isnan(samples[0].value) && samples[0].unix_ms == 1);
	assert_true(isinf(samples[1].value) && samples[1].value < 0);
	assert_true(samples[2].value == 1.5);
	assert_true(samples[3].value == 12345678901234567890.0);
	assert_true(samples[3].unix_ms == INT64_C(1795455350000));
	assert_true(metrics.completeness.partial);
	assert_slice(metrics.completeness.message, "too many series");
	genops_arena_free(&metrics.arena);
}

static void
tags(void **state)
{
	GenopsTempoTags tags;
	GenopsTempoTagValues values;
	GenopsError error;

	(void) state;
	assert_true(genops_tempo_tags_read(recorded("tags_v2.json"), &tags, NULL, &error));
	assert_int_equal(tags.tag_count, 3 + 1 + 25 + 1 + 5 + 17);
	assert_slice(tags.tags[0].scope, "event");
	assert_slice(tags.tags[0].name, "exception.message");
	assert_slice(tags.tags[51].scope, "span");
	assert_slice(tags.tags[51].name, "zero");
	genops_arena_free(&tags.arena);

	assert_true(genops_tempo_tag_values_read(recorded("tag_values_v2_unscoped.json"), &values, NULL,
	                                         &error));
	assert_int_equal(values.value_count, 5);
	assert_slice(values.values[1].type, "string");
	assert_slice(values.values[1].value, "platform");
	assert_slice(values.values[4].value, "");
	genops_arena_free(&values.arena);

	assert_true(genops_tempo_tag_values_read(recorded("tag_values_v2_duration.json"), &values, NULL,
	                                         &error));
	assert_int_equal(values.value_count, 0);
	genops_arena_free(&values.arena);
}

static void
check_trace(const char *name, size_t spans, bool partial)
{
	GenopsTempoWholeTrace trace;
	GenopsError error;
	GenopsSpanWalk walk;
	GenopsSpanView view;
	size_t count = 0;

	if (!genops_tempo_trace_read(recorded(name), &trace, &error))
		fail_msg("%s: %s", error.message, error.detail);
	walk = genops_walk_request(trace.request);
	for (; genops_walk_next(&walk); count++)
	{
		char digits[33] = "";

		assert_true(genops_read_span(walk.span, &view));
		genops_hex(digits, (const uint8_t *) view.trace_id.data, view.trace_id.length);
		assert_string_equal(digits, "0000000000000000aaaaaaaaaaaa0001");
	}
	assert_int_equal(count, spans);
	assert_int_equal(trace.completeness.partial, partial);
	genops_arena_free(&trace.arena);
}

static void
whole_traces(void **state)
{
	(void) state;
	check_trace("trace_v2.json", 5, false);
	check_trace("trace_v2_q.json", 1, true);
	check_trace("trace_v2_missing.json", 0, false);
}

static void
version(void **state)
{
	GenopsTempoBuild build;
	GenopsError error;

	(void) state;
	assert_true(genops_tempo_build_read(recorded("buildinfo.json"), &build, &error));
	assert_slice(build.version, "");
	genops_arena_free(&build.arena);
	assert_true(genops_tempo_build_read(GENOPS_LITERAL("{\"version\":\"2.7.1\"}"), &build, &error));
	assert_slice(build.version, "2.7.1");
	genops_arena_free(&build.arena);
}

static void
check_refused(GenopsSlice json, const char *message, const char *detail, int line)
{
	GenopsTempoSearch search;
	GenopsError error = { 0 };

	if (genops_tempo_search_read(json, &search, NULL, &error))
		_fail(__FILE__, line);
	_assert_string_equal(error.message, message, __FILE__, line);
	_assert_string_equal(error.detail, detail, __FILE__, line);
}

#define assert_refused(json, message, detail) \
	check_refused(GENOPS_LITERAL(json), message, detail, __LINE__)

static void
broken_replies(void **state)
{
	static char deep[3000];

	(void) state;
	assert_refused("", "answer of Tempo is not valid JSON", "Parsing stopped near byte 0.");
	assert_refused("{\"traces\":[{\"traceID\":\"1", "answer of Tempo is not valid JSON",
	               "Parsing stopped near byte 24.");
	assert_refused("{} {}", "answer of Tempo is not valid JSON", "Parsing stopped near byte 2.");
	assert_refused("[]", "invalid answer of Tempo at its start",
	               "Expected an object with \"traces\".");
	assert_refused("{\"error\":\"x\"}", "invalid answer of Tempo at its start",
	               "Expected an object with \"traces\".");
	assert_refused("{\"traces\":{}}", "invalid answer of Tempo at traces", "Expected an array.");
	assert_refused("{\"traces\":[{\"traceID\":\"1\"},{}]}",
	               "invalid answer of Tempo at traces[1].traceID",
	               "Expected 1 to 32 hexadecimal digits.");
	assert_refused("{\"traces\":[{\"traceID\":\"xyz\"}]}",
	               "invalid answer of Tempo at traces[0].traceID",
	               "Expected 1 to 32 hexadecimal digits.");
	assert_refused("{\"traces\":[{\"traceID\":\"1\",\"durationMs\":-1}]}",
	               "invalid answer of Tempo at traces[0].durationMs",
	               "Expected an integer from 0 to 2^63 - 1, as a text or number.");
	assert_refused("{\"traces\":[{\"traceID\":\"1\",\"rootTraceName\":5}]}",
	               "invalid answer of Tempo at traces[0].rootTraceName", "Expected a text.");
	assert_refused("{\"traces\":[{\"traceID\":\"1\",\"spanSets\":[{\"spans\":[{\"spanID\":\"1\","
	               "\"attributes\":[{\"key\":\"k\",\"value\":{\"intValue\":\"x\"}}]}]}]}]}",
	               "invalid answer of Tempo at "
	               "traces[0].spanSets[0].spans[0].attributes[0].value.intValue",
	               "Expected an integer of 64 bits, as a text or number.");
	assert_refused("{\"traces\":[{\"traceID\":\"1\",\"spanSet\":[]}]}",
	               "invalid answer of Tempo at traces[0].spanSet", "Expected an object.");

	memset(deep, '[', sizeof(deep));
	check_refused((GenopsSlice){ deep, sizeof(deep) }, "JSON is nested too deeply",
	              "The limit is 100 levels.", __LINE__);
}

/* Text of so many times "item", between brackets. */
static GenopsSlice
many(const char *start, const char *item, size_t count, const char *end)
{
	GenopsBytes out = genops_bytes_growing();

	genops_bytes_put(&out, start, strlen(start));
	for (size_t i = 0; i < count; i++)
	{
		if (i > 0)
			genops_bytes_put(&out, ",", 1);
		genops_bytes_put(&out, item, strlen(item));
	}
	genops_bytes_put(&out, end, strlen(end));
	assert_false(out.failed);
	return (GenopsSlice){ (const char *) out.data, out.length };
}

static void
check_too_large(GenopsSlice json, const char *message, int line)
{
	GenopsTempoSearch search;
	GenopsError error = { 0 };

	if (genops_tempo_search_read(json, &search, NULL, &error))
		_fail(__FILE__, line);
	_assert_string_equal(error.message, message, __FILE__, line);
	assert_int_equal(error.code, GENOPS_TOO_LARGE);
	free((void *) json.data);
}

/* 32 MB of text that would take more than a gigabyte when parsed. */
static void
too_many_values(void **state)
{
	const char *values = "answer of Tempo has too many values";

	(void) state;
	check_too_large(many("{\"traces\":[", "[0,0,0,0,0,0,0]", 2000000, "]}"), values, __LINE__);
	check_too_large(many("{\"traces\":[{\"traceID\":\"1\",\"x\":[", "0", 300000, "]}]}"), values,
	                __LINE__);
	check_too_large(many("{\"traces\":[],\"x\":[", "0", 300000, "]}"), values, __LINE__);
	check_too_large(many("{\"traces\":[", "{\"traceID\":\"1\"}", 300000, "]}"),
	                "answer of Tempo has too many elements", __LINE__);
}

static bool
wanted_at_third(void *context)
{
	return ++*(int *) context == 3;
}

static void
interrupted(void **state)
{
	int asked = 0;
	GenopsInterrupt interrupt = { wanted_at_third, &asked };
	GenopsTempoSearch search;
	GenopsError error = { 0 };
	GenopsSlice json = many("{\"traces\":[", "{\"traceID\":\"1\"}", 100, "]}");

	(void) state;
	assert_false(genops_tempo_search_read(json, &search, &interrupt, &error));
	assert_int_equal(error.code, GENOPS_INTERRUPTED);
	assert_int_equal(asked, 3);
	free((void *) json.data);
}

/* The elements are found by their text. */
static void
elements_of_any_shape(void **state)
{
	GenopsTempoSearch search =
	    read_search(GENOPS_LITERAL(" { \"metrics\" : {\"traces\":[1]}, \"traces\" : [ "
	                               "{\"traceID\":\"1\",\"rootTraceName\":\"a]}\\\"\"} "
	                               ", { \"traceID\" : \"2\" } ] , \"status\" : \"PARTIAL\" } "));

	(void) state;
	assert_int_equal(search.trace_count, 2);
	assert_slice(search.traces[0].root_name, "a]}\"");
	assert_true(search.completeness.partial);
	genops_arena_free(&search.arena);
	assert_refused("{\"traces\":[{\"traceID\":\"1\"},]}", "answer of Tempo is not valid JSON",
	               "Parsing stopped near byte 27.");
	assert_refused("{\"traces\":[{\"traceID\":\"1\"} {}]}", "answer of Tempo is not valid JSON",
	               "Parsing stopped near byte 29.");
	assert_refused("{\"traces\":[{\"traceID\":\"1\"}],x}", "answer of Tempo is not valid JSON",
	               "Parsing stopped near byte 29.");
	assert_refused("{\"traces\":[5]}", "invalid answer of Tempo at traces[0]",
	               "Expected an object.");
}

/* Cut anywhere, a reply is an error. */
static void
truncated_replies(void **state)
{
	GenopsSlice whole = recorded("search_by_count.json");
	GenopsTempoSearch search;
	GenopsError error;

	(void) state;
	for (size_t length = 0; length < whole.length; length++)
		assert_false(
		    genops_tempo_search_read((GenopsSlice){ whole.data, length }, &search, NULL, &error));
}

static void
invalid_texts(void **state)
{
	GenopsTempoSearch search = read_search(
	    GENOPS_LITERAL("{\"traces\":[{\"traceID\":\"1\",\"rootTraceName\":\"a\xFF\\u0000b\"}]}"));

	(void) state;
	assert_slice(search.traces[0].root_name, "a\xEF\xBF\xBD\xEF\xBF\xBD"
	                                         "b");
	genops_arena_free(&search.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search_without_attributes),
		cmocka_unit_test(typed_attributes),
		cmocka_unit_test(groups),
		cmocka_unit_test(only_the_old_spanset),
		cmocka_unit_test(nothing_found),
		cmocka_unit_test(series),
		cmocka_unit_test(instant_series),
		cmocka_unit_test(numbers_as_texts),
		cmocka_unit_test(tags),
		cmocka_unit_test(whole_traces),
		cmocka_unit_test(version),
		cmocka_unit_test(broken_replies),
		cmocka_unit_test(too_many_values),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(elements_of_any_shape),
		cmocka_unit_test(truncated_replies),
		cmocka_unit_test(invalid_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
