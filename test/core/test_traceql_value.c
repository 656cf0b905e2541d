/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/value.h"

#include <math.h>

#include "core/base/bytes.h"
#include "core/span/otlp_write.h"
#include "test/core/check.h"

#define INTEGER(number) (&(GenopsTraceqlValue){ .type = GENOPS_TYPE_INT, .integer = (number) })
#define DURATION(number) \
	(&(GenopsTraceqlValue){ .type = GENOPS_TYPE_DURATION, .integer = (number) })
#define REAL(number) (&(GenopsTraceqlValue){ .type = GENOPS_TYPE_FLOAT, .real = (number) })
#define STRING(chars) \
	(&(GenopsTraceqlValue){ .type = GENOPS_TYPE_STRING, .text = GENOPS_LITERAL(chars) })
#define NIL (&(GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL })

#define EQ GENOPS_OPERATOR_EQUAL
#define NE GENOPS_OPERATOR_NOT_EQUAL
#define LT GENOPS_OPERATOR_LESS
#define GT GENOPS_OPERATOR_GREATER
#define compare genops_traceql_compare

static void
numbers_compare_across_types(void **state)
{
	(void) state;
	assert_true(compare(EQ, INTEGER(2), REAL(2.0)));
	assert_true(compare(LT, INTEGER(2), REAL(2.5)));
	assert_true(compare(GT, DURATION(500), REAL(0.5)));
	assert_true(compare(EQ, DURATION(500), INTEGER(500)));
	/* Exactly where the types are the same. */
	assert_false(compare(EQ, INTEGER(INT64_MAX), INTEGER(INT64_MAX - 1)));
	assert_false(compare(EQ, REAL(NAN), REAL(NAN)));
	assert_false(compare(LT, REAL(NAN), INTEGER(1)));
}

static void
different_types_are_neither_equal_nor_different(void **state)
{
	GenopsTraceqlValue yes = genops_traceql_value_boolean(true);
	GenopsTraceqlValue error = { .type = GENOPS_TYPE_STATUS, .integer = 2 };

	(void) state;
	assert_false(compare(EQ, STRING("200"), INTEGER(200)));
	assert_false(compare(NE, STRING("200"), INTEGER(200)));
	assert_false(compare(NE, NIL, INTEGER(1)));
	assert_false(compare(EQ, NIL, NIL));
	assert_false(compare(NE, &yes, STRING("true")));
	assert_false(compare(EQ, &error, INTEGER(2)));
	assert_true(compare(EQ, &error, &error));
	assert_false(compare(GT, &error, &error));
}

static void
strings_compare_bytewise(void **state)
{
	(void) state;
	assert_true(compare(LT, STRING("B"), STRING("a")));
	assert_true(compare(LT, STRING("a"), STRING("ab")));
	assert_true(compare(GT, STRING("\xC3\xA4"), STRING("z")));
	assert_true(compare(EQ, STRING(""), STRING("")));
	assert_true(compare(NE, STRING("a"), STRING("ab")));
}

static int64_t
integer(GenopsOperator op, int64_t left, int64_t right)
{
	GenopsTraceqlValue result;
	GenopsError error;

	assert_true(genops_traceql_compute(op, INTEGER(left), INTEGER(right), &result, &error));
	assert_int_equal(result.type, GENOPS_TYPE_INT);
	return result.integer;
}

static double
real(GenopsOperator op, const GenopsTraceqlValue *left, const GenopsTraceqlValue *right)
{
	GenopsTraceqlValue result;
	GenopsError error;

	assert_true(genops_traceql_compute(op, left, right, &result, &error));
	assert_int_equal(result.type, GENOPS_TYPE_FLOAT);
	return result.real;
}

static void
integers_stay_integers(void **state)
{
	(void) state;
	assert_int_equal(integer(GENOPS_OPERATOR_DIVIDE, 7, 2), 3);
	assert_int_equal(integer(GENOPS_OPERATOR_DIVIDE, -7, 2), -3);
	assert_int_equal(integer(GENOPS_OPERATOR_MODULO, -7, 2), -1);
	assert_int_equal(integer(GENOPS_OPERATOR_ADD, INT64_MAX, 1), INT64_MIN);
	assert_int_equal(integer(GENOPS_OPERATOR_DIVIDE, INT64_MIN, -1), INT64_MIN);
	assert_int_equal(integer(GENOPS_OPERATOR_MODULO, INT64_MIN, -1), 0);
	/* traceql.md 5.3: a ^ b is b to the power a. */
	assert_int_equal(integer(GENOPS_OPERATOR_POWER, 2, 3), 9);
	assert_int_equal(integer(GENOPS_OPERATOR_POWER, 3000, 2), INT64_MIN);
}

