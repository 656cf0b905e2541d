/* SPDX-License-Identifier: PostgreSQL */
#include <stdio.h>

#include "core/govern/price.h"

#define DAY_US INT64_C(86400000000)

static const char *const rate_names[GENOPS_RATE_COUNT] = {
	[GENOPS_RATE_INPUT] = "input",
	[GENOPS_RATE_OUTPUT] = "output",
	[GENOPS_RATE_CACHE_READ] = "cache_read",
	[GENOPS_RATE_CACHE_WRITE] = "cache_write",
	[GENOPS_RATE_CACHE_WRITE_1H] = "cache_write_1h",
	[GENOPS_RATE_CACHE_WRITE_12H] = "cache_write_12h",
	[GENOPS_RATE_REASONING] = "reasoning",
	[GENOPS_RATE_INPUT_ABOVE] = "input_above",
	[GENOPS_RATE_OUTPUT_ABOVE] = "output_above",
	[GENOPS_RATE_CACHE_READ_ABOVE] = "cache_read_above",
	[GENOPS_RATE_CACHE_WRITE_ABOVE] = "cache_write_above",
	[GENOPS_RATE_CACHE_WRITE_1H_ABOVE] = "cache_write_1h_above",
	[GENOPS_RATE_BATCH_INPUT] = "batch_input",
	[GENOPS_RATE_BATCH_OUTPUT] = "batch_output",
	[GENOPS_RATE_BATCH_CACHE_READ] = "batch_cache_read",
	[GENOPS_RATE_BATCH_CACHE_WRITE] = "batch_cache_write",
	[GENOPS_RATE_BATCH_CACHE_WRITE_1H] = "batch_cache_write_1h",
};

const char *
genops_rate_name(GenopsRate rate)
{
	return rate_names[rate];
}

GenopsPriceRow
genops_price_row(void)
{
	return (GenopsPriceRow){ .currency = GENOPS_LITERAL("USD"),
		                     .valid_from = GENOPS_PRICE_ALWAYS,
		                     .valid_to = GENOPS_PRICE_FOREVER,
		                     .window_start = -1,
		                     .window_end = -1,
		                     .days = GENOPS_EVERY_DAY,
		                     .threshold = GENOPS_NO_THRESHOLD,
		                     .multiplier = GENOPS_NO_MULTIPLIER };
}

/*
 * The id: FNV-1a over the fields, each with its length, so that no two rows run together,
 * and a last mix.  Never to be changed: ledgers name rows by it.
 */
static void
hash_bytes(uint64_t *hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++)
		*hash = (*hash ^ at[i]) * UINT64_C(0x100000001B3);
}

static void
hash_number(uint64_t *hash, int64_t number)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char) ((uint64_t) number >> (8 * i));
	hash_bytes(hash, bytes, sizeof(bytes));
}

static void
hash_text(uint64_t *hash, GenopsSlice text)
{
	hash_number(hash, (int64_t) text.length);
	hash_bytes(hash, text.data, text.length);
}

static uint64_t
mixed(uint64_t hash)
{
	hash = (hash ^ hash >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94D049BB133111EB);
	return hash ^ hash >> 31;
}

int64_t
genops_price_id(const GenopsPriceRow *row)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);

	hash_text(&hash, row->provider);
	hash_text(&hash, row->model);
	hash_text(&hash, row->service_tier);
	hash_text(&hash, row->region);
	hash_text(&hash, row->currency);
	hash_number(&hash, row->valid_from);
	hash_number(&hash, row->window_start);
	hash_number(&hash, row->window_end);
	hash_number(&hash, row->days);
	hash_number(&hash, row->threshold);
	hash_number(&hash, row->threshold_included);
	hash_number(&hash, row->multiplier);
	for (int i = 0; i < GENOPS_RATE_COUNT; i++)
	{
		if ((row->known & 1u << i) == 0)
			continue;
		hash_number(&hash, i);
		hash_number(&hash, row->rate[i]);
	}
	return (int64_t) (mixed(hash) >> 1);
}

/*
 * Times.
 */
static bool
take_number(GenopsSlice *text, size_t digits, int *number)
{
	*number = 0;
	if (text->length < digits)
		return false;
	for (size_t i = 0; i < digits; i++)
	{
		if (text->data[i] < '0' || text->data[i] > '9')
			return false;
		*number = *number * 10 + (text->data[i] - '0');
	}
	text->data += digits;
	text->length -= digits;
	return true;
}

static bool
take_character(GenopsSlice *text, char c)
{
	if (text->length == 0 || text->data[0] != c)
		return false;
	text->data++;
	text->length--;
	return true;
}

static bool
take_minutes(GenopsSlice *text, int *minutes)
{
	int hour;
	int minute;

	if (!take_number(text, 2, &hour) || !take_character(text, ':') ||
	    !take_number(text, 2, &minute) || minute > 59 || hour * 60 + minute > 24 * 60)
		return false;
	*minutes = hour * 60 + minute;
	return true;
}

