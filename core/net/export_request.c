/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/export_request.h"

#include "core/span/otlp_read.h"
#include "core/span/otlp_write.h"

#define REQUEST_RESOURCE_SPANS_TAG 0x0A
#define SEGMENT_SCOPE_SPANS 2
#define SEGMENT_SCOPE_SPANS_TAG 0x12
#define SCOPE_SPANS_SPAN 2
#define WIRE_BYTES 2

bool
genops_export_frame(const GenopsSlice *segments, size_t count, uint8_t *heads, GenopsSlice *runs,
                    size_t *run_count, size_t *body_size, GenopsError *error)
{
	*run_count = 0;
	*body_size = 0;
	for (size_t i = 0; i < count; i++)
	{
		GenopsBytes head = genops_bytes_over(heads, GENOPS_EXPORT_HEAD_SIZE);
		uint8_t tag = REQUEST_RESOURCE_SPANS_TAG;

		if (segments[i].length == 0)
			continue;
		genops_bytes_put(&head, &tag, 1);
		genops_otlp_put_varint(&head, segments[i].length);
		if (head.length + segments[i].length > GENOPS_EXPORT_LIMIT - *body_size)
			return genops_error_set(error, GENOPS_TOO_LARGE,
			                        "export request is larger than %zu bytes", GENOPS_EXPORT_LIMIT);
		runs[(*run_count)++] = (GenopsSlice){ (const char *) heads, head.length };
		runs[(*run_count)++] = segments[i];
		*body_size += head.length + segments[i].length;
		heads += GENOPS_EXPORT_HEAD_SIZE;
	}
	return true;
}

static bool
malformed(GenopsError *error)
{
	return genops_error_set(error, GENOPS_MALFORMED, "segment is not a ResourceSpans message");
}

bool
genops_segment_spans(GenopsSlice segment, size_t *spans, GenopsError *error)
{
	GenopsSpanWalk walk = genops_walk_segment(segment);

	*spans = 0;
	while (genops_walk_next(&walk))
		(*spans)++;
	return walk.malformed ? malformed(error) : true;
}

/* A range of span numbers, counted down as spans go by. */
typedef struct Range
{
	size_t skip;
	size_t take;
} Range;

/* Whether the next span is in the range. */
static bool
next_is_in(Range *range)
{
	if (range->skip > 0)
	{
		range->skip--;
		return false;
	}
	if (range->take == 0)
		return false;
	range->take--;
	return true;
}

/*
 * Goes through the content of a ScopeSpans and counts the bytes of the fields
 * that stay, and the spans among them; writes them too if "out" is not NULL.
 */
static bool
keep_spans(GenopsSlice scope_spans, Range *range, GenopsBytes *out, size_t *size, size_t *spans)
{
	GenopsFields fields = genops_fields(scope_spans);
	const uint8_t *start = fields.next;
	GenopsWireField field;

	*size = 0;
	*spans = 0;
	for (; genops_fields_next(&fields, &field); start = fields.next)
	{
		size_t length = (size_t) (fields.next - start);

		if (field.number == SCOPE_SPANS_SPAN && field.wire_type == WIRE_BYTES)
		{
			if (!next_is_in(range))
				continue;
			(*spans)++;
		}
		*size += length;
		if (out != NULL)
			genops_bytes_put(out, start, length);
	}
	return !fields.malformed;
}

/* Two passes: the length comes before the content. */
static bool
cut_scope(GenopsSlice scope_spans, Range *range, GenopsBytes *out)
{
	Range again = *range;
	uint8_t tag = SEGMENT_SCOPE_SPANS_TAG;
	size_t size;
	size_t spans;

	if (!keep_spans(scope_spans, range, NULL, &size, &spans))
		return false;
	if (spans == 0)
		return true;
	genops_bytes_put(out, &tag, 1);
	genops_otlp_put_varint(out, size);
	return keep_spans(scope_spans, &again, out, &size, &spans);
}

bool
genops_segment_cut(GenopsSlice segment, size_t first, size_t last, GenopsBytes *out,
                   GenopsError *error)
{
	Range range = { .skip = first, .take = last > first ? last - first : 0 };
	GenopsFields fields = genops_fields(segment);
	const uint8_t *start = fields.next;
	GenopsWireField field;

	for (; genops_fields_next(&fields, &field); start = fields.next)
	{
		if (field.number != SEGMENT_SCOPE_SPANS || field.wire_type != WIRE_BYTES)
			genops_bytes_put(out, start, (size_t) (fields.next - start));
		else if (!cut_scope(field.bytes, &range, out))
			return malformed(error);
	}
	if (fields.malformed)
		return malformed(error);
	if (out->failed)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "no room for the cut segment");
	return true;
}
