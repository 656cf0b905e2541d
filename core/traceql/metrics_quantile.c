/* SPDX-License-Identifier: PostgreSQL */
/*
 * Histogram buckets, which are powers of two, and the quantiles they tell.
 */
#include <math.h>

#include "core/traceql/metrics_finish.h"

int
genops_metrics_exponent(int64_t value)
{
	/* As a double has it, of which the series are made. */
	uint64_t rounded = value < 2 ? 0 : (uint64_t) (double) value;

	return rounded == 0 ? -1 : 64 - __builtin_clzll(rounded - 1);
}

/* Of values evenly spread on a logarithmic scale over the bucket, from the end of
 * the last one that is not empty. */
double
genops_metrics_quantile(const double counts[GENOPS_CELL_EXPONENTS], double quantile)
{
	double all = 0;
	double passed = 0;
	double target;
	int before = -1;

	for (int i = 1; i < GENOPS_CELL_EXPONENTS; i++)
		all += counts[i];
	target = fmax(1, ceil(quantile * all));
	for (int i = 1; i < GENOPS_CELL_EXPONENTS; i++)
	{
		if (counts[i] == 0)
			continue;
		if (passed + counts[i] > target)
		{
			double low = before < 0 ? i - 1 : before;

			return exp2(low + (i - low) * (target - passed) / counts[i]);
		}
		passed += counts[i];
		before = i;
		if (passed == target)
			break;
	}
	return before < 0 ? 0 : exp2(before);
}
