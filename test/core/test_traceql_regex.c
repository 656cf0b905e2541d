/* SPDX-License-Identifier: PostgreSQL */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "test/core/check.h"

#include <pcre2.h>

#include "core/traceql/regex.h"

static bool
matches(const char *expression, GenopsSlice text)
{
	GenopsError error;
	pcre2_code *code = genops_regex_compile(genops_slice(expression), &error);
	pcre2_match_data *data;
	int result;

	if (code == NULL)
		fail_msg("%s: %s", expression, error.message);
	data = pcre2_match_data_create(1, NULL);
	result = pcre2_match(code, (PCRE2_SPTR) text.data, text.length, 0, 0, data, NULL);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return result >= 0;
}

static void
matches_the_whole_text(void **state)
{
	(void) state;
	assert_true(matches("child", GENOPS_LITERAL("child")));
	assert_false(matches("child", GENOPS_LITERAL("childA")));
	assert_false(matches("child", GENOPS_LITERAL("a child")));
	assert_true(matches("a|ab", GENOPS_LITERAL("ab")));
	assert_true(matches("", GENOPS_LITERAL("")));
	assert_false(matches("", GENOPS_LITERAL("a")));
}

static void
means_what_re2_means(void **state)
{
	(void) state;
	assert_true(matches("a.b", GENOPS_LITERAL("a\nb")));
	assert_false(matches("a$", GENOPS_LITERAL("a\n")));
	assert_true(matches("(?i)CHILDA", GENOPS_LITERAL("childA")));
	assert_true(matches("gr.n", GENOPS_LITERAL("gr\xC3\xBCn")));
	assert_false(matches("\\d", GENOPS_LITERAL("\xD9\xA3"))); /* an Arabic digit */
	assert_true(matches("\\Qa.b\\E", GENOPS_LITERAL("a.b")));
	assert_false(matches("\\Qa.b\\E", GENOPS_LITERAL("axb")));
}

static void
bears_invalid_texts(void **state)
{
	(void) state;
	assert_false(matches("a", GENOPS_LITERAL("\xFF")));
}

static void
says_what_is_wrong(void **state)
{
	GenopsError error;

	(void) state;
	assert_false(genops_regex_check(GENOPS_LITERAL("(a)\\1"), &error));
	assert_string_equal(error.message, "back references are not supported");
	assert_false(genops_regex_check(GENOPS_LITERAL("a{1001}"), &error));
	assert_string_equal(error.message, "something is repeated more than 1000 times");
	assert_false(genops_regex_check(GENOPS_LITERAL("("), &error));
	assert_true(error.message[0] != '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_the_whole_text),
		cmocka_unit_test(means_what_re2_means),
		cmocka_unit_test(bears_invalid_texts),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests_name("traceql_regex", tests, NULL, NULL);
}
