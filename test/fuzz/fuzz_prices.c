/* SPDX-License-Identifier: PostgreSQL */
/*
 * A file of prices, and questions to the book that it makes: CSV, LiteLLM's JSON, or aliases.
 */
#include <stdlib.h>

#include "core/govern/cost.h"
#include "core/govern/price_text.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Book
{
	GenopsPriceBook *book;
	GenopsPriceQuestion question;
	char provider[GENOPS_REPLY_NAME_MAX];
	char model[GENOPS_REPLY_NAME_MAX];
} Book;

static GenopsSlice
copy(char *place, GenopsSlice text)
{
	size_t length = text.length < GENOPS_REPLY_NAME_MAX ? text.length : GENOPS_REPLY_NAME_MAX;

	memcpy(place, text.data ? text.data : "", length);
	return (GenopsSlice){ place, length };
}

static void
see(void *context, const GenopsPriceFileRow *row)
{
	Book *book = context;

	if ((row->row == NULL) == (row->reason == NULL))
		abort();
	if (row->row == NULL)
		return;
	if (!genops_price_book_add(book->book, row->row))
		abort();
	book->question.provider = copy(book->provider, row->row->provider);
	book->question.model = copy(book->model, row->row->model);
	book->question.service_tier = GENOPS_LITERAL("batch");
	book->question.at = row->row->valid_from == GENOPS_PRICE_ALWAYS ? 0 : row->row->valid_from;
}

static bool
see_alias(void *context, GenopsSlice provider, GenopsSlice alias, GenopsSlice model)
{
	Book *book = context;

	book->question.provider = copy(book->provider, provider);
	book->question.model = copy(book->model, alias);
	return genops_price_book_add_alias(book->book, provider, alias, model);
}

/* What has just been added is found, or not valid at its own beginning in some hours. */
static void
ask(Book *book)
{
	GenopsUsage usage = { 1000000, 1000000, 1000, 1000, 10, 10, 1000 };
	GenopsPriceAnswer answer;
	GenopsCost cost;

	for (book->question.input_tokens = -1; book->question.input_tokens < INT64_C(1) << 40;
	     book->question.input_tokens = book->question.input_tokens * 1000 + 2000)
	{
		if (genops_price_find(book->book, &book->question, &answer) != GENOPS_PRICE_FOUND ||
		    !genops_cost(&answer.rates, &usage, false, &cost))
			continue;
		if (cost.part[GENOPS_COST_TOTAL] !=
		        cost.part[GENOPS_COST_INPUT] + cost.part[GENOPS_COST_OUTPUT] +
		            cost.part[GENOPS_COST_CACHE_READ] + cost.part[GENOPS_COST_CACHE_WRITE] ||
		    cost.reasoning > cost.part[GENOPS_COST_OUTPUT])
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Book book;
	GenopsSlice text = { (const char *) data + 1, size - 1 };
	GenopsError error;

	if (size < 1)
		return 0;
	memset(&book, 0, sizeof(book));
	book.book = genops_price_book_create();
	if (data[0] % 3 == 0)
		(void) genops_price_csv_read(text, see, &book, &error);
	else if (data[0] % 3 == 1)
		(void) genops_price_litellm_read(text, GENOPS_LITERAL("fuzz"), see, &book, &error);
	else
		(void) genops_price_aliases_read(text, see_alias, &book, &error);
	ask(&book);
	genops_price_book_free(book.book);
	return 0;
}
