/* SPDX-License-Identifier: PostgreSQL */
/*
 * Packs.
 */
#include "postgres.h"

#include "compat.h"
#include "core/base/bloom.h"
#include "fmgr.h"
#include "keep/pack.h"
#include "keep/span_time.h"
#include "utils/memutils.h"

#define PACK_FORMAT 1

/* A larger segment is worth a row of its own.  A batch has no room for many of them, so
 * that the packs that they end are not many either. */
#define SMALL_BYTES (32 * 1024)

/* To read one segment of a pack takes to unpack, on average, half of it. */
#define PACK_BYTES (512 * 1024)
#define PACK_SPANS 512

enum
{
	PACKED_SAMPLED = 1 << 0,
	PACKED_EXACT = 1 << 1,
	PACKED_SAME_TENANT = 1 << 2,
	PACKED_SAME_ROUTE = 1 << 3
};

/* The greatest length of a varint. */
#define VARINT_BYTES 10

/* Of an entry without its names. */
#define ENTRY_BYTES (7 * VARINT_BYTES)

static Size
SizeOf(const Segment *segment)
{
	return VARSIZE_ANY_EXHDR(segment->bytes);
}

static bool
IsLarge(const Segment *segment)
{
	return SizeOf(segment) > SMALL_BYTES;
}

/* How many of the segments share the first one's row. */
static int
FillPack(const Segment *segments, int count)
{
	Size bytes = 0;
	int spans = 0;
	int taken = 0;

	if (IsLarge(&segments[0]))
		return 1;
	while (taken < count && !IsLarge(&segments[taken]))
	{
		bytes += SizeOf(&segments[taken]);
		spans += segments[taken].span_count;
		if (taken > 0 && (bytes > PACK_BYTES || spans > PACK_SPANS))
			break;
		taken++;
	}
	return taken;
}

SegmentGroup *
PackGroups(Segment *segments, int segment_count, bool may_share, int *group_count)
{
	SegmentGroup *groups = palloc(Max(segment_count, 1) * sizeof(SegmentGroup));
	int next;

	*group_count = 0;
	for (int first = 0; first < segment_count; first = next)
	{
		int taken = may_share ? FillPack(&segments[first], segment_count - first) : 1;

		groups[(*group_count)++] = (SegmentGroup){ &segments[first], taken };
		next = first + taken;
	}
	return groups;
}

/*
 * Building.
 */
static uint64
Fnv1a(uint64 hash, GenopsSlice text)
{
	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (uint8) text.data[i]) * UINT64CONST(0x100000001B3);
	return hash;
}

/* Stored: neither the machine's byte order nor a version's hash function may count. */
void
PackStreamKey(GenopsSlice tenant_id, GenopsSlice route, uint8 key[GENOPS_TRACE_ID_SIZE])
{
	uint64 hash = Fnv1a(UINT64CONST(0xCBF29CE484222325), tenant_id);

	for (int i = 0; i < 8; i++)
		key[i] = (uint8) (hash >> 8 * i);
	hash = Fnv1a((hash ^ 0xFF) * UINT64CONST(0x100000001B3), route);
	for (int i = 0; i < 8; i++)
		key[8 + i] = (uint8) (hash >> 8 * i);
}

static struct varlena *
NewBloom(int count)
{
	Size size = genops_bloom_size(count);
	struct varlena *bloom = palloc0(VARHDRSZ + size);

	SET_VARSIZE(bloom, VARHDRSZ + size);
	return bloom;
}

static void
AddToBloom(struct varlena *bloom, const uint8 key[GENOPS_TRACE_ID_SIZE])
{
	genops_bloom_add((uint8 *) VARDATA(bloom), VARSIZE(bloom) - VARHDRSZ, key);
}

static struct varlena *
BuildBloom(const SegmentGroup *group, int span_count)
{
	struct varlena *bloom = NewBloom(span_count);

	for (int i = 0; i < group->count; i++)
		for (int span = 0; span < group->segments[i].span_count; span++)
			AddToBloom(bloom, group->segments[i].records[span]->facts.trace_id);
	return bloom;
}

static struct varlena *
BuildStreamBloom(const SegmentGroup *group)
{
	struct varlena *bloom = NewBloom(group->count);

	for (int i = 0; i < group->count; i++)
	{
		const Segment *segment = &group->segments[i];
		uint8 key[GENOPS_TRACE_ID_SIZE];

		if (!segment->sampled)
			continue;
		PackStreamKey(segment->tenant_id, segment->route, key);
		AddToBloom(bloom, key);
	}
	return bloom;
}

