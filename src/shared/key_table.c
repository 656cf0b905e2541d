/* SPDX-License-Identifier: PostgreSQL */
/*
 * A ring of entries, the oldest of which is overwritten by the next, and a hash table over it
 * whose chains go through the entries.  One lock guards it: a claim takes two or three
 * cache lines under it, and few calls have a key.
 *
 * Only calls that charge keep their keys.  Two sessions that record the same call at
 * once cannot both be told that it is new; who was told so and then did not get its span into the
 * queue gives the keys back.  A session that dies between claim and queue leaves a key
 * without a span: a retry of that call is then taken for a duplicate until the key is
 * overwritten or the window is over.  It takes an exit within the microseconds between the
 * two.
 *
 * A chain is changed in several writes.  Nothing in between raises or checks for
 * interrupts, and RingLock holds off the signals of other extensions' background workers,
 * whose default handler of SIGTERM raises inside the signal handler.  A kill -9 takes the
 * server down, which starts again with an empty table.
 */
#include "postgres.h"

#include "core/span/ai_kind.h"
#include "miscadmin.h"
#include "settings.h"
#include "shared/key_table.h"
#include "shared/private.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#define NO_ENTRY PG_UINT32_MAX

typedef struct KeyEntry
{
	uint64 key;   /* 0: free */
	uint64 reply; /* of the call whose own id this is; 0: it had none, or this is a reply's */
	int64 claimed_us;
	GenopsTraceParent span;
	bool failed;
	bool used;
	uint32 next; /* in the chain */
} KeyEntry;

typedef struct KeyTable
{
	uint32 size;        /* of entries */
	uint32 bucket_mask; /* buckets are a power of two */
	uint32 oldest;      /* is overwritten next */
	uint32 entries_offset;
	uint32 buckets[FLEXIBLE_ARRAY_MEMBER];
} KeyTable;

#define TRANCHE "genops_tempo keys"

static KeyTable *table = NULL;
static LWLock *table_lock = NULL;

static uint32
BucketCount(void)
{
	uint32 count = 1024;

	while (count < (uint32) setting_remembered_calls)
		count *= 2;
	return count;
}

static Size
EntriesOffset(void)
{
	return MAXALIGN(offsetof(KeyTable, buckets) + BucketCount() * sizeof(uint32));
}

static Size
TableSize(void)
{
	return EntriesOffset() + (Size) setting_remembered_calls * sizeof(KeyEntry);
}

