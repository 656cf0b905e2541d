/* SPDX-License-Identifier: PostgreSQL */
/*
 * What it costs to read the usage of a reply of 2 KB, to find a price, and to make the book
 * of the list that is shipped:
 *
 *		make bench-core
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/govern/price_text.h"
#include "core/govern/pricing.h"

#define ROUNDS 200000
#define LOOK_UPS 5000000
#define LOADS 50

/* Of this process: what else the machine does has no part in it. */
static double
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static GenopsSlice
read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text;
	long length;

	if (file == NULL)
	{
		fprintf(stderr, "%s is missing: run it in the source directory\n", path);
		exit(1);
	}
	fseek(file, 0, SEEK_END);
	length = ftell(file);
	rewind(file);
	text = malloc((size_t) length);
	if (text == NULL || fread(text, 1, (size_t) length, file) != (size_t) length)
		exit(1);
	fclose(file);
	return (GenopsSlice){ text, (size_t) length };
}

/* A chat completion whose answer makes it 2 KB long. */
static GenopsSlice
typical_reply(void)
{
	static char text[4096];
	static char answer[1500];
	int length;

	memset(answer, 'a', sizeof(answer) - 1);
	length = snprintf(
	    text, sizeof(text),
	    "{\"id\":\"chatcmpl-0123456789\",\"object\":\"chat.completion\",\"created\":1795867200,"
	    "\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
	    "\"assistant\",\"content\":\"%s\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,"
	    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":2006,\"completion_tokens\":300,"
	    "\"total_tokens\":2306,\"prompt_tokens_details\":{\"cached_tokens\":1920,"
	    "\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0,"
	    "\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}},"
	    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_a1b2c3\"}",
	    answer);
	return (GenopsSlice){ text, (size_t) length };
}

static void
add_row(void *context, const GenopsPriceFileRow *row)
{
	if (row->row == NULL || !genops_price_book_add(context, row->row))
		exit(1);
}

static bool
add_alias(void *context, GenopsSlice provider, GenopsSlice alias, GenopsSlice model)
{
	return genops_price_book_add_alias(context, provider, alias, model);
}

static GenopsPriceBook *
load(GenopsSlice prices, GenopsSlice aliases)
{
	GenopsPriceBook *book = genops_price_book_create();
	GenopsError error;

	if (!genops_price_csv_read(prices, add_row, book, &error) ||
	    !genops_price_aliases_read(aliases, add_alias, book, &error))
		exit(1);
	genops_price_book_trim(book);
	return book;
}

static void
measure_reading(const GenopsPriceBook *book)
{
	static GenopsReply reply;
	GenopsReplyInput input = { .provider = GENOPS_LITERAL("openai") };
	GenopsSlice text = typical_reply();
	cJSON *parsed = cJSON_ParseWithLength(text.data, text.length);
	GenopsPricedCall call = { .provider = input.provider,
		                      .at = INT64_C(1795867200000000),
		                      .usage = GENOPS_NO_USAGE };
	GenopsPricing pricing;
	double start = now_ns();
	double parsed_at;
	double read_at;

	for (int i = 0; i < ROUNDS; i++)
		genops_reply_read_text(&input, text, &reply);
	parsed_at = now_ns();
	for (int i = 0; i < ROUNDS; i++)
		genops_reply_read(&input, genops_json_of_cjson(parsed), &reply);
	read_at = now_ns();
	for (int i = 0; i < ROUNDS; i++)
		genops_price_call(book, &call, &reply, &pricing);
	printf(
	    "a reply of %zu bytes: %.0f ns from text, %.0f ns once it is parsed; priced in %.0f ns\n",
	    text.length, (parsed_at - start) / ROUNDS, (read_at - parsed_at) / ROUNDS,
	    (now_ns() - read_at) / ROUNDS);
	cJSON_Delete(parsed);
}

static void
measure_look_up(const GenopsPriceBook *book, const char *what, const char *provider,
                const char *model)
{
	GenopsPriceQuestion question = { .provider = genops_slice(provider),
		                             .model = genops_slice(model),
		                             .at = INT64_C(1795867200000000),
		                             .input_tokens = 1000 };
	GenopsPriceAnswer answer;
	double start = now_ns();
	int found = 0;

	for (int i = 0; i < LOOK_UPS; i++)
	{
		question.input_tokens += i & 1;
		found += genops_price_find(book, &question, &answer) == GENOPS_PRICE_FOUND;
	}
	printf("a price %s: %.0f ns, %s\n", what, (now_ns() - start) / LOOK_UPS,
	       found == LOOK_UPS ? "found" : "unknown");
}

int
main(void)
{
	GenopsSlice prices = read_file("data/prices.csv");
	GenopsSlice aliases = read_file("data/price_aliases.csv");
	double start = now_ns();
	GenopsPriceBook *book;

	for (int i = 0; i < LOADS; i++)
		genops_price_book_free(load(prices, aliases));
	printf("%.2f ms to read the shipped list from CSV\n", (now_ns() - start) / LOADS / 1e6);

	book = load(prices, aliases);
	printf("%zu prices in %zu KB\n", genops_price_book_rows(book),
	       genops_price_book_bytes(book) / 1024);
	measure_reading(book);
	measure_look_up(book, "by its name", "openai", "gpt-4o-2024-08-06");
	measure_look_up(book, "of several rows", "deepseek", "deepseek-v4-pro");
	measure_look_up(book, "without the date", "anthropic", "claude-sonnet-5-5-20261010");
	measure_look_up(book, "that there isn't", "openai", "acme-tuned-7b");
	genops_price_book_free(book);
	return 0;
}
