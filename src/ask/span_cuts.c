/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "access/detoast.h"
#include "ask/otlp_jsonb.h"
#include "ask/segment_spans.h"
#include "ask/span_cuts.h"
#include "ask/span_pack.h"
#include "ask/stream.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_segment_pick);

/* How much is kept, however large spans are. */
#define MAX_KEPT_BYTES ((Size) 64 * 1024 * 1024)

/* ResourceSpans.scope_spans: field 2, a message. */
#define SCOPE_SPANS_TAG 0x12

/* Most spans are no longer; a longer one takes its whole segment. */
#define USUAL_SPAN 4096

/* What genops_internal.segment_pick() is told: sorted, one after the other. */
typedef struct CutPlace
{
	int64 seq;
	int32 offset;
	int32 unused; /* zero, so that the whole can be a key */
} CutPlace;

typedef struct Cut
{
	CutPlace place; /* the key */
	GenopsSpanWalk at;
	const char *tenant_id;
} Cut;

struct SpanCuts
{
	MemoryContext context;
	HTAB *cuts;
	CutPlace *places;
	int count;
	Size kept; /* bytes */
};

static int
ComparePlaces(const void *left, const void *right)
{
	const CutPlace *a = left;
	const CutPlace *b = right;

	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

/* In a bytea they are not aligned. */
static CutPlace
PlaceAt(const char *places, int number)
{
	CutPlace place;

	memcpy(&place, places + number * sizeof(CutPlace), sizeof(place));
	return place;
}

/* The first place of a segment, or where it would be. */
static int
FirstOf(const char *places, int count, int64 seq)
{
	int low = 0;
	int high = count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (PlaceAt(places, middle).seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The offsets of a segment's places, in their order. */
static int32 *
OffsetsOf(const bytea *packed, int64 seq, int *found)
{
	const char *places = VARDATA(packed);
	int count = (int) ((VARSIZE(packed) - VARHDRSZ) / sizeof(CutPlace));
	int first = FirstOf(places, count, seq);
	int next = first;
	int32 *offsets;

	while (next < count && PlaceAt(places, next).seq == seq)
		next++;
	*found = next - first;
	offsets = palloc(Max(*found, 1) * sizeof(int32));
	for (int i = 0; i < *found; i++)
		offsets[i] = PlaceAt(places, first + i).offset;
	return offsets;
}

/*
 * Resource and scope of a segment of which only the beginning may be there, as
 * genops_otlp_segment_head writes them: the resource, then a ScopeSpans that begins
 * with the scope.
 */
static bool
ReadHead(GenopsSlice segment, GenopsEnvelope *envelope)
{
	GenopsFields fields = genops_fields(segment);
	GenopsWireField field;

	*envelope = (GenopsEnvelope){ .resource = GENOPS_ABSENT, .scope = GENOPS_ABSENT };
	if (!genops_fields_next(&fields, &field) || field.number != 1 ||
	    field.wire_type != GENOPS_WIRE_BYTES)
		return false;
	envelope->resource = field.bytes;
	if (fields.next == fields.end || *fields.next++ != SCOPE_SPANS_TAG)
		return false;
	while (fields.next < fields.end && (*fields.next & 0x80) != 0)
		fields.next++;
	if (fields.next == fields.end)
		return false;
	fields.next++;
	if (genops_fields_next(&fields, &field) && field.number == 1 &&
	    field.wire_type == GENOPS_WIRE_BYTES)
		envelope->scope = field.bytes;
	return true;
}

/* NULL if not all of them are in these bytes. */
static bytea *
PickFrom(bytea *bytes, const int32 *offsets, int count)
{
	GenopsSlice segment = SegmentBytes(bytes);
	GenopsSlice *spans = palloc(Max(count, 1) * sizeof(GenopsSlice));
	GenopsEnvelope envelope;

	if (!ReadHead(segment, &envelope))
		return NULL;
	for (int i = 0; i < count; i++)
		if (!SegmentTrySpan(segment, offsets[i], &spans[i]))
			return NULL;
	return SpanPack(&envelope, spans, count);
}

static bytea *
PickFromWhole(bytea *bytes, const int32 *offsets, int count)
{
	GenopsSlice segment = SegmentBytes(bytes);
	GenopsSlice *spans = palloc(Max(count, 1) * sizeof(GenopsSlice));
	GenopsEnvelope envelope;

	if (!genops_read_envelope(segment, &envelope))
		OtlpMalformed();
	for (int i = 0; i < count; i++)
		spans[i] = SegmentSpanAt(segment, offsets[i]);
	return SpanPack(&envelope, spans, count);
}

/*
 * Arguments: bytes, seq, places.  The spans of these places, in their order, as a
 * ResourceSpans.  What lies behind the last of them need not be unpacked.
 */
Datum
genops_segment_pick(PG_FUNCTION_ARGS)
{
	Datum bytes = PG_GETARG_DATUM(0);
	int count;
	int32 *offsets = OffsetsOf(PG_GETARG_BYTEA_P(2), PG_GETARG_INT64(1), &count);
	int64 enough = count == 0 ? 0 : (int64) offsets[count - 1] + USUAL_SPAN;
	bytea *picked = NULL;

	if (enough > 0 && enough < (int64) toast_raw_datum_size(bytes) - VARHDRSZ)
		picked =
		    PickFrom((bytea *) PG_DETOAST_DATUM_SLICE(bytes, 0, (int32) enough), offsets, count);
	if (picked == NULL)
		picked = PickFromWhole(PG_GETARG_BYTEA_PP(0), offsets, count);
	PG_RETURN_BYTEA_P(picked);
}

static void
TakeCuts(void *argument, TupleTableSlot *row)
{
	SpanCuts *cuts = argument;
	MemoryContext caller;
	int64 seq = DatumGetInt64(StreamColumn(row, 1));
	const char *tenant_id;
	bytea *packed;
	SegmentSpans spans;

	if (cuts->kept > MAX_KEPT_BYTES)
		return;
	caller = MemoryContextSwitchTo(cuts->context);
	tenant_id = TextDatumGetCString(StreamColumn(row, 2));
	packed = DatumGetByteaPCopy(StreamColumn(row, 3));
	spans = SegmentSpansBegin(SegmentBytes(packed), NULL);
	cuts->kept += VARSIZE(packed);
	for (int i = FirstOf((const char *) cuts->places, cuts->count, seq); SegmentSpansNext(&spans);
	     i++)
	{
		Cut *cut = hash_search(cuts->cuts, &cuts->places[i], HASH_ENTER, NULL);

		cut->at = spans.walk;
		cut->tenant_id = tenant_id;
	}
	MemoryContextSwitchTo(caller);
}

static Datum
PackPlaces(const SpanCuts *cuts)
{
	Size size = cuts->count * sizeof(CutPlace);
	bytea *packed = palloc(VARHDRSZ + size);

	memcpy(VARDATA(packed), cuts->places, size);
	SET_VARSIZE(packed, VARHDRSZ + size);
	return PointerGetDatum(packed);
}

static Datum
Segments(const SpanCuts *cuts)
{
	Datum *numbers = palloc(cuts->count * sizeof(Datum));
	int count = 0;

	for (int i = 0; i < cuts->count; i++)
		if (i == 0 || cuts->places[i].seq != cuts->places[i - 1].seq)
			numbers[count++] = Int64GetDatum(cuts->places[i].seq);
	return PointerGetDatum(
	    construct_array(numbers, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

SpanCuts *
SpanCutsRead(const SpanPlace *places, int count)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "genops span cuts", ALLOCSET_DEFAULT_SIZES);
	HASHCTL control = { .keysize = sizeof(CutPlace), .entrysize = sizeof(Cut), .hcxt = context };
	SpanCuts *cuts = MemoryContextAllocZero(context, sizeof(SpanCuts));
	TimestampTz earliest = DT_NOEND;
	StreamParameter parameters[3];

	cuts->context = context;
	cuts->cuts = hash_create("genops span cuts", Max(count, 16), &control,
	                         HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	cuts->places = MemoryContextAllocZero(context, Max(count, 1) * sizeof(CutPlace));
	cuts->count = count;
	for (int i = 0; i < count; i++)
	{
		cuts->places[i].seq = places[i].seq;
		cuts->places[i].offset = places[i].offset;
		earliest = Min(earliest, places[i].recorded_at);
	}
	if (count == 0)
		return cuts;
	qsort(cuts->places, count, sizeof(CutPlace), ComparePlaces);
	parameters[0] = (StreamParameter){ TIMESTAMPTZOID, TimestampTzGetDatum(earliest), false };
	parameters[1] = (StreamParameter){ INT8ARRAYOID, Segments(cuts), false };
	parameters[2] = (StreamParameter){ BYTEAOID, PackPlaces(cuts), false };
	StreamQuery("SELECT seq, tenant_id, genops_internal.segment_pick(bytes, seq, $3) "
	            "FROM genops.ledger_segment WHERE recorded_at >= $1 AND seq = ANY ($2) "
	            "AND directory IS NULL",
	            parameters, lengthof(parameters), TakeCuts, cuts);
	return cuts;
}

bool
SpanCutsFind(SpanCuts *cuts, const SpanPlace *place, GenopsSpanWalk *at, const char **tenant_id)
{
	CutPlace key = { .seq = place->seq, .offset = place->offset };
	Cut *cut = hash_search(cuts->cuts, &key, HASH_FIND, NULL);

	if (cut == NULL)
		return false;
	*at = cut->at;
	*tenant_id = cut->tenant_id;
	return true;
}
