/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which time buckets a query has.
 */
#include "core/traceql/metrics.h"

#define MILLISECOND INT64_C(1000000)
#define SECOND (1000 * MILLISECOND)

/* About as many points as a chart shows. */
#define POINTS_BY_DEFAULT 240
#define LEAST_SHORT_STEP (50 * MILLISECOND)

/* A round one, so that charts of ranges of like length have the same. */
static int64_t
default_step(int64_t range_ns)
{
	static const int64_t units[] = { 3600, 300, 60, 15, 5, 1 };
	int64_t step = range_ns / POINTS_BY_DEFAULT;

	if (range_ns < 60 * SECOND)
		return step < LEAST_SHORT_STEP ? LEAST_SHORT_STEP
		                               : step / LEAST_SHORT_STEP * LEAST_SHORT_STEP;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		int64_t unit = units[i] * SECOND;

		if (unit < step)
			return step / unit * unit;
	}
	return SECOND;
}

static bool
check_range(int64_t start_ns, int64_t end_ns, GenopsError *error)
{
	if (start_ns < 0)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "the time range of metrics starts before 1970");
	if (end_ns <= start_ns)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "the end of the time range is not after its start");
	return true;
}

static bool
too_many_points(int64_t start_ns, int64_t end_ns, int64_t step_ns, GenopsError *error)
{
	/* Rounding adds up to two points. */
	int64_t least = (end_ns - start_ns) / (GENOPS_METRICS_MAX_POINTS - 2) / MILLISECOND + 1;

	genops_error_set(error, GENOPS_TOO_LARGE,
	                 "a step of %g ms is too short: a series has at most %d points",
	                 (double) step_ns / MILLISECOND, GENOPS_METRICS_MAX_POINTS);
	genops_error_hint(error, "For this time range a step is at least %lld ms.", (long long) least);
	return false;
}

bool
genops_metrics_range(int64_t start_ns, int64_t end_ns, int64_t step_ns, GenopsMetricsGrid *grid,
                     GenopsError *error)
{
	int64_t steps;

	if (!check_range(start_ns, end_ns, error))
		return false;
	if (step_ns < 0)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "a step is above 0");
	if (step_ns == 0)
		step_ns = default_step(end_ns - start_ns);
	if (end_ns > INT64_MAX - step_ns)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "the time range or its step is too far in the future");
	*grid = (GenopsMetricsGrid){ .first_ns = start_ns / step_ns * step_ns, .step_ns = step_ns };
	steps = (end_ns + step_ns - 1) / step_ns - start_ns / step_ns;
	if (steps >= GENOPS_METRICS_MAX_POINTS)
		return too_many_points(start_ns, end_ns, step_ns, error);
	grid->count = (size_t) steps + 1;
	return true;
}

bool
genops_metrics_instant(int64_t start_ns, int64_t end_ns, GenopsMetricsGrid *grid,
                       GenopsError *error)
{
	if (!check_range(start_ns, end_ns, error))
		return false;
	*grid = (GenopsMetricsGrid){ end_ns, end_ns - start_ns, 1, true };
	return true;
}

bool
genops_metrics_bucket(const GenopsMetricsGrid *grid, int64_t start_ns, size_t *bucket)
{
	int64_t before = grid->first_ns - grid->step_ns;

	if (start_ns <= before || start_ns < 0)
		return false;
	/* In unsigned numbers, as "before" may be far below 0. */
	*bucket = (size_t) (((uint64_t) start_ns - (uint64_t) before - 1) / (uint64_t) grid->step_ns);
	return *bucket < grid->count;
}
