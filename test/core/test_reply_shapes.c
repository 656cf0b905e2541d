/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is read from the reply of each shape: the table test/core/data/replies.jsonl, whose
 * rows name a shape, a payload in test/core/data/replies, and what is to be read from it.
 * A shape without a whole reply, a failed one and one without usage fails the test.
 */
#include "test/core/check.h"

#include <stdlib.h>

#include "core/govern/reply.h"
#include "test/core/govern_data.h"

#define MAX_SHAPES 64

typedef struct Covered
{
	int whole;
	int failed;
	int without_usage;
} Covered;

static Covered covered[MAX_SHAPES];

static size_t
shape_index(const char *name)
{
	for (size_t i = 0; i < genops_reply_shape_count(); i++)
	{
		if (strcmp(genops_reply_shape_name(i), name) == 0)
			return i;
	}
	fail_msg("there is no shape \"%s\"", name);
	return 0;
}

static void
check_text(const cJSON *row, const cJSON *expect, const char *name, GenopsSlice actual)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(expect, name));

	if (!genops_slice_equal(actual, genops_slice(text)))
		fail_msg("%s: %s is \"%.*s\", not \"%s\"", file_of(row), name, (int) actual.length,
		         actual.data ? actual.data : "", text ? text : "(absent)");
}

static void
check_count(const cJSON *row, const cJSON *usage, const char *name, int64_t actual)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(usage, name);
	int64_t expected = cJSON_IsNumber(item) ? (int64_t) item->valuedouble : GENOPS_UNKNOWN_TOKENS;

	if (actual != expected)
		fail_msg("%s: %s is %lld, not %lld", file_of(row), name, (long long) actual,
		         (long long) expected);
}

static void
check_reply(const cJSON *row, const GenopsReply *reply)
{
	const cJSON *expect = cJSON_GetObjectItemCaseSensitive(row, "expect");
	const cJSON *usage = cJSON_GetObjectItemCaseSensitive(expect, "usage");
	const cJSON *finish = cJSON_GetObjectItemCaseSensitive(expect, "finish");
	const cJSON *cost = cJSON_GetObjectItemCaseSensitive(expect, "stated_cost");

	check_text(row, expect, "shape", genops_slice(reply->shape));
	check_text(row, expect, "model", reply->model);
	check_text(row, expect, "id", reply->id);
	check_text(row, expect, "tier", reply->service_tier);
	check_text(row, expect, "error_type", reply->error_type);
	check_text(row, expect, "error_message", reply->error_message);
	check_flags(file_of(row), cJSON_GetObjectItemCaseSensitive(expect, "flags"), &reply->flags);
	assert_int_equal(reply->failed,
	                 cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(expect, "failed")));
	assert_int_equal(reply->stream,
	                 cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(expect, "stream")));

	assert_int_equal(reply->has_usage, cJSON_IsObject(usage));
	check_count(row, usage, "input", reply->usage.input);
	check_count(row, usage, "output", reply->usage.output);
	check_count(row, usage, "cache_read", reply->usage.cache_read);
	check_count(row, usage, "cache_write", reply->usage.cache_write);
	check_count(row, usage, "cache_write_1h", reply->usage.cache_write_1h);
	check_count(row, usage, "reasoning", reply->usage.reasoning);

	if (reply->finish_reason_count != (size_t) cJSON_GetArraySize(finish))
		fail_msg("%s: %zu finish reasons", file_of(row), reply->finish_reason_count);
	for (size_t i = 0; i < reply->finish_reason_count; i++)
		assert_slice(reply->finish_reasons[i], cJSON_GetArrayItem(finish, (int) i)->valuestring);

	if (reply->has_stated_cost != cJSON_IsString(cost))
		fail_msg("%s: a stated cost, or none", file_of(row));
	if (reply->has_stated_cost)
		assert_int_equal(reply->stated_cost, money_of(cost->valuestring));
}

static void
count_coverage(const cJSON *row, const GenopsReply *reply)
{
	const char *shape = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "shape"));
	Covered *of = shape ? &covered[shape_index(shape)] : NULL;

	if (of == NULL)
		return;
	of->whole += reply->has_usage;
	of->failed += reply->failed;
	of->without_usage += !reply->has_usage && !reply->failed;
}

static void
run(const cJSON *row, void *context)
{
	GenopsSlice payload = read_data(payload_path(row));
	GenopsReplyInput input = input_of(row);
	GenopsReply *reply = test_malloc(sizeof(GenopsReply));

	(void) context;
	genops_reply_read_text(&input, payload, reply);
	check_reply(row, reply);
	count_coverage(row, reply);
	test_free(reply);
	free((char *) payload.data);
}

static void
reads_every_payload(void **state)
{
	(void) state;
	each_row("test/core/data/replies.jsonl", run, NULL);
}

static void
every_shape_has_its_payloads(void **state)
{
	(void) state;
	assert_true(genops_reply_shape_count() <= MAX_SHAPES);
	for (size_t i = 0; i < genops_reply_shape_count(); i++)
	{
		const Covered *of = &covered[i];

		if (of->whole == 0 || of->failed == 0 || of->without_usage == 0 ||
		    of->whole + of->failed + of->without_usage < 3)
			fail_msg("shape \"%s\" has %d whole replies, %d failed ones, %d without usage",
			         genops_reply_shape_name(i), of->whole, of->failed, of->without_usage);
	}
}

