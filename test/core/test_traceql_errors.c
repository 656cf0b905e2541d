/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct Mistake
{
	const char *query;
	uint32_t column;
	const char *message; /* part of it */
	const char *hint;    /* part of it; NULL: none */
} Mistake;

static void
check_mistakes(const Mistake *mistakes, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		GenopsTraceqlError error = parse_invalid(mistakes[i].query, GENOPS_TRACEQL_STRICT);

		if (error.column != mistakes[i].column ||
		    strstr(error.error.message, mistakes[i].message) == NULL ||
		    (mistakes[i].hint == NULL ? error.error.hint[0] != '\0'
		                              : strstr(error.error.hint, mistakes[i].hint) == NULL))
			fail_msg("%s\n%u\n%s\n%s\n%s", mistakes[i].query, error.column, error.error.message,
			         error.error.detail, error.error.hint);
	}
}

static void
common_mistakes(void **state)
{
	const Mistake mistakes[] = {
		{ "{.foo == \"bar\"}", 8, "found =, expected", ": {.foo = \"bar\"}" },
		{ "{.foo <> 1}", 8, "found >, expected", ": {.foo != 1}" },
		{ "{foo = \"bar\"}", 2, "found foo, expected an attribute", ": {.foo = \"bar\"}" },
		{ "{.team = platform}", 10, "found platform", ": {.team = \"platform\"}" },
		{ "{} | rate", 10, "the query ends, expected (", ": {} | rate()" },
		{ "{service.name = \"a\"}", 2, "found service", ": {.service.name = \"a\"}" },
		{ "{span.foo = 'bar'}", 13, "single quotes", ": {span.foo = \"bar\"}" },
		{ "{status = \"error\"}", 9, "different types: status = `error`", ": {status = error}" },
		{ "{kind = \"client\"}", 7, "different types", ": {kind = client}" },
		{ "{duration > \"1s\"}", 11, "different types", ": {duration > 1s}" },
		{ "{name = error}", 7, "different types", ": {name = \"error\"}" },
		{ "{} | sum(.a)", 13, "the query ends, expected a comparison", ": {} | sum(.a) > 0" },
		{ "{} | sum() > 1", 10, "found ), expected an attribute", ": {} | sum(duration) > 1" },
		{ "{.a = 1 AND .b = 2}", 9, "found AND", ": {.a = 1 && .b = 2}" },
		{ "{.a = 1 or .b = 2}", 9, "found or", ": {.a = 1 || .b = 2}" },
		{ "{status = ERROR}", 11, "found ERROR", ": {status = error}" },
		{ "{.a = null}", 7, "found null", ": {.a = nil}" },
		{ "{childCount > 1}", 2, "found childCount", ": {span:childCount > 1}" },
		{ "rate()", 1, "found rate", ": {} | rate()" },
		{ "{.a = 1", 8, "the query ends, expected }", ": {.a = 1}" },
		{ "{.a = \xE2\x80\x9Cmy team\xE2\x80\x9D}", 7, "found \xE2\x80\x9Cmy,",
		  ": {.a = \"my team\"}" },
		{ "{.a in (\"x\", 'y')}", 5, "found in", ": {.a =~ \"x|y\"}" },
		{ "{.a NOT IN (\"x\") && .b}", 5, "found NOT", ": {.a !~ \"x\" && .b}" },
		{ "{.a like \"x%y_\"}", 5, "found like", ": {.a =~ \"x.*y.\"}" },
		{ "{.a IS NULL}", 5, "found IS", ": {.a = nil}" },
		{ "{.a is not null}", 5, "found is", ": {.a != nil}" },
		{ "{team == 'a' and status == 'error'}", 2, "found team",
		  ": {.team = \"a\" && status = error}" },
		{ "{.a ~ \"x\"}", 5, "found ~", ": {.a =~ \"x\"}" },
		{ ".team = \"a\"", 1, "found .team, expected a filter", ": { .team = \"a\" }" },
		{ ".a || .b | rate()", 1, "found .a", ": { .a || .b } | rate()" },
		{ "{} | rate() by .team", 16, "found .team, expected (", ": {} | rate() by (.team)" },
		{ "{} | select .team", 13, "found .team, expected (", ": {} | select (.team)" },
	};

	(void) state;
	check_mistakes(mistakes, COUNT_OF(mistakes));
}

