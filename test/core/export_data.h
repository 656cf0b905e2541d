/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the tests of core/export share: segments whose spans are told by a number.
 */
#ifndef GENOPS_TEST_CORE_EXPORT_DATA_H
#define GENOPS_TEST_CORE_EXPORT_DATA_H

#include "test/core/check.h"

#include "core/export/streams.h"
#include "core/span/otlp_write.h"

static inline void
put_field(GenopsBytes *out, unsigned char tag, const void *content, size_t length)
{
	genops_bytes_put(out, &tag, 1);
	genops_otlp_put_varint(out, length);
	genops_bytes_put(out, content, length);
}

/* ResourceSpans with one scope and "count" spans, named "first", "first + 1", ... */
static inline GenopsBytes
segment_of(int first, int count)
{
	GenopsBytes scope = genops_bytes_growing();
	GenopsBytes segment = genops_bytes_growing();

	for (int i = 0; i < count; i++)
	{
		char name[16];
		GenopsBytes span = genops_bytes_growing();

		snprintf(name, sizeof(name), "%d", first + i);
		put_field(&span, 0x2A, name, strlen(name));
		put_field(&scope, 0x12, span.data, span.length);
		genops_bytes_free(&span);
	}
	put_field(&segment, 0x12, scope.data, scope.length);
	genops_bytes_free(&scope);
	return segment;
}

static inline GenopsSlice
slice_of(const GenopsBytes *bytes)
{
	return (GenopsSlice){ (const char *) bytes->data, bytes->length };
}

/* Reads a varint and moves past it. */
static inline size_t
take_varint(const uint8_t **at)
{
	size_t value = 0;

	for (int shift = 0;; shift += 7)
	{
		uint8_t byte = *(*at)++;

		value |= (size_t) (byte & 0x7F) << shift;
		if (byte < 0x80)
			return value;
	}
}

/* The numbers of the spans of a batch, in order; returns how many. */
static inline int
numbers_of(const GenopsBatch *batch, int *numbers, int room)
{
	int count = 0;

	for (size_t i = 0; i < batch->segment_count; i++)
	{
		const uint8_t *at = (const uint8_t *) batch->segments[i].data;
		const uint8_t *end = at + batch->segments[i].length;

		while (at < end)
		{
			const uint8_t *scope_end;
			size_t length;

			at++;
			length = take_varint(&at);
			scope_end = at + length;
			while (at < scope_end)
			{
				const uint8_t *span_end;

				at++;
				length = take_varint(&at);
				span_end = at + length;
				assert_int_equal(*at++, 0x2A);
				length = take_varint(&at);
				assert_true(count < room);
				numbers[count] = 0;
				for (; at < span_end; at++)
					numbers[count] = numbers[count] * 10 + (*at - '0');
				count++;
			}
		}
	}
	return count;
}

#endif
