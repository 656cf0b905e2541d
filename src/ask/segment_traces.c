/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_internal.segment_traces: cuts a segment into its traces.
 *
 * What comes out is sorted by trace in SQL, so that a trace's parts from all
 * segments stand together however many traces there are.
 */
#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/segment_spans.h"
#include "ask/span_pack.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

PG_FUNCTION_INFO_V1(genops_segment_traces);

typedef struct TraceSpan
{
	const uint8 *trace_id;
	GenopsSlice span;
	int32 offset;
} TraceSpan;

typedef struct TraceSpans
{
	TraceSpan *spans;
	int count;
	int room;
} TraceSpans;

static int
CompareIds(const void *left, const void *right)
{
	return memcmp(left, right, GENOPS_TRACE_ID_SIZE);
}

static int
CompareSpans(const void *left, const void *right)
{
	const TraceSpan *a = left;
	const TraceSpan *b = right;
	int order = CompareIds(a->trace_id, b->trace_id);

	return order != 0 ? order : (a->offset > b->offset) - (a->offset < b->offset);
}

/* The first field of a span, as everybody writes it: a tag and a length. */
static const char id_head[] = { 0x0A, GENOPS_TRACE_ID_SIZE };

static const uint8 *
TraceIdOf(GenopsSlice span)
{
	GenopsSpanView view;

	if (span.length >= sizeof(id_head) + GENOPS_TRACE_ID_SIZE &&
	    memcmp(span.data, id_head, sizeof(id_head)) == 0)
		return (const uint8 *) span.data + sizeof(id_head);
	if (!genops_read_span(span, &view) || view.trace_id.length != GENOPS_TRACE_ID_SIZE)
		OtlpMalformed();
	return (const uint8 *) view.trace_id.data;
}

/* "wanted" is sorted ids; NULL: all. */
static void
GatherSpan(TraceSpans *found, const GenopsSpanWalk *at, const bytea *wanted)
{
	const uint8 *trace_id = TraceIdOf(at->span);

	if (wanted != NULL &&
	    bsearch(trace_id, VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(wanted) / GENOPS_TRACE_ID_SIZE,
	            GENOPS_TRACE_ID_SIZE, CompareIds) == NULL)
		return;
	if (found->count == found->room)
	{
		found->room = found->room == 0 ? 64 : found->room * 2;
		found->spans = found->spans == NULL
		                   ? palloc(found->room * sizeof(TraceSpan))
		                   : repalloc(found->spans, found->room * sizeof(TraceSpan));
	}
	found->spans[found->count++] = (TraceSpan){ trace_id, at->span, (int32) at->offset };
}

static bytea *
Pack(const GenopsEnvelope *envelope, const TraceSpan *spans, int count)
{
	GenopsSlice *contents = palloc(count * sizeof(GenopsSlice));
	bytea *packed;

	for (int i = 0; i < count; i++)
		contents[i] = spans[i].span;
	packed = SpanPack(envelope, contents, count);
	pfree(contents);
	return packed;
}

static ArrayType *
Offsets(const TraceSpan *spans, int count)
{
	Datum *offsets = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		offsets[i] = Int32GetDatum(spans[i].offset);
	return construct_array(offsets, count, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

static void
ReturnTraces(TraceSpans *found, const GenopsEnvelope *envelope, ReturnSetInfo *result)
{
	bool nulls[3] = { false };
	int next;

	qsort(found->spans, found->count, sizeof(TraceSpan), CompareSpans);
	for (int first = 0; first < found->count; first = next)
	{
		const TraceSpan *spans = &found->spans[first];
		Datum values[3];

		next = first + 1;
		while (next < found->count && CompareIds(found->spans[next].trace_id, spans->trace_id) == 0)
			next++;
		values[0] = PointerGetDatum(spans->trace_id); /* a pg_uuid_t is its bytes */
		values[1] = PointerGetDatum(Pack(envelope, spans, next - first));
		values[2] = PointerGetDatum(Offsets(spans, next - first));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(DatumGetPointer(values[1]));
		pfree(DatumGetPointer(values[2]));
	}
}

/* Arguments: bytes; wanted, sorted trace ids one after the other, or NULL. */
Datum
genops_segment_traces(PG_FUNCTION_ARGS)
{
	GenopsSlice segment;
	GenopsEnvelope envelope;
	SegmentSpans spans;
	TraceSpans found = { .spans = NULL };
	bytea *wanted = PG_ARGISNULL(1) ? NULL : PG_GETARG_BYTEA_PP(1);
	bytea *bytes;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	bytes = PG_GETARG_BYTEA_PP(0);
	segment = SegmentBytes(bytes);
	spans = SegmentSpansBegin(segment, NULL);
	while (SegmentSpansNext(&spans))
	{
		CHECK_FOR_INTERRUPTS();
		GatherSpan(&found, &spans.walk, wanted);
	}
	if (found.count > 0 && !genops_read_envelope(segment, &envelope))
		OtlpMalformed();
	if (found.count > 0)
		ReturnTraces(&found, &envelope, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
