/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/base/utf8.h"

/* Text with zero bytes needs its length told. */
#define TEXT(literal) GENOPS_LITERAL(literal)

static void
valid_texts(void **state)
{
	const GenopsSlice valid[] = {
		TEXT(""),
		TEXT("plain"),
		TEXT("gr\xC3\xBC\xC3\x9F, and longer than eight bytes"),
		TEXT("\xE2\x82\xAC"),
		TEXT("\xF0\x9F\x98\x80"),
		TEXT("\xED\x9F\xBF"),     /* U+D7FF, before the surrogates */
		TEXT("\xEE\x80\x80"),     /* U+E000, after them */
		TEXT("\xF4\x8F\xBF\xBF"), /* U+10FFFF, the last */
		TEXT("\xEF\xBF\xBD"),
	};

	(void) state;
	assert_true(genops_utf8_valid(GENOPS_ABSENT));
	for (size_t i = 0; i < COUNT_OF(valid); i++)
		assert_true(genops_utf8_valid(valid[i]));
}

static void
invalid_texts(void **state)
{
	const GenopsSlice invalid[] = {
		TEXT("\x80"),
		TEXT("caf\xE9"),    /* Latin 1 */
		TEXT("a\0b"),       /* a zero byte */
		TEXT("12345678\0"), /* after a whole word */
		TEXT("1234567\0"),  /* within a word */
		TEXT("\xC0\xAF"),   /* overlong */
		TEXT("\xC1\xBF"),
		TEXT("\xE0\x9F\xBF"),
		TEXT("\xF0\x8F\xBF\xBF"),
		TEXT("\xED\xA0\x80"),     /* a surrogate */
		TEXT("\xF4\x90\x80\x80"), /* beyond U+10FFFF */
		TEXT("\xF5\x80\x80\x80"),
		TEXT("\xE2\x82"), /* cut */
		TEXT("\xE2\x28\xA1"),
		TEXT("\xFF"),
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(invalid); i++)
		assert_false(genops_utf8_valid(invalid[i]));
}

static void
repair_replaces_each_bad_byte(void **state)
{
	const struct
	{
		GenopsSlice text;
		const char *repaired;
	} cases[] = {
		{ TEXT("plain"), "plain" },
		{ TEXT("caf\xE9!"), "caf\xEF\xBF\xBD!" },
		{ TEXT("a\0b"), "a\xEF\xBF\xBD"
		                "b" },
		{ TEXT("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ TEXT("\xE2\x82\xAC\xFF"), "\xE2\x82\xAC\xEF\xBF\xBD" },
		{ TEXT(""), "" },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		char out[64];
		size_t length = genops_utf8_repair(out, cases[i].text);

		assert_slice(((GenopsSlice){ out, length }), cases[i].repaired);
	}
}

static void
repaired_noise_is_valid(void **state)
{
	uint64_t seed = 42;

	(void) state;
	for (int round = 0; round < 20000; round++)
	{
		char noise[24];
		char out[3 * sizeof(noise)];
		GenopsSlice text = { noise, next_random(&seed) % sizeof(noise) };
		GenopsSlice repaired = { out, 0 };

		for (size_t i = 0; i < text.length; i++)
			noise[i] = (char) next_random(&seed);
		repaired.length = genops_utf8_repair(out, text);
		assert_true(repaired.length <= 3 * text.length);
		assert_true(genops_utf8_valid(repaired));
		if (genops_utf8_valid(text))
			assert_true(genops_slice_equal(text, repaired));
	}
}

static void
clip_ends_at_a_character(void **state)
{
	/* 1, 2, 3 and 4 bytes: ends at 1, 3, 6, 10. */
	const GenopsSlice text = TEXT("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
	const size_t expected[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };

	(void) state;
	for (size_t limit = 0; limit < COUNT_OF(expected); limit++)
		assert_int_equal(genops_utf8_clip(text, limit), expected[limit]);
	assert_int_equal(genops_utf8_clip(GENOPS_ABSENT, 5), 0);
	/* What is not UTF-8 is cut where it was asked for. */
	assert_int_equal(genops_utf8_clip(TEXT("\x80\x80\x80\x80\x80\x80"), 5), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_texts),
		cmocka_unit_test(invalid_texts),
		cmocka_unit_test(repair_replaces_each_bad_byte),
		cmocka_unit_test(repaired_noise_is_valid),
		cmocka_unit_test(clip_ends_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
