/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which row of a price list prices a call, and with which rates.
 */
#include "core/govern/price.h"
#include "core/govern/cost.h"
#include "test/core/price_data.h"

#define DAY INT64_C(86400000000)

/* A row in CSV, whose first line is this. */
#define HEADER                                                                                 \
	"provider,model,valid_from,valid_to,service_tier,region,utc_window,utc_days,multiplier,"   \
	"threshold,threshold_rule,input,output,cache_read,cache_write,cache_write_1h,input_above," \
	"output_above,batch_input,batch_output,batch_cache_read,batch_cache_write\n"

static void
add_row(void *context, const GenopsPriceFileRow *row)
{
	GenopsPriceRow copy;

	if (row->row == NULL)
		fail_msg("line %zu: %s", row->line, row->reason);
	copy = *row->row;
	/* "line N" tells the rows of a test apart. */
	copy.id = (int64_t) row->line;
	assert_true(genops_price_book_add(context, &copy));
}

static GenopsPriceBook *
book_of(const char *rows)
{
	GenopsPriceBook *book = genops_price_book_create();
	GenopsError error;
	char text[4096];

	snprintf(text, sizeof(text), "%s%s", HEADER, rows);
	if (!genops_price_csv_read(genops_slice(text), add_row, book, &error))
		fail_msg("%s", error.message);
	return book;
}

static void
add_origin(GenopsPriceBook *book, const char *model, GenopsPriceOrigin origin, int64_t valid_from,
           int64_t id)
{
	GenopsPriceRow row = genops_price_row();

	row.provider = GENOPS_LITERAL("openai");
	row.model = genops_slice(model);
	row.origin = origin;
	row.valid_from = valid_from;
	row.id = id;
	row.known = 1u << GENOPS_RATE_INPUT;
	assert_true(genops_price_book_add(book, &row));
}

static GenopsPriceResult
ask(const GenopsPriceBook *book, const char *provider, const char *model, const char *tier,
    const char *at, int64_t tokens, GenopsPriceAnswer *answer)
{
	GenopsPriceQuestion question = { .provider = genops_slice(provider),
		                             .model = genops_slice(model),
		                             .service_tier = genops_slice(tier),
		                             .at = time_of(at),
		                             .input_tokens = tokens };

	return genops_price_find(book, &question, answer);
}

static int64_t
line_of(const GenopsPriceBook *book, const char *tier, const char *at, int64_t tokens)
{
	GenopsPriceAnswer answer;

	return ask(book, "p", "m", tier, at, tokens, &answer) == GENOPS_PRICE_FOUND ? answer.id : -1;
}

#define NOON "2026-11-28T12:00:00Z" /* a Saturday */

