/* SPDX-License-Identifier: PostgreSQL */
/*
 * A filter as it is sent to Tempo means what it meant: the ledger's evaluation of both,
 * on spans that have some of the attributes, gives the same.
 *
 * Not among the spans, as no rewritten text can tell them apart (docs/traceql.md): several
 * events or links, and values of kinds that TraceQL does not have.
 */
#include "test/core/traceql_span.h"

#include "core/traceql/normalise.h"

#define FILTERS 3000
#define SPANS 24
#define PICK(list) (list)[pick(sizeof(list) / sizeof((list)[0]))]

typedef struct TestSpan
{
	char json[4096];
	GenopsBytes bytes;
} TestSpan;

static uint64_t seed = UINT64_C(0x2545F4914F6CDD1D);

static size_t
pick(size_t count)
{
	return (size_t) (next_random(&seed) >> 16) % count;
}

/*
 * Spans.
 */
static void
put(GenopsBytes *out, const char *text)
{
	genops_bytes_put(out, text, strlen(text));
}

static void
put_attributes(GenopsBytes *out)
{
	static const char *const keys[] = { "x", "y", "team" };
	static const char *const values[] = {
		"{\"intValue\":\"1\"}",
		"{\"intValue\":\"2\"}",
		"{\"doubleValue\":1.5}",
		"{\"doubleValue\":2}",
		"{\"stringValue\":\"a\"}",
		"{\"stringValue\":\"b\"}",
		"{\"boolValue\":true}",
		"{\"boolValue\":false}",
		"{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{\"intValue\":\"2\"}]}}",
	};
	bool first = true;

	put(out, "\"attributes\":[");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		bool is_text = strcmp(keys[i], "team") == 0;

		if (pick(2) == 0)
			continue;
		put(out, first ? "{\"key\":\"" : ",{\"key\":\"");
		put(out, keys[i]);
		put(out, "\",\"value\":");
		put(out, is_text ? values[4 + pick(2)] : PICK(values));
		put(out, "}");
		first = false;
	}
	put(out, "]");
}

static void
make_span(TestSpan *span)
{
	GenopsBytes out = genops_bytes_over(span->json, sizeof(span->json) - 1);

	put(&out, "{\"resourceSpans\":[{\"resource\":{");
	put_attributes(&out);
	put(&out, "},\"scopeSpans\":[{\"spans\":[{" FIRST_SPAN ",\"name\":\"");
	put(&out, pick(2) == 0 ? "a\"," : "b\",");
	put_attributes(&out);
	if (pick(2) == 0)
	{
		put(&out, ",\"events\":[{\"timeUnixNano\":\"1000001000\",\"name\":\"a\",");
		put_attributes(&out);
		put(&out, "}]");
	}
	put(&out, "}]}]}]}");
	assert_false(out.failed);
	span->json[out.length] = '\0';
	span->bytes = request_of(genops_slice(span->json));
}

/*
 * Filters.
 */
static const char *const attributes[] = { ".x",      "span.x",  "resource.x",    ".y",
	                                      "span.y",  ".team",   "resource.team", "span.team",
	                                      "event.x", ".nowhere" };

static void
put_number(GenopsBytes *out, int depth)
{
	static const char *const operators[] = { " + ", " - ", " * " };

	if (depth == 0 || pick(2) == 0)
	{
		put(out, pick(3) > 0 ? PICK(attributes) : pick(2) == 0 ? "duration" : "2");
		return;
	}
	put(out, "(");
	if (pick(3) == 0)
		put(out, "-");
	else
	{
		put_number(out, depth - 1);
		put(out, PICK(operators));
	}
	put_number(out, depth - 1);
	put(out, ")");
}

