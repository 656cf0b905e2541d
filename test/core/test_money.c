/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/money.h"

static void
parses_exactly(void **state)
{
	const struct
	{
		const char *text;
		GenopsMoney money;
	} cases[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "-0.000", 0 },
		{ "0.0125", INT64_C(12500000000) },
		{ "0.1", INT64_C(100000000000) },
		{ "1", GENOPS_MONEY_UNIT },
		{ "+1.50", GENOPS_MONEY_UNIT * 3 / 2 },
		{ ".5", GENOPS_MONEY_UNIT / 2 },
		{ "5.", GENOPS_MONEY_UNIT * 5 },
		{ "1e-05", INT64_C(10000000) },
		{ "1E+3", GENOPS_MONEY_UNIT * 1000 },
		{ "12.5e-1", GENOPS_MONEY_UNIT * 5 / 4 },
		{ "0.000000000001", 1 },
		{ "0.0000000000014999999", 1 },
		{ "0.0000000000015", 2 },
		{ "0.0000000000005", 1 },
		{ "0.00000000000049999", 0 },
		{ "1e-13", 0 },
		{ "5e-13", 1 },
		{ "1e-400", 0 },
		{ "0e999999999999", 0 },
		{ "123456.000000000000001", INT64_C(123456000000000000) },
		{ "9223372.036854775807", INT64_MAX },
		{ "9223372.0368547758074", INT64_MAX },
		{ "000000000000000000000000000001", GENOPS_MONEY_UNIT },
		{ "0.1234567890123456789012345678901234567890", INT64_C(123456789012) },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsMoney money = -1;
		GenopsError error;

		assert_true(genops_money_parse(genops_slice(cases[i].text), &money, &error));
		assert_int_equal(money, cases[i].money);
	}
}

static void
refuses_what_is_no_cost(void **state)
{
	const struct
	{
		const char *text;
		const char *message;
	} cases[] = {
		{ "", "cost \"\" is not a finite number" },
		{ "NaN", "cost \"NaN\" is not a finite number" },
		{ "Infinity", "cost \"Infinity\" is not a finite number" },
		{ "-Infinity", "cost \"-Infinity\" is not a finite number" },
		{ "1,5", "cost \"1,5\" is not a finite number" },
		{ "1 ", "cost \"1 \" is not a finite number" },
		{ ".", "cost \".\" is not a finite number" },
		{ "1e", "cost \"1e\" is not a finite number" },
		{ "1e+", "cost \"1e+\" is not a finite number" },
		{ "--1", "cost \"--1\" is not a finite number" },
		{ "0x10", "cost \"0x10\" is not a finite number" },
		{ "-1", "cost \"-1\" is negative" },
		{ "-0.000000000001", "cost \"-0.000000000001\" is negative" },
		{ "9223372.036854775808", "cost \"9223372.036854775808\" is out of range" },
		{ "9223372.0368547758075", "cost \"9223372.0368547758075\" is out of range" },
		{ "1e+20", "cost \"1e+20\" is out of range" },
		{ "123456789.000000000000001", "cost \"123456789.000000000000001\" is out of range" },
		{ "1e99999999999999999999", "cost \"1e99999999999999999999\" is out of range" },
		{ NULL, "cost is not a finite number" },
		{ "\xFF", "cost is not a finite number" },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsMoney money = 77;
		GenopsError error = { 0 };

		assert_false(genops_money_parse(genops_slice(cases[i].text), &money, &error));
		assert_string_equal(error.message, cases[i].message);
		assert_int_equal(error.code, GENOPS_INVALID_ARGUMENT);
		assert_int_equal(money, 77);
	}
}

/* PostgreSQL's longest numeric has 131,072 digits before the point. */
static void
long_numbers_take_no_harm(void **state)
{
	const size_t length = 200000;
	char *text = test_malloc(length);
	GenopsMoney money;
	GenopsError error;

	(void) state;
	memset(text, '9', length);
	assert_false(genops_money_parse((GenopsSlice){ text, length }, &money, &error));
	assert_non_null(strstr(error.message, "...\" is out of range"));

	memset(text, '0', length);
	text[1] = '.';
	text[13] = '7';
	assert_true(genops_money_parse((GenopsSlice){ text, length }, &money, &error));
	assert_int_equal(money, 7);
	test_free(text);
}

static void
doubles_at_the_edge(void **state)
{
	(void) state;
	assert_true(genops_money_to_double(INT64_C(100000000000)) == 0.1);
	assert_true(genops_money_to_double(0) == 0.0);
	assert_true(genops_money_to_double(1) == 1e-12);
	assert_true(genops_money_to_double(INT64_C(1234567890000000000)) == 1234567.89);
	/* As an integer of 10^-12 it is no double, and is rounded only once. */
	assert_true(genops_money_to_double(INT64_C(7000002469135000000)) == 7000002.469135);
}

static void
doubles_keep_their_shortest_decimal(void **state)
{
	const struct
	{
		double value;
		GenopsMoney money;
	} cases[] = {
		{ 0.0, 0 },
		{ -0.0, 0 },
		{ 0.1, INT64_C(100000000000) },
		{ 0.1 + 0.2, INT64_C(300000000000) }, /* 0.30000000000000004 */
		{ 0.000123, INT64_C(123000000) },
		{ 1e-12, 1 },
		{ 5e-324, 0 },
		{ 1234567.89, INT64_C(1234567890000000000) },
		{ 9223372.0, INT64_C(9223372) * GENOPS_MONEY_UNIT },
	};
	const double refused[] = { NAN, INFINITY, -INFINITY, -0.01, 1e7, 1e300 };
	GenopsMoney money;
	GenopsError error;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		assert_true(genops_money_from_double(cases[i].value, &money, &error));
		assert_int_equal(money, cases[i].money);
	}
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		assert_false(genops_money_from_double(refused[i], &money, &error));
}

/* To a double and back, nothing is lost up to 9,007 units (2^53 / 10^12). */
static void
round_trip_through_doubles(void **state)
{
	uint64_t seed = 7;
	GenopsError error;

	(void) state;
	for (int round = 0; round < 100000; round++)
	{
		GenopsMoney money = (GenopsMoney) (next_random(&seed) >> (12 + round % 40));
		GenopsMoney back;

		if (money > INT64_C(1) << 49)
			money >>= 4;
		assert_true(genops_money_from_double(genops_money_to_double(money), &back, &error));
		assert_int_equal(money, back);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_exactly),
		cmocka_unit_test(refuses_what_is_no_cost),
		cmocka_unit_test(long_numbers_take_no_harm),
		cmocka_unit_test(doubles_at_the_edge),
		cmocka_unit_test(doubles_keep_their_shortest_decimal),
		cmocka_unit_test(round_trip_through_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
