/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

/* Holds a typical query's text and tree. */
#define BLOCK_SIZE 4000

struct GenopsArenaBlock
{
	GenopsArenaBlock *older;
	size_t size; /* of the memory */
	alignas(max_align_t) char memory[];
};

static bool
add_block(GenopsArena *arena, size_t size)
{
	GenopsArenaBlock *block = malloc(sizeof(GenopsArenaBlock) + size);

	if (block == NULL)
		return false;
	block->older = arena->newest;
	block->size = size;
	arena->newest = block;
	arena->free = block->memory;
	arena->left = size;
	return true;
}

void *
genops_arena_take(GenopsArena *arena, size_t size)
{
	const size_t unit = alignof(max_align_t);
	void *memory;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + unit - 1) / unit * unit;
	if (arena->left < size && !add_block(arena, size > BLOCK_SIZE ? size : BLOCK_SIZE))
		return NULL;
	memory = arena->free;
	arena->free += size;
	arena->left -= size;
	return memset(memory, 0, size);
}

GenopsSlice
genops_arena_copy(GenopsArena *arena, GenopsSlice slice)
{
	char *copy = genops_arena_take(arena, slice.length + 1);

	if (copy == NULL)
		return GENOPS_ABSENT;
	if (slice.length > 0)
		memcpy(copy, slice.data, slice.length);
	return (GenopsSlice){ copy, slice.length };
}

void *
genops_arena_grow(GenopsArena *arena, void *array, size_t count, size_t size)
{
	void *larger;

	/* The array is full whenever its count is a power of two. */
	if ((count & (count - 1)) != 0)
		return array;
	larger = genops_arena_take(arena, (count == 0 ? 1 : 2 * count) * size);
	if (larger != NULL && count > 0)
		memcpy(larger, array, count * size);
	return larger;
}

static void
free_blocks(GenopsArenaBlock *newest)
{
	while (newest != NULL)
	{
		GenopsArenaBlock *older = newest->older;

		free(newest);
		newest = older;
	}
}

void
genops_arena_clear(GenopsArena *arena)
{
	GenopsArenaBlock *newest = arena->newest;

	if (newest == NULL)
		return;
	free_blocks(newest->older);
	newest->older = NULL;
	arena->free = newest->memory;
	arena->left = newest->size;
}

void
genops_arena_free(GenopsArena *arena)
{
	free_blocks(arena->newest);
	*arena = (GenopsArena){ 0 };
}