static bool
take_weekday(GenopsSlice *text, int *day)
{
	static const char *const names[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

	for (*day = 0; *day < 7; ++*day)
	{
		if (text->length >= 3 && memcmp(text->data, names[*day], 3) == 0)
		{
			text->data += 3;
			text->length -= 3;
			return true;
		}
	}
	return false;
}

/* "Mon-Fri,Sun"; a range may go over Sunday. */
static bool
read_days(GenopsSlice text, unsigned *days)
{
	*days = 0;
	do
	{
		int first;
		int last;

		if (!take_weekday(&text, &first))
			return false;
		last = first;
		if (take_character(&text, '-') && !take_weekday(&text, &last))
			return false;
		for (int day = first;; day = (day + 1) % 7)
		{
			*days |= 1u << day;
			if (day == last)
				break;
		}
	} while (take_character(&text, ','));
	return text.length == 0;
}

bool
genops_price_window_read(GenopsSlice window, GenopsSlice days, GenopsPriceRow *row,
                         GenopsError *error)
{
	if (window.length > 0 &&
	    (!take_minutes(&window, &row->window_start) || !take_character(&window, '-') ||
	     !take_minutes(&window, &row->window_end) || window.length > 0 ||
	     row->window_start == row->window_end || row->window_start == 24 * 60))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "utc_window must be two times of the day, like 01:00-04:00");
	if (days.length > 0 && !read_days(days, &row->days))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "utc_days must be days of the week, like Mon-Fri or Sat,Sun");
	/* A row of some days is one with a window. */
	if (row->days != GENOPS_EVERY_DAY && row->window_start < 0)
	{
		row->window_start = 0;
		row->window_end = 24 * 60;
	}
	return true;
}

bool
genops_price_day_read(GenopsSlice text, int64_t *microseconds)
{
	static const int lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year;
	int month;
	int day;
	int64_t era_days;
	int shifted;

	if (!take_number(&text, 4, &year) || !take_character(&text, '-') ||
	    !take_number(&text, 2, &month) || !take_character(&text, '-') ||
	    !take_number(&text, 2, &day) || text.length > 0 || month < 1 || month > 12 || day < 1 ||
	    day > lengths[month - 1])
		return false;
	if (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return false;

	/* Days before the year, counted from March on, so that a leap day comes last. */
	shifted = month <= 2 ? year - 1 : year;
	era_days = INT64_C(365) * shifted + shifted / 4 - shifted / 100 + shifted / 400 +
	           (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	*microseconds = (era_days - INT64_C(719468)) * DAY_US;
	return true;
}

/*
 * Whether it can be meant.
 */
static bool
refuse(GenopsError *error, const char *message)
{
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "%s", message);
}

static bool
is_currency(GenopsSlice text)
{
	bool valid = text.length == 3;

	for (size_t i = 0; i < text.length; i++)
		valid = valid && text.data[i] >= 'A' && text.data[i] <= 'Z';
	return valid;
}

static bool
knows(const GenopsPriceRow *row, GenopsRate first, GenopsRate last)
{
	for (int i = first; i <= (int) last; i++)
	{
		if (row->known & 1u << i)
			return true;
	}
	return false;
}

bool
genops_price_row_check(const GenopsPriceRow *row, GenopsError *error)
{
	if (row->provider.length == 0 || row->model.length == 0)
		return refuse(error, "a price needs a provider and a model");
	if (row->provider.length > GENOPS_REPLY_NAME_MAX || row->model.length > GENOPS_REPLY_NAME_MAX)
		return refuse(error, "the name of a provider or model is too long");
	if (!is_currency(row->currency))
		return refuse(error, "currency must be a code of three letters, like USD");
	if ((row->known & 1u << GENOPS_RATE_INPUT) == 0)
		return refuse(error, "a price needs the rate \"input\"");
	for (int i = 0; i < GENOPS_RATE_COUNT; i++)
	{
		if ((row->known & 1u << i) && (row->rate[i] < 0 || row->rate[i] > GENOPS_RATE_MAX))
			return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
			                        "%s must be from 0 to 100,000 for a million tokens",
			                        rate_names[i]);
	}
	if (row->multiplier <= 0 || row->multiplier > 1000 * GENOPS_MONEY_UNIT)
		return refuse(error, "multiplier must be above 0, and at most 1000");
	if (row->valid_from >= row->valid_to)
		return refuse(error, "valid_to must be after valid_from");
	if (row->threshold == 0 || row->threshold < GENOPS_NO_THRESHOLD)
		return refuse(error, "threshold must be a number of tokens");
	if (row->threshold == GENOPS_NO_THRESHOLD &&
	    knows(row, GENOPS_RATE_INPUT_ABOVE, GENOPS_RATE_CACHE_WRITE_1H_ABOVE))
		return refuse(error, "rates above a threshold need the threshold");
	if ((row->known & 1u << GENOPS_RATE_BATCH_INPUT) == 0 &&
	    knows(row, GENOPS_RATE_BATCH_OUTPUT, GENOPS_RATE_BATCH_CACHE_WRITE_1H))
		return refuse(error, "rates of batches need \"batch_input\"");
	return true;
}

size_t
genops_rate_print(int64_t rate, char text[GENOPS_RATE_TEXT_SIZE])
{
	int length = snprintf(text, GENOPS_RATE_TEXT_SIZE, "%lld.%06lld", (long long) (rate / 1000000),
	                      (long long) (rate % 1000000));

	while (text[length - 1] == '0')
		length--;
	if (text[length - 1] == '.')
		length--;
	text[length] = '\0';
	return (size_t) length;
}
