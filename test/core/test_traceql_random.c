/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql.h"

#include "core/traceql/normalise.h"
#include "test/core/random_query.h"

#define QUERIES 20000

static GenopsTraceql
parse_printed(const GenopsBytes *text)
{
	GenopsTraceql parsed;
	GenopsTraceqlError error;

	if (!genops_traceql_parse(genops_slice((const char *) text->data), GENOPS_TRACEQL_STRICT,
	                          &parsed, &error))
		fail_msg("%s\n%s", (const char *) text->data, error.error.message);
	return parsed;
}

/* Every tree prints as text that parses to it, and is normalised to a query that
 * parses; a notice is given for what is rewritten and for nothing else. */
static void
trees_print_and_parse(void **state)
{
	uint64_t random = UINT64_C(0x9E3779B97F4A7C15);
	GenopsBytes text = genops_bytes_growing();

	(void) state;
	for (int i = 0; i < QUERIES; i++)
	{
		GenopsArena arena = { 0 };
		GenopsQuery query = random_query(&(RandomQuery){ &random, &arena });
		GenopsTraceql parsed;
		GenopsTraceql normalised;
		GenopsTraceqlError error;

		print_query(&text, &query);
		parsed = parse_printed(&text);
		if (!genops_traceql_equal(&query, &parsed.query))
			fail_msg("is another tree: %s", (const char *) text.data);
		assert_true(genops_traceql_normalise(&parsed, &normalised, &error));
		assert_int_equal(normalised.notice_count == 0,
		                 genops_traceql_equal(&parsed.query, &normalised.query));
		genops_traceql_free(&parsed);
		print_query(&text, &normalised.query);
		parsed = parse_printed(&text);
		genops_traceql_free(&parsed);
		genops_traceql_free(&normalised);
		genops_arena_free(&arena);
	}
	genops_bytes_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_print_and_parse),
	};

	return cmocka_run_group_tests_name("traceql_random", tests, NULL, NULL);
}
