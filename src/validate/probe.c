/* SPDX-License-Identifier: PostgreSQL */
/*
 * The span that is sent to be read back.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "core/net/export_request.h"
#include "core/span/otlp_write.h"
#include "record/arguments.h"
#include "validate/probe.h"

#define PROBE_NAME "genops_validate"
#define ROOM 1024

/* In 1970, so that nobody's query, metric or dashboard counts the span: it is looked up by
 * its trace's id alone, which asks for no range of time. */
#define PROBE_TIME_NS INT64CONST(1000000000)

static void
MakeId(uint8 *id, int size)
{
	for (int i = 0; i < size; i += (int) sizeof(uint64))
	{
		uint64 random = pg_prng_uint64(&pg_global_prng_state) | 1; /* no id is zero */

		memcpy(id + i, &random, sizeof(random));
	}
}

static GenopsSlice
Written(const GenopsBytes *bytes)
{
	Assert(!bytes->failed);
	return (GenopsSlice){ (const char *) bytes->data, bytes->length };
}

static GenopsSlice
ProbeSpan(const GenopsSpanFacts *facts)
{
	GenopsBytes span = genops_bytes_over(palloc(ROOM), ROOM);

	(void) genops_otlp_span_open(&span, facts, GENOPS_ABSENT);
	genops_otlp_put_bool(&span, GENOPS_KEY("genops.validation"), true);
	genops_otlp_span_close(&span, GENOPS_STATUS_UNSET, GENOPS_ABSENT,
	                       GENOPS_SPAN_FLAG_SAMPLED | GENOPS_SPAN_FLAG_RANDOM);
	return Written(&span);
}

static GenopsSlice
ProbeSegment(GenopsSlice span, GenopsSlice service_name)
{
	Size room = ROOM + service_name.length;
	GenopsBytes text = genops_bytes_over(palloc(room), room);
	GenopsBytes resource = genops_bytes_over(palloc(room), room);
	GenopsBytes scope = genops_bytes_over(palloc(ROOM), ROOM);
	GenopsBytes segment = genops_bytes_over(palloc(3 * ROOM + room), 3 * ROOM + room);

	genops_otlp_any_text(&text, service_name);
	genops_otlp_resource_item(&resource, GENOPS_KEY("service.name"), Written(&text));
	genops_otlp_scope(&scope, GENOPS_LITERAL("genops_tempo"), GENOPS_LITERAL(GENOPS_VERSION));
	genops_otlp_segment_head(&segment, Written(&resource), Written(&scope),
	                         genops_otlp_span_item_size(span.length));
	genops_otlp_span_item(&segment, span);
	return Written(&segment);
}

/* One run of bytes of the runs of a request. */
static GenopsSlice
Joined(GenopsSlice segment)
{
	uint8 head[GENOPS_EXPORT_HEAD_SIZE];
	GenopsSlice runs[2];
	size_t run_count;
	size_t size;
	char *body;
	char *end;
	GenopsError error;

	if (!genops_export_frame(&segment, 1, head, runs, &run_count, &size, &error))
		ReportCoreError(&error, ERRCODE_INTERNAL_ERROR);
	body = end = palloc(size);
	for (size_t i = 0; i < run_count; i++)
	{
		memcpy(end, runs[i].data, runs[i].length);
		end += runs[i].length;
	}
	return (GenopsSlice){ body, size };
}

Probe
ProbeMake(const char *service_name)
{
	GenopsSpanFacts facts = { .kind = GENOPS_KIND_INTERNAL };
	Probe probe;

	MakeId(facts.trace_id, GENOPS_TRACE_ID_SIZE);
	MakeId(facts.span_id, GENOPS_SPAN_ID_SIZE);
	facts.start_ns = facts.end_ns = PROBE_TIME_NS;
	facts.text[GENOPS_TEXT_NAME] = GENOPS_LITERAL(PROBE_NAME);
	for (int i = 0; i < GENOPS_TRACE_ID_SIZE; i++)
		snprintf(probe.trace_id + 2 * i, 3, "%02x", facts.trace_id[i]);
	probe.body = Joined(ProbeSegment(ProbeSpan(&facts), genops_slice(service_name)));
	return probe;
}