static void
names_are_resolved_and_never_by_a_beginning(void **state)
{
	const struct
	{
		const char *provider;
		const char *model;
		const char *priced; /* NULL: unknown */
		GenopsPriceMatch match;
	} cases[] = {
		{ "openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13", GENOPS_MATCH_EXACT },
		{ "OpenAI", "gpt-4o-2031-01-31", "gpt-4o", GENOPS_MATCH_SUFFIX },
		{ "openai", "openai/gpt-4o", "gpt-4o", GENOPS_MATCH_PREFIX },
		{ "openai", "open-ai/gpt-4o", "gpt-4o", GENOPS_MATCH_PREFIX },
		{ "openai", "anthropic/gpt-4o", NULL, GENOPS_MATCH_NONE },
		{ "openai", "gpt-4o-huge", NULL, GENOPS_MATCH_NONE },
		{ "openai", "gpt-4o-2024", NULL, GENOPS_MATCH_NONE },
		{ "openai", "gpt", NULL, GENOPS_MATCH_NONE },
		{ "openai", "GPT-4o", NULL, GENOPS_MATCH_NONE },
		{ "openai", "", NULL, GENOPS_MATCH_NONE },
		{ "nobody", "gpt-4o", NULL, GENOPS_MATCH_NONE },
		{ "openai", "ft:gpt-4o-2024-08-06:acme::Ab12", "ft:gpt-4o-2024-08-06",
		  GENOPS_MATCH_FINE_TUNED },
		{ "openai", "ft:gpt-6.2-sol:acme::Ab12", NULL, GENOPS_MATCH_NONE },
		{ "anthropic", "claude-opus-4", "claude-opus-4-0", GENOPS_MATCH_ALIAS },
		{ "claude", "claude-sonnet-5-5-20261010", "claude-sonnet-5-5", GENOPS_MATCH_SUFFIX },
		{ "anthropic", "claude-sonnet-5-5-latest", NULL, GENOPS_MATCH_NONE },
		{ "bedrock", "amazon.titan-embed-text-v2:0", "amazon.titan-embed-text-v2:0",
		  GENOPS_MATCH_EXACT },
		{ "bedrock", "amazon.titan-embed-text-v3:0", NULL, GENOPS_MATCH_NONE },
		{ "bedrock", "sa.anthropic.claude-opus-5", NULL, GENOPS_MATCH_NONE },
		{ "bedrock", "ca.anthropic.claude-opus-4-5-20251101-v1:0",
		  "anthropic.claude-opus-4-5-20251101-v1:0", GENOPS_MATCH_PREFIX },
		{ "aws.bedrock",
		  "arn:aws:bedrock:us-east-1:123:inference-profile/us.anthropic.claude-opus-4-8",
		  "us.anthropic.claude-opus-4-8", GENOPS_MATCH_PREFIX },
		{ "vertex_ai", "publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro",
		  GENOPS_MATCH_PREFIX },
		{ "gemini", "models/gemini-2.5-pro", "gemini-2.5-pro", GENOPS_MATCH_PREFIX },
		{ "groq", "openai/gpt-oss-safeguard-20b", "openai/gpt-oss-safeguard-20b",
		  GENOPS_MATCH_EXACT },
		{ "fireworks_ai", "accounts/fireworks/models/minimax-m3",
		  "accounts/fireworks/models/minimax-m3", GENOPS_MATCH_EXACT },
		{ "ollama", "whatever:7b", "*", GENOPS_MATCH_ANY },
		{ "openrouter", "openai/gpt-5.4:free", NULL, GENOPS_MATCH_NONE },
	};
	GenopsPriceBook *book = shipped_book();
	GenopsPriceAnswer answer;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsPriceResult result =
		    ask(book, cases[i].provider, cases[i].model, NULL, NOON, 1, &answer);

		if ((result == GENOPS_PRICE_FOUND) != (cases[i].priced != NULL))
			fail_msg("%s/%s: %d", cases[i].provider, cases[i].model, result);
		assert_slice(answer.model, cases[i].priced);
		assert_int_equal(answer.match, cases[i].match);
	}
	genops_price_book_free(book);
}

static void
moving_names_are_said_to_move(void **state)
{
	const struct
	{
		const char *model;
		bool moving;
	} cases[] = {
		{ "gemini-flash-latest", true },
		{ "~openai/gpt-latest", true },
		{ "kimi-latest-8k", true },
		{ "chat-latest", true },
		{ "gpt-4o", false },
		{ "greatest-model", false },
		{ "latestmodel", false },
		{ "", false },
	};
	GenopsPriceBook *book = shipped_book();
	GenopsPriceAnswer answer;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(genops_price_is_moving(genops_slice(cases[i].model)), cases[i].moving);
	assert_int_equal(ask(book, "gemini", "gemini-flash-latest", NULL, NOON, 1, &answer),
	                 GENOPS_PRICE_FOUND);
	assert_true(answer.moving);
	assert_int_equal(ask(book, "gemini", "models/gemini-flash-latest", NULL, NOON, 1, &answer),
	                 GENOPS_PRICE_UNKNOWN_MODEL);
	assert_int_equal(ask(book, "xai", "grok-4.6-latest", NULL, NOON, 1, &answer),
	                 GENOPS_PRICE_FOUND);
	assert_true(answer.moving);
	genops_price_book_free(book);
}

