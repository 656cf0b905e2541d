/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the tests of replies and prices share: rows of JSON, payloads, and how to compare
 * flags and money.
 */
#ifndef GENOPS_TEST_CORE_GOVERN_DATA_H
#define GENOPS_TEST_CORE_GOVERN_DATA_H

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "core/base/money.h"
#include "core/govern/reply.h"
#include "test/core/check.h"

/* The caller's to free. */
static inline GenopsSlice
read_data(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text;
	long length;

	if (file == NULL)
		fail_msg("%s is missing: run the tests in the source directory", path);
	fseek(file, 0, SEEK_END);
	length = ftell(file);
	rewind(file);
	text = malloc((size_t) length + 1);
	assert_int_equal(fread(text, 1, (size_t) length, file), length);
	text[length] = '\0';
	fclose(file);
	return (GenopsSlice){ text, (size_t) length };
}

/* Each line of the file. */
static inline void
each_row(const char *path, void (*run)(const cJSON *row, void *context), void *context)
{
	GenopsSlice text = read_data(path);
	const char *at = text.data;

	while (*at != '\0')
	{
		const char *end;
		cJSON *row = cJSON_ParseWithOpts(at, &end, false);

		if (row == NULL)
			fail_msg("%s is not JSON near %.40s", path, at);
		run(row, context);
		cJSON_Delete(row);
		at = end + strspn(end, "\n");
	}
	free((char *) text.data);
}

static inline GenopsSlice
text_member(const cJSON *row, const char *name)
{
	return genops_slice(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, name)));
}

static inline const char *
file_of(const cJSON *row)
{
	return text_member(row, "file").data;
}

/* Valid until the next call. */
static inline const char *
payload_path(const cJSON *row)
{
	static char path[256];

	snprintf(path, sizeof(path), "test/core/data/replies/%s", file_of(row));
	return path;
}

/* Borrows the row; valid until the next call. */
static inline GenopsReplyInput
input_of(const cJSON *row)
{
	static GenopsJsonItem headers;
	const cJSON *status = cJSON_GetObjectItemCaseSensitive(row, "status");

	headers = genops_json_of_cjson(cJSON_GetObjectItemCaseSensitive(row, "headers"));
	return (GenopsReplyInput){ .provider = text_member(row, "provider"),
		                       .status = cJSON_IsNumber(status) ? status->valueint : 0,
		                       .header = genops_reply_header_of_json,
		                       .header_context = &headers };
}

static inline GenopsMoney
money_of(const char *text)
{
	GenopsMoney money;
	GenopsError error;

	if (!genops_money_parse(genops_slice(text), &money, &error))
		fail_msg("%s", error.message);
	return money;
}

/* In the list's order. */
static inline void
check_flags(const char *what, const cJSON *expected, const GenopsUsageFlags *flags)
{
	const cJSON *next = expected ? expected->child : NULL;

	for (int flag = 0; flag < GENOPS_USAGE_FLAG_COUNT; flag++)
	{
		char text[GENOPS_USAGE_FLAG_TEXT_SIZE];

		if (!genops_usage_flagged(flags, flag))
			continue;
		genops_usage_flag_print(flags, flag, text);
		if (next == NULL || strcmp(text, next->valuestring) != 0)
			fail_msg("%s: flag \"%s\", not \"%s\"", what, text, next ? next->valuestring : "");
		next = next->next;
	}
	if (next != NULL)
		fail_msg("%s: no flag \"%s\"", what, next->valuestring);
}

#endif
