/* SPDX-License-Identifier: PostgreSQL */
/*
 * What parsing and checking a query costs.
 */
#include <stdio.h>
#include <time.h>

#include "core/traceql/traceql.h"

#define ROUNDS 20000

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

static int
measure(const char *text)
{
	double start = now_us();

	for (int i = 0; i < ROUNDS; i++)
	{
		GenopsTraceql query;
		GenopsTraceqlError error;

		if (!genops_traceql_parse(genops_slice(text), GENOPS_TRACEQL_DIALECT, &query, &error))
		{
			fprintf(stderr, "%s\n", error.error.message);
			return 1;
		}
		genops_traceql_free(&query);
	}
	printf("%6.2f us to parse and check %s\n", (now_us() - start) / ROUNDS, text);
	return 0;
}

int
main(void)
{
	return measure(
	           "{ .team = \"platform\" && .genops.cost.total_cost > 0.05 && status = error }") ||
	       measure("{ duration > 1s && .genops.model =~ \"gpt.*\" } | by(.team) | count() > 2") ||
	       measure("{ } | quantile_over_time(duration, .95) by (.genops.model)");
}