/* Whoever holds the JSON: cut anywhere, nothing is read beyond the cut, and nothing fails. */
static void
a_cut_reply_does_no_harm(void **state)
{
	GenopsSlice payload = read_data("test/core/data/replies/anthropic_events.sse");
	GenopsReply *reply = test_malloc(sizeof(GenopsReply));
	GenopsReplyInput input = { .provider = GENOPS_LITERAL("anthropic") };

	(void) state;
	for (size_t length = 0; length <= payload.length; length++)
	{
		char *cut = test_malloc(length + 1);

		memcpy(cut, payload.data, length);
		genops_reply_read_text(&input, (GenopsSlice){ cut, length }, reply);
		assert_true(!reply->has_usage || reply->usage.input == 125);
		test_free(cut);
	}
	assert_int_equal(reply->usage.output, 15);
	test_free(reply);
	free((char *) payload.data);
}

static void
check_unread(GenopsSlice text)
{
	GenopsReply *reply = test_malloc(sizeof(GenopsReply));
	GenopsReplyInput input = { 0 };

	genops_reply_read_text(&input, text, reply);
	assert_null(reply->shape);
	assert_false(reply->has_usage);
	assert_int_equal(reply->flags.set, 1 << GENOPS_USAGE_FLAG_NO_USAGE);
	test_free(reply);
}

static void
what_is_beyond_the_limits_is_not_read(void **state)
{
	const char whole[] = "{\"object\":\"chat.completion\",\"choices\":[],"
	                     "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1},\"x\":";
	const size_t size = 10 * 1024 * 1024;
	char *text = test_malloc(size);
	size_t start = sizeof(whole) - 1;

	(void) state;
	memcpy(text, whole, start);

	/* 5,000 levels. */
	memset(text + start, '[', 5000);
	memset(text + start + 5000, ']', 5000);
	text[start + 10000] = '}';
	check_unread((GenopsSlice){ text, start + 10001 });

	/* A million values. */
	text[start] = '[';
	for (size_t i = 0; i < 2000000; i += 2)
		memcpy(text + start + 1 + i, "1,", 2);
	memcpy(text + start + 2000001, "1]}", 3);
	check_unread((GenopsSlice){ text, start + 2000004 });

	/* 10 MB. */
	memset(text + start, 'y', size - start);
	text[start] = '"';
	memcpy(text + size - 2, "\"}", 2);
	check_unread((GenopsSlice){ text, size });

	/* The same in a size that is read. */
	memcpy(text + 1000 - 2, "\"}", 2);
	{
		GenopsReply *reply = test_malloc(sizeof(GenopsReply));
		GenopsReplyInput input = { 0 };

		genops_reply_read_text(&input, (GenopsSlice){ text, 1000 }, reply);
		assert_true(reply->has_usage);
		test_free(reply);
	}
	test_free(text);
}

/* Texts that are no UTF-8, or too long, become what a span may carry. */
static void
texts_are_repaired_and_cut(void **state)
{
	char text[4096];
	char model[3000];
	GenopsReply *reply = test_malloc(sizeof(GenopsReply));
	GenopsReplyInput input = { 0 };

	(void) state;
	memset(model, 'm', sizeof(model));
	model[1] = '\xFF';
	snprintf(text, sizeof(text),
	         "{\"type\":\"message\",\"role\":\"a\",\"model\":\"%.*s\",\"id\":\"%s\"}",
	         (int) sizeof(model), model, "x\xC3");
	genops_reply_read_text(&input, genops_slice(text), reply);
	assert_int_equal(reply->model.length, GENOPS_REPLY_NAME_MAX / 3 + 2);
	assert_memory_equal(reply->model.data, "m\xEF\xBF\xBDm", 5);
	assert_slice(reply->id, "x\xEF\xBF\xBD");
	test_free(reply);
}

static void
a_stated_cost_is_its_providers(void **state)
{
	const struct
	{
		const char *provider;
		bool by_its_provider;
	} cases[] = { { "openrouter", true }, { "OpenRouter", true }, { NULL, false } };
	GenopsSlice payload = read_data("test/core/data/replies/openrouter_whole.json");
	GenopsReply *reply = test_malloc(sizeof(GenopsReply));

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsReplyInput input = { .provider = genops_slice(cases[i].provider) };

		genops_reply_read_text(&input, payload, reply);
		assert_true(reply->has_stated_cost);
		assert_int_equal(reply->stated_by_its_provider, cases[i].by_its_provider);
	}

	/* OpenAI says no cost: the caller's word for who answered beats the body's looks. */
	genops_reply_read_text(&(GenopsReplyInput){ .provider = GENOPS_LITERAL("openai") }, payload,
	                       reply);
	assert_false(reply->has_stated_cost);
	test_free(reply);
	free((char *) payload.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_payload),
		cmocka_unit_test(every_shape_has_its_payloads),
		cmocka_unit_test(a_cut_reply_does_no_harm),
		cmocka_unit_test(what_is_beyond_the_limits_is_not_read),
		cmocka_unit_test(texts_are_repaired_and_cut),
		cmocka_unit_test(a_stated_cost_is_its_providers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
