/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include <math.h>

#include "core/span/sampler.h"

static GenopsSlice
ot_value(const GenopsSampler *sampler)
{
	return (GenopsSlice){ sampler->ot_value, sampler->ot_length };
}

static void
thresholds(void **state)
{
	const struct
	{
		double rate;
		const char *ot;
		uint64_t threshold;
	} cases[] = {
		{ 1.0, "th:0", 0 },
		{ 0.5, "th:8", UINT64_C(0x80000000000000) },
		{ 0.25, "th:c", UINT64_C(0xC0000000000000) },
		{ 0.75, "th:4", UINT64_C(0x40000000000000) },
		{ 0.1, "th:e6666", UINT64_C(0xE6666000000000) },
		{ 0.01, "th:fd70a4", UINT64_C(0xFD70A400000000) },
		{ 1.0 / 3, "th:aaaab", UINT64_C(0xAAAAB000000000) },
		{ 0x1p-56, "th:ffffffffffffff", UINT64_C(0xFFFFFFFFFFFFFF) },
		{ 1e-300, "th:ffffffffffffff", UINT64_C(0xFFFFFFFFFFFFFF) },
		{ 0x1p-8, "th:ff", UINT64_C(0xFF000000000000) },
		{ 1.0 - 0x1p-40, "th:0000000001", UINT64_C(0x10000) },
		{ 2.0, "th:0", 0 },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsSampler sampler = genops_sampler(cases[i].rate);

		assert_false(sampler.never);
		assert_slice(ot_value(&sampler), cases[i].ot);
		assert_true(sampler.threshold == cases[i].threshold);
	}
}

static void
never(void **state)
{
	const double rates[] = { 0.0, -0.0, -1.0, NAN };
	uint8_t highest[GENOPS_TRACE_ID_SIZE];

	(void) state;
	memset(highest, 0xFF, sizeof(highest));
	for (size_t i = 0; i < COUNT_OF(rates); i++)
	{
		GenopsSampler sampler = genops_sampler(rates[i]);

		assert_true(sampler.never);
		assert_int_equal(sampler.ot_length, 0);
		assert_string_equal(sampler.ot_value, "");
		assert_false(genops_sampler_keeps(&sampler, highest, GENOPS_ABSENT));
	}
}

/* Every rate's threshold is what its text says, and close to the rate. */
static void
text_says_the_threshold(void **state)
{
	uint64_t seed = 3;

	(void) state;
	for (int round = 0; round < 20000; round++)
	{
		double rate = ldexp((double) (next_random(&seed) >> 11) + 1, -53 - round % 20);
		GenopsSampler sampler = genops_sampler(rate);
		unsigned long long said = 0;
		double kept;

		sscanf(sampler.ot_value, "th:%llx", &said);
		said <<= 4 * (14 - (sampler.ot_length - 3));
		assert_true(said == sampler.threshold);
		kept = 1.0 - ldexp((double) sampler.threshold, -56);
		assert_true(fabs(kept - rate) <= rate * 1e-4);
	}
}

static void
last_56_bits_decide(void **state)
{
	const struct
	{
		const char *id; /* the last eight bytes */
		bool kept;
	} cases[] = {
		{ "\x00\x80\x00\x00\x00\x00\x00\x00", true },
		{ "\x00\x7F\xFF\xFF\xFF\xFF\xFF\xFF", false },
		{ "\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF", false },
		{ "\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF", true },
		{ "\x00\x00\x00\x00\x00\x00\x00\x00", false },
	};
	GenopsSampler half = genops_sampler(0.5);
	GenopsSampler all = genops_sampler(1.0);

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		uint8_t id[GENOPS_TRACE_ID_SIZE];

		memset(id, 0xFF, 8);
		memcpy(id + 8, cases[i].id, 8);
		assert_int_equal(genops_sampler_keeps(&half, id, GENOPS_ABSENT), cases[i].kept);
		assert_true(genops_sampler_keeps(&all, id, GENOPS_ABSENT));
	}
}

static void
explicit_randomness_decides(void **state)
{
	const uint8_t low[GENOPS_TRACE_ID_SIZE] = { 1 };
	uint8_t high[GENOPS_TRACE_ID_SIZE];
	GenopsSampler half = genops_sampler(0.5);

	(void) state;
	memset(high, 0xFF, sizeof(high));
	assert_true(genops_sampler_keeps(&half, low, GENOPS_LITERAL("rv:80000000000000")));
	assert_true(genops_sampler_keeps(&half, low, GENOPS_LITERAL("th:8;rv:ffffffffffffff;x:1")));
	assert_false(genops_sampler_keeps(&half, high, GENOPS_LITERAL("rv:7fffffffffffff")));
	assert_false(genops_sampler_keeps(&half, high, GENOPS_LITERAL("th:c;rv:00000000000000")));

	/* Not 14 digits: the id decides. */
	assert_true(genops_sampler_keeps(&half, high, GENOPS_LITERAL("rv:0000000000000")));
	assert_true(genops_sampler_keeps(&half, high, GENOPS_LITERAL("rv:000000000000000")));
	assert_true(genops_sampler_keeps(&half, high, GENOPS_LITERAL("rv:0000000000000g")));
	assert_true(genops_sampler_keeps(&half, high, GENOPS_LITERAL("xrv:00000000000000")));
	assert_true(genops_sampler_keeps(&half, high, GENOPS_LITERAL("")));
}

/* A trace kept at a low rate is kept at every higher one. */
static void
rates_are_nested(void **state)
{
	const double rates[] = { 0.001, 0.01, 0.1, 0.3, 0.5, 0.9, 1.0 };
	uint64_t seed = 11;
	int kept_at_a_tenth = 0;

	(void) state;
	for (int round = 0; round < 20000; round++)
	{
		uint8_t id[GENOPS_TRACE_ID_SIZE] = { 1 };
		uint64_t word = next_random(&seed);
		bool kept = false;

		memcpy(id + 8, &word, 8);
		for (size_t i = 0; i < COUNT_OF(rates); i++)
		{
			GenopsSampler sampler = genops_sampler(rates[i]);
			bool now = genops_sampler_keeps(&sampler, id, GENOPS_ABSENT);

			assert_true(now || !kept);
			kept = now;
			kept_at_a_tenth += now && i == 2;
		}
	}
	assert_uint_in_range(kept_at_a_tenth, 1800, 2200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thresholds),
		cmocka_unit_test(never),
		cmocka_unit_test(text_says_the_threshold),
		cmocka_unit_test(last_56_bits_decide),
		cmocka_unit_test(explicit_randomness_decides),
		cmocka_unit_test(rates_are_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
