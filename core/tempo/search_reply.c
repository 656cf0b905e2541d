/* SPDX-License-Identifier: PostgreSQL */
/*
 * The answer of /api/search.
 */
#include "core/tempo/reply_json.h"

#define TRACE_ID_DIGITS 32
#define SPAN_ID_DIGITS 16

/* Tempo's words for a root's service, where it has no root. */
#define NO_ROOT GENOPS_LITERAL("<root span not yet received>")

static bool
read_span(GenopsTempoReader *reader, const cJSON *object, void *element)
{
	GenopsTempoSpan *span = element;

	return genops_tempo_take_id(reader, object, "spanID", SPAN_ID_DIGITS, &span->span_id) &&
	       genops_tempo_take_text(reader, object, "name", &span->name) &&
	       genops_tempo_take_uint64(reader, object, "startTimeUnixNano", &span->start_ns) &&
	       genops_tempo_take_uint64(reader, object, "durationNanos", &span->duration_ns) &&
	       genops_tempo_take_pairs(reader, object, "attributes", &span->attributes);
}

static bool
read_spanset(GenopsTempoReader *reader, const cJSON *object, void *element)
{
	GenopsTempoSpanset *spanset = element;

	return genops_tempo_take_array(reader, object, "spans", sizeof(GenopsTempoSpan), read_span,
	                               &spanset->spans, &spanset->span_count) &&
	       genops_tempo_take_uint32(reader, object, "matched", &spanset->matched) &&
	       genops_tempo_take_pairs(reader, object, "attributes", &spanset->attributes);
}

/* The one spanset of a Tempo that knows no more, or of an answer that has no
 * other. */
static bool
read_only_spanset(GenopsTempoReader *reader, const cJSON *object, GenopsTempoTrace *trace)
{
	const cJSON *spanset = genops_json_member(object, "spanSet");
	size_t place;

	if (!cJSON_IsObject(spanset))
		return spanset == NULL || genops_convert_refuse(&reader->converter, "spanSet", "an object");
	trace->spansets = genops_arena_take(reader->arena, sizeof(GenopsTempoSpanset));
	if (trace->spansets == NULL)
		return genops_tempo_out_of_memory(reader);
	trace->spanset_count = 1;
	place = genops_convert_enter(&reader->converter, "spanSet");
	if (!read_spanset(reader, spanset, trace->spansets))
		return false;
	genops_convert_leave(&reader->converter, place);
	return true;
}

static bool
read_spansets(GenopsTempoReader *reader, const cJSON *object, GenopsTempoTrace *trace)
{
	if (!genops_tempo_take_array(reader, object, "spanSets", sizeof(GenopsTempoSpanset),
	                             read_spanset, &trace->spansets, &trace->spanset_count))
		return false;
	return trace->spanset_count > 0 || read_only_spanset(reader, object, trace);
}

static bool
read_trace(GenopsTempoReader *reader, const cJSON *object, void *element)
{
	GenopsTempoTrace *trace = element;

	if (!genops_tempo_take_id(reader, object, "traceID", TRACE_ID_DIGITS, &trace->trace_id) ||
	    !genops_tempo_take_text(reader, object, "rootServiceName", &trace->root_service_name) ||
	    !genops_tempo_take_text(reader, object, "rootTraceName", &trace->root_name) ||
	    !genops_tempo_take_uint64(reader, object, "startTimeUnixNano", &trace->start_ns) ||
	    !genops_tempo_take_uint64(reader, object, "durationMs", &trace->duration_ms))
		return false;
	if (genops_slice_equal(trace->root_service_name, NO_ROOT))
		trace->root_service_name = GENOPS_ABSENT;
	return read_spansets(reader, object, trace);
}

static bool
read_work(GenopsTempoReader *reader, GenopsTempoSearch *search)
{
	const cJSON *work = genops_json_member(reader->root, "metrics");

	return genops_tempo_take_uint64(reader, work, "inspectedTraces", &search->inspected_traces) &&
	       genops_tempo_take_uint64(reader, work, "inspectedSpans", &search->inspected_spans) &&
	       genops_tempo_take_uint64(reader, work, "inspectedBytes", &search->inspected_bytes) &&
	       genops_tempo_take_uint32(reader, work, "completedJobs", &search->completed_jobs) &&
	       genops_tempo_take_uint32(reader, work, "totalJobs", &search->total_jobs);
}

bool
genops_tempo_search_read(GenopsSlice json, GenopsTempoSearch *search,
                         const GenopsInterrupt *interrupt, GenopsError *error)
{
	GenopsTempoReader reader;
	bool good;

	*search = (GenopsTempoSearch){ 0 };
	good = genops_tempo_reader_open(&reader, json, "traces", &search->arena, interrupt, error) &&
	       genops_tempo_take_elements(&reader, "traces", sizeof(GenopsTempoTrace), read_trace,
	                                  &search->traces, &search->trace_count) &&
	       genops_tempo_take_completeness(&reader, &search->completeness) &&
	       read_work(&reader, search);
	return genops_tempo_reader_close(&reader, good);
}
