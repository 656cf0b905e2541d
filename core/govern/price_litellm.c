/* SPDX-License-Identifier: PostgreSQL */
/*
 * LiteLLM's list of prices: one object, a member for each model, prices as floats in USD a
 * token.
 *
 * A double is what JSON makes of them, and its shortest decimal is what the list says.
 * What a model costs in a tier of service of its own becomes a row of that tier.
 */
#include <stdio.h>

#include "core/base/money.h"
#include "core/govern/price_text.h"
#include "core/govern/reply_shapes.h"
#include "core/span/json_text.h"

#define NAME(literal) GENOPS_LITERAL(literal)
#define MAX_DEPTH 32

/* Twenty times as many as such a file has. */
#define MAX_VALUES 2000000

/* Prices of a call of everyday, by the rate that they are. */
static const struct
{
	GenopsRate rate;
	const char *name;
	const char *more; /* behind the tier */
} prices[] = {
	{ GENOPS_RATE_INPUT, "input_cost_per_token", "" },
	{ GENOPS_RATE_OUTPUT, "output_cost_per_token", "" },
	{ GENOPS_RATE_CACHE_READ, "cache_read_input_token_cost", "" },
	{ GENOPS_RATE_CACHE_WRITE, "cache_creation_input_token_cost", "" },
	{ GENOPS_RATE_CACHE_WRITE_1H, "cache_creation_input_token_cost_above_1hr", "" },
	{ GENOPS_RATE_REASONING, "output_cost_per_reasoning_token", "" },
	{ GENOPS_RATE_BATCH_INPUT, "input_cost_per_token", "_batches" },
	{ GENOPS_RATE_BATCH_OUTPUT, "output_cost_per_token", "_batches" },
	{ GENOPS_RATE_BATCH_CACHE_READ, "cache_read_input_token_cost", "_batches" },
};

static const struct
{
	GenopsRate rate;
	const char *name;
	const char *more; /* behind the threshold */
} prices_above[] = {
	{ GENOPS_RATE_INPUT_ABOVE, "input_cost_per_token_above_", "" },
	{ GENOPS_RATE_OUTPUT_ABOVE, "output_cost_per_token_above_", "" },
	{ GENOPS_RATE_CACHE_READ_ABOVE, "cache_read_input_token_cost_above_", "" },
	{ GENOPS_RATE_CACHE_WRITE_ABOVE, "cache_creation_input_token_cost_above_", "" },
	{ GENOPS_RATE_CACHE_WRITE_1H_ABOVE, "cache_creation_input_token_cost_above_1hr_above_", "" },
};

static const int thresholds[] = { 32, 128, 200, 256, 272, 512 };

typedef struct Reading
{
	GenopsSlice source;
	GenopsPriceFileSee *see;
	void *context;
} Reading;

/* One row, with the texts of its numbers. */
typedef struct Entry
{
	GenopsPriceText text;
	char rates[GENOPS_RATE_COUNT][GENOPS_RATE_TEXT_SIZE];
	char threshold[16];
	size_t thresholds;
} Entry;

/* 10^-12 of a dollar for one token are a millionth of it for a million. */
static bool
set_rate(Entry *entry, GenopsJsonItem model, GenopsRate rate, const char *name)
{
	GenopsJsonItem item = genops_json_get(model, genops_slice(name));
	char buffer[64];
	GenopsSlice *column = &entry->text.column[GENOPS_COLUMN_RATES + rate];
	GenopsMoney price;

	if (item.kind == GENOPS_JSON_ABSENT || item.kind == GENOPS_JSON_NULL)
		return false;
	if (genops_reply_money(item, &price))
		*column = (GenopsSlice){ entry->rates[rate], genops_rate_print(price, entry->rates[rate]) };
	else
	{
		/* What is no price is refused with its text. */
		size_t length = item.kind == GENOPS_JSON_NUMBER
		                    ? item.holder->decimal(item.node, buffer, sizeof(buffer))
		                    : 0;

		snprintf(entry->rates[rate], GENOPS_RATE_TEXT_SIZE, "%.*s",
		         length > 0 && length < GENOPS_RATE_TEXT_SIZE ? (int) length : 3,
		         length > 0 ? buffer : "NaN");
		*column = genops_slice(entry->rates[rate]);
	}
	return true;
}

