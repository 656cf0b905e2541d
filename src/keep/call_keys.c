/* SPDX-License-Identifier: PostgreSQL */
/*
 * The second look at calls that may have been recorded before.
 *
 * A session that records a call asks the shared table of the last keys (shared/key_table.h).
 * What is older, or from before a restart, is only known here: in genops.call_key, a row for each key
 * of a call that charged, partitioned by day.  The worker looks for a batch's keys and adds the new
 * ones in the transaction that stores the batch, so that keys and charges can never disagree.
 *
 * A late find was not charged yet: no row and no sum of the ledger has it.  Its facts lose what
 * they charge, and its bytes, if they are our own, the attributes that say it; others' bytes stay as
 * they came.
 *
 * Nearly all keys are new: a filter in memory (key_filter.h) says so without a look at the index.
 * Looking up sorted keys, and adding them sorted, keeps the pages of the index at hand.  The keys of a
 * partition are as many as its pages hold; counting them exactly would take a second, and the limit is
 * no promise of a number.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "compat.h"
#include "configure/configuration.h"
#include "configure/own_table.h"
#include "core/span/ai_call.h"
#include "core/span/ai_kind.h"
#include "executor/spi.h"
#include "keep/bulk_insert.h"
#include "keep/call_keys.h"
#include "keep/chore.h"
#include "keep/key_filter.h"
#include "keep/partition.h"
#include "keep/worker_sql.h"
#include "miscadmin.h"
#include "shared/key_table.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Rows that a page holds, about. */
#define KEYS_A_PAGE 140

/* Attempts of one call that are kept, and looked at, so that a call that is recorded with ever
 * new replies cannot keep the worker from storing. */
#define MAX_ATTEMPTS 64

#define LOCK_TIMEOUT "100ms"

/* How often old keys are looked for. */
#define FORGET_EVERY_US (10 * 60 * USECS_PER_SEC)

/* A key of a record of the batch. */
typedef struct KeyItem
{
	uint64 key;
	uint64 reply; /* of the call whose own id it is; 0: none, or it is a reply's */
	bool failed;
	bool used;
	bool of_reply;
	int record;
	int attempts; /* with this key that are stored, at most MAX_ATTEMPTS of a partition */
	KeyFate fate; /* by what is stored */
} KeyItem;

/* What the batch itself has said of a key so far. */
typedef struct BatchKey
{
	uint64 key;
	uint64 reply;
	bool failed;
	bool used;
} BatchKey;

static bool
HasKey(const SpanRecord *record)
{
	return (record->facts.call_key != 0 || record->facts.reply_key != 0) &&
	       (record->facts.flags & GENOPS_FLAG_DUPLICATE) == 0;
}

static KeyItem *
CollectItems(const SpanRecord *records, int count, int *item_count)
{
	KeyItem *items = NULL;

	*item_count = 0;
	for (int i = 0; i < count; i++)
	{
		CallKeys keys;

		if (!HasKey(&records[i]))
			continue;
		keys = KeysOfFacts(&records[i].facts);
		if (items == NULL)
			items = palloc(2 * count * sizeof(KeyItem));
		if (keys.reply != 0)
			items[(*item_count)++] =
			    (KeyItem){ .key = keys.reply, .used = keys.used, .of_reply = true, .record = i };
		if (keys.call != 0)
			items[(*item_count)++] = (KeyItem){
				.key = keys.call,
				.reply = keys.reply,
				.failed = keys.failed,
				.used = keys.used,
				.record = i
			};
	}
	return items;
}

static int
CompareItems(const void *a, const void *b)
{
	const KeyItem *first = a;
	const KeyItem *second = b;

	if (first->key != second->key)
		return first->key < second->key ? -1 : 1;
	return first->record - second->record;
}

/* What a key that is known says of the item. */
static KeyFate
FateOf(const KeyItem *item, uint64 first_reply, bool first_failed, bool first_used)
{
	CallKeys keys = {
		.call = item->key, .reply = item->reply, .failed = item->failed, .used = item->used
	};

	return item->of_reply ? KeyFateByReply(&keys, first_used)
	                      : KeyFateByCall(&keys, first_reply, first_failed, first_used);
}

/*
 * Looking
 */
static Relation
IndexOf(Relation heap)
{
	char *name = PartitionIndexName(RelationGetRelid(heap), "key");

	return index_open(OwnTable(name), AccessShareLock);
}

/* The items from the first on that have its key. */
static int
CountOfKey(const KeyItem *items, int count)
{
	int same = 1;

	while (same < count && items[same].key == items[0].key)
		same++;
	return same;
}

/*
 * What a stored row says of the items of its key.  The worst fate wins: of several attempts one may
 * be this very one, and what was supplemented
 * has a row of both.  True if there is an item that another row may say more of.
 */
