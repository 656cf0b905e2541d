/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql_metrics.h"

#include <stdlib.h>

/* Each function, over attributes that not every span has. */
static const char *const queries[] = {
	"{} | rate()",
	"{} | count_over_time() by (.team, .model)",
	"{} | min_over_time(.cost) by (.team)",
	"{} | max_over_time(duration)",
	"{} | sum_over_time(.cost) by (.team, name)",
	"{} | avg_over_time(.cost) by (.model)",
	"{} | histogram_over_time(duration) by (.team)",
	"{} | quantile_over_time(.tokens, .5, .95) by (.team)",
	"{} | histogram_over_time(.tokens) by (.model)",
	"{} | compare({ .team = `t1` }, 3)",
	"({} | rate() by (.team)) / ({} | avg_over_time(.cost))",
	"{} | count_over_time() by (.team) with (extrapolate=true)",
};

#define SPAN_COUNT 300

/* Costs are eighths, so that their sums are exact in every order. */
static GenopsBytes
random_request(uint64_t *state)
{
	static SimpleSpan spans[SPAN_COUNT];
	static char more[SPAN_COUNT][256];

	for (size_t i = 0; i < SPAN_COUNT; i++)
	{
		uint64_t random = next_random(state);
		const char *cost = random % 5 == 0 ? "price" : "cost";

		snprintf(more[i], sizeof(more[i]),
		         ATTRIBUTES(TEXT("team", "t%d") "," TEXT("%s", "m%d") "," INT(
		             "tokens", "%d") ",{\"key\":\"%s\",\"value\":{\"doubleValue\":%g}}") "%s",
		         (int) (random >> 8) % 4, random % 7 == 0 ? "other" : "model",
		         (int) (random >> 16) % 3, (int) (random >> 24) % 5000, cost,
		         (double) ((random >> 40) % 1000) / 8,
		         random % 3 == 0 ? ",\"traceState\":\"ot=th:8\"" : "");
		spans[i] = (SimpleSpan){ (int64_t) (random % 60) * SECONDS,
			                     (int64_t) (random >> 32) % (5 * SECONDS), more[i] };
	}
	return request_of_spans(spans, SPAN_COUNT);
}

static void
assert_same_series(const char *query, MetricsRun *run, MetricsRun *expected)
{
	GenopsBytes out = genops_bytes_growing();
	GenopsBytes whole = genops_bytes_growing();

	finish_metrics(run);
	finish_metrics(expected);
	assert_true(expected->list.count > 0);
	if (strcmp(print_series(&out, run), print_series(&whole, expected)) != 0)
		fail_msg("%s\n%s\n%s", query, (const char *) out.data, (const char *) whole.data);
	genops_bytes_free(&out);
	genops_bytes_free(&whole);
}

static void
load_saved(MetricsRun *run, const MetricsRun *from)
{
	GenopsBytes saved = genops_bytes_growing();

	genops_traceql_metrics_save(from->metrics, &saved);
	assert_false(saved.failed);
	if (!genops_traceql_metrics_load(
	        run->metrics, (GenopsSlice){ (const char *) saved.data, saved.length }, &run->error))
		fail_msg("%s", run->error.message);
	genops_bytes_free(&saved);
}

static void
parts_that_are_loaded_make_the_whole(void **state)
{
	uint64_t random = 42;
	GenopsBytes first = random_request(&random);
	GenopsBytes second = random_request(&random);

	(void) state;
	for (size_t i = 0; i < COUNT_OF(queries); i++)
	{
		GenopsMetricsGrid grid = range_of(10, 50, 10);
		MetricsRun whole = start_metrics(queries[i], grid);
		MetricsRun parts[3];

		count_request(&whole, &first, 0);
		count_request(&whole, &second, 0);
		for (size_t j = 0; j < COUNT_OF(parts); j++)
			parts[j] = start_metrics(queries[i], grid);
		/* What was counted and forgotten is not there. */
		count_request(&parts[0], &second, 0);
		genops_traceql_metrics_reset(parts[0].metrics);
		count_request(&parts[0], &first, 0);
		count_request(&parts[1], &second, 0);
		load_saved(&parts[2], &parts[1]);
		load_saved(&parts[2], &parts[0]);
		assert_same_series(queries[i], &parts[2], &whole);
		for (size_t j = 0; j < COUNT_OF(parts); j++)
			end_metrics(&parts[j]);
		end_metrics(&whole);
	}
	genops_bytes_free(&first);
	genops_bytes_free(&second);
}

/* As "bucket" and so on, for the spans of one bucket, group and exponent. */
typedef struct Part
{
	size_t bucket;
	int team; /* 0: missing */
	int64_t integers[3];
	size_t count;
} Part;

static const Part counted[] = {
	{ 0, 1, { 5, 6, 7 }, 3 }, { 0, 1, { 100 }, 1 }, { 0, 2, { 1000, 1001 }, 2 },
	{ 1, 1, { 9 }, 1 },       { 2, 0, { 4 }, 1 },
};

