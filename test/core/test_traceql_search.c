/* SPDX-License-Identifier: PostgreSQL */
/*
 * The recorded answers of a real Tempo to searches over
 * test/core/data/traceql_spans.json, in test/core/data/traceql_search.jsonl.  Each
 * of its lines is an object:
 *
 *	q         the query
 *	tempo     Tempo's answer, an array of spansets
 *	artefact  where Tempo's storage makes it depart from the language
 *	          (traceql.md 5.1): how
 *	language  with "artefact": the language's answer, which is right here
 *	error     instead of all these: what the query fails with
 *
 * A spanset has the trace's id, its spans' ids in the order of the trace, and the
 * labels that by() and aggregates gave it, durations as text; null is missing.
 * Spansets come in any order.
 */
#include "test/core/traceql_trace.h"

#include <cjson/cJSON.h>

#define TRACES 3

typedef struct Data
{
	GenopsBytes bytes;
	GenopsTrace traces[TRACES];
} Data;

static const char *const trace_ids[TRACES] = {
	"0000000000000000aaaaaaaaaaaa0001",
	"0000000000000000aaaaaaaaaaaa0002",
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbb0003",
};

static GenopsSlice
read_file(const char *path)
{
	static char text[100000];
	FILE *file = fopen(path, "rb");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text), file);
	assert_true(length < sizeof(text));
	fclose(file);
	return (GenopsSlice){ text, length };
}

static void
read_data(Data *data)
{
	*data = (Data){ .bytes = request_of(read_file("test/core/data/traceql_spans.json")) };
	for (size_t i = 0; i < TRACES; i++)
	{
		char id[16];

		for (size_t j = 0; j < sizeof(id); j++)
		{
			unsigned byte;

			assert_int_equal(sscanf(trace_ids[i] + 2 * j, "%2x", &byte), 1);
			id[j] = (char) byte;
		}
		add_spans(&data->traces[i], &data->bytes, (GenopsSlice){ id, sizeof(id) });
		assert_true(data->traces[i].count > 0);
	}
}

static void
free_data(Data *data)
{
	for (size_t i = 0; i < TRACES; i++)
		genops_trace_free(&data->traces[i]);
	genops_bytes_free(&data->bytes);
}

/* Comparing spansets */

static bool
is_text(const GenopsTraceqlValue *value, const char *expected)
{
	GenopsLiteral literal = { value->type, value->integer, value->real, value->text };
	GenopsBytes out = genops_bytes_growing();
	bool equal;

	if (value->type == GENOPS_TYPE_STRING)
		return genops_slice_equal(value->text, genops_slice(expected));
	genops_traceql_print_literal(&out, &literal);
	equal = genops_slice_equal((GenopsSlice){ (const char *) out.data, out.length },
	                           genops_slice(expected));
	genops_bytes_free(&out);
	return equal;
}

static bool
is_value(const GenopsTraceqlValue *value, const cJSON *expected)
{
	if (cJSON_IsNull(expected))
		return value->type == GENOPS_TYPE_NIL;
	if (cJSON_IsBool(expected))
		return value->type == GENOPS_TYPE_BOOLEAN &&
		       (value->integer != 0) == cJSON_IsTrue(expected);
	if (!cJSON_IsNumber(expected))
		return is_text(value, expected->valuestring);
	return value->type == GENOPS_TYPE_INT
	           ? (double) value->integer == expected->valuedouble
	           : value->type == GENOPS_TYPE_FLOAT && value->real == expected->valuedouble;
}

static bool
has_labels(const GenopsSpansetResult *set, const cJSON *expected)
{
	if ((size_t) cJSON_GetArraySize(expected) != set->label_count)
		return false;
	for (size_t i = 0; i < set->label_count; i++)
	{
		char key[80];
		const cJSON *value;

		snprintf(key, sizeof(key), "%.*s", (int) set->labels[i].key.length,
		         set->labels[i].key.data);
		value = cJSON_GetObjectItemCaseSensitive(expected, key);
		if (value == NULL || !is_value(&set->labels[i].value, value))
			return false;
	}
	return true;
}

static bool
has_spans(const GenopsTrace *trace, const GenopsSpansetResult *set, const cJSON *expected)
{
	if ((size_t) cJSON_GetArraySize(expected) != set->span_count)
		return false;
	for (size_t i = 0; i < set->span_count; i++)
	{
		GenopsSlice id = trace->spans[set->spans[i]].span.span_id;
		char text[17] = "";

		for (size_t j = 0; j < id.length && j < 8; j++)
			snprintf(text + 2 * j, 3, "%02x", (uint8_t) id.data[j]);
		if (strcmp(text, cJSON_GetArrayItem(expected, (int) i)->valuestring) != 0)
			return false;
	}
	return true;
}

