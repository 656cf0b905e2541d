/* SPDX-License-Identifier: PostgreSQL */
/*
 * The answers of /api/metrics/query_range and /api/metrics/query.
 *
 * A sample without a value is 0.  Exemplars are passed over.
 */
#include "core/tempo/reply_json.h"

/* The end of the year 9999. */
#define LAST_MS INT64_C(253402300799999)

static bool
read_sample(GenopsTempoReader *reader, const cJSON *object, void *element)
{
	GenopsTempoSample *sample = element;
	const cJSON *time = genops_json_member(object, "timestampMs");

	if (time != NULL && (!genops_json_int64(time, &sample->unix_ms) || sample->unix_ms < 0 ||
	                     sample->unix_ms > LAST_MS))
		return genops_convert_refuse(&reader->converter, "timestampMs",
		                             "milliseconds of a year up to 9999");
	return genops_tempo_take_double(reader, object, "value", &sample->value);
}

static bool
read_range_series(GenopsTempoReader *reader, const cJSON *object, void *element)
{
	GenopsTempoSeries *series = element;

	return genops_tempo_take_pairs(reader, object, "labels", &series->labels) &&
	       genops_tempo_take_array(reader, object, "samples", sizeof(GenopsTempoSample),
	                               read_sample, &series->samples, &series->sample_count);
}

static bool
read_instant_series(GenopsTempoReader *reader, const cJSON *object, void *element)
{
	GenopsTempoSeries *series = element;

	series->samples = genops_arena_take(reader->arena, sizeof(GenopsTempoSample));
	if (series->samples == NULL)
		return genops_tempo_out_of_memory(reader);
	series->sample_count = 1;
	return genops_tempo_take_pairs(reader, object, "labels", &series->labels) &&
	       genops_tempo_take_double(reader, object, "value", &series->samples[0].value);
}

bool
genops_tempo_metrics_read(GenopsSlice json, bool instant, GenopsTempoMetrics *metrics,
                          const GenopsInterrupt *interrupt, GenopsError *error)
{
	GenopsTempoReader reader;
	bool good;

	*metrics = (GenopsTempoMetrics){ 0 };
	good = genops_tempo_reader_open(&reader, json, "series", &metrics->arena, interrupt, error) &&
	       genops_tempo_take_elements(&reader, "series", sizeof(GenopsTempoSeries),
	                                  instant ? read_instant_series : read_range_series,
	                                  &metrics->series, &metrics->series_count) &&
	       genops_tempo_take_completeness(&reader, &metrics->completeness);
	return genops_tempo_reader_close(&reader, good);
}
