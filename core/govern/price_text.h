/* SPDX-License-Identifier: PostgreSQL */
/*
 * A row of a price list as text, column by column: how files have it, and how a table
 * shows it.
 */
#ifndef GENOPS_CORE_GOVERN_PRICE_TEXT_H
#define GENOPS_CORE_GOVERN_PRICE_TEXT_H

#include "core/govern/price.h"

typedef enum GenopsPriceColumn
{
	GENOPS_COLUMN_PROVIDER,
	GENOPS_COLUMN_MODEL,
	GENOPS_COLUMN_MODE,
	GENOPS_COLUMN_CURRENCY,
	GENOPS_COLUMN_VALID_FROM,
	GENOPS_COLUMN_VALID_FROM_KIND,
	GENOPS_COLUMN_VALID_TO,
	GENOPS_COLUMN_SERVICE_TIER,
	GENOPS_COLUMN_UTC_WINDOW,
	GENOPS_COLUMN_UTC_DAYS,
	GENOPS_COLUMN_THRESHOLD,
	GENOPS_COLUMN_THRESHOLD_RULE,
	GENOPS_COLUMN_MULTIPLIER,
	GENOPS_COLUMN_REGION,
	GENOPS_COLUMN_DEPRECATED_FROM,
	GENOPS_COLUMN_UNPRICED_EXTRAS,
	GENOPS_COLUMN_SOURCE,
	GENOPS_COLUMN_AS_OF,
	GENOPS_COLUMN_NOTE,
	GENOPS_COLUMN_RATES, /* the rates follow, in their order */
	GENOPS_COLUMN_COUNT = GENOPS_COLUMN_RATES + GENOPS_RATE_COUNT
} GenopsPriceColumn;

/* Empty and absent are the same: not said. */
typedef struct GenopsPriceText
{
	GenopsSlice column[GENOPS_COLUMN_COUNT];
} GenopsPriceText;

extern const char *genops_price_column_name(GenopsPriceColumn column);

/* GENOPS_COLUMN_COUNT if there is none of that name. */
extern GenopsPriceColumn genops_price_column(GenopsSlice name);

/* Times are days ("2026-11-20") or "2026-11-20T12:00:00Z".  The row borrows the text; its id
 * is set. */
extern bool genops_price_text_read(const GenopsPriceText *text, GenopsPriceRow *row,
                                   GenopsError *error);

/*
 * Files of prices.
 *
 * A row that can't be meant is handed over with the reason, and the others go on.
 */
typedef struct GenopsPriceFileRow
{
	size_t line; /* of a CSV file, else 0 */
	const GenopsPriceText *text;
	const GenopsPriceRow *row; /* NULL: refused */
	const char *reason;
} GenopsPriceFileRow;

typedef void GenopsPriceFileSee(void *context, const GenopsPriceFileRow *row);

/* The project's own CSV, whose first line names columns, in any order; others are refused. */
extern bool genops_price_csv_read(GenopsSlice csv, GenopsPriceFileSee *see, void *context,
                                  GenopsError *error);

/* LiteLLM's model_prices_and_context_window.json as it is published.  Prices of other things
 * than tokens are left out without a word; "source" and "as_of" go into each row. */
extern bool genops_price_litellm_read(GenopsSlice json, GenopsSlice source, GenopsPriceFileSee *see,
                                      void *context, GenopsError *error);

/* Whether a text is LiteLLM's file or CSV: it begins with a brace. */
extern bool genops_price_file_is_json(GenopsSlice text);

/* Aliases: the columns provider, alias and model, which is empty for another name of the
 * provider. */
typedef bool GenopsPriceAliasSee(void *context, GenopsSlice provider, GenopsSlice alias,
                                 GenopsSlice model);
extern bool genops_price_aliases_read(GenopsSlice csv, GenopsPriceAliasSee *see, void *context,
                                      GenopsError *error);

#endif