void
KeyTableShmemRequest(void)
{
	RequestAddinShmemSpace(TableSize());
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static KeyEntry *
Entry(uint32 number)
{
	return (KeyEntry *) ((char *) table + table->entries_offset) + number;
}

static void
InitTable(void)
{
	memset(table, 0, TableSize());
	table->size = (uint32) setting_remembered_calls;
	table->bucket_mask = BucketCount() - 1;
	table->entries_offset = (uint32) EntriesOffset();
	memset(table->buckets, 0xFF, BucketCount() * sizeof(uint32));
}

void
KeyTableShmemStart(void)
{
	bool found;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	table = ShmemInitStruct("genops_tempo keys", TableSize(), &found);
	table_lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	if (!found)
		InitTable();
	LWLockRelease(AddinShmemInitLock);
}

/* Where the number of the first entry of a key's chain is. */
static uint32 *
Bucket(uint64 key)
{
	return &table->buckets[(uint32) (key >> 32) & table->bucket_mask];
}

static KeyEntry *
Find(uint64 key, int64 since_us)
{
	for (uint32 at = *Bucket(key); at != NO_ENTRY; at = Entry(at)->next)
		if (Entry(at)->key == key)
			return Entry(at)->claimed_us >= since_us ? Entry(at) : NULL;
	return NULL;
}

static void
Unlink(uint32 number)
{
	uint32 *at = Bucket(Entry(number)->key);

	while (*at != number && *at != NO_ENTRY)
		at = &Entry(*at)->next;
	if (*at == number)
		*at = Entry(number)->next;
	Entry(number)->key = 0;
}

static void
Put(uint64 key, uint64 reply, bool failed, bool used, const GenopsTraceParent *own, int64 now_us)
{
	uint32 number = table->oldest;
	KeyEntry *entry = Entry(number);

	if (entry->key != 0)
		Unlink(number);
	table->oldest = number + 1 == table->size ? 0 : number + 1;
	*entry = (KeyEntry){ .key = key,
		                 .reply = reply,
		                 .failed = failed,
		                 .used = used,
		                 .span = *own,
		                 .claimed_us = now_us,
		                 .next = *Bucket(key) };
	*Bucket(key) = number;
}

/* An older claim of the key goes: chains hold a key once. */
static void
Remove(uint64 key, const GenopsTraceParent *only_of)
{
	for (uint32 at = *Bucket(key); at != NO_ENTRY; at = Entry(at)->next)
		if (Entry(at)->key == key &&
		    (only_of == NULL ||
		     memcmp(Entry(at)->span.span_id, only_of->span_id, GENOPS_SPAN_ID_SIZE) == 0))
		{
			Unlink(at);
			return;
		}
}

CallKeys
KeysOfFacts(const GenopsSpanFacts *facts)
{
	return (CallKeys){ .call = facts->call_key,
		               .reply = facts->reply_key,
		               .failed = facts->status == GENOPS_STATUS_ERROR &&
		                         facts->cost_source == GENOPS_COST_NONE,
		               .used = !facts->ai_call || genops_ai_has_usage(facts) };
}

KeyFate
KeyFateByReply(const CallKeys *keys, bool first_used)
{
	return keys->used && !first_used ? KEY_SUPPLEMENT : KEY_DUPLICATE;
}

KeyFate
KeyFateByCall(const CallKeys *keys, uint64 first_reply, bool first_failed, bool first_used)
{
	if (first_failed)
		return keys->failed ? KEY_DUPLICATE : KEY_ATTEMPT;
	if (keys->reply == 0 || first_reply == 0 || first_reply == keys->reply)
		return KeyFateByReply(keys, first_used);
	return KEY_ATTEMPT;
}

static void
Claim(uint64 key, uint64 reply, bool failed, const CallKeys *keys, const GenopsTraceParent *own,
      int64 now_us)
{
	Remove(key, NULL);
	Put(key, reply, failed, keys->used, own, now_us);
}

/* What supplements another keeps that one's entry: whoever comes next is linked to it. */
static void
ClaimUsage(uint64 key, uint64 reply, const CallKeys *keys, const GenopsTraceParent *own,
           int64 now_us, int64 since_us)
{
	KeyEntry *entry = Find(key, since_us);

	if (entry == NULL)
		Claim(key, reply, false, keys, own, now_us);
	else
		entry->used = true;
}

KeyFate
KeyTableClaim(const CallKeys *keys, const GenopsTraceParent *own, int64 now_us, int64 since_us,
              GenopsTraceParent *first)
{
	KeyFate fate = KEY_NEW;
	KeyEntry *entry;

	RingLock(table_lock, LW_EXCLUSIVE);
	entry = keys->reply != 0 ? Find(keys->reply, since_us) : NULL;
	if (entry != NULL)
		fate = KeyFateByReply(keys, entry->used);
	else if (keys->call != 0 && (entry = Find(keys->call, since_us)) != NULL)
		fate = KeyFateByCall(keys, entry->reply, entry->failed, entry->used);
	if (entry != NULL)
		*first = entry->span;
	if (fate == KEY_SUPPLEMENT)
	{
		if (keys->reply != 0)
			ClaimUsage(keys->reply, 0, keys, own, now_us, since_us);
		if (keys->call != 0)
			ClaimUsage(keys->call, keys->reply, keys, own, now_us, since_us);
	}
	else if (fate != KEY_DUPLICATE)
	{
		if (keys->reply != 0)
			Claim(keys->reply, 0, false, keys, own, now_us);
		if (keys->call != 0)
			Claim(keys->call, keys->reply, keys->failed, keys, own, now_us);
	}
	RingUnlock(table_lock);
	return fate;
}

static void
Release(uint64 key, const GenopsTraceParent *own, const GenopsTraceParent *first)
{
	KeyEntry *entry = first == NULL ? NULL : Find(key, PG_INT64_MIN);

	if (entry != NULL && memcmp(entry->span.span_id, first->span_id, GENOPS_SPAN_ID_SIZE) == 0)
		entry->used = false;
	else
		Remove(key, own);
}

void
KeyTableRelease(const CallKeys *keys, const GenopsTraceParent *own, const GenopsTraceParent *first)
{
	RingLock(table_lock, LW_EXCLUSIVE);
	if (keys->reply != 0)
		Release(keys->reply, own, first);
	if (keys->call != 0)
		Release(keys->call, own, first);
	RingUnlock(table_lock);
}
