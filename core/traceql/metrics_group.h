/* SPDX-License-Identifier: PostgreSQL */
/*
 * Numbers keys, which are runs of bytes, from 0 in the order in which they come:
 * a hash table that is safe from keys made to collide.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_GROUP_H
#define GENOPS_CORE_TRACEQL_METRICS_GROUP_H

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/slice.h"

/* All keys together; beside it what the keys stand for is small. */
#define GENOPS_GROUPS_MAX_BYTES ((size_t) 64 * 1024 * 1024)

typedef struct GenopsGroups
{
	size_t count;
	/* private */
	struct GenopsGroupPlace *places;
	size_t room;
	uint32_t *slots; /* a number and 1; 0 is free */
	size_t slot_count;
	GenopsBytes keys;
	uint64_t seed[2];
} GenopsGroups;

extern GenopsGroups genops_groups(void);
extern void genops_groups_free(GenopsGroups *groups);

/* Forgets the keys. */
extern void genops_groups_clear(GenopsGroups *groups);

/* The key's number; a new key is the last.  False if there is no memory, with a
 * new key where there are "most" already, or too long ones. */
extern bool genops_groups_find(GenopsGroups *groups, GenopsSlice key, size_t most, size_t *number,
                               GenopsError *error);

extern bool genops_groups_has(const GenopsGroups *groups, GenopsSlice key);

/* Valid until the next genops_groups_find(). */
extern GenopsSlice genops_groups_key(const GenopsGroups *groups, size_t number);

#endif