static void
set_rates(Entry *entry, GenopsJsonItem model, const char *tier)
{
	char name[96];

	for (size_t i = 0; i < sizeof(prices) / sizeof(prices[0]); i++)
	{
		snprintf(name, sizeof(name), "%s%s%s", prices[i].name, tier, prices[i].more);
		set_rate(entry, model, prices[i].rate, name);
	}
}

static void
set_rates_above(Entry *entry, GenopsJsonItem model, int thousands, const char *tier)
{
	char name[96];
	bool any = false;

	for (size_t i = 0; i < sizeof(prices_above) / sizeof(prices_above[0]); i++)
	{
		snprintf(name, sizeof(name), "%s%dk_tokens%s", prices_above[i].name, thousands, tier);
		any |= set_rate(entry, model, prices_above[i].rate, name);
	}
	if (!any)
		return;
	snprintf(entry->threshold, sizeof(entry->threshold), "%d000", thousands);
	entry->text.column[GENOPS_COLUMN_THRESHOLD] = genops_slice(entry->threshold);
	entry->text.column[GENOPS_COLUMN_THRESHOLD_RULE] = NAME("gt");
	entry->thresholds++;
}

static GenopsSlice
text_of(GenopsJsonItem model, const char *name)
{
	GenopsJsonItem item = genops_json_get(model, genops_slice(name));

	return item.kind == GENOPS_JSON_TEXT ? item.text : GENOPS_ABSENT;
}

/* "openai/gpt-4o" of the provider "openai" is "gpt-4o"; paths of others stay. */
static GenopsSlice
model_name(GenopsSlice key, GenopsSlice provider)
{
	if (key.length > provider.length + 1 && key.data[provider.length] == '/' &&
	    memcmp(key.data, provider.data, provider.length) == 0)
		return (GenopsSlice){ key.data + provider.length + 1, key.length - provider.length - 1 };
	return key;
}

/* LiteLLM's provider is one of its ways to call it, such as "vertex_ai-anthropic_models". */
static GenopsSlice
provider_name(GenopsSlice provider)
{
	static const char *const families[] = { "vertex_ai", "bedrock", "fireworks_ai" };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
	{
		size_t length = strlen(families[i]);

		if (provider.length > length && memcmp(provider.data, families[i], length) == 0 &&
		    strchr("-_", provider.data[length]) != NULL)
			return (GenopsSlice){ provider.data, length };
	}
	return provider;
}

/* Whether a word of the name is a tier of service: then the price is that tier's. */
static const char *
tier_in_name(GenopsSlice name)
{
	static const char *const tiers[] = { "flex", "priority", "batch", "fast" };
	static const char ends[] = "-:/@_";

	for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++)
	{
		size_t length = strlen(tiers[i]);

		/* "fast" is a part of models' names, but for what stands behind a colon or slash. */
		for (size_t at = 1; at + length <= name.length; at++)
		{
			char before = name.data[at - 1];
			char after = at + length < name.length ? name.data[at + length] : ':';
			const char *fronts = i == 3 ? ":/@" : ends;

			if (memcmp(name.data + at, tiers[i], length) == 0 && strchr(fronts, before) != NULL &&
			    strchr(ends, after) != NULL)
				return tiers[i];
		}
	}
	return NULL;
}

/* Only what is priced by the token. */
static bool
is_priced_by_token(GenopsSlice mode)
{
	static const char *const modes[] = { "chat", "completion", "responses", "embedding" };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
	{
		if (genops_slice_equal(mode, genops_slice(modes[i])))
			return true;
	}
	return mode.length == 0;
}

