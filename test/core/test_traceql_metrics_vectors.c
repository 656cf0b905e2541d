/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/traceql_metrics.h"

#include <cjson/cJSON.h>

/*
 * The recorded answers of a real Tempo, in test/core/data/traceql_metrics.json:
 *
 *	q, start, end, step   the query and its range in seconds; no step: an instant one
 *	spans, earlier        the file of the spans, and by how many seconds they were
 *	                      earlier when this was recorded
 *	series                labels and values as "tempo" gave them; where the language's
 *	                      differ, these are in "language" (null: no such series)
 *	artefact              what makes Tempo's storage and sums depart from the language
 *	error                 Tempo's message, where the request is wrong
 *	caller                the error is about the text of a parameter, which is read by
 *	                      the core's caller
 */
static GenopsSlice
read_file(const char *name, char *room, size_t size)
{
	char path[128];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "test/core/data/%s", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	length = fread(room, 1, size, file);
	fclose(file);
	assert_true(length < size);
	return (GenopsSlice){ room, length };
}

static const char *
text_of(const cJSON *vector, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(vector, key));
}

static int64_t
number_of(const cJSON *vector, const char *key)
{
	const cJSON *item = cJSON_GetObjectItem(vector, key);

	return cJSON_IsNumber(item) ? (int64_t) item->valuedouble : 0;
}

static GenopsMetricsGrid
grid_of(const cJSON *vector)
{
	int64_t start = number_of(vector, "start");
	int64_t end = number_of(vector, "end");

	return cJSON_HasObjectItem(vector, "step") ? range_of(start, end, number_of(vector, "step"))
	                                           : instant_of(start, end);
}

/* The values that the language has for a recorded series, or NULL. */
static const cJSON *
values_of(const cJSON *series)
{
	const cJSON *language = cJSON_GetObjectItem(series, "language");

	if (language == NULL)
		return cJSON_GetObjectItem(series, "tempo");
	return cJSON_IsNull(language) ? NULL : language;
}

static bool
same_labels(const GenopsSeries *series, const cJSON *labels)
{
	bool same = series->label_count == (size_t) cJSON_GetArraySize(labels);

	for (size_t i = 0; same && i < series->label_count; i++)
	{
		const cJSON *label = cJSON_GetArrayItem(labels, (int) i);
		GenopsBytes printed = genops_bytes_growing();
		char expected[128];

		snprintf(expected, sizeof(expected), "%s=%s",
		         cJSON_GetStringValue(cJSON_GetArrayItem(label, 0)),
		         cJSON_GetStringValue(cJSON_GetArrayItem(label, 1)));
		print_label(&printed, &series->labels[i]);
		same = genops_slice_equal((GenopsSlice){ (const char *) printed.data, printed.length },
		                          genops_slice(expected));
		genops_bytes_free(&printed);
	}
	return same;
}

static bool
same_values(const GenopsSeries *series, size_t count, const cJSON *values)
{
	const cJSON *value;
	size_t i = 0;

	if (count != (size_t) cJSON_GetArraySize(values))
		return false;
	cJSON_ArrayForEach(value, values)
	{
		double found = series->values[i++];

		if (cJSON_IsNull(value) != (bool) isnan(found))
			return false;
		/* Tempo multiplies by 1 / step, which is a last digit off. */
		if (!isnan(found) && fabs(found - value->valuedouble) > 1e-14 * fabs(found))
			return false;
	}
	return true;
}

static void
check_answer(const cJSON *vector, const MetricsRun *run)
{
	GenopsBytes out = genops_bytes_growing();
	const cJSON *series;
	bool same = true;
	size_t next = 0;

	cJSON_ArrayForEach(series, cJSON_GetObjectItem(vector, "series"))
	{
		const cJSON *values = values_of(series);

		if (values == NULL)
			continue;
		same = same && next < run->list.count &&
		       same_labels(&run->list.series[next], cJSON_GetObjectItem(series, "labels")) &&
		       same_values(&run->list.series[next], run->grid.count, values);
		next++;
	}
	if (!same || next != run->list.count)
	{
		print_error("%s gives\n%s", text_of(vector, "q"), print_series(&out, run));
		fail();
	}
	genops_bytes_free(&out);
}

/* The core takes a step as a number, and 0 as the default. */
static void
check_wrong_request(const cJSON *vector)
{
	GenopsMetricsGrid grid;
	GenopsError error;
	int64_t start = number_of(vector, "start") * SECONDS;
	int64_t end = number_of(vector, "end") * SECONDS;

	if (cJSON_HasObjectItem(vector, "caller"))
		return;
	assert_false(
	    genops_metrics_range(start, end, number_of(vector, "step") * SECONDS, &grid, &error));
	assert_int_equal(error.code, GENOPS_INVALID_ARGUMENT);
}

static void
check_vector(const cJSON *vector)
{
	static char text[20000];
	GenopsBytes request;
	MetricsRun run;

	if (cJSON_HasObjectItem(vector, "error"))
	{
		check_wrong_request(vector);
		return;
	}
	request = request_of(read_file(text_of(vector, "spans"), text, sizeof(text)));
	run = start_metrics(text_of(vector, "q"), grid_of(vector));
	count_request(&run, &request, number_of(vector, "earlier") * SECONDS);
	finish_metrics(&run);
	check_answer(vector, &run);
	end_metrics(&run);
	genops_bytes_free(&request);
}

static void
answers_as_tempo_or_as_the_language(void **state)
{
	static char text[80000];
	GenopsSlice file = read_file("traceql_metrics.json", text, sizeof(text));
	cJSON *vectors = cJSON_ParseWithLength(file.data, file.length);
	const cJSON *vector;

	(void) state;
	assert_int_equal(cJSON_GetArraySize(vectors), 48);
	cJSON_ArrayForEach(vector, vectors)
	{
		check_vector(vector);
	}
	cJSON_Delete(vectors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_tempo_or_as_the_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