static void
the_newest_row_that_has_begun_counts(void **state)
{
	GenopsPriceBook *book = book_of("p,m,2026-06-01,2026-07-01,,,,,,,,1,,,,,,,,,,\n"
	                                "p,m,2026-01-01,,,,,,,,,2,,,,,,,,,,\n"
	                                "p,m,2027-01-01,,,,,,,,,3,,,,,,,,,,\n");
	GenopsPriceAnswer answer;

	(void) state;
	assert_int_equal(ask(book, "p", "m", NULL, "2025-12-31T23:59:59Z", 1, &answer),
	                 GENOPS_PRICE_NOT_YET);
	assert_int_equal(line_of(book, NULL, "2026-01-01T00:00:00Z", 1), 3);
	assert_int_equal(line_of(book, NULL, "2026-06-01T00:00:00Z", 1), 2);
	assert_int_equal(line_of(book, NULL, "2026-07-01T00:00:00Z", 1), 3);
	assert_int_equal(line_of(book, NULL, "2027-01-01T00:00:00Z", 1), 4);
	genops_price_book_free(book);
}

static void
a_users_row_beats_a_loaded_and_a_shipped_one(void **state)
{
	GenopsPriceBook *book = genops_price_book_create();
	GenopsPriceAnswer answer;
	int64_t noon = time_of(NOON);

	(void) state;
	add_origin(book, "m", GENOPS_PRICE_SHIPPED, noon - DAY, 1);
	add_origin(book, "m", GENOPS_PRICE_USER, noon - 9 * DAY, 2);
	add_origin(book, "m", GENOPS_PRICE_LOADED, noon - 5 * DAY, 3);
	ask(book, "openai", "m", NULL, "2026-11-28T12:00:00Z", 1, &answer);
	assert_int_equal(answer.id, 2);
	ask(book, "openai", "m", NULL, "2026-11-10T12:00:00Z", 1, &answer);
	assert_int_equal(answer.match, GENOPS_MATCH_NONE);
	genops_price_book_free(book);
}

static void
windows_are_hours_of_days_in_utc(void **state)
{
	GenopsPriceBook *book = book_of("p,m,,,,,,,,,,1,,,,,,,,,,\n"
	                                "p,m,,,,,01:00-04:00,Mon-Fri,,,,2,,,,,,,,,,\n"
	                                "p,m,,,,,22:30-00:30,Fri,,,,3,,,,,,,,,,\n"
	                                "p,m,,,,,,Sun,,,,4,,,,,,,,,,\n");

	(void) state;
	assert_int_equal(line_of(book, NULL, "2026-11-30T01:00:00Z", 1), 3); /* Monday */
	assert_int_equal(line_of(book, NULL, "2026-11-30T00:59:59Z", 1), 2);
	assert_int_equal(line_of(book, NULL, "2026-11-30T03:59:59Z", 1), 3);
	assert_int_equal(line_of(book, NULL, "2026-11-30T04:00:00Z", 1), 2);
	assert_int_equal(line_of(book, NULL, "2026-11-28T02:00:00Z", 1), 2); /* Saturday */
	assert_int_equal(line_of(book, NULL, "2026-11-27T22:30:00Z", 1), 4); /* Friday */
	assert_int_equal(line_of(book, NULL, "2026-11-28T00:29:00Z", 1), 4); /* and into Saturday */
	assert_int_equal(line_of(book, NULL, "2026-11-28T00:30:00Z", 1), 2);
	assert_int_equal(line_of(book, NULL, "2026-11-27T00:10:00Z", 1), 2);
	assert_int_equal(line_of(book, NULL, "2026-11-29T12:00:00Z", 1), 5); /* Sunday */
	assert_int_equal(line_of(book, NULL, "1969-12-28T12:00:00Z", 1), 5); /* another */
	genops_price_book_free(book);
}

static int64_t
rate_at(const GenopsPriceBook *book, const char *tier, int64_t tokens, GenopsRate rate)
{
	GenopsPriceAnswer answer;

	if (ask(book, "p", "m", tier, NOON, tokens, &answer) != GENOPS_PRICE_FOUND ||
	    (answer.rates.known & 1u << rate) == 0)
		return -1;
	return answer.rates.rate[rate];
}

