/* SPDX-License-Identifier: PostgreSQL */
/*
 * A filter over the keys of genops.call_key, in the worker's memory.  Nearly all keys are new; the
 * filter knows that of most of them, and spares a look into the index.
 */
#ifndef GENOPS_KEEP_KEY_FILTER_H
#define GENOPS_KEEP_KEY_FILTER_H

#include "postgres.h"

/* Reads the keys that are stored, unless the filter is of these partitions already. */
extern void KeyFilterPrepare(const Oid *partitions, int count);

/* False: the key is not stored. */
extern bool KeyFilterMayHave(uint64 key);

/* The key is about to be stored, in one of the partitions or a new one.  It stays in the filter if
 * that fails. */
extern void KeyFilterAdd(uint64 key);

#endif
