/* SPDX-License-Identifier: PostgreSQL */
/*
 * Segments, unpacked.
 *
 * A segment is looked up without the executor, and privileges and the tenants that the
 * current user may read are looked at here, also for one who calls the decoding
 * functions with made-up numbers.  Unpacking costs about a third
 * of a millisecond, hence the few that are kept; they are not kept longer than the
 * statement, after which rights may change, or another ledger use the number.
 */
#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/reader.h"
#include "ask/segment_cache.h"
#include "compat.h"
#include "keep/segment_scan.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Spans sorted by time come from a few segments at a time: one for each of the
 * busiest tenants and services. */
#define KEPT 8

typedef struct KeptSegment
{
	int64 seq;
	TimestampTz recorded_at;
	Oid user;                /* as whom it was read */
	struct varlena *bytes;   /* NULL: there is none */
	char *tenant_id;         /* with the bytes */
	GenopsEnvelope envelope; /* of the bytes: to find it takes a look at every span */
	uint64 used;             /* when, in calls; 0: empty */
} KeptSegment;

typedef struct SegmentCache
{
	struct SegmentCache *next;
	MemoryContext statement;
	MemoryContextCallback forget;
	uint64 calls;
	const Readership *readership;
	KeptSegment kept[KEPT];
} SegmentCache;

/* Of the statements that run; nested ones have their own. */
static SegmentCache *caches = NULL;

static void
Forget(void *cache)
{
	SegmentCache **link = &caches;

	while (*link != NULL && *link != cache)
		link = &(*link)->next;
	if (*link != NULL)
		*link = (*link)->next;
}

static SegmentCache *
CacheOf(MemoryContext statement)
{
	SegmentCache *cache;

	for (cache = caches; cache != NULL; cache = cache->next)
		if (cache->statement == statement)
			return cache;
	cache = MemoryContextAllocZero(statement, sizeof(SegmentCache));
	cache->statement = statement;
	cache->forget.func = Forget;
	cache->forget.arg = cache;
	MemoryContextRegisterResetCallback(statement, &cache->forget);
	cache->next = caches;
	caches = cache;
	return cache;
}

static GenopsSlice
BytesOf(const KeptSegment *segment)
{
	return (GenopsSlice){ VARDATA_ANY(segment->bytes), VARSIZE_ANY_EXHDR(segment->bytes) };
}

/* In the cache's context; no bytes if there is no such segment for this user. */
static void
Read(SegmentCache *cache, TimestampTz recorded_at, int64 seq, KeptSegment *segment)
{
	MemoryContext caller = MemoryContextSwitchTo(cache->statement);
	SegmentScan *scan = SegmentScanOne(recorded_at, seq);
	StoredSegment stored;

	cache->readership = ReadershipOfUser(cache->readership, cache->statement);
	if (SegmentScanNext(scan, &stored) && stored.seq == seq && stored.recorded_at == recorded_at &&
	    ReadershipHas(cache->readership, stored.tenant_id))
	{
		segment->bytes = SegmentScanBytes(scan);
		segment->tenant_id = pnstrdup(stored.tenant_id.data, stored.tenant_id.length);
	}
	SegmentScanEnd(scan);
	MemoryContextSwitchTo(caller);
	if (segment->bytes != NULL && !genops_read_envelope(BytesOf(segment), &segment->envelope))
		OtlpMalformed();
}

static KeptSegment *
LeastUsed(SegmentCache *cache)
{
	KeptSegment *least = &cache->kept[0];

	for (int i = 1; i < KEPT; i++)
		if (cache->kept[i].used < least->used)
			least = &cache->kept[i];
	return least;
}

static KeptSegment *
Find(SegmentCache *cache, TimestampTz recorded_at, int64 seq)
{
	KeptSegment *place;

	for (int i = 0; i < KEPT; i++)
	{
		place = &cache->kept[i];
		if (place->used != 0 && place->seq == seq && place->recorded_at == recorded_at &&
		    place->user == GetUserId())
			return place;
	}
	place = LeastUsed(cache);
	if (place->bytes != NULL)
	{
		pfree(place->bytes);
		pfree(place->tenant_id);
	}
	place->bytes = NULL;
	place->used = 0;
	Read(cache, recorded_at, seq, place);
	place->seq = seq;
	place->recorded_at = recorded_at;
	place->user = GetUserId();
	return place;
}

FetchedSegment
SegmentFetch(MemoryContext statement, TimestampTz recorded_at, int64 seq)
{
	SegmentCache *cache = CacheOf(statement);
	KeptSegment *kept = Find(cache, recorded_at, seq);

	kept->used = ++cache->calls;
	if (kept->bytes == NULL)
		return (FetchedSegment){ GENOPS_ABSENT, NULL, NULL };
	return (FetchedSegment){ BytesOf(kept), &kept->envelope, kept->tenant_id };
}