static void
thresholds_price_the_whole_call(void **state)
{
	GenopsPriceBook *gt = book_of("p,m,,,,,,,,1000,gt,1,2,0.1,,,10,20,,,,\n");
	GenopsPriceBook *ge = book_of("p,m,,,,,,,,1000,ge,1,2,0.1,,,10,20,,,,\n");

	(void) state;
	assert_int_equal(rate_at(gt, NULL, 1000, GENOPS_RATE_INPUT), 1000000);
	assert_int_equal(rate_at(gt, NULL, 1001, GENOPS_RATE_INPUT), 10000000);
	assert_int_equal(rate_at(gt, NULL, 1001, GENOPS_RATE_OUTPUT), 20000000);
	/* None of its own: the base rate. */
	assert_int_equal(rate_at(gt, NULL, 1001, GENOPS_RATE_CACHE_READ), 100000);
	assert_int_equal(rate_at(ge, NULL, 999, GENOPS_RATE_INPUT), 1000000);
	assert_int_equal(rate_at(ge, NULL, 1000, GENOPS_RATE_INPUT), 10000000);
	assert_int_equal(rate_at(ge, NULL, GENOPS_UNKNOWN_TOKENS, GENOPS_RATE_INPUT), 1000000);
	genops_price_book_free(gt);
	genops_price_book_free(ge);
}

static void
batches_have_rates_by_component(void **state)
{
	GenopsPriceBook *book = book_of("p,m,,,,,,,,1000,gt,4,20,0.4,5,8,8,30,1,10,0.4,2.5\n"
	                                "p,cache,,,,,,,,,,4,20,0.4,5,8,,,2,10,,\n"
	                                "p,none,,,,,,,,,,4,20,,,,,,,,,\n");
	GenopsPriceAnswer answer;

	(void) state;
	assert_int_equal(rate_at(book, "batch", 1, GENOPS_RATE_INPUT), 1000000);
	assert_int_equal(rate_at(book, "BATCH", 1, GENOPS_RATE_CACHE_READ), 400000);
	assert_int_equal(rate_at(book, "batch", 1, GENOPS_RATE_CACHE_WRITE), 2500000);
	/* A longer write is as much cheaper as a short one. */
	assert_int_equal(rate_at(book, "batch", 1, GENOPS_RATE_CACHE_WRITE_1H), 4000000);
	/* Above the threshold, in the proportion of the batch. */
	assert_int_equal(rate_at(book, "batch", 1001, GENOPS_RATE_INPUT), 2000000);
	assert_int_equal(rate_at(book, "batch", 1001, GENOPS_RATE_OUTPUT), 15000000);

	assert_int_equal(ask(book, "p", "cache", "batch", NOON, 1, &answer), GENOPS_PRICE_FOUND);
	assert_true(answer.batch);
	assert_int_equal(answer.rates.rate[GENOPS_RATE_CACHE_READ], 2000000);
	assert_int_equal(answer.rates.rate[GENOPS_RATE_CACHE_WRITE], 2500000);
	assert_int_equal(ask(book, "p", "none", "batch", NOON, 1, &answer), GENOPS_PRICE_UNKNOWN_TIER);
	genops_price_book_free(book);
}

static void
a_tier_without_a_row_is_not_standard(void **state)
{
	GenopsPriceBook *book = book_of("p,m,,,,,,,,,,1,,,,,,,,,,\n"
	                                "p,m,,,priority,,,,,,,2,,,,,,,,,,\n"
	                                "p,m,,,batch,,,,,,,0.5,,,,,,,,,,\n");
	GenopsPriceAnswer answer;

	(void) state;
	assert_int_equal(line_of(book, NULL, NOON, 1), 2);
	assert_int_equal(line_of(book, "default", NOON, 1), 2);
	assert_int_equal(line_of(book, "standard", NOON, 1), 2);
	assert_int_equal(line_of(book, "ON_DEMAND", NOON, 1), 2);
	assert_int_equal(line_of(book, "auto", NOON, 1), 2);
	assert_int_equal(line_of(book, "Priority", NOON, 1), 3);
	assert_int_equal(line_of(book, "batch", NOON, 1), 4);
	assert_int_equal(ask(book, "p", "m", "flex", NOON, 1, &answer), GENOPS_PRICE_UNKNOWN_TIER);
	genops_price_book_free(book);
}

