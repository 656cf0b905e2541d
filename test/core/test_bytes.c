/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/utf8.h"

static void
fixed_buffer_fails_without_writing(void **state)
{
	uint8_t memory[4] = { '.', '.', '.', '.' };
	GenopsBytes bytes = genops_bytes_over(memory, 3);

	(void) state;
	genops_bytes_put(&bytes, "ab", 2);
	assert_false(bytes.failed);
	genops_bytes_put(&bytes, "cd", 2);
	assert_true(bytes.failed);
	assert_int_equal(bytes.length, 2);
	assert_memory_equal(memory, "ab..", 4);
}

static void
failure_lasts_until_cleared(void **state)
{
	uint8_t memory[3];
	GenopsBytes bytes = genops_bytes_over(memory, 3);

	(void) state;
	genops_bytes_put(&bytes, "abcd", 4);
	genops_bytes_put(&bytes, "a", 1);
	assert_true(bytes.failed);
	assert_int_equal(bytes.length, 0);
	genops_bytes_clear(&bytes);
	genops_bytes_put(&bytes, "abc", 3);
	assert_false(bytes.failed);
	assert_int_equal(bytes.length, 3);
}

static void
growing_buffer_keeps_what_it_has(void **state)
{
	GenopsBytes bytes = genops_bytes_growing();

	(void) state;
	for (int i = 0; i < 10000; i++)
	{
		uint8_t byte = (uint8_t) i;

		genops_bytes_put(&bytes, &byte, 1);
	}
	assert_false(bytes.failed);
	assert_int_equal(bytes.length, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(bytes.data[i], (uint8_t) i);

	/* Freed, it can be used again. */
	genops_bytes_free(&bytes);
	assert_int_equal(bytes.length, 0);
	genops_bytes_put(&bytes, "x", 1);
	assert_int_equal(bytes.length, 1);
	genops_bytes_free(&bytes);
}

static void
growing_beyond_all_memory_fails(void **state)
{
	GenopsBytes bytes = genops_bytes_growing();

	(void) state;
	genops_bytes_put(&bytes, "x", 1);
	assert_false(genops_bytes_room(&bytes, SIZE_MAX));
	assert_true(bytes.failed);
	assert_int_equal(bytes.length, 1);
	genops_bytes_free(&bytes);
}

static void
error_is_cut_at_a_character(void **state)
{
	GenopsError error;
	char text[600];

	(void) state;
	/* Two-byte characters at odd and even places: one of them is cut apart. */
	for (int shift = 0; shift < 2; shift++)
	{
		memset(text, 'x', sizeof(text));
		for (size_t i = (size_t) shift; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xC3\xA9", 2);
		text[sizeof(text) - 1] = '\0';
		assert_false(genops_error_set(&error, GENOPS_MALFORMED, "%s", text));
		assert_true(genops_utf8_valid(genops_slice(error.message)));
		assert_uint_in_range(strlen(error.message), 252, 255);
	}
	assert_int_equal(error.code, GENOPS_MALFORMED);
}

static void
new_error_forgets_the_old_detail(void **state)
{
	GenopsError error;

	(void) state;
	genops_error_set(&error, GENOPS_TOO_LARGE, "first %d", 1);
	genops_error_detail(&error, "Detail %d.", 2);
	genops_error_hint(&error, "Hint %d.", 3);
	assert_string_equal(error.message, "first 1");
	assert_string_equal(error.detail, "Detail 2.");
	assert_string_equal(error.hint, "Hint 3.");
	genops_error_set(&error, GENOPS_MALFORMED, "second");
	assert_string_equal(error.message, "second");
	assert_string_equal(error.detail, "");
	assert_string_equal(error.hint, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_buffer_fails_without_writing),
		cmocka_unit_test(failure_lasts_until_cleared),
		cmocka_unit_test(growing_buffer_keeps_what_it_has),
		cmocka_unit_test(growing_beyond_all_memory_fails),
		cmocka_unit_test(error_is_cut_at_a_character),
		cmocka_unit_test(new_error_forgets_the_old_detail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
