/* SPDX-License-Identifier: PostgreSQL */
#include "core/govern/price_text.h"

#include "core/base/money.h"

static const char *const names[GENOPS_COLUMN_RATES] = {
	[GENOPS_COLUMN_PROVIDER] = "provider",
	[GENOPS_COLUMN_MODEL] = "model",
	[GENOPS_COLUMN_MODE] = "mode",
	[GENOPS_COLUMN_CURRENCY] = "currency",
	[GENOPS_COLUMN_VALID_FROM] = "valid_from",
	[GENOPS_COLUMN_VALID_FROM_KIND] = "valid_from_kind",
	[GENOPS_COLUMN_VALID_TO] = "valid_to",
	[GENOPS_COLUMN_SERVICE_TIER] = "service_tier",
	[GENOPS_COLUMN_UTC_WINDOW] = "utc_window",
	[GENOPS_COLUMN_UTC_DAYS] = "utc_days",
	[GENOPS_COLUMN_THRESHOLD] = "threshold",
	[GENOPS_COLUMN_THRESHOLD_RULE] = "threshold_rule",
	[GENOPS_COLUMN_MULTIPLIER] = "multiplier",
	[GENOPS_COLUMN_REGION] = "region",
	[GENOPS_COLUMN_DEPRECATED_FROM] = "deprecated_from",
	[GENOPS_COLUMN_UNPRICED_EXTRAS] = "unpriced_extras",
	[GENOPS_COLUMN_SOURCE] = "source",
	[GENOPS_COLUMN_AS_OF] = "as_of",
	[GENOPS_COLUMN_NOTE] = "note",
};

const char *
genops_price_column_name(GenopsPriceColumn column)
{
	return column < GENOPS_COLUMN_RATES
	           ? names[column]
	           : genops_rate_name((GenopsRate) (column - GENOPS_COLUMN_RATES));
}

GenopsPriceColumn
genops_price_column(GenopsSlice name)
{
	int column = 0;

	while (column < GENOPS_COLUMN_COUNT &&
	       !genops_slice_equal(name,
	                           genops_slice(genops_price_column_name((GenopsPriceColumn) column))))
		column++;
	return (GenopsPriceColumn) column;
}

static bool
refuse(GenopsError *error, GenopsPriceColumn column, const char *expected)
{
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "%s must be %s",
	                        genops_price_column_name(column), expected);
}

static bool
read_time(const GenopsPriceText *text, GenopsPriceColumn column, int64_t *time, GenopsError *error)
{
	GenopsSlice rest = text->column[column];
	GenopsSlice day = { rest.data, rest.length < 10 ? rest.length : 10 };
	int clock[3] = { 0, 0, 0 };
	bool valid;

	if (rest.length == 0)
		return true;
	valid = genops_price_day_read(day, time);
	if (valid && rest.length > 10)
	{
		valid = rest.length == 20 && rest.data[10] == 'T' && rest.data[19] == 'Z';
		for (int i = 0; valid && i < 3; i++)
		{
			const char *digits = rest.data + 11 + 3 * i;

			valid = digits[0] >= '0' && digits[0] <= '9' && digits[1] >= '0' && digits[1] <= '9' &&
			        (i == 2 || digits[2] == ':');
			clock[i] = (digits[0] - '0') * 10 + (digits[1] - '0');
		}
		valid = valid && clock[0] < 24 && clock[1] < 60 && clock[2] < 60;
		*time += ((INT64_C(60) * clock[0] + clock[1]) * 60 + clock[2]) * 1000000;
	}
	return valid || refuse(error, column, "a day, like 2026-11-20, or 2026-11-20T12:00:00Z");
}

static bool
read_rates(const GenopsPriceText *text, GenopsPriceRow *row, GenopsError *error)
{
	for (int i = 0; i < GENOPS_RATE_COUNT; i++)
	{
		GenopsSlice rate = text->column[GENOPS_COLUMN_RATES + i];
		GenopsError reason;

		if (rate.length == 0)
			continue;
		if (!genops_rate_parse(rate, &row->rate[i], &reason))
			return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "%s: %s",
			                        genops_rate_name((GenopsRate) i), reason.message);
		row->known |= 1u << i;
	}
	return true;
}

static bool
read_threshold(const GenopsPriceText *text, GenopsPriceRow *row, GenopsError *error)
{
	GenopsSlice threshold = text->column[GENOPS_COLUMN_THRESHOLD];
	GenopsSlice rule = text->column[GENOPS_COLUMN_THRESHOLD_RULE];
	int64_t tokens = 0;

	if (threshold.length == 0)
		return rule.length == 0 ||
		       refuse(error, GENOPS_COLUMN_THRESHOLD, "given where threshold_rule is");
	for (size_t i = 0; i < threshold.length && tokens <= GENOPS_TOKENS_MAX; i++)
	{
		if (threshold.data[i] < '0' || threshold.data[i] > '9')
			return refuse(error, GENOPS_COLUMN_THRESHOLD, "a number of tokens");
		tokens = tokens * 10 + (threshold.data[i] - '0');
	}
	if (tokens > GENOPS_TOKENS_MAX)
		return refuse(error, GENOPS_COLUMN_THRESHOLD, "a number of tokens");
	row->threshold = tokens;
	row->threshold_included = genops_slice_equal(rule, GENOPS_LITERAL("ge"));
	return rule.length == 0 || row->threshold_included ||
	       genops_slice_equal(rule, GENOPS_LITERAL("gt")) ||
	       refuse(error, GENOPS_COLUMN_THRESHOLD_RULE, "gt or ge");
}

static bool
read_multiplier(const GenopsPriceText *text, GenopsPriceRow *row, GenopsError *error)
{
	GenopsSlice multiplier = text->column[GENOPS_COLUMN_MULTIPLIER];
	GenopsError reason;

	return multiplier.length == 0 || genops_money_parse(multiplier, &row->multiplier, &reason) ||
	       refuse(error, GENOPS_COLUMN_MULTIPLIER, "a positive number");
}

bool
genops_price_text_read(const GenopsPriceText *text, GenopsPriceRow *row, GenopsError *error)
{
	*row = genops_price_row();
	row->provider = text->column[GENOPS_COLUMN_PROVIDER];
	row->model = text->column[GENOPS_COLUMN_MODEL];
	row->service_tier = text->column[GENOPS_COLUMN_SERVICE_TIER];
	row->region = text->column[GENOPS_COLUMN_REGION];
	if (text->column[GENOPS_COLUMN_CURRENCY].length > 0)
		row->currency = text->column[GENOPS_COLUMN_CURRENCY];
	if (!read_time(text, GENOPS_COLUMN_VALID_FROM, &row->valid_from, error) ||
	    !read_time(text, GENOPS_COLUMN_VALID_TO, &row->valid_to, error) ||
	    !genops_price_window_read(text->column[GENOPS_COLUMN_UTC_WINDOW],
	                              text->column[GENOPS_COLUMN_UTC_DAYS], row, error) ||
	    !read_threshold(text, row, error) || !read_multiplier(text, row, error) ||
	    !read_rates(text, row, error) || !genops_price_row_check(row, error))
		return false;
	row->id = genops_price_id(row);
	return true;
}
