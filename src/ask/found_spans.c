/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/found_spans.h"
#include "ask/segment_cache.h"
#include "ask/segment_spans.h"
#include "ask/span_cuts.h"
#include "ask/span_row.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/tuptable.h"
#include "server_text.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

/* Of what is sorted. */
enum
{
	FOUND_TRACE_ID,
	FOUND_LATEST,
	FOUND_SET,
	FOUND_START,
	FOUND_RECORDED_AT,
	FOUND_SEQ,
	FOUND_OFFSET,
	FOUND_HAS_PARENT,
	FOUND_MATCHED,
	FOUND_LABELS,
	FOUND_ROOT_NAME,
	FOUND_ROOT_SERVICE,
	FOUND_COLUMNS
};

static const Oid column_types[FOUND_COLUMNS] = {
	[FOUND_TRACE_ID] = UUIDOID,  [FOUND_LATEST] = TIMESTAMPTZOID,
	[FOUND_SET] = INT4OID,       [FOUND_START] = TIMESTAMPTZOID,
	[FOUND_SEQ] = INT8OID,       [FOUND_RECORDED_AT] = TIMESTAMPTZOID,
	[FOUND_OFFSET] = INT4OID,    [FOUND_HAS_PARENT] = BOOLOID,
	[FOUND_MATCHED] = INT4OID,   [FOUND_LABELS] = JSONBOID,
	[FOUND_ROOT_NAME] = TEXTOID, [FOUND_ROOT_SERVICE] = TEXTOID,
};

/* The newest trace first; within it set by set, in the order of time. */
static const struct
{
	int column;
	bool descending;
} sort_keys[] = { { FOUND_LATEST, true }, { FOUND_TRACE_ID, false }, { FOUND_SET, false },
	              { FOUND_START, false }, { FOUND_SEQ, false },      { FOUND_OFFSET, false } };

struct FoundSpans
{
	MemoryContext context;
	TupleDesc descriptor;
	TupleTableSlot *slot;   /* to be added */
	TupleTableSlot *sorted; /* taken out; NULL while some are added */
	Tuplesortstate *sort;
	int64 count;
	SpanPlace *places; /* of all, as long as they are few */
};

static Tuplesortstate *
BeginSort(TupleDesc descriptor)
{
	AttrNumber columns[lengthof(sort_keys)];
	Oid operators[lengthof(sort_keys)];
	Oid collations[lengthof(sort_keys)] = { InvalidOid };
	bool nulls_first[lengthof(sort_keys)] = { false };

	for (int i = 0; i < (int) lengthof(sort_keys); i++)
	{
		TypeCacheEntry *type = lookup_type_cache(column_types[sort_keys[i].column],
		                                         TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);

		columns[i] = (AttrNumber) (sort_keys[i].column + 1);
		operators[i] = sort_keys[i].descending ? type->gt_opr : type->lt_opr;
	}
	return tuplesort_begin_heap(descriptor, lengthof(sort_keys), columns, operators, collations,
	                            nulls_first, work_mem, NULL, TUPLESORT_NONE);
}

FoundSpans *
FoundSpansBegin(void)
{
	FoundSpans *found = palloc(sizeof(FoundSpans));

	found->context = CurrentMemoryContext;
	found->descriptor = CreateTemplateTupleDesc(FOUND_COLUMNS);
	for (int i = 0; i < FOUND_COLUMNS; i++)
		TupleDescInitEntry(found->descriptor, (AttrNumber) (i + 1), NULL, column_types[i], -1, 0);
	found->slot = MakeSingleTupleTableSlot(found->descriptor, &TTSOpsVirtual);
	found->sorted = NULL;
	found->count = 0;
	found->places = palloc(SPAN_CUTS_MAX * sizeof(SpanPlace));
	found->sort = BeginSort(found->descriptor);
	return found;
}

