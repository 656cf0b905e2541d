/* SPDX-License-Identifier: PostgreSQL */
/*
 * A byte buffer that is written from front to back.
 *
 * It is either fixed, over memory that the caller owns, or growing, over
 * memory of its own from malloc.  A write that does not fit, or for which
 * there is no memory, sets "failed" and writes nothing; later writes are
 * ignored.  So a writer checks once, at the end.
 */
#ifndef GENOPS_CORE_BASE_BYTES_H
#define GENOPS_CORE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct GenopsBytes
{
	uint8_t *data;
	size_t length;
	size_t capacity;
	bool growing; /* data is ours, from malloc */
	bool failed;
} GenopsBytes;

/* A fixed buffer over the caller's memory. */
static inline GenopsBytes
genops_bytes_over(void *memory, size_t capacity)
{
	return (GenopsBytes){ .data = memory, .capacity = capacity };
}

/* An empty growing buffer; genops_bytes_free releases it. */
static inline GenopsBytes
genops_bytes_growing(void)
{
	return (GenopsBytes){ .growing = true };
}

extern void genops_bytes_free(GenopsBytes *bytes);

/* Makes room for "more" further bytes in a growing buffer; false when there
 * is none.  Called by genops_bytes_room when the buffer is full. */
extern bool genops_bytes_grow(GenopsBytes *bytes, size_t more);

/* Empties the buffer for reuse and forgets a failure; keeps the memory. */
static inline void
genops_bytes_clear(GenopsBytes *bytes)
{
	bytes->length = 0;
	bytes->failed = false;
}

static inline bool
genops_bytes_room(GenopsBytes *bytes, size_t more)
{
	if (!bytes->failed && bytes->capacity - bytes->length >= more)
		return true;
	return genops_bytes_grow(bytes, more);
}

static inline void
genops_bytes_put(GenopsBytes *bytes, const void *from, size_t length)
{
	if (length == 0 || !genops_bytes_room(bytes, length))
		return;
	memcpy(bytes->data + bytes->length, from, length);
	bytes->length += length;
}

#endif
