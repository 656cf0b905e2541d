/* SPDX-License-Identifier: PostgreSQL */
/*
 * Prices: the rows of a price list, the book in which they are found, and what a call costs.
 *
 * A rate is an integer of 10^-12 of the currency's unit for one token, so that tokens times
 * rate is money.  Nothing here is compiled in: whoever has a list fills a book from it.
 */
#ifndef GENOPS_CORE_GOVERN_PRICE_H
#define GENOPS_CORE_GOVERN_PRICE_H

#include "core/base/error.h"
#include "core/govern/reply.h"

/* What a row may price.  ABOVE: of a call whose input reaches the row's threshold; BATCH: of
 * one that was handed in as a batch. */
typedef enum GenopsRate
{
	GENOPS_RATE_INPUT,
	GENOPS_RATE_OUTPUT,
	GENOPS_RATE_CACHE_READ,
	GENOPS_RATE_CACHE_WRITE,
	GENOPS_RATE_CACHE_WRITE_1H,
	GENOPS_RATE_CACHE_WRITE_12H,
	GENOPS_RATE_REASONING,
	GENOPS_RATE_INPUT_ABOVE,
	GENOPS_RATE_OUTPUT_ABOVE,
	GENOPS_RATE_CACHE_READ_ABOVE,
	GENOPS_RATE_CACHE_WRITE_ABOVE,
	GENOPS_RATE_CACHE_WRITE_1H_ABOVE,
	GENOPS_RATE_BATCH_INPUT,
	GENOPS_RATE_BATCH_OUTPUT,
	GENOPS_RATE_BATCH_CACHE_READ,
	GENOPS_RATE_BATCH_CACHE_WRITE,
	GENOPS_RATE_BATCH_CACHE_WRITE_1H,
	GENOPS_RATE_COUNT,

	/* What a call is priced with. */
	GENOPS_RATE_EFFECTIVE_COUNT = GENOPS_RATE_REASONING + 1
} GenopsRate;

/* The name of a rate's column: "input", "cache_write_1h_above". */
extern const char *genops_rate_name(GenopsRate rate);

/* The higher one wins, whatever the dates. */
typedef enum GenopsPriceOrigin
{
	GENOPS_PRICE_SHIPPED,
	GENOPS_PRICE_LOADED,
	GENOPS_PRICE_USER
} GenopsPriceOrigin;

#define GENOPS_PRICE_ALWAYS INT64_MIN /* valid since ever */
#define GENOPS_PRICE_FOREVER INT64_MAX
#define GENOPS_NO_THRESHOLD (-1)
#define GENOPS_EVERY_DAY 0x7F
#define GENOPS_NO_MULTIPLIER GENOPS_MONEY_UNIT

/* No token costs more: a hundred thousand units a million of them. */
#define GENOPS_RATE_MAX INT64_C(100000000000)

typedef struct GenopsPriceRow
{
	GenopsSlice provider;
	GenopsSlice model;        /* exact, or "*": whatever model of the provider has no row */
	GenopsSlice service_tier; /* absent or empty: standard */
	GenopsSlice region;       /* absent or empty: any */
	GenopsSlice currency;     /* three letters */
	int64_t valid_from;       /* microseconds since 1970, or GENOPS_PRICE_ALWAYS */
	int64_t valid_to;         /* excluded, or GENOPS_PRICE_FOREVER */
	int window_start;         /* minutes of the day in UTC; -1: the whole day */
	int window_end;           /* excluded; before the start: over midnight */
	unsigned days;            /* bit 0: Monday; of a window over midnight, the day it begins */
	int64_t threshold;        /* tokens of input, or GENOPS_NO_THRESHOLD */
	bool threshold_included;  /* reached by as many, not only by more */
	int64_t multiplier;       /* of all rates, in 10^-12 */
	GenopsPriceOrigin origin;
	int64_t id;
	uint32_t known; /* bit 1 << GenopsRate */
	int64_t rate[GENOPS_RATE_COUNT];
} GenopsPriceRow;

extern GenopsPriceRow genops_price_row(void);

/* 63 bits that are the same for the same key and rates, in every database and for ever. */
extern int64_t genops_price_id(const GenopsPriceRow *row);

/* "01:00-04:00" and "Mon-Fri" or "Sat,Sun"; absent or empty: always. */
extern bool genops_price_window_read(GenopsSlice window, GenopsSlice days, GenopsPriceRow *row,
                                     GenopsError *error);

/* "2026-11-20", as the microseconds at which it begins in UTC. */
extern bool genops_price_day_read(GenopsSlice text, int64_t *microseconds);

