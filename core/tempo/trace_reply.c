/* SPDX-License-Identifier: PostgreSQL */
/*
 * The answers of /api/v2/traces/... and /api/status/buildinfo.
 */
#include "core/span/otlp_json.h"
#include "core/tempo/reply_json.h"

static bool
convert_trace(GenopsTempoReader *reader, GenopsSlice json, GenopsTempoWholeTrace *trace)
{
	GenopsBytes request = genops_bytes_growing();
	bool converted = genops_otlp_from_json(json, &request, reader->converter.error);

	if (converted)
	{
		trace->request = genops_arena_copy(
		    reader->arena, (GenopsSlice){ (const char *) request.data, request.length });
		converted = genops_slice_present(trace->request) || genops_tempo_out_of_memory(reader);
	}
	genops_bytes_free(&request);
	return converted;
}

bool
genops_tempo_trace_read(GenopsSlice json, GenopsTempoWholeTrace *trace, GenopsError *error)
{
	GenopsTempoReader reader;
	bool good;

	*trace = (GenopsTempoWholeTrace){ 0 };
	good = genops_tempo_reader_open(&reader, json, "trace", &trace->arena, NULL, error) &&
	       genops_tempo_take_completeness(&reader, &trace->completeness) &&
	       convert_trace(&reader, json, trace);
	return genops_tempo_reader_close(&reader, good);
}

bool
genops_tempo_build_read(GenopsSlice json, GenopsTempoBuild *build, GenopsError *error)
{
	GenopsTempoReader reader;
	bool good;

	*build = (GenopsTempoBuild){ .version = GENOPS_LITERAL(""), .revision = GENOPS_LITERAL("") };
	good = genops_tempo_reader_open(&reader, json, "version", &build->arena, NULL, error) &&
	       genops_tempo_take_text(&reader, reader.root, "version", &build->version) &&
	       genops_tempo_take_text(&reader, reader.root, "revision", &build->revision);
	return genops_tempo_reader_close(&reader, good);
}
