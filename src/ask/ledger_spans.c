/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/ledger_spans.h"
#include "ask/ledger_sql.h"
#include "ask/segment_matches.h"
#include "ask/segment_spans.h"
#include "ask/stream.h"
#include "ask/traceql_error.h"
#include "compat.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

typedef struct Hits
{
	SpanHitHandler handler;
	void *argument;
} Hits;

static void
HitFromColumns(void *argument, TupleTableSlot *row)
{
	Hits *hits = argument;
	SpanHit hit = { .place = { DatumGetTimestampTz(StreamColumn(row, 1)),
		                       DatumGetInt64(StreamColumn(row, 2)),
		                       DatumGetInt32(StreamColumn(row, 3)) },
		            .start = DatumGetTimestampTz(StreamColumn(row, 5)),
		            .has_parent = DatumGetBool(StreamColumn(row, 6)) };

	memcpy(hit.trace_id, DatumGetUUIDP(StreamColumn(row, 4)), GENOPS_TRACE_ID_SIZE);
	hits->handler(hits->argument, &hit);
}

static void
HitsFromBytes(void *argument, TupleTableSlot *row)
{
	Hits *hits = argument;
	bytea *packed = DatumGetByteaP(StreamColumn(row, 3));
	Size count = (VARSIZE(packed) - VARHDRSZ) / sizeof(SpanMatch);

	for (Size i = 0; i < count; i++)
	{
		SpanMatch match;
		SpanHit hit = { .place = { .recorded_at = DatumGetTimestampTz(StreamColumn(row, 1)),
			                       .seq = DatumGetInt64(StreamColumn(row, 2)) } };

		memcpy(&match, VARDATA(packed) + i * sizeof(match), sizeof(match));
		hit.start = match.start;
		hit.place.offset = match.offset;
		hit.has_parent = match.has_parent != 0;
		memcpy(hit.trace_id, match.trace_id, GENOPS_TRACE_ID_SIZE);
		hits->handler(hits->argument, &hit);
	}
}

void
LedgerEachSpan(const TraceqlRequest *request, const GenopsPipeline *pipeline, bool candidates,
               SegmentWindow window, SpanHitHandler handler, void *argument)
{
	Condition condition = candidates ? PushDownCandidates(pipeline) : PushDownPipeline(pipeline);
	LedgerSpanQueries queries = LedgerSpans(request, condition, candidates);
	LedgerParameters parameters = LedgerParametersOf(request, TraceqlPrintPipeline(pipeline));
	Hits hits = { handler, argument };

	parameters.list[LEDGER_FIRST_SEQ - 1].value = Int64GetDatum(window.first);
	parameters.list[LEDGER_LAST_SEQ - 1].value = Int64GetDatum(window.last);
	if (queries.columns != NULL)
		StreamQuery(queries.columns, parameters.list, LEDGER_PARAMETERS, HitFromColumns, &hits);
	StreamQuery(queries.bytes, parameters.list, LEDGER_PARAMETERS, HitsFromBytes, &hits);
}

/* Whole traces */

/* Asking a segment's filter for more ids than this takes longer than reading it. */
#define MAX_FILTERED 2000

typedef struct Traces
{
	TraceHandler handler;
	void *argument;
	GenopsTrace trace;
	uint8 trace_id[GENOPS_TRACE_ID_SIZE];
	MemoryContext bytes; /* of the trace's spans */
	SpanPlace *places;
	Size place_room;
} Traces;

static void
ReleaseTrace(void *trace)
{
	genops_trace_free(trace);
}

static void
EndTrace(Traces *traces)
{
	GenopsError error;

	if (traces->trace.count == 0)
		return;
	if (!genops_trace_complete(&traces->trace, &error))
		TraceqlRaise(&error);
	traces->handler(traces->argument, &traces->trace, traces->places);
	genops_trace_clear(&traces->trace);
	MemoryContextReset(traces->bytes);
}

static void
AddPlace(Traces *traces, SpanPlace place)
{
	if (traces->trace.count > traces->place_room)
	{
		traces->place_room = Max(traces->place_room * 2, 64);
		traces->places = repalloc_huge(traces->places, traces->place_room * sizeof(SpanPlace));
	}
	traces->places[traces->trace.count - 1] = place;
}

/* "places" is parallel to the spans in "packed". */
static void
AddSpans(Traces *traces, GenopsSlice packed, TupleTableSlot *row)
{
	ArrayType *offsets = DatumGetArrayTypeP(StreamColumn(row, 5));
	SegmentSpans spans = SegmentSpansBegin(packed, NULL);
	SpanPlace place = { .recorded_at = DatumGetTimestampTz(StreamColumn(row, 1)),
		                .seq = DatumGetInt64(StreamColumn(row, 2)) };
	GenopsError error;

	for (int i = 0; SegmentSpansNext(&spans); i++)
	{
		if (!genops_trace_add(&traces->trace, &spans.walk, &error))
			TraceqlRaise(&error);
		place.offset = ((int32 *) ARR_DATA_PTR(offsets))[i];
		AddPlace(traces, place);
	}
}

static void
PartOfTrace(void *argument, TupleTableSlot *row)
{
	Traces *traces = argument;
	const uint8 *trace_id = DatumGetUUIDP(StreamColumn(row, 3))->data;
	bytea *packed;
	MemoryContext caller;

	if (memcmp(traces->trace_id, trace_id, GENOPS_TRACE_ID_SIZE) != 0)
		EndTrace(traces);
	memcpy(traces->trace_id, trace_id, GENOPS_TRACE_ID_SIZE);
	caller = MemoryContextSwitchTo(traces->bytes);
	packed = DatumGetByteaPCopy(StreamColumn(row, 4));
	MemoryContextSwitchTo(caller);
	AddSpans(traces, SegmentBytes(packed), row);
}

static int
CompareIds(const void *left, const void *right)
{
	return memcmp(left, right, GENOPS_TRACE_ID_SIZE);
}

static Datum
PackIds(const TraceIds *ids)
{
	Size size = (Size) ids->count * GENOPS_TRACE_ID_SIZE;
	bytea *packed = palloc(VARHDRSZ + size);

	qsort(ids->ids, ids->count, GENOPS_TRACE_ID_SIZE, CompareIds);
	memcpy(VARDATA(packed), ids->ids, size);
	SET_VARSIZE(packed, VARHDRSZ + size);
	return PointerGetDatum(packed);
}

void
LedgerEachTrace(const TraceqlRequest *request, const TraceIds *ids, TraceHandler handler,
                void *argument)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "genops traces", ALLOCSET_DEFAULT_SIZES);
	LedgerParameters parameters = LedgerParametersOf(request, GENOPS_LITERAL(""));
	Traces *traces;

	MemoryContextSwitchTo(context);
	traces = palloc0(sizeof(Traces));
	traces->handler = handler;
	traces->argument = argument;
	traces->bytes = AllocSetContextCreate(context, "genops trace", ALLOCSET_DEFAULT_SIZES);
	traces->place_room = 64;
	traces->places = palloc(traces->place_room * sizeof(SpanPlace));
	TraceqlReleaseWithContext(ReleaseTrace, &traces->trace);
	if (ids != NULL)
	{
		parameters.list[LEDGER_TRACES - 1].value = PackIds(ids);
		parameters.list[LEDGER_TRACES - 1].is_null = false;
	}
	StreamQuery(LedgerTraces(request, ids != NULL && ids->count <= MAX_FILTERED), parameters.list,
	            LEDGER_PARAMETERS, PartOfTrace, traces);
	EndTrace(traces);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
