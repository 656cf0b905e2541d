/* SPDX-License-Identifier: PostgreSQL */
/*
 * Memory that is given back all at once.
 *
 * Everything that belongs to one parsed query lies in one arena: the text, the
 * tree, the notices.  So nothing in the tree is freed by itself, and trees may
 * share parts.
 */
#ifndef GENOPS_CORE_TRACEQL_ARENA_H
#define GENOPS_CORE_TRACEQL_ARENA_H

#include <stddef.h>

#include "core/base/slice.h"

typedef struct GenopsArenaBlock GenopsArenaBlock;

typedef struct GenopsArena
{
	GenopsArenaBlock *newest;
	char *free;
	size_t left; /* bytes at "free" */
} GenopsArena;

/* Zeroed memory, aligned for every type; NULL when there is none. */
extern void *genops_arena_take(GenopsArena *arena, size_t size);

/* A copy, or an absent slice when there is no memory. */
extern GenopsSlice genops_arena_copy(GenopsArena *arena, GenopsSlice slice);

/* An array with room for one element more than its count, which may be the
 * given one; NULL when there is no memory.  An array starts as NULL and grows
 * one by one. */
extern void *genops_arena_grow(GenopsArena *arena, void *array, size_t count, size_t size);

/* Takes everything back and keeps a block for what comes next. */
extern void genops_arena_clear(GenopsArena *arena);

extern void genops_arena_free(GenopsArena *arena);

#endif
