/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/span/trace_context.h"

#define PARENT "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01"

static void
check_value(const char *statement, const char *key, const char *expected)
{
	char buffer[128];
	GenopsSlice value = GENOPS_ABSENT;
	bool found =
	    genops_sqlcommenter_find(genops_slice(statement), key, buffer, sizeof(buffer), &value);

	assert_int_equal(found, expected != NULL);
	assert_slice(value, expected);
}

static void
finds_values(void **state)
{
	(void) state;
	check_value("SELECT * FROM t /*traceparent='" PARENT "'*/", "traceparent", PARENT);
	check_value("SELECT 1 /*action='%2Fparam*d',controller='index,'framework='spring',"
	            "traceparent='" PARENT "',tracestate='congo%3Dt61rcWkgMzE%2Crojo%3D00f067'*/",
	            "tracestate", NULL);
	check_value("SELECT 1 /*action='%2Fparam*d',framework='spring',traceparent='" PARENT
	            "',tracestate='congo%3Dt61rcWkgMzE%2Crojo%3D00f067'*/",
	            "tracestate", "congo=t61rcWkgMzE,rojo=00f067");
	/* Blanks, line ends and a semicolon. */
	check_value("SELECT 1\n /* a = '1' ,\n traceparent = '" PARENT "' */ ; \n", "traceparent",
	            PARENT);
	check_value("SELECT 1 /*a='it\\'s'*/", "a", "it's");
	check_value("SELECT 1 /*a='it%27s',b='2'*/", "b", "2");
	check_value("SELECT 1 /*a=''*/", "a", "");
	/* Other comments before are not looked at. */
	check_value("/*a='1'*/ SELECT /*a='2'*/ 1 /*a='3'*/", "a", "3");
}

static void
finds_nothing(void **state)
{
	static const char *const statements[] = {
		"",
		"*/",
		"/*/",
		"SELECT 1",
		"SELECT 1 /* plain words */",
		"SELECT 1 /**/",
		"/*a='1'*/ SELECT 1",
		"SELECT '/*a=1*/'",
		"SELECT 1 /*a=1*/",
		"SELECT 1 /*a='1*/",
		"SELECT 1 /*a='1\\'*/",
		"SELECT 1 /*a='%4'*/",
		"SELECT 1 /*a='%zz'*/",
		"SELECT 1 /*aa='1',b='2'*/",
		"SELECT 1 /*a*/",
		"SELECT 1 /*=*/",
		"SELECT 1 -- a='1'",
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(statements); i++)
		check_value(statements[i], "a", NULL);
	assert_false(genops_sqlcommenter_find(GENOPS_ABSENT, "a", NULL, 0, &(GenopsSlice){ NULL, 0 }));
}

static void
value_must_fit(void **state)
{
	const GenopsSlice statement = GENOPS_LITERAL("SELECT 1 /*a='12%334'*/");
	char buffer[4];
	GenopsSlice value;

	(void) state;
	assert_true(genops_sqlcommenter_find(statement, "a", buffer, 4, &value));
	assert_slice(value, "1234");
	assert_false(genops_sqlcommenter_find(statement, "a", buffer, 3, &value));
}

/* A statement of megabytes that ends like a comment costs no long search. */
static void
only_the_end_is_searched(void **state)
{
	const size_t length = 1 << 20;
	char *statement = test_malloc(length);
	char buffer[8];
	GenopsSlice value;

	(void) state;
	memset(statement, 'x', length);
	memcpy(statement, "/*a='1',b='", 11);
	memcpy(statement + length - 3, "'*/", 3);
	assert_false(
	    genops_sqlcommenter_find((GenopsSlice){ statement, length }, "a", buffer, 8, &value));
	test_free(statement);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_values),
		cmocka_unit_test(finds_nothing),
		cmocka_unit_test(value_must_fit),
		cmocka_unit_test(only_the_end_is_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
