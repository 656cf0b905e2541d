/* SPDX-License-Identifier: PostgreSQL */
/*
 * SQL of the worker, where speed doesn't count.
 */
#ifndef GENOPS_KEEP_WORKER_SQL_H
#define GENOPS_KEEP_WORKER_SQL_H

#include "postgres.h"

/* Both need SPI_connect; they raise unless the statement is carried out.  Names
 * in a statement are qualified: the search path is the worker's.  Returns the
 * number of rows. */
extern uint64 WorkerSql(const char *statement);

/* A query for one bigint; "missing" if the answer is NULL or no row. */
extern int64 WorkerSqlNumber(const char *query, int64 missing);

/* A setting for the rest of the transaction. */
extern void WorkerSetLocal(const char *name, const char *value);

/* The text of column 1, 2 ... of a row of the last statement. */
extern char *WorkerSqlText(uint64 row, int column);

#endif
