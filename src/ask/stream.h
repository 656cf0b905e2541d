/* SPDX-License-Identifier: PostgreSQL */
/*
 * Runs a query on the ledger's tables as the current user and hands out its
 * rows one by one: nothing is gathered, and the query may run in parallel.
 *
 * Between StreamBegin and StreamEnd every query sees the ledger as it was at the
 * beginning.
 */
#ifndef GENOPS_ASK_STREAM_H
#define GENOPS_ASK_STREAM_H

#include "postgres.h"

#include "executor/tuptable.h"

/* Called for each row, in a memory context that is emptied after it.  The query
 * may be running in parallel: what is called must not write, nor run queries. */
typedef void (*StreamRow)(void *argument, TupleTableSlot *row);

typedef struct StreamParameter
{
	Oid type;
	Datum value;
	bool is_null;
} StreamParameter;

/* Settings for such queries until StreamEnd (or the end of the subtransaction),
 * with a search_path of pg_catalog and pg_temp alone, and a snapshot. */
extern int StreamBegin(void);
extern void StreamEnd(int level);

extern void StreamQuery(const char *sql, const StreamParameter *parameters, int count,
                        StreamRow row, void *argument);

/* A column of a row, by its number from 1; raises for a NULL. */
extern Datum StreamColumn(TupleTableSlot *row, int number);

#endif