/* Checks what the fields mean together. */
extern bool genops_price_row_check(const GenopsPriceRow *row, GenopsError *error);

/* A rate as the price of a million tokens, without zeros at its end; the length. */
#define GENOPS_RATE_TEXT_SIZE 32
extern size_t genops_rate_print(int64_t rate, char text[GENOPS_RATE_TEXT_SIZE]);

/*
 * The book.  All of its memory is its own, from malloc.
 */
typedef struct GenopsPriceBook GenopsPriceBook;

extern GenopsPriceBook *genops_price_book_create(void);
extern void genops_price_book_free(GenopsPriceBook *book);

/* Each copies what it takes.  False when there is no memory, or more than 65,000 different
 * providers, tiers and regions. */
extern bool genops_price_book_add(GenopsPriceBook *book, const GenopsPriceRow *row);

/* Another name of a model; with the model absent, of the provider. */
extern bool genops_price_book_add_alias(GenopsPriceBook *book, GenopsSlice provider,
                                        GenopsSlice alias, GenopsSlice model);

/* Gives back the room that was taken for more. */
extern void genops_price_book_trim(GenopsPriceBook *book);

extern size_t genops_price_book_rows(const GenopsPriceBook *book);
extern size_t genops_price_book_bytes(const GenopsPriceBook *book);

typedef enum GenopsPriceMatch
{
	GENOPS_MATCH_NONE,
	GENOPS_MATCH_EXACT,
	GENOPS_MATCH_ALIAS,
	GENOPS_MATCH_PREFIX,     /* without the provider or region in front */
	GENOPS_MATCH_SUFFIX,     /* without the date or version at the end */
	GENOPS_MATCH_FINE_TUNED, /* ft:base of ft:base:organisation::id */
	GENOPS_MATCH_ANY         /* the provider's row for any model */
} GenopsPriceMatch;

extern const char *genops_price_match_name(GenopsPriceMatch match);

typedef struct GenopsPriceQuestion
{
	GenopsSlice provider;
	GenopsSlice model;
	GenopsSlice service_tier; /* as anybody calls it; absent: standard */
	GenopsSlice region;
	int64_t at;           /* microseconds since 1970 */
	int64_t input_tokens; /* or GENOPS_UNKNOWN_TOKENS: below any threshold */
} GenopsPriceQuestion;

typedef struct GenopsRates
{
	uint32_t known;
	int64_t rate[GENOPS_RATE_EFFECTIVE_COUNT];
} GenopsRates;

typedef enum GenopsPriceResult
{
	GENOPS_PRICE_FOUND,
	GENOPS_PRICE_UNKNOWN_MODEL,
	GENOPS_PRICE_UNKNOWN_TIER, /* the model has a price, but not of that tier */
	GENOPS_PRICE_NOT_YET       /* the model has prices, but none at that time */
} GenopsPriceResult;

/* Texts are the book's. */
typedef struct GenopsPriceAnswer
{
	GenopsPriceMatch match;
	bool moving; /* the name asked for, or priced by, means another model some day */
	bool above;  /* the threshold is reached */
	bool batch;  /* by the row's rates for batches */
	int64_t id;
	GenopsSlice provider;
	GenopsSlice model;
	GenopsSlice currency;
	int64_t valid_from;
	int64_t threshold;
	int window_start;
	int window_end;
	GenopsPriceOrigin origin;
	GenopsRates rates;
} GenopsPriceAnswer;

extern GenopsPriceResult genops_price_find(const GenopsPriceBook *book,
                                           const GenopsPriceQuestion *question,
                                           GenopsPriceAnswer *answer);

/* What standard is called by anybody becomes an absent text, another tier lower case.  The
 * buffer holds the result. */
#define GENOPS_TIER_SIZE 32
extern GenopsSlice genops_service_tier(GenopsSlice text, char buffer[GENOPS_TIER_SIZE]);

/* Whether a name is one that means another model some day: "gpt-latest", "~openai/gpt". */
extern bool genops_price_is_moving(GenopsSlice model);

/*
 * Names of a model, from the one that is asked for to less and less of it.  Never a mere
 * beginning of a name.
 */
#define GENOPS_NAME_FORMS 16
typedef struct GenopsNameForm
{
	GenopsSlice name;
	GenopsPriceMatch match;
} GenopsNameForm;

/* Whether a text in front of a "/" is the provider's own name. */
typedef bool GenopsIsProvider(void *context, GenopsSlice text);

/* How many there are, of which the first is the name itself.  They borrow it. */
extern size_t genops_price_name_forms(GenopsSlice model, GenopsIsProvider *is_provider,
                                      void *context, GenopsNameForm forms[GENOPS_NAME_FORMS]);

#endif