static struct varlena *
BuildBytes(const SegmentGroup *group)
{
	Size size = 0;
	struct varlena *bytes;
	char *next;

	for (int i = 0; i < group->count; i++)
		size += SizeOf(&group->segments[i]);
	bytes = palloc(VARHDRSZ + size);
	next = VARDATA(bytes);
	for (int i = 0; i < group->count; i++)
	{
		const struct varlena *each = group->segments[i].bytes;

		memcpy(next, VARDATA_ANY(each), VARSIZE_ANY_EXHDR(each));
		next += VARSIZE_ANY_EXHDR(each);
	}
	SET_VARSIZE(bytes, VARHDRSZ + size);
	return bytes;
}

static uint8 *
PutVarint(uint8 *out, uint64 number)
{
	while (number >= 0x80)
	{
		*out++ = (uint8) (number | 0x80);
		number >>= 7;
	}
	*out++ = (uint8) number;
	return out;
}

static uint8 *
PutName(uint8 *out, GenopsSlice name)
{
	out = PutVarint(out, name.length);
	memcpy(out, name.data, name.length);
	return out + name.length;
}

static uint8 *
PutEntry(uint8 *out, const Segment *segment, const Segment *before, TimestampTz base)
{
	TimestampTz start = SpanTimeFloor(segment->min_start_ns);
	TimestampTz end = SpanTimeCeiling(segment->max_end_ns);
	uint64 marks = (segment->sampled ? PACKED_SAMPLED : 0) | (segment->exact ? PACKED_EXACT : 0);

	if (before != NULL && genops_slice_equal(segment->tenant_id, before->tenant_id))
		marks |= PACKED_SAME_TENANT;
	if (before != NULL && genops_slice_equal(segment->route, before->route))
		marks |= PACKED_SAME_ROUTE;
	out = PutVarint(out, marks);
	out = PutVarint(out, segment->span_count);
	out = PutVarint(out, SizeOf(segment));
	out = PutVarint(out, (uint64) start - (uint64) base);
	out = PutVarint(out, (uint64) end - (uint64) start);
	if (!(marks & PACKED_SAME_TENANT))
		out = PutName(out, segment->tenant_id);
	if (!(marks & PACKED_SAME_ROUTE))
		out = PutName(out, segment->route);
	return out;
}

static struct varlena *
BuildDirectory(const SegmentGroup *group, TimestampTz base)
{
	Size room = 2 * VARINT_BYTES;
	struct varlena *directory;
	uint8 *out;

	for (int i = 0; i < group->count; i++)
		room += ENTRY_BYTES + group->segments[i].tenant_id.length + group->segments[i].route.length;
	directory = palloc(VARHDRSZ + room);
	out = (uint8 *) VARDATA(directory);
	out = PutVarint(out, PACK_FORMAT);
	out = PutVarint(out, group->count);
	for (int i = 0; i < group->count; i++)
		out = PutEntry(out, &group->segments[i], i == 0 ? NULL : &group->segments[i - 1], base);
	SET_VARSIZE(directory, (char *) out - (char *) directory);
	return directory;
}

PackRow
PackBuild(const SegmentGroup *group)
{
	PackRow row = { .exact = true };
	int64 min_start_ns = PG_INT64_MAX;
	int64 max_end_ns = PG_INT64_MIN;

	for (int i = 0; i < group->count; i++)
	{
		const Segment *segment = &group->segments[i];

		min_start_ns = Min(min_start_ns, segment->min_start_ns);
		max_end_ns = Max(max_end_ns, segment->max_end_ns);
		row.span_count += segment->span_count;
		row.exact &= segment->exact;
	}
	row.min_start = SpanTimeFloor(min_start_ns);
	row.max_end = SpanTimeCeiling(max_end_ns);
	row.directory = BuildDirectory(group, row.min_start);
	row.bloom = BuildBloom(group, row.span_count);
	row.stream_bloom = BuildStreamBloom(group);
	row.bytes = BuildBytes(group);
	return row;
}

/*
 * Reading.
 */
static void
RaiseMalformed(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
	                errmsg("the directory of a row of \"genops.ledger_segment\" is malformed")));
}

static uint64
TakeVarint(PackReader *reader)
{
	uint64 number = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8 byte;

		if (reader->next == reader->end)
			RaiseMalformed();
		byte = *reader->next++;
		number |= (uint64) (byte & 0x7F) << shift;
		if ((byte & 0x80) == 0)
			return number;
	}
	RaiseMalformed();
	return 0; /* not reached */
}

static uint64
TakeNumber(PackReader *reader, uint64 most)
{
	uint64 number = TakeVarint(reader);

	if (number > most)
		RaiseMalformed();
	return number;
}

static GenopsSlice
TakeName(PackReader *reader)
{
	Size length = (Size) TakeNumber(reader, reader->end - reader->next);
	GenopsSlice name = { (const char *) reader->next, length };

	if (length > (Size) (reader->end - reader->next))
		RaiseMalformed();
	reader->next += length;
	return name;
}