static void
hints_parse(void **state)
{
	const Mistake mistakes[] = {
		{ "{status == \"error\"}", 10, "found =", ": {status = error}" },
		{ "{.a === 'b'}", 6, "found =", ": {.a = \"b\"}" },
		{ "team = \"a\"", 1, "found team", ": { .team = \"a\" }" },
		{ "{} | sum_over_time(cost) by team", 20, "found cost",
		  ": {} | sum_over_time(.cost) by (.team)" },
		/* A step ahead, of a query with another mistake. */
		{ "{.a == 1} | limit(5)", 6, "found =", ": {.a = 1} | limit(5)" },
		/* What would be refused at the same place is no hint. */
		{ "{exists(.a)}", 2, "found exists", NULL },
		{ "rate({})", 1, "found rate", NULL },
		{ "{status = failed}", 11, "found failed", NULL },
		{ "{.a in (\"x.*\")}", 5, "found in", NULL },
	};

	(void) state;
	check_mistakes(mistakes, COUNT_OF(mistakes));
}

static void
syntax_errors(void **state)
{
	const Mistake mistakes[] = {
		{ "", 1, "the query ends, expected a filter", NULL },
		{ "{ .a = \"unterminated }", 8, "no closing \"", NULL },
		{ "{ .a = \"x\\q\" }", 10, "invalid escape", "backquotes" },
		{ "{ .\"a\\n\" = 1 }", 6, "no escapes but", NULL },
		{ "{ .a /* b }", 6, "the comment that starts here has no end", NULL },
		{ "{ . }", 4, "expected the name of an attribute after \".\"", NULL },
		{ "{ event:foo = \"a\" }", 9, "one of name, timeSinceStart after \"event:\"", NULL },
		{ "{ .a = 0x10 }", 8, "\"0x10\" is neither a number of 64 bits nor a duration", "decimal" },
		{ "{ .a = 99999999999999999999 }", 8, "neither a number", "decimal" },
		{ "{} | foo()", 6, "found foo, expected a filter, an aggregate", NULL },
		{ "{} | topk(3)", 6, "expected a metrics function before it", NULL },
		{ "{} + {}", 4, "found + between a set of spans and a set of spans", NULL },
		{ "{ nil }", 3, "nil can only be compared", NULL },
		{ "{ .a && nil }", 9, "nil can only be compared", NULL },
		{ "{.a} && ({.b} | count() > 1)", 6, "stands in brackets beside a pipeline", "({ ... })" },
		{ "({} | rate()) / 10s", 15, "a duration cannot take part in arithmetic of metrics", NULL },
		{ "count() > 1 / 0", 13, "no finite value", NULL },
		{ "{ .gr\xC3\xBC = 1 # }", 12, "\"#\" means nothing here", NULL },
	};

	(void) state;
	check_mistakes(mistakes, COUNT_OF(mistakes));
}

static void
check_errors(void **state)
{
	const Mistake mistakes[] = {
		{ "{ .a && 1 }", 6, "cannot be applied to such values: .a && 1", NULL },
		{ "{ !1 }", 3, "! needs a boolean: !1", NULL },
		{ "{ 1 + 1 }", 3, "a filter must be true or false: 2", NULL },
		{ "{ .a =~ \"(\" }", 9, "not a regular expression", NULL },
		{ "{ .a =~ .b }", 9, "need a string on the right, which this is not: .b", NULL },
		{ "{ name = nil }", 8, "this is never nil: name = nil", NULL },
		{ "{ parent.a = 1 }", 3, "\"parent\" is not supported", "structural operator" },
		{ "{} | by(1)", 9, "by needs something of the span: 1", NULL },
		{ "{} | sum(name) > 1", 10, "an aggregate needs numbers: name", NULL },
		{ "{} | sum(.a) > sum(.b)", 14, "comparison of aggregates are not supported", "count()" },
		{ "{} | rate() by (.a,.b,.c,.d,.e,.f)", 32, "by 5 attributes here, not by 6", NULL },
		{ "{} | avg_over_time(.x) by (.a,.b,.c,.d,.e)", 40, "by 4 attributes here, not by 5",
		  NULL },
		{ "{} | rate() | topk(0)", 15, "must be above 0", NULL },
		{ "{} | compare({status=error}) | topk(1)", 32, "nothing can follow compare", NULL },
		{ "{} | quantile_over_time(duration, 95)", 6, "between 0 and 1, not 95", "quantile 0.95" },
		{ "{} | compare({.a}, 1001)", 6, "between 1 and 1000", NULL },
	};

	(void) state;
	check_mistakes(mistakes, COUNT_OF(mistakes));
}

