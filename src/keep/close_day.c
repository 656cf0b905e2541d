/* SPDX-License-Identifier: PostgreSQL */
/*
 * Indexes, as far as they are not kept row by row.
 *
 * While a day is open its traces are found by the segments' bloom filters;
 * keeping a B-tree on random ids would make inserting several times dearer.
 * When it is over the B-tree is built in bulk, on a hash of half the id's
 * width.  BRIN doesn't know new pages before it is told, and is told of
 * them here, now and then: told after each batch, it would be written again
 * with each row.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "configure/own_table.h"
#include "executor/spi.h"
#include "keep/call_keys.h"
#include "keep/chore.h"
#include "keep/ledger.h"
#include "keep/ledger_state.h"
#include "keep/partition.h"
#include "keep/worker_sql.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

/* The worker stores nothing while it builds an index, which takes one to two
 * seconds for a day of this size, some two million spans.  A larger day keeps its
 * bloom filters. */
#define MAX_CLOSED_BLOCKS (512 * (1024 * 1024 / BLCKSZ))

#define BUILD_MEMORY "32MB"

/* New pages that BRIN is told of: some 10,000 spans. */
#define SUMMARY_BLOCKS 256

static BlockNumber
BlocksOf(Oid table)
{
	Relation relation = OwnPartitionOpen(table, AccessShareLock);
	BlockNumber blocks = RelationGetNumberOfBlocks(relation);

	table_close(relation, AccessShareLock);
	return blocks;
}

static void
BuildTraceIndex(Oid partition)
{
	char *name = get_rel_name(partition);

	WorkerSetLocal("maintenance_work_mem", BUILD_MEMORY);
	WorkerSetLocal("max_parallel_maintenance_workers", "0");
	SPI_connect();
	WorkerSql(psprintf("CREATE INDEX %s_trace ON genops.%s "
	                   "(pg_catalog.uuid_hash_extended(trace_id, 0))",
	                   name, name));
	SPI_finish();
}

static bool
HasTraceIndex(Oid partition)
{
	return OidIsValid(
	    get_relname_relid(PartitionIndexName(partition, "trace"), get_rel_namespace(partition)));
}

/* Builds one index. */
static bool
CloseOne(void *argument)
{
	static TimestampTz all_closed_before = 0;
	LedgerState state = LedgerStateRead();
	LedgerDay *days;
	int count;

	(void) argument;
	if (!state.exists || (state.newest_recorded_at < all_closed_before &&
	                      state.newest_recorded_at >= all_closed_before - USECS_PER_DAY))
		return false;
	days = PartitionDays(&count);
	for (int i = 0; i < count; i++)
	{
		if (days[i].end > state.newest_recorded_at || HasTraceIndex(days[i].span) ||
		    BlocksOf(days[i].span) > MAX_CLOSED_BLOCKS)
			continue;
		BuildTraceIndex(days[i].span);
		return true;
	}
	all_closed_before = PartitionDayEnd(state.newest_recorded_at);
	return false;
}

/* The partition that is being filled: a clock that was ahead may have left later ones. */
static Oid
OpenSpanPartition(void)
{
	LedgerState state = LedgerStateRead();
	int count;
	LedgerDay *days = PartitionDays(&count);

	for (int i = 0; i < count; i++)
		if (state.newest_recorded_at >= days[i].start && state.newest_recorded_at < days[i].end)
			return days[i].span;
	return InvalidOid;
}

/* Tells BRIN of the newest partition's new pages. */
static bool
SummariseNewest(void *argument)
{
	static Oid partition = InvalidOid;
	static BlockNumber summarised = 0;
	Oid open = OpenSpanPartition();
	BlockNumber blocks;

	(void) argument;
	if (!OidIsValid(open))
		return false;
	if (partition != open)
		summarised = 0;
	partition = open;
	blocks = BlocksOf(partition);
	if (blocks < summarised + SUMMARY_BLOCKS)
		return false;
	SPI_connect();
	WorkerSql(
	    psprintf("SELECT pg_catalog.brin_summarize_new_values('genops.%s'::pg_catalog.regclass)",
	             PartitionIndexName(partition, "brin")));
	SPI_finish();
	summarised = blocks;
	return false;
}

void
LedgerIndexNew(void)
{
	static Chore summarising = { .name = "indexing of new spans", .run = SummariseNewest };

	(void) ChoreRun(&summarising, NULL);
}

bool
LedgerCloseDays(void)
{
	static Chore closing = { .name = "indexing of closed days", .run = CloseOne };

	return ChoreRun(&closing, NULL) || CallKeysForget();
}
