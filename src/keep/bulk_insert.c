/* SPDX-License-Identifier: PostgreSQL */
/*
 * Inserting many rows into a partition.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "compat.h"
#include "configure/own_table.h"
#include "executor/executor.h"
#include "keep/bulk_insert.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* As many as COPY puts into the heap at a time. */
#define MAX_LOT 1000

struct BulkInsert
{
	EState *executor;
	ResultRelInfo *target;
	BulkInsertState state;
	CommandId command;
	MemoryContext memory; /* of the lot's values */
	int lot;
	int count;
	TupleTableSlot **rows;
};

BulkInsert *
BulkInsertBegin(Oid table, int columns, int rows)
{
	BulkInsert *insert = palloc0(sizeof(BulkInsert));
	Relation relation = OwnPartitionOpen(table, RowExclusiveLock);

	OwnTableRequireColumn(relation, columns);
	insert->executor = CreateExecutorState();
	insert->target = makeNode(ResultRelInfo);
	InitResultRelInfo(insert->target, relation, 0, NULL, 0);
	ExecOpenIndices(insert->target, false);
	insert->state = GetBulkInsertState();
	insert->command = GetCurrentCommandId(true);
	insert->memory =
	    AllocSetContextCreate(CurrentMemoryContext, "genops bulk insert", ALLOCSET_DEFAULT_SIZES);
	insert->lot = Max(Min(rows, MAX_LOT), 1);
	insert->rows = palloc0(insert->lot * sizeof(TupleTableSlot *));
	return insert;
}

MemoryContext
BulkInsertMemory(BulkInsert *insert)
{
	return insert->memory;
}

static void
InsertIndexTuples(BulkInsert *insert, TupleTableSlot *row)
{
	compat_insert_index_tuples(insert->target, row, insert->executor);
	ResetPerTupleExprContext(insert->executor);
}

static void
Flush(BulkInsert *insert)
{
	Relation relation = insert->target->ri_RelationDesc;
	MemoryContext caller = MemoryContextSwitchTo(insert->memory); /* toasting leaves some */

	table_multi_insert(relation, insert->rows, insert->count, insert->command, 0, insert->state);
	for (int i = 0; i < insert->count; i++)
	{
		if (insert->target->ri_NumIndices > 0)
			InsertIndexTuples(insert, insert->rows[i]);
		ExecClearTuple(insert->rows[i]);
	}
	insert->count = 0;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(insert->memory);
}

TupleTableSlot *
BulkInsertRow(BulkInsert *insert)
{
	TupleTableSlot *row;

	if (insert->count == insert->lot)
		Flush(insert);
	row = insert->rows[insert->count];
	if (row == NULL)
	{
		Relation relation = insert->target->ri_RelationDesc;

		row = MakeSingleTupleTableSlot(RelationGetDescr(relation), table_slot_callbacks(relation));
		insert->rows[insert->count] = row;
	}
	memset(row->tts_isnull, true, row->tts_tupleDescriptor->natts * sizeof(bool));
	return row;
}

void
BulkInsertPut(BulkInsert *insert, TupleTableSlot *row)
{
	ExecStoreVirtualTuple(row);
	insert->count++;
}

void
BulkInsertEnd(BulkInsert *insert)
{
	Relation relation = insert->target->ri_RelationDesc;

	if (insert->count > 0)
		Flush(insert);
	for (int i = 0; i < insert->lot && insert->rows[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(insert->rows[i]);
	table_finish_bulk_insert(relation, 0);
	FreeBulkInsertState(insert->state);
	ExecCloseIndices(insert->target);
	FreeExecutorState(insert->executor);
	MemoryContextDelete(insert->memory);
	table_close(relation, NoLock);
	pfree(insert->rows);
	pfree(insert);
}