static void
regions_and_multipliers(void **state)
{
	GenopsPriceBook *book = book_of("p,m,,,,,,,,,,1,3,,,,,,,,,\n"
	                                "p,m,,,,eu,,,1.1,,,1,3.000001,,,,,,,,,\n");
	GenopsPriceQuestion question = { .provider = GENOPS_LITERAL("p"),
		                             .model = GENOPS_LITERAL("m"),
		                             .region = GENOPS_LITERAL("EU"),
		                             .input_tokens = 1 };
	GenopsPriceAnswer answer;

	(void) state;
	assert_int_equal(genops_price_find(book, &question, &answer), GENOPS_PRICE_FOUND);
	assert_int_equal(answer.id, 3);
	assert_int_equal(answer.rates.rate[GENOPS_RATE_INPUT], 1100000);
	/* 3300001.1 is rounded once, before it meets tokens. */
	assert_int_equal(answer.rates.rate[GENOPS_RATE_OUTPUT], 3300001);
	question.region = GENOPS_LITERAL("us");
	assert_int_equal(genops_price_find(book, &question, &answer), GENOPS_PRICE_FOUND);
	assert_int_equal(answer.id, 2);
	genops_price_book_free(book);
}

static void
ids_are_of_the_key_and_the_rates(void **state)
{
	GenopsPriceRow row = genops_price_row();
	int64_t id;

	(void) state;
	row.provider = GENOPS_LITERAL("openai");
	row.model = GENOPS_LITERAL("gpt-4o");
	row.known = 1u << GENOPS_RATE_INPUT;
	row.rate[GENOPS_RATE_INPUT] = 2500000;
	id = genops_price_id(&row);
	/* Ledgers name rows by it: it stays what it is. */
	assert_int_equal(id, INT64_C(7103251534948831972));
	row.origin = GENOPS_PRICE_USER;
	row.valid_to = 5;
	assert_int_equal(genops_price_id(&row), id);
	row.rate[GENOPS_RATE_INPUT] = 2500001;
	assert_int_not_equal(genops_price_id(&row), id);
	row.rate[GENOPS_RATE_INPUT] = 2500000;
	row.model = GENOPS_LITERAL("gpt-4");
	assert_int_not_equal(genops_price_id(&row), id);
}

typedef struct Refused
{
	char reasons[1024];
	size_t good;
} Refused;

static void
see_refused(void *context, const GenopsPriceFileRow *row)
{
	Refused *refused = context;
	size_t length = strlen(refused->reasons);

	if (row->row != NULL)
		refused->good++;
	else
		snprintf(refused->reasons + length, sizeof(refused->reasons) - length, "%zu %s\n",
		         row->line, row->reason);
}

static void
nonsense_is_refused_row_by_row(void **state)
{
	const char csv[] =
	    "model,provider,input,output,threshold,input_above,valid_from,currency,note\n"
	    "a,p,1,2,,,,,\"says \"\"one\"\",\ntwo\"\n"
	    "b,p,-1,,,,,,\n"
	    "c,p,NaN,,,,,,\n"
	    "d,p,1e9,,,,,,\n"
	    "e,p,1,,,5,,,\n"
	    "f,p,1,,,,2026-02-30,,\n"
	    "g,p,1,,,,,usd,\n"
	    "h,p,,1,,,,,\n"
	    "\n"
	    "i,p,1\n"
	    "j,p,1,,,,,,\n";
	const char *const bad[] = { "", "model,provider,price\n", "a,b,\"c\n", "\"a\"b,c\n" };
	Refused refused = { "", 0 };
	GenopsError error;

	(void) state;
	assert_true(genops_price_csv_read(genops_slice(csv), see_refused, &refused, &error));
	assert_int_equal(refused.good, 2);
	assert_string_equal(refused.reasons,
	                    "4 input: price \"-1\" is negative\n"
	                    "5 input: price \"NaN\" is not a finite number\n"
	                    "6 input must be from 0 to 100,000 for a million tokens\n"
	                    "7 rates above a threshold need the threshold\n"
	                    "8 valid_from must be a day, like 2026-11-20, or 2026-11-20T12:00:00Z\n"
	                    "9 currency must be a code of three letters, like USD\n"
	                    "10 a price needs the rate \"input\"\n"
	                    "12 the line has not as many fields as the first one\n");
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(genops_price_csv_read(genops_slice(bad[i]), see_refused, &refused, &error));
}