static GenopsBytes
spans_of_parts(void)
{
	static SimpleSpan spans[3 * COUNT_OF(counted)];
	static char more[3 * COUNT_OF(counted)][160];
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(counted); i++)
	{
		for (size_t j = 0; j < counted[i].count; j++, count++)
		{
			snprintf(more[count], sizeof(more[count]),
			         ATTRIBUTES(INT("n", "%lld") "," TEXT("%s", "t%d")),
			         (long long) counted[i].integers[j], counted[i].team == 0 ? "none" : "team",
			         counted[i].team);
			spans[count] = (SimpleSpan){ ((int64_t) counted[i].bucket + 1) * 10 * SECONDS,
				                         counted[i].integers[j] * SECONDS, more[count] };
		}
	}
	return request_of_spans(spans, count);
}

static void
add_part(MetricsRun *run, const Part *part, int64_t unit)
{
	static const char *const teams[] = { NULL, "t1", "t2" };
	GenopsTraceqlValue by = { .type = GENOPS_TYPE_NIL };
	GenopsMetricsPartial partial = { .bucket = part->bucket, .by = &by, .count = part->count };

	if (part->team > 0)
		by = (GenopsTraceqlValue){ .type = GENOPS_TYPE_STRING,
			                       .text = genops_slice(teams[part->team]) };
	partial.min = INFINITY;
	for (size_t i = 0; i < part->count; i++)
	{
		double value = (double) part->integers[i];

		partial.sum += value;
		partial.min = fmin(partial.min, value);
		partial.max = fmax(partial.max, value);
	}
	partial.exponent = genops_metrics_exponent(part->integers[0] * unit);
	if (!genops_traceql_metrics_add(run->metrics, 0, &partial, &run->error))
		fail_msg("%s", run->error.message);
}

static void
spans_counted_elsewhere_are_as_those_counted_here(void **state)
{
	static const struct
	{
		const char *query;
		int64_t unit; /* nanoseconds */
	} functions[] = {
		{ "{} | rate() by (.team)", 1 },
		{ "{} | count_over_time() by (.team)", 1 },
		{ "{} | min_over_time(.n) by (.team)", 1 },
		{ "{} | max_over_time(duration) by (.team)", 1 },
		{ "{} | sum_over_time(.n) by (.team)", 1 },
		{ "{} | avg_over_time(duration) by (.team)", 1 },
		{ "{} | histogram_over_time(duration) by (.team)", SECONDS },
		{ "{} | quantile_over_time(.n, .5, .9) by (.team)", 1 },
	};
	GenopsBytes request = spans_of_parts();

	(void) state;
	for (size_t i = 0; i < COUNT_OF(functions); i++)
	{
		MetricsRun spans = start_metrics(functions[i].query, range_of(10, 40, 10));
		MetricsRun parts = start_metrics(functions[i].query, range_of(10, 40, 10));

		count_request(&spans, &request, 0);
		for (size_t j = 0; j < COUNT_OF(counted); j++)
			add_part(&parts, &counted[j], functions[i].unit);
		assert_same_series(functions[i].query, &parts, &spans);
		end_metrics(&spans);
		end_metrics(&parts);
	}
	genops_bytes_free(&request);
}

static void
refuse_partial(const char *query, size_t bucket, int exponent)
{
	MetricsRun run = start_metrics(query, range_of(10, 40, 10));
	GenopsMetricsPartial partial = { .bucket = bucket, .count = 1, .exponent = exponent };

	assert_false(genops_traceql_metrics_add(run.metrics, 0, &partial, &run.error));
	assert_int_equal(run.error.code, GENOPS_INVALID_ARGUMENT);
	end_metrics(&run);
}

static void
what_cannot_be_counted_elsewhere_is_refused(void **state)
{
	MetricsRun run = start_metrics("{} | quantile_over_time(.n, .5) by (resource.service.name)",
	                               range_of(10, 40, 10));
	GenopsTraceqlValue missing = { .type = GENOPS_TYPE_NIL };
	GenopsMetricsPartial partial = { .by = &missing, .count = 1, .exponent = -1 };
	GenopsBytes out = genops_bytes_growing();

	(void) state;
	refuse_partial("{} | compare({ .a = 1 })", 0, 0);
	refuse_partial("{} | rate() with (extrapolate=true)", 0, 0);
	refuse_partial("{} | rate()", 4, 0);
	refuse_partial("{} | histogram_over_time(.n)", 0, 64);
	/* Values below 2 are in no bucket; the service's name is never missing. */
	assert_true(genops_traceql_metrics_add(run.metrics, 0, &partial, &run.error));
	partial.exponent = 3;
	assert_true(genops_traceql_metrics_add(run.metrics, 0, &partial, &run.error));
	finish_metrics(&run);
	assert_string_equal(print_series(&out, &run), "resource.service.name=`` p=0.5: 8 0 0 0\n");
	genops_bytes_free(&out);
	end_metrics(&run);
}

