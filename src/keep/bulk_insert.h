/* SPDX-License-Identifier: PostgreSQL */
/*
 * Inserting many rows into a partition: straight into the heap and its
 * indexes, without triggers, rules, defaults or constraints being looked at.
 */
#ifndef GENOPS_KEEP_BULK_INSERT_H
#define GENOPS_KEEP_BULK_INSERT_H

#include "postgres.h"

#include "executor/tuptable.h"

typedef struct BulkInsert BulkInsert;

/* "columns" is how many the table must have at least: those that it was first made
 * with.  "rows" is how many will come. */
extern BulkInsert *BulkInsertBegin(Oid table, int columns, int rows);

/*
 * The next row, as wide as the table: the caller fills tts_values and tts_isnull (all
 * null at first) as far as its descriptor goes, and calls BulkInsertPut.  What the
 * values point to must live until BulkInsertEnd or be in BulkInsertMemory, which is
 * emptied after each lot of rows.
 */
extern TupleTableSlot *BulkInsertRow(BulkInsert *insert);
extern void BulkInsertPut(BulkInsert *insert, TupleTableSlot *row);
extern MemoryContext BulkInsertMemory(BulkInsert *insert);

extern void BulkInsertEnd(BulkInsert *insert);

#endif
