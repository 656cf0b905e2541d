/* SPDX-License-Identifier: PostgreSQL */
#include "core/export/due_heap.h"

#include <stdlib.h>

void
genops_due_heap_free(GenopsDueHeap *heap)
{
	free(heap->items);
	*heap = (GenopsDueHeap){ 0 };
}

bool
genops_due_heap_reserve(GenopsDueHeap *heap, size_t count)
{
	size_t capacity = heap->capacity ? heap->capacity : 16;
	GenopsStream **items;

	if (count <= heap->capacity)
		return true;
	while (capacity < count)
		capacity *= 2;
	items = realloc(heap->items, capacity * sizeof(*items));
	if (items == NULL)
		return false;
	heap->items = items;
	heap->capacity = capacity;
	return true;
}

static void
set(GenopsDueHeap *heap, size_t index, GenopsStream *stream)
{
	heap->items[index] = stream;
	stream->heap_index = index;
}

static void
sift_up(GenopsDueHeap *heap, size_t index)
{
	GenopsStream *stream = heap->items[index];

	while (index > 0)
	{
		size_t parent = (index - 1) / 2;

		if (heap->items[parent]->due_ms <= stream->due_ms)
			break;
		set(heap, index, heap->items[parent]);
		index = parent;
	}
	set(heap, index, stream);
}

static void
sift_down(GenopsDueHeap *heap, size_t index)
{
	GenopsStream *stream = heap->items[index];

	for (;;)
	{
		size_t child = 2 * index + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && heap->items[child + 1]->due_ms < heap->items[child]->due_ms)
			child++;
		if (stream->due_ms <= heap->items[child]->due_ms)
			break;
		set(heap, index, heap->items[child]);
		index = child;
	}
	set(heap, index, stream);
}

void
genops_due_heap_put(GenopsDueHeap *heap, GenopsStream *stream)
{
	set(heap, heap->count, stream);
	sift_up(heap, heap->count++);
}

void
genops_due_heap_remove(GenopsDueHeap *heap, GenopsStream *stream)
{
	size_t index = stream->heap_index;

	heap->count--;
	if (index == heap->count)
		return;
	set(heap, index, heap->items[heap->count]);
	sift_down(heap, index);
	sift_up(heap, heap->items[index]->heap_index);
}