static bool
TakeRow(KeyItem *items, int count, TupleTableSlot *row)
{
	bool no_reply;
	bool null;
	Datum value = slot_getattr(row, CALL_KEY_REPLY, &no_reply);
	bool failed = DatumGetBool(slot_getattr(row, CALL_KEY_FAILED, &null));
	uint64 reply = no_reply ? 0 : (uint64) DatumGetInt64(value);
	bool used = DatumGetBool(slot_getattr(row, CALL_KEY_USED, &null));
	bool open = false;

	for (int i = 0; i < count; i++)
	{
		KeyFate fate = FateOf(&items[i], reply, failed, used);

		items[i].attempts++;
		items[i].fate = Max(items[i].fate, fate);
		open |= items[i].fate != KEY_DUPLICATE;
	}
	return open;
}

/* Items of one key; the newest rows first, of which most are in the window. */
static void
LookUpKey(IndexScanDesc scan, TupleTableSlot *row, KeyItem *items, int count, TimestampTz since)
{
	ScanKeyData key;
	bool open = true;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum((int64) items[0].key));
	index_rescan(scan, &key, 1, NULL, 0);
	for (int rows = 0; open && rows < MAX_ATTEMPTS; rows++)
	{
		bool null;

		if (!index_getnext_slot(scan, BackwardScanDirection, row))
			break;
		if (DatumGetTimestampTz(slot_getattr(row, CALL_KEY_RECORDED_AT, &null)) >= since)
			open = TakeRow(items, count, row);
	}
}