static void
hand_over(const Reading *reading, const Entry *entry, const char *refused)
{
	GenopsPriceRow row;
	GenopsError reason;
	bool good = refused == NULL && genops_price_text_read(&entry->text, &row, &reason);

	reading->see(reading->context, &(GenopsPriceFileRow){ 0, &entry->text, good ? &row : NULL,
	                                                      good      ? NULL
	                                                      : refused ? refused
	                                                                : reason.message });
}

static bool
has_price(const Entry *entry, GenopsRate rate)
{
	return entry->text.column[GENOPS_COLUMN_RATES + rate].length > 0;
}

static bool
is_zero(const Entry *entry, GenopsRate rate)
{
	return genops_slice_equal(entry->text.column[GENOPS_COLUMN_RATES + rate], NAME("0"));
}

static void
read_tier(const Reading *reading, GenopsSlice key, GenopsJsonItem model, const char *tier)
{
	Entry entry = { .thresholds = 0 };
	GenopsSlice provider = text_of(model, "litellm_provider");
	GenopsSlice *column = entry.text.column;
	char suffix[24] = "";
	const char *refused = NULL;

	if (tier != NULL)
		snprintf(suffix, sizeof(suffix), "_%s", tier);
	column[GENOPS_COLUMN_MODEL] = model_name(key, provider);
	column[GENOPS_COLUMN_PROVIDER] = provider_name(provider);
	column[GENOPS_COLUMN_MODEL] =
	    model_name(column[GENOPS_COLUMN_MODEL], column[GENOPS_COLUMN_PROVIDER]);
	column[GENOPS_COLUMN_MODE] = text_of(model, "mode");
	column[GENOPS_COLUMN_SERVICE_TIER] = genops_slice(tier);
	column[GENOPS_COLUMN_DEPRECATED_FROM] = text_of(model, "deprecation_date");
	column[GENOPS_COLUMN_SOURCE] = reading->source;
	set_rates(&entry, model, suffix);
	if (!has_price(&entry, GENOPS_RATE_INPUT))
		return;
	for (size_t i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++)
		set_rates_above(&entry, model, thresholds[i], suffix);

	if (tier_in_name(column[GENOPS_COLUMN_MODEL]) != NULL)
		refused = "the name says a tier of service, so that the price would be taken for all";
	else if (entry.thresholds > 1)
		refused = "it has more than one threshold";
	else if (is_zero(&entry, GENOPS_RATE_INPUT) &&
	         (!has_price(&entry, GENOPS_RATE_OUTPUT) || is_zero(&entry, GENOPS_RATE_OUTPUT)))
		refused = "a price of zero mostly means that it is not known; add a row of your own if it "
		          "is meant";
	hand_over(reading, &entry, refused);
}

static bool
see_model(void *context, GenopsSlice key, GenopsJsonItem model)
{
	const Reading *reading = context;

	if (model.kind != GENOPS_JSON_OBJECT || genops_slice_equal(key, NAME("sample_spec")) ||
	    !is_priced_by_token(text_of(model, "mode")) ||
	    !genops_slice_present(text_of(model, "litellm_provider")))
		return true;
	read_tier(reading, key, model, NULL);
	read_tier(reading, key, model, "flex");
	read_tier(reading, key, model, "priority");
	return true;
}

bool
genops_price_file_is_json(GenopsSlice text)
{
	while (text.length > 0 && strchr(" \t\r\n", text.data[0]) != NULL)
		text = (GenopsSlice){ text.data + 1, text.length - 1 };
	return text.length > 0 && text.data[0] == '{';
}

bool
genops_price_litellm_read(GenopsSlice json, GenopsSlice source, GenopsPriceFileSee *see,
                          void *context, GenopsError *error)
{
	Reading reading = { source, see, context };
	cJSON *parsed = genops_json_parse(json, MAX_DEPTH, MAX_VALUES, "the file of prices", error);

	if (parsed == NULL)
		return false;
	genops_json_each(genops_json_of_cjson(parsed), see_model, &reading);
	cJSON_Delete(parsed);
	return true;
}