static void
the_rest_is_computed_in_floats(void **state)
{
	(void) state;
	assert_true(real(GENOPS_OPERATOR_POWER, REAL(2), INTEGER(3)) == 8);
	assert_true(real(GENOPS_OPERATOR_MULTIPLY, DURATION(3), DURATION(2)) == 6);
	assert_true(real(GENOPS_OPERATOR_DIVIDE, DURATION(3), INTEGER(2)) == 1.5);
	assert_true(real(GENOPS_OPERATOR_DIVIDE, REAL(1), REAL(-0.0)) == -INFINITY);
	assert_true(isnan(real(GENOPS_OPERATOR_DIVIDE, REAL(0), INTEGER(0))));
	assert_true(isnan(real(GENOPS_OPERATOR_MODULO, REAL(1), REAL(0))));
}

static void
what_cannot_be_computed(void **state)
{
	GenopsTraceqlValue array = { .type = GENOPS_TYPE_INT, .array = true };
	GenopsTraceqlValue result;
	GenopsError error;

	(void) state;
	assert_false(
	    genops_traceql_compute(GENOPS_OPERATOR_MODULO, INTEGER(1), INTEGER(0), &result, &error));
	assert_string_equal(error.message, "division by zero");
	assert_true(genops_traceql_compute(GENOPS_OPERATOR_ADD, &array, INTEGER(0), &result, &error));
	assert_int_equal(result.type, GENOPS_TYPE_BOOLEAN);
	assert_true(genops_traceql_compute(GENOPS_OPERATOR_ADD, NIL, INTEGER(0), &result, &error));
	assert_int_equal(result.type, GENOPS_TYPE_BOOLEAN);
	assert_int_equal(result.integer, 0);
}

/* An AnyValue that is an array of the ints from 1 to count, and maybe a text. */
static GenopsTraceqlValue
read_array(GenopsBytes *bytes, int count, bool with_text)
{
	GenopsBytes content = genops_bytes_growing();
	GenopsBytes item = genops_bytes_growing();
	GenopsTraceqlValue value;

	for (int i = 1; i <= count; i++)
	{
		genops_bytes_clear(&item);
		genops_otlp_any_int(&item, i);
		genops_otlp_any_array_item(&content, (GenopsSlice){ (char *) item.data, item.length });
	}
	genops_bytes_clear(&item);
	genops_otlp_any_text(&item, GENOPS_LITERAL("x"));
	if (with_text)
		genops_otlp_any_array_item(&content, (GenopsSlice){ (char *) item.data, item.length });
	genops_bytes_clear(bytes);
	genops_otlp_any_array(
	    bytes, (GenopsSlice){ content.length > 0 ? (char *) content.data : "", content.length });
	genops_bytes_free(&content);
	genops_bytes_free(&item);
	assert_true(
	    genops_traceql_value_read((GenopsSlice){ (char *) bytes->data, bytes->length }, &value));
	return value;
}

static void
arrays_match_with_any_element(void **state)
{
	GenopsBytes bytes = genops_bytes_growing();
	GenopsTraceqlValue value = read_array(&bytes, 3, false);

	(void) state;
	assert_true(value.array);
	assert_true(compare(EQ, &value, INTEGER(2)));
	assert_true(compare(EQ, &value, REAL(2.0)));
	assert_true(compare(GT, &value, INTEGER(2)));
	assert_true(compare(LT, &value, INTEGER(2)));
	assert_false(compare(GT, INTEGER(1), &value));
	assert_true(compare(GT, INTEGER(2), &value));
	assert_false(compare(NE, &value, INTEGER(2)));
	assert_true(compare(NE, &value, INTEGER(4)));
	assert_false(compare(NE, &value, STRING("x")));
	assert_false(compare(EQ, &value, &value));

	value = read_array(&bytes, 1, false);
	assert_false(value.array);
	assert_true(compare(EQ, &value, INTEGER(1)));
	assert_int_equal(read_array(&bytes, 0, false).type, GENOPS_TYPE_NIL);
	assert_int_equal(read_array(&bytes, 2, true).type, GENOPS_TYPE_NIL);
	genops_bytes_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_compare_across_types),
		cmocka_unit_test(different_types_are_neither_equal_nor_different),
		cmocka_unit_test(strings_compare_bytewise),
		cmocka_unit_test(integers_stay_integers),
		cmocka_unit_test(the_rest_is_computed_in_floats),
		cmocka_unit_test(what_cannot_be_computed),
		cmocka_unit_test(arrays_match_with_any_element),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