typedef struct Listed
{
	char text[2048];
} Listed;

static void
see_listed(void *context, const GenopsPriceFileRow *row)
{
	Listed *listed = context;
	size_t length = strlen(listed->text);

	for (int i = -1; i <= GENOPS_COLUMN_COUNT; i++)
	{
		GenopsSlice value = i < 0                     ? genops_slice(row->row ? "+" : "-")
		                    : i < GENOPS_COLUMN_COUNT ? row->text->column[i]
		                                              : genops_slice(row->reason);

		if (value.length > 0 && i != GENOPS_COLUMN_SOURCE)
			length += (size_t) snprintf(listed->text + length, sizeof(listed->text) - length,
			                            "%.*s ", (int) value.length, value.data);
	}
	snprintf(listed->text + length, sizeof(listed->text) - length, "\n");
}

static void
litellms_file_is_read_as_it_is(void **state)
{
	const char json[] =
	    "{\"sample_spec\":{\"litellm_provider\":\"one of\",\"input_cost_per_token\":0},"
	    "\"openai/gpt-9\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\","
	    "\"input_cost_per_token\":2.5e-06,\"output_cost_per_token\":1e-05,"
	    "\"cache_read_input_token_cost\":1.25e-06,\"input_cost_per_token_flex\":1.25e-06,"
	    "\"output_cost_per_token_flex\":5e-06,\"input_cost_per_token_batches\":1.25e-06,"
	    "\"output_cost_per_token_batches\":5e-06,\"deprecation_date\":\"2027-01-01\"},"
	    "\"vertex_ai/gemini-9\":{\"litellm_provider\":\"vertex_ai-language-models\","
	    "\"input_cost_per_token\":8.33333333333e-08,"
	    "\"input_cost_per_token_above_200k_tokens\":1e-07},"
	    "\"dall-e\":{\"litellm_provider\":\"openai\",\"mode\":\"image_generation\","
	    "\"input_cost_per_token\":1},"
	    "\"free\":{\"litellm_provider\":\"x\",\"input_cost_per_token\":0,"
	    "\"output_cost_per_token\":0},"
	    "\"bad\":{\"litellm_provider\":\"x\",\"input_cost_per_token\":-1e-06},"
	    "\"wrong\":{\"litellm_provider\":\"x\",\"input_cost_per_token\":\"cheap\"},"
	    "\"m:flex\":{\"litellm_provider\":\"x\",\"input_cost_per_token\":1e-06},"
	    "\"breakfast\":{\"litellm_provider\":\"x\",\"input_cost_per_token\":1e-06},"
	    "\"two\":{\"litellm_provider\":\"x\",\"input_cost_per_token\":1e-06,"
	    "\"input_cost_per_token_above_128k_tokens\":2e-06,"
	    "\"input_cost_per_token_above_256k_tokens\":3e-06},"
	    "\"nothing\":{\"litellm_provider\":\"x\"},\"text\":\"x\"}";
	Listed listed = { "" };
	GenopsError error;

	(void) state;
	assert_true(genops_price_file_is_json(genops_slice(" \n{")));
	assert_false(genops_price_file_is_json(GENOPS_LITERAL("provider,model")));
	assert_true(genops_price_litellm_read(genops_slice(json), GENOPS_LITERAL("test"), see_listed,
	                                      &listed, &error));
	assert_string_equal(
	    listed.text,
	    "+ openai gpt-9 chat 2027-01-01 2.5 10 1.25 1.25 5 \n"
	    "+ openai gpt-9 chat flex 2027-01-01 1.25 5 \n"
	    "+ vertex_ai gemini-9 200000 gt 0.083333 0.1 \n"
	    "- x free 0 0 a price of zero mostly means that it is not known; add a row of your own "
	    "if it is meant \n"
	    "- x bad -1e-06 input: price \"-1e-06\" is negative \n"
	    "- x wrong NaN input: price \"NaN\" is not a finite number \n"
	    "- x m:flex 1 the name says a tier of service, so that the price would be taken for all \n"
	    "+ x breakfast 1 \n"
	    "- x two 256000 gt 1 3 it has more than one threshold \n");
	assert_false(genops_price_litellm_read(GENOPS_LITERAL("{"), GENOPS_LITERAL("test"), see_listed,
	                                       &listed, &error));
}

