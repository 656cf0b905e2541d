/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/base/bloom.h"

static void
make_id(uint8_t *id, uint64_t *seed)
{
	for (int i = 0; i < 2; i++)
	{
		uint64_t word = next_random(seed);

		memcpy(id + 8 * i, &word, 8);
	}
}

static void
sizes(void **state)
{
	(void) state;
	assert_int_equal(genops_bloom_size(0), 8);
	assert_int_equal(genops_bloom_size(1), 8);
	assert_int_equal(genops_bloom_size(4), 8);
	assert_int_equal(genops_bloom_size(5), 16);
	assert_int_equal(genops_bloom_size(1000), 2000);
}

/* No false negative ever, and about one false positive in 2,000. */
static void
check_rate(bool random_ids)
{
	enum
	{
		IDS = 1000,
		LOOKUPS = 200000
	};
	size_t size = genops_bloom_size(IDS);
	uint8_t *filter = test_calloc(1, size);
	uint64_t seed = 99;
	uint8_t id[GENOPS_TRACE_ID_SIZE] = { 0 };
	int found = 0;

	for (int i = 0; i < IDS; i++)
	{
		if (random_ids)
			make_id(id, &seed);
		else
			memcpy(id + 12, &i, 4);
		genops_bloom_add(filter, size, id);
		assert_true(genops_bloom_may_have(filter, size, id));
	}
	seed = 99;
	for (int i = 0; i < IDS; i++)
	{
		if (random_ids)
			make_id(id, &seed);
		else
			memcpy(id + 12, &i, 4);
		assert_true(genops_bloom_may_have(filter, size, id));
	}
	for (int i = IDS; i < IDS + LOOKUPS; i++)
	{
		if (random_ids)
			make_id(id, &seed);
		else
			memcpy(id + 12, &i, 4);
		found += genops_bloom_may_have(filter, size, id);
	}
	assert_uint_in_range(found, LOOKUPS / 4000, LOOKUPS / 1000);
	test_free(filter);
}

static void
random_ids(void **state)
{
	(void) state;
	check_rate(true);
}

/* As tests and some SDKs make them. */
static void
counted_ids(void **state)
{
	(void) state;
	check_rate(false);
}

/* Filters are stored: their bits may not change from one release to the next. */
static void
known_filter(void **state)
{
	const uint8_t id[GENOPS_TRACE_ID_SIZE] = { 0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
		                                       0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36 };
	const uint8_t expected[16] = { 0x80, 0x00, 0x00, 0x01, 0x08, 0x40, 0x00, 0x80,
		                           0x00, 0x04, 0x20, 0x00, 0x41, 0x00, 0x02, 0x10 };
	uint8_t filter[16] = { 0 };

	(void) state;
	genops_bloom_add(filter, sizeof(filter), id);
	assert_memory_equal(filter, expected, sizeof(filter));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(random_ids),
		cmocka_unit_test(counted_ids),
		cmocka_unit_test(known_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
