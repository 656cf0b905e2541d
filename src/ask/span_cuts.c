#include "postgres.h"

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

/* What genops.segment_pick() is told: sorted, one after the other. */
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

/* The first place of a segment, or where it would be. */
static int
FirstOf(const CutPlace *places, int count, int64 seq)
{
	int low = 0;
	int high = count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (places[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Arguments: bytes, seq, places.  The spans of these places, in their order, as a
 * ResourceSpans. */
Datum
genops_segment_pick(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	int64 seq = PG_GETARG_INT64(1);
	bytea *packed = PG_GETARG_BYTEA_P(2);
	GenopsSlice segment = { VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes) };
	int count = (int) ((VARSIZE(packed) - VARHDRSZ) / sizeof(CutPlace));
	CutPlace *places = palloc(Max(count, 1) * sizeof(CutPlace));
	GenopsSlice *spans = palloc(Max(count, 1) * sizeof(GenopsSlice));
	int first;
	int found = 0;

	memcpy(places, VARDATA(packed), count * sizeof(CutPlace));
	first = FirstOf(places, count, seq);
	while (first + found < count && places[first + found].seq == seq)
	{
		spans[found] = SegmentSpanAt(segment, places[first + found].offset);
		found++;
	}
	PG_RETURN_BYTEA_P(SpanPack(segment, spans, found));
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
	spans = SegmentSpansBegin((GenopsSlice){ VARDATA(packed), VARSIZE(packed) - VARHDRSZ }, NULL);
	cuts->kept += VARSIZE(packed);
	for (int i = FirstOf(cuts->places, cuts->count, seq); SegmentSpansNext(&spans); i++)
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
	StreamQuery("SELECT seq, tenant_id, genops.segment_pick(bytes, seq, $3) "
	            "FROM genops.ledger_segment WHERE recorded_at >= $1 AND seq = ANY ($2)",
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
