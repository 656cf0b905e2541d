/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql.h"

#include "core/traceql/select_columns.h"

#define SELECT "select(name, status, kind, statusMessage, span:parentID, resource.service.name)"

/* "names" are the keys of the columns that the query mentions, with blanks. */
static void
check_selects(const char *text, const char *expected, const char *names, int line)
{
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_DIALECT);
	GenopsTraceql again;
	GenopsBytes out = genops_bytes_growing();
	bool named[GENOPS_COLUMN_COUNT];
	char found[200] = "";

	assert_true(genops_traceql_select_columns(&query, named));
	_assert_string_equal(print_query(&out, &query.query), expected, __FILE__, line);
	for (int i = 0; i < GENOPS_COLUMN_COUNT; i++)
	{
		if (named[i])
			snprintf(found + strlen(found), sizeof(found) - strlen(found), " %s",
			         genops_column_key((GenopsColumn) i));
	}
	_assert_string_equal(found, names, __FILE__, line);
	/* Tempo reads it. */
	again = parse_valid((const char *) out.data, GENOPS_TRACEQL_STRICT);
	genops_traceql_free(&again);
	genops_bytes_free(&out);
	genops_traceql_free(&query);
}

#define assert_selects(text, expected, names) check_selects(text, expected, names, __LINE__)

static void
added(void **state)
{
	(void) state;
	assert_selects("{}", "{ true } | " SELECT, "");
	assert_selects("{ .team = `a` } | by(.x) | count() > 2",
	               "{ .team = `a` } | by(.x) | count() > 2 | " SELECT, "");
	assert_selects("{ .a = 1 } >> { .b = 2 }", "{ .a = 1 } >> { .b = 2 } | " SELECT, "");
	assert_selects("{} | rate()", "{ true } | rate()", "");
	assert_selects("{} with(most_recent=true)", "{ true } | " SELECT " with(most_recent=true)", "");
}

static void
added_to_a_select(void **state)
{
	(void) state;
	assert_selects("{} | select(.a, status)",
	               "{ true } | select(.a, status, name, kind, statusMessage, span:parentID, "
	               "resource.service.name)",
	               " status");
	assert_selects("{} | select(.a) | { .b = 1 }", "{ true } | select(.a) | { .b = 1 } | " SELECT,
	               "");
}

static void
named(void **state)
{
	(void) state;
	assert_selects("{ status = error && name = `x` } | by(kind)",
	               "{ (status = error) && (name = `x`) } | by(kind) | " SELECT,
	               " name status kind");
	assert_selects("{ span:statusMessage = `x` } | max(nestedSetLeft) > 1",
	               "{ statusMessage = `x` } | max(nestedSetLeft) > 1 | " SELECT, " statusMessage");
	/* Attributes that Tempo lists under the same key. */
	assert_selects("{ span.service.name = `x` }", "{ span.service.name = `x` } | " SELECT,
	               " service.name");
	assert_selects("{ span.kind = `x` }", "{ span.kind = `x` } | " SELECT, " kind");
	assert_selects("{ span:parentID = `x` }", "{ span:parentID = `x` } | " SELECT,
	               " span:parentID");
}

static void
nothing_may_follow(void **state)
{
	(void) state;
	assert_selects("({ status = error } | count() > 1) && ({} | select(kind))",
	               "({ status = error } | count() > 1) && ({ true } | select(kind))",
	               " status kind");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(added),
		cmocka_unit_test(added_to_a_select),
		cmocka_unit_test(named),
		cmocka_unit_test(nothing_may_follow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