PackReader
PackReadBegin(const struct varlena *directory, int64 row_seq, TimestampTz row_min_start)
{
	PackReader reader = { .next = (const uint8 *) VARDATA_ANY(directory),
		                  .base = row_min_start,
		                  .last = { .tenant_id = { "", 0 }, .route = { "", 0 } } };

	reader.end = reader.next + VARSIZE_ANY_EXHDR(directory);
	if (TakeVarint(&reader) != PACK_FORMAT)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("a row of \"genops.ledger_segment\" is of an unknown format"),
		                errhint("It was written by a newer library.")));
	reader.left = (int) TakeNumber(&reader, VARSIZE_ANY_EXHDR(directory));
	reader.seq = row_seq - reader.left + 1;
	return reader;
}

bool
PackReadNext(PackReader *reader, PackedSegment *segment)
{
	uint64 marks;

	if (reader->left == 0)
		return false;
	reader->left--;
	*segment = reader->last;
	marks = TakeVarint(reader);
	segment->seq = reader->seq++;
	segment->sampled = (marks & PACKED_SAMPLED) != 0;
	segment->exact = (marks & PACKED_EXACT) != 0;
	segment->span_count = (int) TakeNumber(reader, PG_INT32_MAX);
	segment->length = (uint32) TakeNumber(reader, MaxAllocSize);
	segment->offset = reader->offset;
	reader->offset += segment->length;
	segment->min_start = (TimestampTz) ((uint64) reader->base + TakeVarint(reader));
	segment->max_end = (TimestampTz) ((uint64) segment->min_start + TakeVarint(reader));
	if (!(marks & PACKED_SAME_TENANT))
		segment->tenant_id = TakeName(reader);
	if (!(marks & PACKED_SAME_ROUTE))
		segment->route = TakeName(reader);
	reader->last = *segment;
	return true;
}

static struct varlena *
CutFrom(const struct varlena *bytes, uint32 offset, uint32 length)
{
	struct varlena *cut;

	if ((Size) offset + length > VARSIZE_ANY_EXHDR(bytes))
		RaiseMalformed();
	cut = palloc(VARHDRSZ + length);
	memcpy(VARDATA(cut), VARDATA_ANY(bytes) + offset, length);
	SET_VARSIZE(cut, VARHDRSZ + length);
	return cut;
}

struct varlena *
PackCut(const struct varlena *bytes, const PackedSegment *segment)
{
	return CutFrom(bytes, segment->offset, segment->length);
}

/*
 * Cutting.  A row that is asked for one segment is unpacked as far as that; who asks
 * for a second one mostly goes on to ask for more.
 */
#define KEPT_PACKS 4

typedef struct RowKey
{
	Oid partition;
	TimestampTz recorded_at;
	int64 seq;
} RowKey;

typedef struct UnpackedRow
{
	RowKey key;
	struct varlena *bytes; /* NULL: free */
	uint64 used;           /* when, in calls */
} UnpackedRow;

static UnpackedRow unpacked[KEPT_PACKS];
static uint64 calls = 0;
static RowKey missed; /* the row that was unpacked in part last */

static bool
SameRow(const RowKey *a, const RowKey *b)
{
	return a->partition == b->partition && a->recorded_at == b->recorded_at && a->seq == b->seq;
}

static UnpackedRow *
FindUnpacked(const RowKey *key)
{
	for (int i = 0; i < KEPT_PACKS; i++)
		if (unpacked[i].bytes != NULL && SameRow(&unpacked[i].key, key))
			return &unpacked[i];
	return NULL;
}

static UnpackedRow *
LeastUsedUnpacked(void)
{
	UnpackedRow *least = &unpacked[0];

	for (int i = 1; i < KEPT_PACKS; i++)
		if (unpacked[i].used < least->used)
			least = &unpacked[i];
	return least;
}

static UnpackedRow *
Unpack(const RowKey *key, Datum bytes)
{
	UnpackedRow *row = LeastUsedUnpacked();
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
	struct varlena *whole = PG_DETOAST_DATUM_COPY(bytes);

	MemoryContextSwitchTo(caller);
	if (row->bytes != NULL)
		pfree(row->bytes);
	*row = (UnpackedRow){ .key = *key, .bytes = whole };
	return row;
}

struct varlena *
PackRead(Oid partition, TimestampTz recorded_at, int64 row_seq, Datum bytes, uint32 offset,
         uint32 length)
{
	RowKey key = { .partition = partition, .recorded_at = recorded_at, .seq = row_seq };
	UnpackedRow *row = FindUnpacked(&key);
	struct varlena *slice;

	if (row == NULL && SameRow(&key, &missed))
		row = Unpack(&key, bytes);
	if (row != NULL)
	{
		row->used = ++calls;
		return CutFrom(row->bytes, offset, length);
	}
	missed = key;
	slice = (struct varlena *) PG_DETOAST_DATUM_SLICE(bytes, (int32) offset, (int32) length);
	return CutFrom(slice, 0, length);
}
