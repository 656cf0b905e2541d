/* SPDX-License-Identifier: PostgreSQL */
#include "core/govern/pricing.h"

#include "core/span/ai_provider.h"

#define NAME(literal) GENOPS_LITERAL(literal)

const char *
genops_priced_by_name(GenopsPricedBy source)
{
	static const char *const names[] = { [GENOPS_PRICED_NOTHING] = "none",
		                                 [GENOPS_PRICED_BY_NOBODY] = "unpriced",
		                                 [GENOPS_PRICED_BY_CALLER] = "caller",
		                                 [GENOPS_PRICED_BY_PROVIDER] = "provider",
		                                 [GENOPS_PRICED_BY_TABLE] = "price_table" };

	return names[source];
}

static void
overlay(int64_t *count, int64_t said)
{
	if (said != GENOPS_UNKNOWN_TOKENS)
		*count = said;
}

static void
clear_flag(GenopsUsageFlags *flags, GenopsUsageFlag flag)
{
	flags->set &= ~(1u << flag);
}

/* Between what the caller and what the reply says the cache may be more than the input. */
static int64_t
at_most(int64_t count, int64_t limit)
{
	return count > limit ? limit : count;
}

static void
set_usage(const GenopsPricedCall *call, GenopsReply *reply, GenopsPricing *pricing)
{
	const GenopsUsage *said = &call->usage;
	GenopsUsage *usage = &pricing->usage;

	*usage = reply->usage;
	overlay(&usage->input, said->input);
	overlay(&usage->output, said->output);
	overlay(&usage->cache_read, said->cache_read);
	overlay(&usage->cache_write, said->cache_write);
	overlay(&usage->cache_write_1h, said->cache_write_1h);
	overlay(&usage->cache_write_12h, said->cache_write_12h);
	overlay(&usage->reasoning, said->reasoning);
	if (said->input != GENOPS_UNKNOWN_TOKENS)
	{
		clear_flag(&reply->flags, GENOPS_USAGE_FLAG_INPUT_FROM_TOTAL);
		usage->cache_read = at_most(usage->cache_read, usage->input);
		usage->cache_write = at_most(usage->cache_write, usage->input);
	}
	if (said->output != GENOPS_UNKNOWN_TOKENS)
	{
		clear_flag(&reply->flags, GENOPS_USAGE_FLAG_OUTPUT_FROM_TOTAL);
		usage->reasoning = at_most(usage->reasoning, usage->output);
	}
	pricing->has_usage =
	    usage->input != GENOPS_UNKNOWN_TOKENS || usage->output != GENOPS_UNKNOWN_TOKENS;
	if (pricing->has_usage)
		clear_flag(&reply->flags, GENOPS_USAGE_FLAG_NO_USAGE);
}

/* What was served, and where the reply doesn't say it what was asked for. */
static void
set_tier(const GenopsPricedCall *call, GenopsReply *reply, GenopsPricing *pricing)
{
	char served_buffer[GENOPS_TIER_SIZE];
	char requested_buffer[GENOPS_TIER_SIZE];
	GenopsSlice served = genops_service_tier(reply->service_tier, served_buffer);
	GenopsSlice requested = genops_service_tier(call->service_tier, requested_buffer);

	pricing->service_tier =
	    reply->service_tier.length > 0 ? reply->service_tier : call->service_tier;
	if (reply->service_tier.length > 0 && call->service_tier.length > 0 &&
	    !genops_slice_equal(call->service_tier, NAME("auto")) &&
	    !genops_slice_equal(served, requested))
		genops_usage_flag_tiers(&reply->flags, call->service_tier, reply->service_tier);
}

/* Bedrock's names say where a model runs, and so what it costs; the bodies of some of the
 * models that it runs have only the vendor's own. */
static bool
asked_name_is_priced(GenopsSlice provider)
{
	return genops_slice_equal(genops_ai_provider_name(provider), NAME("aws.bedrock"));
}

static GenopsSlice
own_model(const GenopsPricedCall *call, const GenopsReply *reply)
{
	if (call->model.length > 0 &&
	    (reply->model.length == 0 || asked_name_is_priced(call->provider)))
		return call->model;
	return reply->model;
}

/* One answer of the price list. */
typedef struct Try
{
	GenopsPriceResult result;
	GenopsPriceAnswer price;
	bool has_cost;
	GenopsCost cost;
} Try;

