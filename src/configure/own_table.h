/* SPDX-License-Identifier: PostgreSQL */
/*
 * The one door to our own tables, those of schema genops.
 *
 * Whoever reads or writes them without the executor opens them here: by name, with
 * a lock, and only if what has the name is a table of the kind that is expected.
 * A restore that went half-way, or an owner who tried something, may have left a view,
 * a foreign table or nothing at all under that name.
 *
 * A table may have more columns than this library knows (a newer extension) or
 * fewer (the extension was not updated yet): columns are only ever added at the end.
 * So rows are made by the relation's own descriptor, and who needs a column asks
 * for it.
 */
#ifndef GENOPS_CONFIGURE_OWN_TABLE_H
#define GENOPS_CONFIGURE_OWN_TABLE_H

#include "postgres.h"

#include "storage/lockdefs.h"
#include "utils/relcache.h"

/* The oid of a table, partitioned table or index of schema genops by its name.  The
 * first raises if there is none, the other returns InvalidOid. */
extern Oid OwnTable(const char *name);
extern Oid OwnTableIfThere(const char *name);

/*
 * Opens a table for reading or writing its heap.  Raises if it is missing or is not an
 * ordinary table; the second returns NULL if it is missing.  The lock is waited for
 * as lock_timeout has it.  Closed by table_close.
 */
extern Relation OwnTableOpen(const char *name, LOCKMODE lock);
extern Relation OwnTableOpenIfThere(const char *name, LOCKMODE lock);

/*
 * Takes the lock that reading needs, if it can be had before a time (by MonotonicMs()):
 * true if so, or if there is no such table.  *locked is the table, for
 * UnlockRelationOid, InvalidOid if there is none.
 */
extern bool OwnTableLockToRead(const char *name, int64 deadline, Oid *locked);

/*
 * Opens a table to read it without a lock, closed by RelationClose; NULL if it is
 * missing.  For who must not wait for whoever holds it.  What is committed is read; where
 * that is replaced during the reading (TRUNCATE, a rewrite), the reading may fail.
 */
extern Relation OwnTableOpenUnlocked(const char *name);

/* The same of a partition, which the caller knows by its oid. */
extern Relation OwnPartitionOpen(Oid partition, LOCKMODE lock);

/* The same of a partitioned table, whose descriptor of partitions is wanted. */
extern Relation OwnParentOpen(const char *name, LOCKMODE lock);

/* Raises if the table lacks a column, counted from 1. */
extern void OwnTableRequireColumn(Relation table, int column);

/*
 * Raises if the table has a trigger that the extension did not make: who was granted
 * TRIGGER on it (by GRANT ALL, say) would have the extension's owner run it.  Before a
 * change by SQL as the owner.  Keeps a lock that conflicts with CREATE TRIGGER's until
 * the transaction ends.
 */
extern void OwnTableRequireOwnTriggers(Oid table);

#endif
