/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the tests of TraceQL's evaluation share: spans as bytes, and filters
 * asked of them.  Comes first: span_bytes.h stands for otlp_read.h.
 */
#ifndef GENOPS_TEST_CORE_TRACEQL_SPAN_H
#define GENOPS_TEST_CORE_TRACEQL_SPAN_H

#include "core/traceql/filter.h"

#include "core/span/otlp_json.h"
#include "test/core/traceql.h"

#define FIRST_SPAN                                                                      \
	"\"traceId\":\"000000000000000000000000000000ab\",\"spanId\":\"00000000000000cd\"," \
	"\"startTimeUnixNano\":\"1000000000\",\"endTimeUnixNano\":\"1000002000\""
#define SPAN_JSON(resource, span)                                  \
	"{\"resourceSpans\":[{\"resource\":{\"attributes\":[" resource \
	"]},\"scopeSpans\":[{\"spans\":[{" FIRST_SPAN span "}]}]}]}"
#define ATTRIBUTES(attributes) ",\"attributes\":[" attributes "]"
#define TEXT(key, value) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define INT(key, value) "{\"key\":\"" key "\",\"value\":{\"intValue\":\"" value "\"}}"
#define BOOL(key, value) "{\"key\":\"" key "\",\"value\":{\"boolValue\":" value "}}"
#define ARRAY(key, values) \
	"{\"key\":\"" key "\",\"value\":{\"arrayValue\":{\"values\":[" values "]}}}"

static inline GenopsBytes
request_of(GenopsSlice json)
{
	GenopsBytes bytes = genops_bytes_growing();
	GenopsError error;

	if (!genops_otlp_from_json(json, &bytes, &error))
		fail_msg("%s: %s", error.message, error.detail);
	return bytes;
}

static inline GenopsSpanWalk
walk_of(const GenopsBytes *bytes)
{
	return genops_walk_request((GenopsSlice){ (const char *) bytes->data, bytes->length });
}

static inline const GenopsField *
only_filter(const GenopsTraceql *query)
{
	assert_int_equal(query->query.pipeline->count, 1);
	return query->query.pipeline->stages[0].spanset->filter;
}

/* 1 and 0: whether the first span matches; -1: there was an error. */
static inline int
ask(const char *json, const char *text, GenopsError *error)
{
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_STRICT);
	GenopsTraceqlFilter *filter = genops_traceql_filter_prepare(only_filter(&query), error);
	GenopsBytes bytes = request_of(genops_slice(json));
	GenopsSpanWalk walk = walk_of(&bytes);
	GenopsTraceqlSpan span;
	bool matches = false;
	bool done;

	assert_non_null(filter);
	assert_true(genops_walk_next(&walk));
	assert_true(genops_traceql_span_at(&walk, NULL, &span, error));
	done = genops_traceql_filter_match(filter, &span, &matches, error);
	genops_bytes_free(&bytes);
	genops_traceql_filter_free(filter);
	genops_traceql_free(&query);
	return done ? matches : -1;
}

static inline void
check_ask(const char *json, const char *text, int expected, const char *file, int line)
{
	GenopsError error = { 0 };
	int answer = ask(json, text, &error);

	if (answer == expected)
		return;
	print_error("%s is %d, not %d %s\n", text, answer, expected, error.message);
	_fail(file, line);
}

#define assert_match(json, text) check_ask(json, text, 1, __FILE__, __LINE__)
#define assert_no_match(json, text) check_ask(json, text, 0, __FILE__, __LINE__)

static inline void
check_error(const char *json, const char *text, const char *message, const char *file, int line)
{
	GenopsError error = { 0 };

	if (ask(json, text, &error) != -1)
		_fail(file, line);
	_assert_string_equal(error.message, message, file, line);
}

#define assert_run_error(json, text, message) check_error(json, text, message, __FILE__, __LINE__)

#endif
