/* SPDX-License-Identifier: PostgreSQL */
/*
 * A Bloom filter of words: a key's three bits are in one word of 64, so that a look is one cache
 * line.  With sixteen bits a key or more it passes two in a hundred keys that are not there.
 *
 * It is read from the tables once, when the worker has its first key, and again when there are
 * twice as many or a partition has gone; a new one, which the worker itself makes, is only
 * noted.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "compat.h"
#include "configure/own_table.h"
#include "keep/call_keys.h"
#include "keep/key_filter.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define BITS_A_KEY 16
#define WORD_BITS 64
#define MIN_KEYS 16384

#define MAX_PARTITIONS 64

static uint64 *words = NULL;
static uint32 word_mask;
static int64 capacity = 0; /* keys */
static int64 added = 0;
static Oid of[MAX_PARTITIONS];
static int of_count = 0;

static uint64
BitsOf(uint64 key)
{
	return UINT64CONST(1) << (key & 63) | UINT64CONST(1) << ((key >> 6) & 63) |
	       UINT64CONST(1) << ((key >> 12) & 63);
}

static uint64 *
WordOf(uint64 key)
{
	return &words[(uint32) (key >> 32) & word_mask];
}

bool
KeyFilterMayHave(uint64 key)
{
	uint64 bits = BitsOf(key);

	return (*WordOf(key) & bits) == bits;
}

void
KeyFilterAdd(uint64 key)
{
	*WordOf(key) |= BitsOf(key);
	added++;
}

static void
MakeRoomFor(int64 keys)
{
	uint32 count = 1;

	capacity = MIN_KEYS;
	while (capacity < keys)
		capacity *= 2;
	while ((int64) count * WORD_BITS < capacity * BITS_A_KEY)
		count *= 2;
	if (words != NULL)
		pfree(words);
	words = NULL;
	words = MemoryContextAllocExtended(TopMemoryContext, count * sizeof(uint64),
	                                   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	word_mask = count - 1;
	added = 0;
}

static void
AddStored(Oid partition)
{
	Relation table = OwnPartitionOpen(partition, AccessShareLock);
	TupleTableSlot *row = table_slot_create(table, NULL);
	TableScanDesc scan = table_beginscan(table, GetActiveSnapshot(), 0, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, row))
	{
		bool null;

		CHECK_FOR_INTERRUPTS();
		KeyFilterAdd((uint64) DatumGetInt64(slot_getattr(row, CALL_KEY_KEY, &null)));
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(row);
	table_close(table, NoLock);
}

/* Whether each partition that the filter is of is still there. */
static bool
StillOf(const Oid *partitions, int count)
{
	return of_count > 0 && count >= of_count && count <= MAX_PARTITIONS &&
	       memcmp(partitions, of, of_count * sizeof(Oid)) == 0;
}

void
KeyFilterPrepare(const Oid *partitions, int count)
{
	int64 keys = 0;

	if (!StillOf(partitions, count) || added > 2 * capacity)
	{
		of_count = 0;
		for (int i = 0; i < count; i++)
			keys += CallKeysIn(partitions[i]);
		MakeRoomFor(Max(keys, added));
		for (int i = 0; i < count; i++)
			AddStored(partitions[i]);
	}
	of_count = Min(count, MAX_PARTITIONS);
	memcpy(of, partitions, of_count * sizeof(Oid));
}
