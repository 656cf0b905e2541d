/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/segment_spans.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"

/* ScopeSpans.spans: field 2, a message. */
#define SPAN_TAG 0x12

static int
CompareOffsets(const void *left, const void *right)
{
	int32 a = *(const int32 *) left;
	int32 b = *(const int32 *) right;

	return (a > b) - (a < b);
}

static void
TakeOffsets(SegmentSpans *spans, ArrayType *offsets)
{
	if (ARR_NDIM(offsets) > 1 || ARR_HASNULL(offsets) || ARR_ELEMTYPE(offsets) != INT4OID)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("offsets must be a flat array without nulls")));
	spans->offset_count = ArrayGetNItems(ARR_NDIM(offsets), ARR_DIMS(offsets));
	spans->offsets = palloc(Max(spans->offset_count, 1) * sizeof(int32));
	memcpy(spans->offsets, ARR_DATA_PTR(offsets), spans->offset_count * sizeof(int32));
	qsort(spans->offsets, spans->offset_count, sizeof(int32), CompareOffsets);
}

SegmentSpans
SegmentSpansBegin(GenopsSlice segment, ArrayType *offsets)
{
	SegmentSpans spans = { .walk = genops_walk_segment(segment) };

	if (offsets != NULL)
		TakeOffsets(&spans, offsets);
	return spans;
}

static bool
IsWanted(SegmentSpans *spans)
{
	int32 offset = (int32) spans->walk.offset;

	if (spans->offsets == NULL)
		return true;
	while (spans->next < spans->offset_count && spans->offsets[spans->next] < offset)
		spans->next++;
	return spans->next < spans->offset_count && spans->offsets[spans->next] == offset;
}

bool
SegmentSpansNext(SegmentSpans *spans)
{
	while (genops_walk_next(&spans->walk))
		if (IsWanted(spans))
			return true;
	if (spans->walk.malformed)
		OtlpMalformed();
	return false;
}

/*
 * Before a span stand the tag of a Span in a ScopeSpans and its length, a
 * varint: only the last byte of a varint, and no byte before a tag of one byte,
 * is below 128, so that both can be read backwards.
 */
bool
SegmentTrySpan(GenopsSlice segment, int32 offset, GenopsSlice *span)
{
	const uint8 *bytes = (const uint8 *) segment.data;
	size_t at = (size_t) offset;
	uint64 length = 0;

	if (offset < 2 || at > segment.length || (bytes[--at] & 0x80) != 0)
		return false;
	length = bytes[at];
	while (at > 0 && (bytes[at - 1] & 0x80) != 0 && length < segment.length)
		length = length << 7 | (bytes[--at] & 0x7F);
	if (at == 0 || bytes[at - 1] != SPAN_TAG || length > segment.length - (size_t) offset)
		return false;
	*span = (GenopsSlice){ segment.data + offset, length };
	return true;
}

GenopsSlice
SegmentSpanAt(GenopsSlice segment, int32 offset)
{
	GenopsSlice span;

	if (!SegmentTrySpan(segment, offset, &span))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("no span begins at offset %d of the segment", offset)));
	return span;
}