/* The items are sorted by their keys. */
static void
LookIn(Oid partition, KeyItem *items, int count, TimestampTz since)
{
	Relation heap = OwnPartitionOpen(partition, AccessShareLock);
	Relation index = IndexOf(heap);
	TupleTableSlot *row = table_slot_create(heap, NULL);
	IndexScanDesc scan = compat_index_beginscan(heap, index, GetActiveSnapshot(), 1);
	int next;

	for (int first = 0; first < count; first = next)
	{
		int same = CountOfKey(&items[first], count - first);

		CHECK_FOR_INTERRUPTS();
		next = first + same;
		if (KeyFilterMayHave(items[first].key))
			LookUpKey(scan, row, &items[first], same, since);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(row);
	index_close(index, NoLock);
	table_close(heap, NoLock);
}

static void
LookInStored(KeyItem *items, int count, TimestampTz recorded_at)
{
	TimestampTz since = recorded_at - ConfigurationGet()->duplicate_window_us;
	int partition_count;
	Oid *partitions = PartitionsOfKeys(&partition_count);

	PushActiveSnapshot(GetTransactionSnapshot());
	KeyFilterPrepare(partitions, partition_count);
	for (int i = 0; i < partition_count; i++)
		if (PartitionKeysEnd(partitions[i]) > since)
			LookIn(partitions[i], items, count, since);
	PopActiveSnapshot();
}

/*
 * Deciding, in the order in which the calls were recorded
 */
static void
DecideInBatch(KeyItem *items, int count)
{
	HASHCTL control = { .keysize = sizeof(uint64),
		                .entrysize = sizeof(BatchKey),
		                .hcxt = CurrentMemoryContext };
	HTAB *seen =
	    hash_create("genops keys of a batch", count, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);

	/* Items of a record are sorted apart, those of a key are in the order of records. */
	for (int i = 0; i < count; i++)
	{
		bool found;
		BatchKey *before = hash_search(seen, &items[i].key, HASH_ENTER, &found);

		if (found)
			items[i].fate = Max(items[i].fate, FateOf(&items[i], before->reply, before->failed,
			                                          before->used));
		if (items[i].fate == KEY_DUPLICATE && found)
			continue;
		before->reply = items[i].reply;
		before->failed = items[i].failed;
		before->used = items[i].used;
	}
	hash_destroy(seen);
}

static void
MakeDuplicate(SpanRecord *record)
{
	Size room = record->span.length + GENOPS_DUPLICATE_ROOM;
	GenopsBytes bytes;

	genops_ai_uncharge(&record->facts);
	record->facts.flags |= GENOPS_FLAG_DUPLICATE;
	if (genops_slice_present(record->envelope))
		return; /* somebody else's */
	bytes = genops_bytes_over(palloc(room), room);
	if (genops_ai_call_take_charge_out(&bytes, record->span))
		record->span = (GenopsSlice){ (const char *) bytes.data, bytes.length };
}

/* Returns how many. */
static int
MakeDuplicates(SpanRecord *records, const KeyItem *items, int count)
{
	int made = 0;

	for (int i = 0; i < count; i++)
	{
		SpanRecord *record = &records[items[i].record];

		if (items[i].fate == KEY_DUPLICATE && (record->facts.flags & GENOPS_FLAG_DUPLICATE) == 0)
		{
			MakeDuplicate(record);
			made++;
		}
		else if (items[i].fate == KEY_SUPPLEMENT)
			record->facts.flags |= GENOPS_FLAG_SUPPLEMENT | GENOPS_FLAG_NO_DURATION;
	}
	return made;
}

/*
 * Keeping
 */
int64
CallKeysIn(Oid partition)
{
	Relation table = OwnPartitionOpen(partition, AccessShareLock);
	int64 keys = (int64) RelationGetNumberOfBlocks(table) * KEYS_A_PAGE;

	table_close(table, AccessShareLock);
	return keys;
}

static bool
HasRoom(Oid partition)
{
	int64 max_keys = ConfigurationGet()->max_keys;

	return max_keys > 0 && ConfigurationGet()->duplicate_window_us > 0 &&
	       CallKeysIn(partition) < Max(max_keys, KEYS_A_PAGE + 1);
}

static void
Put(TupleTableSlot *row, int column, Datum value)
{
	row->tts_values[column - 1] = value;
	row->tts_isnull[column - 1] = false;
}

static void
KeepKeys(const SpanRecord *records, const KeyItem *items, int count, TimestampTz recorded_at)
{
	Oid partition = PartitionEnsureOfKeys(recorded_at);
	BulkInsert *insert;
	int attempts = 0;

	if (!HasRoom(partition))
		return;
	insert = BulkInsertBegin(partition, CALL_KEY_COLUMNS, count);
	for (int i = 0; i < count; i++)
	{
		TupleTableSlot *row;

		if (i == 0 || items[i].key != items[i - 1].key)
			attempts = items[i].attempts;
		if (records[items[i].record].facts.flags & GENOPS_FLAG_DUPLICATE ||
		    attempts++ >= MAX_ATTEMPTS)
			continue;
		row = BulkInsertRow(insert);
		Put(row, CALL_KEY_RECORDED_AT, TimestampTzGetDatum(recorded_at));
		Put(row, CALL_KEY_KEY, Int64GetDatum((int64) items[i].key));
		if (items[i].reply != 0)
			Put(row, CALL_KEY_REPLY, Int64GetDatum((int64) items[i].reply));
		Put(row, CALL_KEY_FAILED, BoolGetDatum(items[i].failed));
		Put(row, CALL_KEY_USED, BoolGetDatum(items[i].used));
		BulkInsertPut(insert, row);
		KeyFilterAdd(items[i].key);
	}
	BulkInsertEnd(insert);
}

int
CallKeysTake(SpanRecord *records, int count, TimestampTz recorded_at)
{
	int item_count;
	KeyItem *items = CollectItems(records, count, &item_count);
	int duplicates;

	if (items == NULL || !OidIsValid(OwnTableIfThere("call_key")))
		return 0;
	qsort(items, item_count, sizeof(KeyItem), CompareItems);
	LookInStored(items, item_count, recorded_at);
	DecideInBatch(items, item_count);
	duplicates = MakeDuplicates(records, items, item_count);
	KeepKeys(records, items, item_count, recorded_at);
	pfree(items);
	return duplicates;
}

/*
 * Forgetting
 */

/* The oldest partition, if its last key is out of the window, or if there are too many keys. */
static bool
ForgetOne(void *argument)
{
	const Configuration *configuration = ConfigurationGet();
	TimestampTz since = GetCurrentTimestamp() - configuration->duplicate_window_us;
	int count;
	Oid *partitions = PartitionsOfKeys(&count);
	int64 keys = 0;

	(void) argument;
	for (int i = 0; i < count; i++)
		keys += CallKeysIn(partitions[i]);
	if (count == 0 || (PartitionKeysEnd(partitions[0]) > since &&
	                   (count == 1 || keys <= configuration->max_keys)))
		return false;
	SPI_connect();
	WorkerSetLocal("lock_timeout", LOCK_TIMEOUT);
	WorkerSql("LOCK TABLE ONLY genops.call_key IN ACCESS EXCLUSIVE MODE");
	WorkerSql(psprintf("DROP TABLE genops.%s", get_rel_name(partitions[0])));
	SPI_finish();
	return true;
}

bool
CallKeysForget(void)
{
	static Chore forgetting = { .name = "removal of old keys of calls", .run = ForgetOne };
	static TimestampTz looked_at = 0;
	TimestampTz now = GetCurrentTimestamp();

	if (now >= looked_at && now - looked_at < FORGET_EVERY_US)
		return false;
	if (ChoreRun(&forgetting, NULL))
		return true;
	looked_at = now;
	return false;
}