static void
try_price(const GenopsPriceBook *book, const GenopsPricedCall *call, const GenopsReply *reply,
          const GenopsPricing *pricing, GenopsSlice model, GenopsSlice tier, Try *try)
{
	GenopsPriceQuestion question = { .provider = call->provider,
		                             .model = model,
		                             .service_tier = tier,
		                             .region = call->region,
		                             .at = call->at,
		                             .input_tokens = pricing->usage.input };
	GenopsUsage usage = pricing->usage;

	/* There is none, whether or not somebody says so. */
	if (usage.output == GENOPS_UNKNOWN_TOKENS &&
	    genops_slice_equal(call->operation, NAME("embeddings")))
		usage.output = 0;
	try->has_cost = false;
	try->result =
	    book ? genops_price_find(book, &question, &try->price) : GENOPS_PRICE_UNKNOWN_MODEL;
	if (try->result == GENOPS_PRICE_FOUND)
		try->has_cost = genops_cost(
		    &try->price.rates, &usage,
		    genops_usage_flagged(&reply->flags, GENOPS_USAGE_FLAG_PARTIAL_STREAM), &try->cost);
}

/* Whether the caller's word makes it cheaper than it is without: a cost that is no longer
 * known is, too. */
static bool
is_cheaper(const Try *said, const Try *own)
{
	if (!own->has_cost)
		return false;
	return !said->has_cost || !genops_slice_equal(said->price.currency, own->price.currency) ||
	       said->cost.part[GENOPS_COST_TOTAL] < own->cost.part[GENOPS_COST_TOTAL];
}

static void
set_price(const Try *try, GenopsReply *reply, GenopsPricing *pricing)
{
	char buffer[GENOPS_TIER_SIZE];

	switch (try->result)
	{
		case GENOPS_PRICE_UNKNOWN_MODEL:
		case GENOPS_PRICE_NOT_YET:
			genops_usage_flag(&reply->flags, GENOPS_USAGE_FLAG_UNKNOWN_MODEL);
			return;
		case GENOPS_PRICE_UNKNOWN_TIER:
			genops_usage_flag_word(&reply->flags, GENOPS_USAGE_FLAG_UNKNOWN_TIER,
			                       genops_service_tier(pricing->service_tier, buffer));
			return;
		case GENOPS_PRICE_FOUND:
			break;
	}
	pricing->has_price = true;
	pricing->price = try->price;
	if (!try->has_cost)
		return;
	if (try->price.moving)
		genops_usage_flag(&reply->flags, GENOPS_USAGE_FLAG_MOVING_NAME);
	pricing->source = GENOPS_PRICED_BY_TABLE;
	pricing->has_cost = true;
	pricing->has_parts = true;
	pricing->cost = try->cost;
	pricing->currency = try->price.currency;
}

static void
price_by_table(const GenopsPriceBook *book, const GenopsPricedCall *call, GenopsReply *reply,
               GenopsPricing *pricing)
{
	GenopsSlice own_name = own_model(call, reply);
	bool says_model = call->base_model.length > 0;
	bool says_tier = reply->service_tier.length == 0 && call->service_tier.length > 0;
	Try try;

	pricing->model = says_model ? call->base_model : own_name;
	try_price(book, call, reply, pricing, pricing->model, pricing->service_tier, &try);
	if ((says_model || says_tier) && !call->may_charge)
	{
		Try own;

		try_price(book, call, reply, pricing, own_name, reply->service_tier, &own);
		if (is_cheaper(&try, &own))
		{
			genops_usage_flag(&reply->flags, GENOPS_USAGE_FLAG_NEEDS_CHARGE);
			pricing->model = own_name;
			pricing->service_tier = reply->service_tier;
			try = own;
		}
	}
	set_price(&try, reply, pricing);
}

/* A provider's own word; false if there is none that holds. */
static bool
price_as_stated(const GenopsPricedCall *call, GenopsReply *reply, GenopsPricing *pricing)
{
	if (!reply->has_stated_cost)
		return false;
	if (!reply->stated_by_its_provider && !call->may_charge)
	{
		genops_usage_flag(&reply->flags, GENOPS_USAGE_FLAG_NEEDS_CHARGE);
		return false;
	}
	pricing->source = GENOPS_PRICED_BY_PROVIDER;
	pricing->has_cost = true;
	pricing->cost.part[GENOPS_COST_TOTAL] = reply->stated_cost;
	pricing->currency = NAME("USD");
	pricing->model = own_model(call, reply);
	return true;
}

void
genops_price_call(const GenopsPriceBook *book, const GenopsPricedCall *call, GenopsReply *reply,
                  GenopsPricing *pricing)
{
	memset(pricing, 0, sizeof(*pricing));
	set_usage(call, reply, pricing);
	set_tier(call, reply, pricing);
	if (reply->failed && !pricing->has_usage && !reply->has_stated_cost)
	{
		pricing->source = GENOPS_PRICED_NOTHING;
		return;
	}
	pricing->source = GENOPS_PRICED_BY_NOBODY;
	if (price_as_stated(call, reply, pricing))
		return;
	if (pricing->has_usage)
		price_by_table(book, call, reply, pricing);
	else
		pricing->model = own_model(call, reply);
}
