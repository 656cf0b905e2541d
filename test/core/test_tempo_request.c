/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/tempo/request.h"

#define BASE "http://tempo:3200/prefix"
#define SECOND INT64_C(1000000)

static const GenopsTempoRange hour = { 1795455355 * SECOND, 1795458955 * SECOND };

static void
check_url(GenopsBytes *url, const char *expected, int line)
{
	assert_false(url->failed);
	_assert_string_equal((const char *) url->data, expected, __FILE__, line);
	genops_bytes_clear(url);
}

#define assert_url(url, expected) check_url(url, BASE expected, __LINE__)

static void
search(void **state)
{
	GenopsBytes url = genops_bytes_growing();

	(void) state;
	genops_tempo_search_url(&url, BASE, GENOPS_LITERAL("{ .a = \"b+c&d\" } | count() > 1%"), hour,
	                        10000, 100);
	assert_url(&url, "/api/search?q=%7B%20.a%20%3D%20%22b%2Bc%26d%22%20%7D%20%7C%20count%28%29%20"
	                 "%3E%201%25&limit=10000&spss=100&start=1795455355&end=1795458955");

	/* UTF-8 goes byte by byte. */
	genops_tempo_search_url(&url, BASE, GENOPS_LITERAL("\xC3\xA4"), hour, 1, 1);
	assert_url(&url, "/api/search?q=%C3%A4&limit=1&spss=1&start=1795455355&end=1795458955");
	genops_bytes_free(&url);
}

/* Never an empty range, which Tempo refuses, and never less than was asked for. */
static void
whole_seconds(void **state)
{
	GenopsBytes url = genops_bytes_growing();
	GenopsTempoRange instant = { 5 * SECOND, 5 * SECOND };
	GenopsTempoRange fractions = { 5 * SECOND + 1, 7 * SECOND + 1 };
	GenopsTempoRange before = { -5 * SECOND, -1 };

	(void) state;
	genops_tempo_search_url(&url, BASE, GENOPS_LITERAL("x"), instant, 1, 1);
	assert_url(&url, "/api/search?q=x&limit=1&spss=1&start=5&end=6");
	genops_tempo_search_url(&url, BASE, GENOPS_LITERAL("x"), fractions, 1, 1);
	assert_url(&url, "/api/search?q=x&limit=1&spss=1&start=5&end=8");
	genops_tempo_search_url(&url, BASE, GENOPS_LITERAL("x"), before, 1, 1);
	assert_url(&url, "/api/search?q=x&limit=1&spss=1&start=0&end=1");
	genops_bytes_free(&url);
}

static void
metrics(void **state)
{
	GenopsBytes url = genops_bytes_growing();
	GenopsTempoRange fractions = { 1795455355 * SECOND + 1, 1795458955 * SECOND };
	GenopsTempoRange since_ever = { -SECOND, 1795458955 * SECOND };

	(void) state;
	genops_tempo_metrics_url(&url, BASE, GENOPS_LITERAL("x"), hour, 10 * SECOND);
	assert_url(&url, "/api/metrics/query_range?q=x&start=1795455355&end=1795458955&step=10s");
	genops_tempo_metrics_url(&url, BASE, GENOPS_LITERAL("x"), hour, 1500000);
	assert_url(&url, "/api/metrics/query_range?q=x&start=1795455355&end=1795458955&step=1500ms");
	genops_tempo_metrics_url(&url, BASE, GENOPS_LITERAL("x"), hour, 1);
	assert_url(&url, "/api/metrics/query_range?q=x&start=1795455355&end=1795458955&step=1us");
	genops_tempo_metrics_url(&url, BASE, GENOPS_LITERAL("x"), fractions, 0);
	assert_url(&url, "/api/metrics/query_range?q=x&start=1795455355000001000&end=1795458955");
	genops_tempo_instant_url(&url, BASE, GENOPS_LITERAL("x"), hour);
	assert_url(&url, "/api/metrics/query?q=x&start=1795455355&end=1795458955");
	genops_tempo_instant_url(&url, BASE, GENOPS_LITERAL("x"), since_ever);
	assert_url(&url, "/api/metrics/query?q=x&start=1&end=1795458955");
	genops_bytes_free(&url);
}

static void
tags_and_traces(void **state)
{
	GenopsBytes url = genops_bytes_growing();

	(void) state;
	genops_tempo_tags_url(&url, BASE, GENOPS_ABSENT, NULL);
	assert_url(&url, "/api/v2/search/tags");
	genops_tempo_tags_url(&url, BASE, GENOPS_ABSENT, &hour);
	assert_url(&url, "/api/v2/search/tags?start=1795455355&end=1795458955");
	genops_tempo_tags_url(&url, BASE, GENOPS_LITERAL("span"), &hour);
	assert_url(&url, "/api/v2/search/tags?scope=span&start=1795455355&end=1795458955");
	genops_tempo_tag_values_url(&url, BASE, GENOPS_LITERAL("span.\"a b/c\""), GENOPS_ABSENT, NULL);
	assert_url(&url, "/api/v2/search/tag/span.%22a%20b%2Fc%22/values");
	genops_tempo_tag_values_url(&url, BASE, GENOPS_LITERAL("name"), GENOPS_LITERAL("{}"), &hour);
	assert_url(&url, "/api/v2/search/tag/name/values?q=%7B%7D&start=1795455355&end=1795458955");
	genops_tempo_trace_url(&url, BASE, GENOPS_LITERAL("abc"));
	assert_url(&url, "/api/v2/traces/abc");
	genops_tempo_build_url(&url, BASE);
	assert_url(&url, "/api/status/buildinfo");
	genops_bytes_free(&url);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search),
		cmocka_unit_test(whole_seconds),
		cmocka_unit_test(metrics),
		cmocka_unit_test(tags_and_traces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
