/* SPDX-License-Identifier: PostgreSQL */
/*
 * The price list that is shipped, as a book, for tests and benchmarks.
 */
#ifndef GENOPS_TEST_CORE_PRICE_DATA_H
#define GENOPS_TEST_CORE_PRICE_DATA_H

#include <stdlib.h>

#include "core/govern/price_text.h"
#include "test/core/govern_data.h"

static inline void
add_shipped_row(void *context, const GenopsPriceFileRow *row)
{
	if (row->row == NULL)
		fail_msg("data/prices.csv, line %zu: %s", row->line, row->reason);
	assert_true(genops_price_book_add(context, row->row));
}

static inline bool
add_shipped_alias(void *context, GenopsSlice provider, GenopsSlice alias, GenopsSlice model)
{
	return genops_price_book_add_alias(context, provider, alias, model);
}

/* The caller's to free. */
static inline GenopsPriceBook *
shipped_book(void)
{
	GenopsPriceBook *book = genops_price_book_create();
	GenopsSlice prices = read_data("data/prices.csv");
	GenopsSlice aliases = read_data("data/price_aliases.csv");
	GenopsError error;

	if (!genops_price_csv_read(prices, add_shipped_row, book, &error) ||
	    !genops_price_aliases_read(aliases, add_shipped_alias, book, &error))
		fail_msg("%s", error.message);
	genops_price_book_trim(book);
	free((char *) prices.data);
	free((char *) aliases.data);
	return book;
}

/* "2026-11-28T12:00:00Z" in microseconds. */
static inline int64_t
time_of(const char *text)
{
	int64_t day;
	int hour = 0;
	int minute = 0;
	int second = 0;

	if (!genops_price_day_read((GenopsSlice){ text, 10 }, &day) ||
	    sscanf(text + 10, "T%d:%d:%dZ", &hour, &minute, &second) != 3)
		fail_msg("\"%s\" is no time", text);
	return day + ((INT64_C(60) * hour + minute) * 60 + second) * 1000000;
}

/* "deepseek/deepseek-v4-pro from 2026-08-17 01:00-04:00 UTC" */
static inline void
price_label(const GenopsPriceAnswer *price, char *label, size_t size)
{
	int length = snprintf(label, size, "%.*s/%.*s", (int) price->provider.length,
	                      price->provider.data, (int) price->model.length, price->model.data);

	for (int64_t day = 0; price->valid_from != GENOPS_PRICE_ALWAYS && day < 36500; day++)
	{
		char text[16];
		int64_t begins = 0;

		/* The day whose beginning it is, found by trying. */
		snprintf(text, sizeof(text), "%04d-%02d-%02d", (int) (2020 + day / 372),
		         (int) (day / 31 % 12 + 1), (int) (day % 31 + 1));
		if (genops_price_day_read(genops_slice(text), &begins) && begins == price->valid_from)
		{
			length += snprintf(label + length, size - (size_t) length, " from %s", text);
			break;
		}
	}
	if (price->window_start >= 0)
		snprintf(label + length, size - (size_t) length, " %02d:%02d-%02d:%02d UTC",
		         price->window_start / 60, price->window_start % 60, price->window_end / 60,
		         price->window_end % 60);
}

#endif
