/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql_metrics.h"

#include <stdlib.h>

#include "core/traceql/metrics_compare.h"

static const SimpleSpan spans[] = {
	{ 1 * SECONDS, 1, ATTRIBUTES(TEXT("team", "a")) },
	{ 2 * SECONDS, 1, ATTRIBUTES(TEXT("team", "b")) },
	{ 3 * SECONDS, 1, ATTRIBUTES(TEXT("team", "b")) },
	{ 4 * SECONDS, 1, ATTRIBUTES(TEXT("team", "c") "," BOOL("bad", "true")) },
	{ 11 * SECONDS, 1, ATTRIBUTES(TEXT("team", "c") "," BOOL("bad", "true")) },
	{ 12 * SECONDS, 1, ATTRIBUTES(TEXT("team", "a")) },
};

/* The series about the team. */
static void
check_team(const char *text, const char *expected, const char *file, int line)
{
	MetricsRun run = start_metrics(text, range_of(10, 20, 10));
	GenopsBytes request = request_of_spans(spans, COUNT_OF(spans));
	GenopsBytes out = genops_bytes_growing();
	GenopsSeries *kept = calloc(100, sizeof(GenopsSeries));
	size_t count = 0;

	count_request(&run, &request, 0);
	finish_metrics(&run);
	for (size_t i = 0; i < run.list.count; i++)
	{
		assert_int_equal(run.list.series[i].label_count, 2);
		if (genops_slice_equal(run.list.series[i].labels[1].key, GENOPS_LITERAL("span.team")))
			kept[count++] = run.list.series[i];
	}
	run.list = (GenopsSeriesList){ kept, count };
	_assert_string_equal(print_series(&out, &run), expected, file, line);
	free(kept);
	genops_bytes_free(&out);
	genops_bytes_free(&request);
	end_metrics(&run);
}

#define assert_team(text, expected) check_team(text, expected, __FILE__, __LINE__)

static void
values_of_both_sides_and_their_totals_are_counted(void **state)
{
	(void) state;
	assert_team("{} | compare({ .bad })", "__meta_type=`baseline` span.team=`a`: 1 1\n"
	                                      "__meta_type=`baseline` span.team=`b`: 2 0\n"
	                                      "__meta_type=`baseline_total` span.team=`nil`: 3 1\n"
	                                      "__meta_type=`selection` span.team=`c`: 1 1\n"
	                                      "__meta_type=`selection_total` span.team=`nil`: 1 1\n");
}

static void
the_selection_may_be_of_a_range(void **state)
{
	(void) state;
	/* After 4 seconds, up to and with 11. */
	assert_team("{} | compare({ .bad }, 10, 4000000000, 11000000000)",
	            "__meta_type=`baseline` span.team=`a`: 1 1\n"
	            "__meta_type=`baseline` span.team=`b`: 2 0\n"
	            "__meta_type=`baseline` span.team=`c`: 1 0\n"
	            "__meta_type=`baseline_total` span.team=`nil`: 4 1\n"
	            "__meta_type=`selection` span.team=`c`: 0 1\n"
	            "__meta_type=`selection_total` span.team=`nil`: 0 1\n");
}

static void
the_most_frequent_values_are_shown(void **state)
{
	(void) state;
	/* Of equally frequent ones the first; totals are of all values. */
	assert_team("{} | compare({ .nope = 1 }, 1)",
	            "__meta_type=`baseline` span.team=`a`: 1 1\n"
	            "__meta_type=`baseline_total` span.team=`nil`: 4 2\n");
}

/* A span for each value. */
static void
further_values_are_in_the_total_only(void **state)
{
	size_t count = GENOPS_COMPARISON_MAX_VALUES + 100;
	SimpleSpan *many = calloc(count, sizeof(SimpleSpan));
	char(*attributes)[96] = calloc(count, 96);
	MetricsRun run = start_metrics("{} | compare({ false }, 1000)", instant_of(0, 60));
	GenopsBytes request;
	size_t values = 0;
	double total = 0;

	(void) state;
	for (size_t i = 0; i < count; i++)
	{
		snprintf(attributes[i], 96, ATTRIBUTES(INT("n", "%zu")), i);
		many[i] = (SimpleSpan){ 1, 1, attributes[i] };
	}
	request = request_of_spans(many, count);
	count_request(&run, &request, 0);
	finish_metrics(&run);
	for (size_t i = 0; i < run.list.count; i++)
	{
		const GenopsSeries *series = &run.list.series[i];

		if (!genops_slice_equal(series->labels[1].key, GENOPS_LITERAL("span.n")))
			continue;
		values += series->labels[1].value.type == GENOPS_TYPE_INT;
		if (series->labels[1].value.type == GENOPS_TYPE_STRING)
			total += series->values[0];
	}
	assert_int_equal(values, 1000);
	assert_int_equal(total, count);
	genops_bytes_free(&request);
	end_metrics(&run);
	free(attributes);
	free(many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_both_sides_and_their_totals_are_counted),
		cmocka_unit_test(the_selection_may_be_of_a_range),
		cmocka_unit_test(the_most_frequent_values_are_shown),
		cmocka_unit_test(further_values_are_in_the_total_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