static void
regular_expressions(void **state)
{
	static const char *const valid[] = { "a.*",      "(?i)a(b|c)+?",  "[[:alpha:]]\\d{1,3}",
		                                 "(?P<n>x)", "(?:a)(?s-m:b)", "\\pN\\x{1F600}",
		                                 "a{,3}",    "[]a]",          "\\Qa++\\E",
		                                 "^a$" };
	static const char *const invalid[] = { "(a)\\1",  "(?=a)",   "(?<!a)b", "(?>a)",
		                                   "a++",     "a**",     "a{1001}", "(?R)",
		                                   "a\\K",    "[",       "(?#x)",   "(*UTF)a",
		                                   "a{2}{3}", "(?(1)a)", "\\N",     "a\\" };
	char query[80];

	(void) state;
	for (size_t i = 0; i < COUNT_OF(valid); i++)
	{
		GenopsTraceql parsed;

		snprintf(query, sizeof(query), "{ .a =~ `%s` }", valid[i]);
		parsed = parse_valid(query, GENOPS_TRACEQL_STRICT);
		genops_traceql_free(&parsed);
	}
	for (size_t i = 0; i < COUNT_OF(invalid); i++)
	{
		snprintf(query, sizeof(query), "{ .a !~ `%s` }", invalid[i]);
		assert_non_null(strstr(parse_invalid(query, GENOPS_TRACEQL_STRICT).error.message,
		                       "not a regular expression"));
	}
}

static void
place_is_shown(void **state)
{
	GenopsTraceqlError error = parse_invalid("{.foo == \"bar\"}", GENOPS_TRACEQL_STRICT);

	(void) state;
	assert_string_equal(error.error.detail, "{.foo == \"bar\"}\n       ^");
	assert_non_null(strstr(error.error.message, "at column 8:"));

	error = parse_invalid("{ .gr\xC3\xBC\xC3\x9F = 1 &&\n\t.b == 2 }", GENOPS_TRACEQL_STRICT);
	assert_non_null(strstr(error.error.message, "at line 2, column 6:"));
	assert_string_equal(error.error.detail, " .b == 2 }\n     ^");
	assert_int_equal(error.line, 2);

	error =
	    parse_invalid("{ .a = \"0123456789012345678901234567890123456789012345678901234567890123"
	                  "456789\" && == }",
	                  GENOPS_TRACEQL_STRICT);
	assert_memory_equal(error.error.detail, "...", 3);
	assert_int_equal(strchr(strchr(error.error.detail, '\n'), '^')[1], '\0');
}

/* "open" repeated, the middle, "close" repeated. */
static char *
nested(const char *open, const char *middle, const char *close, int depth)
{
	char *text = calloc(1, (strlen(open) + strlen(close)) * (size_t) depth + strlen(middle) + 8);
	char *end = text;

	for (int i = 0; i < depth; i++)
		end = stpcpy(end, open);
	end = stpcpy(end, middle);
	for (int i = 0; i < depth; i++)
		end = stpcpy(end, close);
	return text;
}

static const char *const nestings[][3] = {
	{ "(", "{ .a }", ")" }, { "(", "{} | rate()", ")" }, { "({} | count() > 1) >> (", "{}", ")" },
	{ "-", "1", "" },       { "{} > ", "{}", "" },       { "{ .a } || { .b } && ", "{}", "" },
};

static const char *const field_nestings[][3] = {
	{ "(", ".a", ")" },      { "!", ".a", "" },      { "-", ".a", "" },
	{ ".a ^ ", ".b", "" },   { ".a + ", ".b", "" },  { ".a || .b && ", ".c", "" },
	{ ".a = (", ".b", ")" }, { ".a * -", ".b", "" },
};