/* Every byte cut off or changed: an error or other numbers, but nothing worse. */
static void
damaged_bytes_are_refused(void **state)
{
	uint64_t random = 7;
	GenopsBytes request = random_request(&random);

	(void) state;
	for (size_t i = 0; i < COUNT_OF(queries); i++)
	{
		MetricsRun from = start_metrics(queries[i], range_of(20, 30, 10));
		MetricsRun run = start_metrics(queries[i], range_of(20, 30, 10));
		GenopsBytes saved = genops_bytes_growing();

		count_request(&from, &request, 0);
		genops_traceql_metrics_save(from.metrics, &saved);
		for (size_t length = 0; length < saved.length; length += 1 + saved.length / 300)
		{
			genops_traceql_metrics_reset(run.metrics);
			assert_false(genops_traceql_metrics_load(
			    run.metrics, (GenopsSlice){ (const char *) saved.data, length }, &run.error));
			assert_int_equal(run.error.code, GENOPS_MALFORMED);
			genops_traceql_metrics_reset(run.metrics);
			saved.data[length] ^= (uint8_t) (1 + next_random(&random) % 255);
			if (genops_traceql_metrics_load(
			        run.metrics, (GenopsSlice){ (const char *) saved.data, saved.length },
			        &run.error))
				finish_metrics(&run);
		}
		end_metrics(&from);
		end_metrics(&run);
		genops_bytes_free(&saved);
	}
	genops_bytes_free(&request);
}

static void
other_queries_metrics_are_refused(void **state)
{
	MetricsRun counts = start_metrics("{} | count_over_time() by (.a)", range_of(10, 50, 10));
	MetricsRun sums = start_metrics("{} | sum_over_time(.b) by (.a)", range_of(10, 50, 10));
	GenopsBytes saved = genops_bytes_growing();

	(void) state;
	genops_traceql_metrics_save(counts.metrics, &saved);
	assert_false(genops_traceql_metrics_load(
	    sums.metrics, (GenopsSlice){ (const char *) saved.data, saved.length }, &sums.error));
	assert_string_equal(sums.error.message, "the bytes are no saved metrics of this query");
	genops_bytes_free(&saved);
	end_metrics(&counts);
	end_metrics(&sums);
}

/* As many groups as it takes for an error, each of one span. */
static size_t
fill(MetricsRun *run)
{
	GenopsTraceqlValue value = { .type = GENOPS_TYPE_INT };
	GenopsMetricsPartial partial = { .by = &value, .count = 1, .exponent = 1 };

	while (genops_traceql_metrics_add(run->metrics, 0, &partial, &run->error))
		value.integer++;
	assert_int_equal(run->error.code, GENOPS_TOO_LARGE);
	assert_string_not_equal(run->error.hint, "");
	return (size_t) value.integer;
}

static void
memory_is_bounded(void **state)
{
	MetricsRun run = start_metrics("{} | rate() by (.a)", instant_of(0, 60));

	(void) state;
	assert_int_equal(fill(&run), GENOPS_METRICS_MAX_SERIES);
	assert_string_equal(run.error.message, "the metrics have more than 100000 groups");
	end_metrics(&run);
	run = start_metrics("{} | avg_over_time(.n) by (.a)", range_of(1, 1000, 1));
	assert_int_equal(fill(&run), GENOPS_METRICS_MAX_CELLS / 3000);
	assert_string_equal(run.error.message,
	                    "the metrics have more than 20000000 numbers to keep: too many groups "
	                    "times points");
	/* What is forgotten is room again. */
	genops_traceql_metrics_reset(run.metrics);
	assert_int_equal(fill(&run), GENOPS_METRICS_MAX_CELLS / 3000);
	end_metrics(&run);
}

static void
many_quantiles_are_refused(void **state)
{
	MetricsRun run = start_metrics("{} | quantile_over_time(.n, 0, 1, .1, .2, .3, .4, .5) by (.a)",
	                               range_of(1, 1000, 1));
	GenopsTraceqlValue value = { .type = GENOPS_TYPE_INT };
	GenopsMetricsPartial partial = { .by = &value, .count = 1, .exponent = 1 };

	(void) state;
	for (value.integer = 0; value.integer < 3000; value.integer++)
		assert_true(genops_traceql_metrics_add(run.metrics, 0, &partial, &run.error));
	assert_false(genops_traceql_metrics_finish(run.metrics, &run.list, &run.error));
	assert_int_equal(run.error.code, GENOPS_TOO_LARGE);
	assert_int_equal(run.list.count, 0);
	end_metrics(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_that_are_loaded_make_the_whole),
		cmocka_unit_test(spans_counted_elsewhere_are_as_those_counted_here),
		cmocka_unit_test(what_cannot_be_counted_elsewhere_is_refused),
		cmocka_unit_test(damaged_bytes_are_refused),
		cmocka_unit_test(other_queries_metrics_are_refused),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(many_quantiles_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
