/* SPDX-License-Identifier: PostgreSQL */
/*
 * Streams in the order in which they become due: a binary heap.
 *
 * A stream is in one heap at the most; it remembers where, so that it can be
 * taken out of the middle.
 */
#ifndef GENOPS_CORE_EXPORT_DUE_HEAP_H
#define GENOPS_CORE_EXPORT_DUE_HEAP_H

#include "core/export/stream.h"

/* Zeroed: empty. */
typedef struct GenopsDueHeap
{
	GenopsStream **items;
	size_t count;
	size_t capacity;
} GenopsDueHeap;

extern void genops_due_heap_free(GenopsDueHeap *heap);

/* Room for that many streams in all; false where there is no memory. */
extern bool genops_due_heap_reserve(GenopsDueHeap *heap, size_t count);

/* Puts the stream in by its due_ms; room for it must have been reserved. */
extern void genops_due_heap_put(GenopsDueHeap *heap, GenopsStream *stream);

extern void genops_due_heap_remove(GenopsDueHeap *heap, GenopsStream *stream);

/* The one that is due first, NULL: none. */
static inline GenopsStream *
genops_due_heap_first(const GenopsDueHeap *heap)
{
	return heap->count > 0 ? heap->items[0] : NULL;
}

#endif