static void
PutText(TupleTableSlot *slot, int column, const char *text)
{
	slot->tts_isnull[column] = text == NULL;
	slot->tts_values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

void
FoundSpansAdd(FoundSpans *found, const FoundSpan *span)
{
	TupleTableSlot *slot = ExecClearTuple(found->slot);

	memset(slot->tts_isnull, false, FOUND_COLUMNS * sizeof(bool));
	slot->tts_values[FOUND_TRACE_ID] = PointerGetDatum(span->trace_id); /* a pg_uuid_t */
	slot->tts_values[FOUND_LATEST] = TimestampTzGetDatum(span->latest);
	slot->tts_values[FOUND_SET] = Int32GetDatum(span->set);
	slot->tts_values[FOUND_START] = TimestampTzGetDatum(span->start);
	slot->tts_values[FOUND_RECORDED_AT] = TimestampTzGetDatum(span->place.recorded_at);
	slot->tts_values[FOUND_SEQ] = Int64GetDatum(span->place.seq);
	slot->tts_values[FOUND_OFFSET] = Int32GetDatum(span->place.offset);
	slot->tts_values[FOUND_HAS_PARENT] = BoolGetDatum(span->has_parent);
	slot->tts_values[FOUND_MATCHED] = Int32GetDatum(span->matched);
	slot->tts_isnull[FOUND_LABELS] = span->labels == NULL;
	slot->tts_values[FOUND_LABELS] = PointerGetDatum(span->labels);
	PutText(slot, FOUND_ROOT_NAME, span->root_name);
	PutText(slot, FOUND_ROOT_SERVICE, span->root_service);
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(found->sort, slot);
	if (found->count < SPAN_CUTS_MAX)
		found->places[found->count] = span->place;
	found->count++;
}

static const char *
GetText(TupleTableSlot *slot, int column)
{
	bool null;
	Datum value = slot_getattr(slot, column + 1, &null);

	return null ? NULL : TextDatumGetCString(value);
}

static void
Read(TupleTableSlot *slot, FoundSpan *span)
{
	Datum *values;

	slot_getallattrs(slot);
	values = slot->tts_values;
	memset(span, 0, sizeof(FoundSpan));
	memcpy(span->trace_id, DatumGetUUIDP(values[FOUND_TRACE_ID]), GENOPS_TRACE_ID_SIZE);
	span->latest = DatumGetTimestampTz(values[FOUND_LATEST]);
	span->set = DatumGetInt32(values[FOUND_SET]);
	span->start = DatumGetTimestampTz(values[FOUND_START]);
	span->place.recorded_at = DatumGetTimestampTz(values[FOUND_RECORDED_AT]);
	span->place.seq = DatumGetInt64(values[FOUND_SEQ]);
	span->place.offset = DatumGetInt32(values[FOUND_OFFSET]);
	span->has_parent = DatumGetBool(values[FOUND_HAS_PARENT]);
	span->matched = DatumGetInt32(values[FOUND_MATCHED]);
	if (!slot->tts_isnull[FOUND_LABELS])
		span->labels = DatumGetJsonbP(values[FOUND_LABELS]);
	span->root_name = GetText(slot, FOUND_ROOT_NAME);
	span->root_service = GetText(slot, FOUND_ROOT_SERVICE);
}

bool
FoundSpansNext(FoundSpans *found, FoundSpan *span)
{
	if (found->sorted == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(found->context);

		found->sorted = MakeSingleTupleTableSlot(found->descriptor, &TTSOpsMinimalTuple);
		MemoryContextSwitchTo(caller);
		tuplesort_performsort(found->sort);
	}
	if (!tuplesort_gettupleslot(found->sort, true, false, found->sorted, NULL))
		return false;
	Read(found->sorted, span);
	return true;
}

void
FoundSpansEnd(FoundSpans *found)
{
	ExecDropSingleTupleTableSlot(found->slot);
	if (found->sorted != NULL)
		ExecDropSingleTupleTableSlot(found->sorted);
	tuplesort_end(found->sort);
	pfree(found->places);
	pfree(found);
}

/* The root of a trace is the span itself, or what has been looked up. */
static void
FillRoot(FoundSpan *span, const GenopsSpanWalk *at, TraceRoots *roots)
{
	GenopsSpanView view;

	if (span->root_name != NULL || roots == NULL ||
	    TraceRootsFind(roots, span->trace_id, &span->root_name, &span->root_service) ||
	    span->has_parent || !genops_read_span(at->span, &view))
		return;
	span->root_name = ServerString(view.name);
	span->root_service = ServerString(genops_read_service_name(at->resource));
}

/* False where the user may not see the segment, or it is gone. */
static bool
Locate(FoundSpans *found, SpanCuts *cuts, const SpanPlace *place, GenopsSpanWalk *at,
       const char **tenant_id)
{
	FetchedSegment segment;

	if (cuts != NULL && SpanCutsFind(cuts, place, at, tenant_id))
		return true;
	segment = SegmentFetch(found->context, place->recorded_at, place->seq);
	if (!genops_slice_present(segment.bytes))
		return false;
	*at = (GenopsSpanWalk){ .resource = segment.envelope->resource,
		                    .scope = segment.envelope->scope,
		                    .span = SegmentSpanAt(segment.bytes, place->offset),
		                    .offset = (size_t) place->offset };
	*tenant_id = segment.tenant_id;
	return true;
}

static void
ReturnSpan(FoundSpans *found, SpanCuts *cuts, FoundSpan *span, TraceRoots *roots,
           Tuplestorestate *result, TupleDesc descriptor)
{
	GenopsSpanWalk at;
	const char *tenant_id;
	TraceqlRow row;

	if (!Locate(found, cuts, &span->place, &at, &tenant_id))
		return;
	FillRoot(span, &at, roots);
	SpanRowFill(&row, &at, tenant_id, span);
	TraceqlRowPut(&row, result, descriptor);
}

void
FoundSpansReturn(FoundSpans *found, int max_traces, TraceRoots *roots, Tuplestorestate *result,
                 TupleDesc descriptor)
{
	SpanCuts *cuts =
	    found->count <= SPAN_CUTS_MAX ? SpanCutsRead(found->places, (int) found->count) : NULL;
	MemoryContext row =
	    AllocSetContextCreate(CurrentMemoryContext, "genops row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row);
	uint8 trace_id[GENOPS_TRACE_ID_SIZE];
	int traces = 0;
	FoundSpan span;

	while (FoundSpansNext(found, &span))
	{
		CHECK_FOR_INTERRUPTS();
		if (traces == 0 || memcmp(trace_id, span.trace_id, GENOPS_TRACE_ID_SIZE) != 0)
			traces++;
		if (max_traces != 0 && traces > max_traces)
			break;
		memcpy(trace_id, span.trace_id, GENOPS_TRACE_ID_SIZE);
		ReturnSpan(found, cuts, &span, roots, result, descriptor);
		MemoryContextReset(row);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row);
}