static void
put_comparison(GenopsBytes *out)
{
	static const char *const operators[] = { " = ", " != ", " < ", " <= ", " > ", " >= " };
	static const char *const values[] = { "1", "2.0", "1.5", "`a`", "`b`", "true", "false", "1s" };
	static const char *const texts[] = { "name", "event:name", "span.team", ".x" };

	switch (pick(6))
	{
		case 0:
			put(out, PICK(attributes));
			put(out, pick(2) == 0 ? " = nil" : " != nil");
			break;
		case 1:
			put(out, PICK(values));
			put(out, PICK(operators));
			put(out, PICK(attributes));
			break;
		case 2:
			put(out, PICK(texts));
			put(out, pick(2) == 0 ? " =~ `a|c`" : " !~ `a`");
			break;
		case 3:
			put_number(out, 2);
			put(out, PICK(operators));
			put_number(out, 2);
			break;
		case 4:
			put(out, pick(2) == 0 ? "event:timeSinceStart" : "duration");
			put(out, PICK(operators));
			put(out, pick(2) == 0 ? "1000.5" : "2us");
			break;
		default:
			put(out, PICK(attributes));
			put(out, PICK(operators));
			put(out, PICK(values));
	}
}

static void
put_filter(GenopsBytes *out, int depth)
{
	size_t kind = pick(depth == 0 ? 3 : 9);

	if (kind < 2)
		put_comparison(out);
	else if (kind == 2)
		put(out, pick(4) > 0 ? PICK(attributes) : pick(2) == 0 ? "true" : "false");
	else if (kind == 3)
	{
		put(out, "!(");
		put_filter(out, depth - 1);
		put(out, ")");
	}
	else if (kind == 4)
	{
		static const char *const conditions[] = { "true", "false", "nil", "span.x", ".y" };

		put(out, "((");
		put_filter(out, depth - 1);
		put(out, pick(2) == 0 ? ") = " : ") != ");
		if (pick(4) > 0)
			put(out, PICK(conditions));
		else
		{
			put(out, "(");
			put_filter(out, depth - 1);
			put(out, ")");
		}
		put(out, ")");
	}
	else
	{
		put(out, "((");
		put_filter(out, depth - 1);
		put(out, pick(2) == 0 ? ") && (" : ") || (");
		put_filter(out, depth - 1);
		put(out, "))");
	}
}

/*
 * 1 and 0: whether it matches; -1: there was an error.
 */
static int
matches(const GenopsTraceql *query, const TestSpan *test)
{
	GenopsError error = { 0 };
	GenopsTraceqlFilter *filter = genops_traceql_filter_prepare(only_filter(query), &error);
	GenopsSpanWalk walk = walk_of(&test->bytes);
	GenopsTraceqlSpan span;
	bool result = false;
	bool done;

	assert_non_null(filter);
	assert_true(genops_walk_next(&walk));
	assert_true(genops_traceql_span_at(&walk, NULL, &span, &error));
	done = genops_traceql_filter_match(filter, &span, &result, &error);
	genops_traceql_filter_free(filter);
	return done ? result : -1;
}

static void
check_filter(const char *text, const TestSpan *spans)
{
	GenopsTraceql query;
	GenopsTraceql normalised;
	GenopsTraceqlError error;
	GenopsBytes out = genops_bytes_growing();

	/* Some mean nothing: a text added to a number. */
	if (!genops_traceql_parse(genops_slice(text), GENOPS_TRACEQL_STRICT, &query, &error))
		return;
	assert_true(genops_traceql_normalise(&query, &normalised, &error));
	for (int i = 0; i < SPANS; i++)
	{
		if (matches(&query, &spans[i]) == matches(&normalised, &spans[i]))
			continue;
		print_query(&out, &normalised.query);
		fail_msg("%s\nis sent as %s\nwhich is another thing to %s", text, (const char *) out.data,
		         spans[i].json);
	}
	genops_bytes_free(&out);
	genops_traceql_free(&normalised);
	genops_traceql_free(&query);
}

static void
rewritten_filters_mean_the_same(void **state)
{
	static TestSpan spans[SPANS];
	static char text[65536];

	(void) state;
	for (int i = 0; i < SPANS; i++)
		make_span(&spans[i]);
	for (int i = 0; i < FILTERS; i++)
	{
		GenopsBytes out = genops_bytes_over(text, sizeof(text) - 1);

		put(&out, "{ ");
		put_filter(&out, 1 + (int) pick(3));
		put(&out, " }");
		assert_false(out.failed);
		text[out.length] = '\0';
		check_filter(text, spans);
	}
	for (int i = 0; i < SPANS; i++)
		genops_bytes_free(&spans[i].bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rewritten_filters_mean_the_same),
	};

	return cmocka_run_group_tests_name("traceql_rewritten", tests, NULL, NULL);
}
