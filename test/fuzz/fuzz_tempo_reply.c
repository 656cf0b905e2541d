/* SPDX-License-Identifier: PostgreSQL */
/*
 * Hostile answers of Tempo: each reader either has a reply whose texts are valid and
 * whose attributes parse, or an error that can be shown.
 */
#include <assert.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/tempo/problem.h"
#include "core/tempo/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_failed(const GenopsError *error)
{
	assert(error->message[0] != '\0');
	assert(genops_utf8_valid(genops_slice(error->message)));
	assert(genops_utf8_valid(genops_slice(error->detail)));
}

static void
check_pairs(GenopsSlice pairs)
{
	GenopsFields fields = genops_fields(pairs);
	GenopsWireField field;
	GenopsSlice key;
	GenopsValue value;

	while (genops_fields_next(&fields, &field))
	{
		assert(genops_read_key_value(field.bytes, &key, &value));
		assert(genops_utf8_valid(key));
	}
	assert(!fields.malformed);
}

static void
check_search(GenopsSlice json, GenopsError *error)
{
	GenopsTempoSearch search;

	if (!genops_tempo_search_read(json, &search, NULL, error))
	{
		check_failed(error);
		return;
	}
	for (size_t i = 0; i < search.trace_count; i++)
	{
		const GenopsTempoTrace *trace = &search.traces[i];

		assert(trace->trace_id.length == 32);
		for (size_t set = 0; set < trace->spanset_count; set++)
		{
			check_pairs(trace->spansets[set].attributes);
			for (size_t span = 0; span < trace->spansets[set].span_count; span++)
			{
				assert(trace->spansets[set].spans[span].span_id.length == 16);
				check_pairs(trace->spansets[set].spans[span].attributes);
			}
		}
	}
	genops_arena_free(&search.arena);
}

static void
check_metrics(GenopsSlice json, bool instant, GenopsError *error)
{
	GenopsTempoMetrics metrics;

	if (!genops_tempo_metrics_read(json, instant, &metrics, NULL, error))
	{
		check_failed(error);
		return;
	}
	for (size_t i = 0; i < metrics.series_count; i++)
	{
		check_pairs(metrics.series[i].labels);
		assert(!instant || metrics.series[i].sample_count == 1);
	}
	genops_arena_free(&metrics.arena);
}

static void
check_others(GenopsSlice json, GenopsError *error)
{
	GenopsTempoTags tags;
	GenopsTempoTagValues values;
	GenopsTempoWholeTrace trace;
	GenopsTempoBuild build;

	if (genops_tempo_tags_read(json, &tags, NULL, error))
		genops_arena_free(&tags.arena);
	if (genops_tempo_tag_values_read(json, &values, NULL, error))
		genops_arena_free(&values.arena);
	if (genops_tempo_trace_read(json, &trace, error))
		genops_arena_free(&trace.arena);
	if (genops_tempo_build_read(json, &build, error))
		genops_arena_free(&build.arena);
}

/* The first byte chooses a status and a content type. */
static void
check_judgement(const uint8_t *data, size_t size, GenopsError *error)
{
	static const int statuses[] = { 0, 200, 204, 302, 400, 401, 404, 413, 422, 429, 500, 503 };
	static const char *const types[] = { "", "text/plain", "text/html", "application/json" };
	GenopsHttpReply reply = { 0 };

	reply.status = statuses[data[0] / 4 % (sizeof(statuses) / sizeof(statuses[0]))];
	memcpy(reply.content_type, types[data[0] % 4], strlen(types[data[0] % 4]));
	reply.body = (GenopsSlice){ (const char *) data + 1, size - 1 };
	if (genops_tempo_judge(&reply, "http://tempo:3200", NULL, error) != GENOPS_TEMPO_ANSWERED)
		check_failed(error);
	(void) genops_tempo_allowed_traces(error);
	(void) genops_tempo_allowed_spans(error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GenopsSlice json = { (const char *) data, size };
	GenopsError error = { 0 };

	check_search(json, &error);
	check_metrics(json, false, &error);
	check_metrics(json, true, &error);
	check_others(json, &error);
	if (size > 0)
		check_judgement(data, size, &error);
	return 0;
}