static void
costs_that_cannot_be_known(void **state)
{
	GenopsRates rates = { .known = 1u << GENOPS_RATE_INPUT | 1u << GENOPS_RATE_OUTPUT,
		                  .rate = { 2500000, 10000000 } };
	GenopsUsage usage = GENOPS_NO_USAGE;
	GenopsCost cost;

	(void) state;
	assert_false(genops_cost(&rates, &usage, true, &cost));
	usage.input = 10;
	assert_false(genops_cost(&rates, &usage, false, &cost));
	assert_true(genops_cost(&rates, &usage, true, &cost));
	assert_int_equal(cost.part[GENOPS_COST_TOTAL], 25000000);
	usage.output = 0;
	assert_true(genops_cost(&rates, &usage, false, &cost));
	usage.input = GENOPS_TOKENS_MAX;
	rates.rate[GENOPS_RATE_INPUT] = GENOPS_RATE_MAX;
	assert_false(genops_cost(&rates, &usage, false, &cost));

	/* No rate for output is no rate of zero. */
	usage = (GenopsUsage){ 10, 1, 0, 0, 0, 0, 0 };
	rates = (GenopsRates){ .known = 1u << GENOPS_RATE_INPUT, .rate = { 1 } };
	assert_false(genops_cost(&rates, &usage, false, &cost));
	usage.output = 0;
	assert_true(genops_cost(&rates, &usage, false, &cost));
}

static void
reasoning_and_lifetimes_have_their_rates(void **state)
{
	GenopsRates rates = { .known = (1u << GENOPS_RATE_EFFECTIVE_COUNT) - 1,
		                  .rate = { 10, 100, 1, 12, 20, 25, 30 } };
	GenopsUsage usage = { .input = 1000,
		                  .output = 50,
		                  .cache_read = 400,
		                  .cache_write = 300,
		                  .cache_write_1h = 100,
		                  .cache_write_12h = 10,
		                  .reasoning = 20 };
	GenopsCost cost;

	(void) state;
	assert_true(genops_cost(&rates, &usage, false, &cost));
	assert_int_equal(cost.part[GENOPS_COST_INPUT], 3000);
	assert_int_equal(cost.part[GENOPS_COST_CACHE_READ], 400);
	assert_int_equal(cost.part[GENOPS_COST_CACHE_WRITE], 190 * 12 + 100 * 20 + 10 * 25);
	assert_int_equal(cost.reasoning, 600);
	assert_int_equal(cost.part[GENOPS_COST_OUTPUT], 3600);
	assert_int_equal(cost.part[GENOPS_COST_TOTAL], 3000 + 400 + 4530 + 3600);
}

static void
the_shipped_list_fits(void **state)
{
	GenopsPriceBook *book = shipped_book();

	(void) state;
	assert_true(genops_price_book_rows(book) > 4000);
	assert_true(genops_price_book_bytes(book) < 768 * 1024);
	genops_price_book_free(book);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_resolved_and_never_by_a_beginning),
		cmocka_unit_test(moving_names_are_said_to_move),
		cmocka_unit_test(the_newest_row_that_has_begun_counts),
		cmocka_unit_test(a_users_row_beats_a_loaded_and_a_shipped_one),
		cmocka_unit_test(windows_are_hours_of_days_in_utc),
		cmocka_unit_test(thresholds_price_the_whole_call),
		cmocka_unit_test(batches_have_rates_by_component),
		cmocka_unit_test(a_tier_without_a_row_is_not_standard),
		cmocka_unit_test(regions_and_multipliers),
		cmocka_unit_test(ids_are_of_the_key_and_the_rates),
		cmocka_unit_test(nonsense_is_refused_row_by_row),
		cmocka_unit_test(litellms_file_is_read_as_it_is),
		cmocka_unit_test(costs_that_cannot_be_known),
		cmocka_unit_test(reasoning_and_lifetimes_have_their_rates),
		cmocka_unit_test(the_shipped_list_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
