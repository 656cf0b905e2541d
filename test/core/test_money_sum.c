/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include <inttypes.h>

#include "core/base/money.h"
#include "core/base/money_sum.h"

static GenopsMoneySum
sum_of(const char *text)
{
	GenopsMoneySum sum;
	GenopsError error;

	if (!genops_money_sum_parse(genops_slice(text), &sum, &error))
		fail_msg("\"%s\": %s", text, error.message);
	return sum;
}

static void
check_text(GenopsMoneySum sum, const char *expected)
{
	char text[GENOPS_MONEY_SUM_TEXT_SIZE];

	assert_int_equal(genops_money_sum_print(sum, text), strlen(expected));
	assert_string_equal(text, expected);
}

static void
prints_what_it_parses(void **state)
{
	const char *const texts[] = {
		"0",
		"1",
		"-1",
		"0.000000000001",
		"-0.000000000001",
		"12.5",
		"9223372.036854775807",
		"9223372.036854775808",
		"-9223372.036854775809",
		"1000000000000",
		"123456789012345.000000000009",
		"170141183460469231731687303.715884105727",
		"-170141183460469231731687303.715884105728",
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		check_text(sum_of(texts[i]), texts[i]);
	check_text(sum_of("1e20"), "100000000000000000000");
	check_text(sum_of("-2.50e-3"), "-0.0025");
	check_text(sum_of("0.0000000000005"), "0.000000000001");
}

static void
refuses_what_does_not_fit(void **state)
{
	const char *const texts[] = { "170141183460469231731687303.715884105728",
		                          "-170141183460469231731687303.715884105729",
		                          "1e400",
		                          "9e27",
		                          "",
		                          "-",
		                          "--1",
		                          "NaN",
		                          "1 " };
	GenopsMoneySum sum = { 7, 7 };
	GenopsError error;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
	{
		assert_false(genops_money_sum_parse(genops_slice(texts[i]), &sum, &error));
		assert_int_equal(error.code, GENOPS_INVALID_ARGUMENT);
	}
	assert_int_equal(sum.low, 7);
}

/* The identities of arithmetic, on numbers of every length. */
static void
calculates_exactly(void **state)
{
	uint64_t seed = 11;

	(void) state;
	for (int round = 0; round < 100000; round++)
	{
		GenopsMoneySum a = { (int64_t) next_random(&seed) >> (2 + round % 62), next_random(&seed) };
		GenopsMoneySum b = { (int64_t) next_random(&seed) >> (2 + round / 62 % 62),
			                 next_random(&seed) };
		GenopsMoneySum sum;
		GenopsMoneySum back;
		GenopsMoneySum doubled;
		GenopsMoneySum product;

		assert_true(genops_money_sum_add(a, b, &sum));
		assert_true(genops_money_sum_subtract(sum, b, &back));
		assert_int_equal(genops_money_sum_compare(back, a), 0);
		assert_int_equal(genops_money_sum_compare(sum, a) < 0, b.high < 0);

		if (!genops_money_sum_add(a, a, &doubled))
			continue;
		assert_true(genops_money_sum_multiply(a, 2, &product));
		assert_int_equal(genops_money_sum_compare(product, doubled), 0);
		assert_true(genops_money_sum_multiply(a, -1, &product));
		assert_true(genops_money_sum_add(a, product, &sum));
		assert_int_equal(genops_money_sum_compare(sum, genops_money_sum(0)), 0);
	}
}

static void
reports_what_overflows(void **state)
{
	GenopsMoneySum most = { INT64_MAX, UINT64_MAX };
	GenopsMoneySum least = { INT64_MIN, 0 };
	GenopsMoneySum one = genops_money_sum(1);
	GenopsMoneySum result = { 5, 5 };
	GenopsMoney money;

	(void) state;
	assert_false(genops_money_sum_add(most, one, &result));
	assert_false(genops_money_sum_subtract(least, one, &result));
	assert_false(genops_money_sum_subtract(genops_money_sum(0), least, &result));
	assert_false(genops_money_sum_multiply(most, 2, &result));
	assert_false(genops_money_sum_multiply(least, -1, &result));
	assert_false(genops_money_sum_multiply(most, INT64_MIN, &result));
	assert_int_equal(result.high, 5);

	assert_true(genops_money_sum_subtract(least, least, &result));
	assert_int_equal(genops_money_sum_compare(result, genops_money_sum(0)), 0);
	assert_true(genops_money_sum_multiply(least, 1, &result));
	assert_int_equal(genops_money_sum_compare(result, least), 0);
	assert_true(genops_money_sum_multiply(genops_money_sum(INT64_MIN), INT64_MIN, &result));
	check_text(result, "85070591730234615865843651.857942052864");

	assert_true(genops_money_sum_to_money(genops_money_sum(INT64_MIN), &money));
	assert_int_equal(money, INT64_MIN);
	assert_false(genops_money_sum_to_money((GenopsMoneySum){ 0, UINT64_MAX }, &money));
	assert_false(genops_money_sum_to_money((GenopsMoneySum){ 1, 0 }, &money));
}

static void
divides_with_one_rounding(void **state)
{
	const struct
	{
		int64_t value;
		int64_t factor;
		int64_t divisor;
		int64_t quotient; /* -1: refused */
	} cases[] = {
		{ 7, 1, 2, 4 },
		{ 5, 1, 3, 2 },
		{ 4, 1, 3, 1 },
		{ 0, 9, 3, 0 },
		{ INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX },
		{ INT64_MAX, 1, 1, INT64_MAX },
		{ INT64_C(2000000000), INT64_C(1100000000000), GENOPS_MONEY_UNIT, INT64_C(2200000000) },
		{ 5, INT64_C(1100000000000), GENOPS_MONEY_UNIT, 6 },
		{ INT64_MAX, 2, 1, -1 },
		{ -1, 1, 1, -1 },
		{ 1, -1, 1, -1 },
		{ 1, 1, 0, -1 },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		int64_t quotient = -1;

		(void) genops_multiply_divide(cases[i].value, cases[i].factor, cases[i].divisor, &quotient);
		assert_int_equal(quotient, cases[i].quotient);
	}
}

static void
rates_are_rounded_when_they_are_read(void **state)
{
	int64_t rate;
	GenopsError error;

	(void) state;
	assert_true(genops_rate_parse(GENOPS_LITERAL("0.0833333333333"), &rate, &error));
	assert_int_equal(rate, 83333);
	assert_true(genops_rate_parse(GENOPS_LITERAL("2000"), &rate, &error));
	assert_int_equal(rate, INT64_C(2000000000));
	assert_true(genops_rate_parse(GENOPS_LITERAL("0.0000005"), &rate, &error));
	assert_int_equal(rate, 1);
	assert_false(genops_rate_parse(GENOPS_LITERAL("-1"), &rate, &error));
	assert_string_equal(error.message, "price \"-1\" is negative");
	assert_false(genops_rate_parse(GENOPS_LITERAL("NaN"), &rate, &error));
	assert_string_equal(error.message, "price \"NaN\" is not a finite number");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_what_it_parses),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(calculates_exactly),
		cmocka_unit_test(reports_what_overflows),
		cmocka_unit_test(divides_with_one_rounding),
		cmocka_unit_test(rates_are_rounded_when_they_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
