/* SPDX-License-Identifier: PostgreSQL */
/*
 * Grouping and packing of spans.
 *
 * Two passes: the first finds each record's segment and adds up sizes, the
 * second copies, so that a segment's bytes are allocated once and written
 * front to back.  Neighbours in the ring mostly belong together, so that the
 * table of groups is seldom asked.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "compat.h"
#include "core/base/bloom.h"
#include "core/span/otlp_write.h"
#include "keep/resource.h"
#include "keep/segment.h"
#include "port/pg_bitutils.h"

/* A segment is unpacked whole to read one span, and delivered as one request
 * if it can be: many receivers refuse more than 4 MiB. */
#define MAX_SEGMENT_BYTES (3 * 1024 * 1024)

/* More than the tags and lengths around resource, scope and spans can take. */
#define HEAD_MARGIN 64

#define FIRST_GROUPS 64

/* Records that may share a segment, and the segment that is being filled. */
typedef struct Bundle
{
	const SpanRecord *key; /* its first record */
	uint32 hash;
	int segment;
} Bundle;

typedef struct Builder
{
	Bundle *groups;    /* open addressing; key == NULL: free */
	uint32 group_room; /* a power of two */
	uint32 group_count;
	Segment *segments;
	Size *sizes; /* of each segment's spans with tags and lengths */
	int segment_room;
	int segment_count;
	int max_spans;
} Builder;

static const GenopsFactText key_texts[] = { GENOPS_TEXT_TENANT_ID, GENOPS_TEXT_ROUTE,
	                                        GENOPS_TEXT_SERVICE_NAME, GENOPS_TEXT_ENVIRONMENT };

static bool
BelongTogether(const SpanRecord *a, const SpanRecord *b)
{
	if (a->facts.sampled != b->facts.sampled || !genops_slice_equal(a->envelope, b->envelope))
		return false;
	for (int i = 0; i < (int) lengthof(key_texts); i++)
		if (!genops_slice_equal(a->facts.text[key_texts[i]], b->facts.text[key_texts[i]]))
			return false;
	return true;
}

static uint32
HashSlice(uint32 hash, GenopsSlice slice)
{
	return hash_combine(hash, hash_bytes((const unsigned char *) slice.data, (int) slice.length));
}

static uint32
HashKey(const SpanRecord *record)
{
	uint32 hash = HashSlice(record->facts.sampled, record->envelope);

	for (int i = 0; i < (int) lengthof(key_texts); i++)
		hash = HashSlice(hash, record->facts.text[key_texts[i]]);
	return hash;
}

static Bundle *
FreePlace(Bundle *groups, uint32 room, uint32 hash)
{
	uint32 place = hash & (room - 1);

	while (groups[place].key != NULL)
		place = (place + 1) & (room - 1);
	return &groups[place];
}

static void
GrowGroups(Builder *builder)
{
	uint32 room = builder->group_room * 2;
	Bundle *groups = palloc0(room * sizeof(Bundle));

	for (uint32 i = 0; i < builder->group_room; i++)
		if (builder->groups[i].key != NULL)
			*FreePlace(groups, room, builder->groups[i].hash) = builder->groups[i];
	pfree(builder->groups);
	builder->groups = groups;
	builder->group_room = room;
}

static Bundle *
FindGroup(Builder *builder, const SpanRecord *record)
{
	uint32 hash = HashKey(record);
	uint32 place = hash & (builder->group_room - 1);
	Bundle *group;

	while ((group = &builder->groups[place])->key != NULL)
	{
		if (group->hash == hash && BelongTogether(group->key, record))
			return group;
		place = (place + 1) & (builder->group_room - 1);
	}
	if (++builder->group_count * 2 > builder->group_room)
	{
		GrowGroups(builder);
		group = FreePlace(builder->groups, builder->group_room, hash);
	}
	*group = (Bundle){ .key = record, .hash = hash, .segment = -1 };
	return group;
}

/*
 * A copy, "" for none.  It ends with a zero byte, which the text of a record does not, and
 * lives as long as the segment, wherever the records' bytes are kept.
 */
static GenopsSlice
KeptText(GenopsSlice text)
{
	if (!genops_slice_present(text))
		return GENOPS_LITERAL("");
	return (GenopsSlice){ pnstrdup(text.data, text.length), text.length };
}

static int
OpenSegment(Builder *builder, const SpanRecord *record)
{
	Segment *segment;

	if (builder->segment_count == builder->segment_room)
	{
		builder->segment_room *= 2;
		builder->segments =
		    repalloc_huge(builder->segments, builder->segment_room * sizeof(Segment));
		builder->sizes = repalloc_huge(builder->sizes, builder->segment_room * sizeof(Size));
	}
	segment = &builder->segments[builder->segment_count];
	memset(segment, 0, sizeof(Segment));
	segment->tenant_id = KeptText(record->facts.text[GENOPS_TEXT_TENANT_ID]);
	segment->route = KeptText(record->facts.text[GENOPS_TEXT_ROUTE]);
	segment->service_name = KeptText(record->facts.text[GENOPS_TEXT_SERVICE_NAME]);
	segment->environment = KeptText(record->facts.text[GENOPS_TEXT_ENVIRONMENT]);
	segment->sampled = record->facts.sampled;
	segment->exact = ResourceFollowsFacts(record);
	segment->min_start_ns = record->facts.start_ns;
	segment->max_end_ns = record->facts.end_ns;
	builder->sizes[builder->segment_count] = 0;
	return builder->segment_count++;
}