static void
parse_nested(const char *const parts[3], bool field, int depth, bool *parsed)
{
	GenopsTraceql query;
	GenopsTraceqlError error;
	char *inner = nested(parts[0], parts[1], parts[2], depth);
	char *text = field ? nested("{", inner, "}", 1) : strdup(inner);

	*parsed = genops_traceql_parse(genops_slice(text), GENOPS_TRACEQL_DIALECT, &query, &error);
	if (*parsed)
	{
		GenopsBytes out = genops_bytes_growing();

		print_query(&out, &query.query);
		genops_bytes_free(&out);
		genops_traceql_free(&query);
	}
	else if (error.error.code != GENOPS_TOO_LARGE && depth > 2 * GENOPS_TRACEQL_MAX_DEPTH)
		fail_msg("%.60s: %s", text, error.error.message);
	free(inner);
	free(text);
}

static void *
parse_all_nested(void *argument)
{
	bool parsed;

	(void) argument;
	for (int depth = 13; depth <= 13 * 1024; depth *= 2)
	{
		for (size_t i = 0; i < COUNT_OF(nestings); i++)
		{
			parse_nested(nestings[i], false, depth, &parsed);
			assert_true(!parsed || depth <= 2 * GENOPS_TRACEQL_MAX_DEPTH);
		}
		for (size_t i = 0; i < COUNT_OF(field_nestings); i++)
		{
			parse_nested(field_nestings[i], true, depth, &parsed);
			assert_true(!parsed || depth <= 2 * GENOPS_TRACEQL_MAX_DEPTH);
		}
	}
	return NULL;
}

/* A hostile query needs no deep stack; the thread would die from an overflow. */
static void
nesting_is_limited(void **state)
{
	pthread_attr_t attributes;
	pthread_t thread;
	size_t stack = 100 * 1024;

	(void) state;
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
	stack *= 8; /* its frames are larger */
#endif
#endif
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstacksize(&attributes, stack), 0);
	assert_int_equal(pthread_create(&thread, &attributes, parse_all_nested, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attributes);
}

static void
length_is_limited(void **state)
{
	char *inner = nested(".a = 1 || ", ".b", "", 10000);
	char *text = nested("{", inner, "}", 1);
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_STRICT);

	(void) state;
	/* A long chain is not deep. */
	assert_int_equal(query.query.pipeline->stages[0].spanset->filter->operand_count, 10001);
	genops_traceql_free(&query);
	free(inner);
	free(text);
	inner = nested(" ", "{}", "", GENOPS_TRACEQL_MAX_LENGTH - 1);
	assert_int_equal(parse_invalid(inner, GENOPS_TRACEQL_STRICT).error.code, GENOPS_TOO_LARGE);
	query = parse_valid(inner + 1, GENOPS_TRACEQL_STRICT);
	genops_traceql_free(&query);
	free(inner);
}

static void
text_must_be_utf8(void **state)
{
	(void) state;
	assert_int_equal(parse_invalid("{ .a = \"\xFF\" }", GENOPS_TRACEQL_STRICT).error.code,
	                 GENOPS_MALFORMED);
}

/* The id of a trace, which is no query. */
static void
ids_of_traces(void **state)
{
	static const char *const texts[] = {
		"4bf92f3577b34da6a3ce929d0e0e4736", " 4bf92f3577b34da6a3ce929d0e0e4736\n",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	};
	GenopsTraceql query;
	GenopsTraceqlError error;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
	{
		assert_false(
		    genops_traceql_parse(genops_slice(texts[i]), GENOPS_TRACEQL_DIALECT, &query, &error));
		assert_string_equal(
		    error.error.hint,
		    "Perhaps this is meant: { trace:id = \"4bf92f3577b34da6a3ce929d0e0e4736\" }");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_of_traces),     cmocka_unit_test(common_mistakes),
		cmocka_unit_test(hints_parse),       cmocka_unit_test(syntax_errors),
		cmocka_unit_test(check_errors),      cmocka_unit_test(regular_expressions),
		cmocka_unit_test(place_is_shown),    cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(length_is_limited), cmocka_unit_test(text_must_be_utf8),
	};

	return cmocka_run_group_tests_name("traceql_errors", tests, NULL, NULL);
}
