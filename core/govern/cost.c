/* SPDX-License-Identifier: PostgreSQL */
#include "core/govern/cost.h"

/* Adds tokens at a rate. */
static bool
add(GenopsMoney *sum, int64_t tokens, int64_t rate)
{
	if (tokens <= 0 || rate == 0)
		return true;
	if (rate > INT64_MAX / tokens || *sum > INT64_MAX - tokens * rate)
		return false;
	*sum += tokens * rate;
	return true;
}

/* The rate, or the one that holds where it isn't known. */
static int64_t
rate_or(const GenopsRates *rates, GenopsRate rate, int64_t otherwise)
{
	return rates->known & 1u << rate ? rates->rate[rate] : otherwise;
}

static int64_t
or_none(int64_t tokens)
{
	return tokens == GENOPS_UNKNOWN_TOKENS ? 0 : tokens;
}

static bool
add_input(const GenopsRates *rates, const GenopsUsage *usage, GenopsCost *cost)
{
	int64_t input = rates->rate[GENOPS_RATE_INPUT];
	int64_t write = rate_or(rates, GENOPS_RATE_CACHE_WRITE, input);
	int64_t write_1h = rate_or(rates, GENOPS_RATE_CACHE_WRITE_1H, write);
	int64_t write_12h = rate_or(rates, GENOPS_RATE_CACHE_WRITE_12H, write);
	int64_t cache_read = or_none(usage->cache_read);
	int64_t cache_write = or_none(usage->cache_write);
	int64_t longer = or_none(usage->cache_write_1h) + or_none(usage->cache_write_12h);

	return add(&cost->part[GENOPS_COST_INPUT], usage->input - cache_read - cache_write, input) &&
	       add(&cost->part[GENOPS_COST_CACHE_READ], cache_read,
	           rate_or(rates, GENOPS_RATE_CACHE_READ, input)) &&
	       add(&cost->part[GENOPS_COST_CACHE_WRITE], cache_write - longer, write) &&
	       add(&cost->part[GENOPS_COST_CACHE_WRITE], usage->cache_write_1h, write_1h) &&
	       add(&cost->part[GENOPS_COST_CACHE_WRITE], usage->cache_write_12h, write_12h);
}

static bool
add_output(const GenopsRates *rates, const GenopsUsage *usage, GenopsCost *cost)
{
	int64_t reasoning = or_none(usage->reasoning);
	int64_t output = rates->rate[GENOPS_RATE_OUTPUT];

	if ((rates->known & 1u << GENOPS_RATE_OUTPUT) == 0)
		return usage->output == 0;
	if (!add(&cost->reasoning, reasoning, rate_or(rates, GENOPS_RATE_REASONING, output)))
		return false;
	cost->part[GENOPS_COST_OUTPUT] = cost->reasoning;
	return add(&cost->part[GENOPS_COST_OUTPUT], usage->output - reasoning, output);
}

bool
genops_cost(const GenopsRates *rates, const GenopsUsage *usage, bool partial, GenopsCost *cost)
{
	bool has_input = usage->input != GENOPS_UNKNOWN_TOKENS;
	bool has_output = usage->output != GENOPS_UNKNOWN_TOKENS;

	memset(cost, 0, sizeof(*cost));
	if (!(partial ? has_input || has_output : has_input && has_output) ||
	    (has_input && !add_input(rates, usage, cost)) ||
	    (has_output && !add_output(rates, usage, cost)))
		return false;
	for (int i = GENOPS_COST_TOTAL + 1; i < GENOPS_COST_COUNT; i++)
	{
		if (!add(&cost->part[GENOPS_COST_TOTAL], 1, cost->part[i]))
			return false;
	}
	return true;
}