/* Into the columns. */
static bool
TokensFit(const GenopsSpanFacts *facts)
{
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		if (facts->tokens[i] > GENOPS_MAX_TOKENS)
			return false;
	return true;
}

/* Puts a record into its group's segment, or a new one; returns which. */
static int
Assign(Builder *builder, Bundle *group, const SpanRecord *record)
{
	Size size = genops_otlp_span_item_size(record->span.length);
	Segment *segment;

	if (group->segment < 0 || builder->segments[group->segment].span_count >= builder->max_spans ||
	    builder->sizes[group->segment] + size > MAX_SEGMENT_BYTES)
		group->segment = OpenSegment(builder, record);
	segment = &builder->segments[group->segment];
	segment->span_count++;
	segment->exact = segment->exact && TokensFit(&record->facts);
	segment->min_start_ns = Min(segment->min_start_ns, record->facts.start_ns);
	segment->max_end_ns = Max(segment->max_end_ns, record->facts.end_ns);
	builder->sizes[group->segment] += size;
	return group->segment;
}

static int *
AssignAll(Builder *builder, const SpanRecord *records, int record_count)
{
	int *segment_of = palloc(Max(record_count, 1) * sizeof(int));
	Bundle *group = NULL;

	for (int i = 0; i < record_count; i++)
	{
		if (group == NULL || !BelongTogether(group->key, &records[i]))
			group = FindGroup(builder, &records[i]);
		segment_of[i] = Assign(builder, group, &records[i]);
	}
	return segment_of;
}

static void
ListRecords(Builder *builder, const SpanRecord *records, int record_count, const int *segment_of)
{
	const SpanRecord **next_record = palloc(Max(record_count, 1) * sizeof(SpanRecord *));
	uint32 *next_offset = palloc(Max(record_count, 1) * sizeof(uint32));

	for (int i = 0; i < builder->segment_count; i++)
	{
		Segment *segment = &builder->segments[i];

		segment->records = next_record;
		segment->offsets = next_offset;
		next_record += segment->span_count;
		next_offset += segment->span_count;
		segment->span_count = 0;
	}
	for (int i = 0; i < record_count; i++)
	{
		Segment *segment = &builder->segments[segment_of[i]];

		segment->records[segment->span_count++] = &records[i];
	}
}

static void
PackBytes(Segment *segment, Size spans_size)
{
	GenopsEnvelope envelope = ResourceEnvelope(segment->records[0]);
	Size scope_url_size = genops_otlp_schema_url_size(envelope.scope_schema_url);
	Size room = spans_size + envelope.resource.length + envelope.scope.length + scope_url_size +
	            genops_otlp_schema_url_size(envelope.resource_schema_url) + HEAD_MARGIN;
	struct varlena *packed = palloc(VARHDRSZ + room);
	GenopsBytes bytes = genops_bytes_over(VARDATA(packed), room);

	genops_otlp_segment_head(&bytes, envelope.resource, envelope.scope,
	                         spans_size + scope_url_size);
	for (int i = 0; i < segment->span_count; i++)
	{
		GenopsSlice span = segment->records[i]->span;

		genops_otlp_span_item(&bytes, span);
		segment->offsets[i] = (uint32) (bytes.length - span.length);
	}
	genops_otlp_segment_tail(&bytes, envelope.scope_schema_url, envelope.resource_schema_url);
	if (bytes.failed)
		elog(ERROR, "segment of %d spans does not fit into %zu bytes", segment->span_count, room);
	SET_VARSIZE(packed, VARHDRSZ + bytes.length);
	segment->bytes = packed;
}

static void
PackBloom(Segment *segment)
{
	Size size = genops_bloom_size(segment->span_count);
	struct varlena *bloom = palloc0(VARHDRSZ + size);

	for (int i = 0; i < segment->span_count; i++)
		genops_bloom_add((uint8_t *) VARDATA(bloom), size, segment->records[i]->facts.trace_id);
	SET_VARSIZE(bloom, VARHDRSZ + size);
	segment->bloom = bloom;
}

Segment *
SegmentsBuild(const SpanRecord *records, int record_count, int max_spans, int *segment_count)
{
	Builder builder = { .groups = palloc0(FIRST_GROUPS * sizeof(Bundle)),
		                .group_room = FIRST_GROUPS,
		                .segments = palloc(FIRST_GROUPS * sizeof(Segment)),
		                .sizes = palloc(FIRST_GROUPS * sizeof(Size)),
		                .segment_room = FIRST_GROUPS,
		                .max_spans = Max(max_spans, 1) };
	int *segment_of = AssignAll(&builder, records, record_count);

	ListRecords(&builder, records, record_count, segment_of);
	for (int i = 0; i < builder.segment_count; i++)
	{
		PackBytes(&builder.segments[i], builder.sizes[i]);
		PackBloom(&builder.segments[i]);
	}
	pfree(builder.groups);
	pfree(builder.sizes);
	pfree(segment_of);
	*segment_count = builder.segment_count;
	return builder.segments;
}