/* How many of the expected spansets are of that trace; each must be in the result. */
static size_t
find_sets(const char *trace_id, const GenopsTrace *trace, const GenopsSpansets *sets,
          const cJSON *expected)
{
	const cJSON *each;
	size_t count = 0;

	cJSON_ArrayForEach(each, expected)
	{
		bool found = false;

		if (strcmp(cJSON_GetObjectItem(each, "trace")->valuestring, trace_id) != 0)
			continue;
		count++;
		for (size_t i = 0; i < sets->count && !found; i++)
			found = has_spans(trace, &sets->sets[i], cJSON_GetObjectItem(each, "spans")) &&
			        has_labels(&sets->sets[i], cJSON_GetObjectItem(each, "labels"));
		if (!found)
			return SIZE_MAX;
	}
	return count;
}

/* Running one vector */

/* A span that is looked at by itself agrees with the trace's result. */
static void
check_spans(GenopsTraceqlPipeline *pipeline, GenopsTrace *trace, const GenopsSpansets *sets)
{
	bool *found = test_calloc(trace->count, sizeof(bool));
	GenopsError error;

	for (size_t i = 0; i < sets->count; i++)
	{
		for (size_t j = 0; j < sets->sets[i].span_count; j++)
			found[sets->sets[i].spans[j]] = true;
	}
	for (size_t i = 0; i < trace->count; i++)
	{
		bool matches;

		assert_true(
		    genops_traceql_pipeline_may_match(pipeline, &trace->spans[i], &matches, &error));
		assert_true(matches || !found[i]);
		if (!genops_traceql_pipeline_is_span_local(pipeline))
			continue;
		assert_true(genops_traceql_pipeline_match(pipeline, &trace->spans[i], &matches, &error));
		assert_int_equal(matches, found[i]);
	}
	test_free(found);
}

static bool
answers(GenopsTraceqlPipeline *pipeline, Data *data, const cJSON *vector)
{
	const cJSON *expected = cJSON_GetObjectItem(vector, "language");
	const cJSON *failure = cJSON_GetObjectItem(vector, "error");
	bool right = true;

	if (expected == NULL)
		expected = cJSON_GetObjectItem(vector, "tempo");
	assert_true((expected != NULL) == (failure == NULL));
	for (size_t i = 0; i < TRACES; i++)
	{
		GenopsSpansets sets;
		GenopsError error;

		if (!genops_traceql_pipeline_run(pipeline, &data->traces[i], &sets, &error))
			return failure != NULL && strcmp(error.message, failure->valuestring) == 0;
		check_spans(pipeline, &data->traces[i], &sets);
		right = right && find_sets(trace_ids[i], &data->traces[i], &sets, expected) == sets.count;
	}
	return right && failure == NULL;
}

static bool
check_vector(Data *data, const cJSON *vector)
{
	const char *text = cJSON_GetObjectItem(vector, "q")->valuestring;
	GenopsTraceql query = parse_valid(text, GENOPS_TRACEQL_STRICT);
	GenopsError error;
	GenopsTraceqlPipeline *pipeline = genops_traceql_pipeline_prepare(query.query.pipeline, &error);
	bool right = pipeline != NULL && answers(pipeline, data, vector);

	if (!right)
		print_error("wrong answer to %s\n", text);
	genops_traceql_pipeline_free(pipeline);
	genops_traceql_free(&query);
	return right;
}

static void
searches_are_answered_as_by_tempo_or_the_language(void **state)
{
	Data data;
	GenopsSlice text;
	const char *line;
	size_t count = 0;
	size_t wrong = 0;

	(void) state;
	read_data(&data);
	text = read_file("test/core/data/traceql_search.jsonl");
	for (line = text.data; line < text.data + text.length; count++)
	{
		cJSON *vector = cJSON_ParseWithOpts(line, &line, 0);

		assert_non_null(vector);
		assert_int_equal(*line++, '\n');
		wrong += !check_vector(&data, vector);
		cJSON_Delete(vector);
	}
	assert_int_equal(count, 104);
	assert_int_equal(wrong, 0);
	free_data(&data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(searches_are_answered_as_by_tempo_or_the_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
