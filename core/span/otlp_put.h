/* SPDX-License-Identifier: PostgreSQL */
/*
 * How protobuf fields are put into memory: shared by the writers of OTLP,
 * private to them.
 */
#ifndef GENOPS_CORE_SPAN_OTLP_PUT_H
#define GENOPS_CORE_SPAN_OTLP_PUT_H

#include "core/base/bytes.h"
#include "core/base/slice.h"

/* The compiler would share the larger ones, and read key lengths at run time
 * that it knows. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* A tag is field number << 3 | wire type. */
#define VARINT(number) ((number) << 3 | 0)
#define FIXED64(number) ((number) << 3 | 1)
#define LENGTH(number) ((number) << 3 | 2)

static inline size_t
varint_size(uint64_t value)
{
	size_t highest_bit = 63 - (size_t) __builtin_clzll(value | 1);

	/* highest_bit / 7 + 1, for 0 to 63 without a division. */
	return (highest_bit * 9 + 73) / 64;
}

/*
 * The writers compute sizes first, make room once, and then write
 * through a bare pointer: the put_ functions return where they stopped.
 * NULL: nothing to write, or no room.
 */
static inline uint8_t *
reserve(GenopsBytes *out, size_t size)
{
	uint8_t *at;

	if (size == 0 || !genops_bytes_room(out, size))
		return NULL;
	at = out->data + out->length;
	out->length += size;
	return at;
}

static inline uint8_t *
put_varint(uint8_t *at, uint64_t value)
{
	while (value >= 0x80)
	{
		*at++ = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t) value;
	return at;
}

static inline uint8_t *
put_fixed64(uint8_t *at, uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(at, &value, sizeof(value));
#else
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t) (value >> 8 * i);
#endif
	return at + 8;
}

static inline uint64_t
double_bits(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* A length-delimited field with a tag of one byte. */
static inline size_t
field_size(size_t content)
{
	return 1 + varint_size(content) + content;
}

static inline uint8_t *
put_head(uint8_t *at, uint8_t tag, size_t content)
{
	*at++ = tag;
	return put_varint(at, content);
}

/* Most texts are short, and then a call of memcpy costs more than its work:
 * two copies of a fixed size that overlap cover any length between. */
ALWAYS_INLINE uint8_t *
put_bytes(uint8_t *at, const void *content, size_t length)
{
	const uint8_t *from = content;

	if (length > 16)
		memcpy(at, from, length);
	else if (length >= 8)
	{
		memcpy(at, from, 8);
		memcpy(at + length - 8, from + length - 8, 8);
	}
	else if (length >= 4)
	{
		memcpy(at, from, 4);
		memcpy(at + length - 4, from + length - 4, 4);
	}
	else
	{
		for (size_t i = 0; i < length; i++)
			at[i] = from[i];
	}
	return at + length;
}

ALWAYS_INLINE uint8_t *
put_field(uint8_t *at, uint8_t tag, const void *content, size_t length)
{
	return put_bytes(put_head(at, tag, length), content, length);
}

ALWAYS_INLINE uint8_t *
put_slice(uint8_t *at, uint8_t tag, GenopsSlice slice)
{
	return put_field(at, tag, slice.data, slice.length);
}

/* Like a protobuf library: an empty text of a message's own field is left out. */
static inline size_t
optional_size(GenopsSlice slice)
{
	return slice.length == 0 ? 0 : field_size(slice.length);
}

static inline uint8_t *
put_optional(uint8_t *at, uint8_t tag, GenopsSlice slice)
{
	return slice.length == 0 ? at : put_slice(at, tag, slice);
}

/*
 * A KeyValue in a field: tag, length, key, and the head of its AnyValue of
 * the given size.  NULL if there is no room.
 */
ALWAYS_INLINE uint8_t *
open_key_value(GenopsBytes *out, uint8_t tag, GenopsSlice key, size_t value_size)
{
	size_t content = field_size(key.length) + field_size(value_size);
	uint8_t *at = reserve(out, field_size(content));

	if (at == NULL)
		return NULL;
	at = put_head(at, tag, content);
	at = put_slice(at, LENGTH(1), key);
	return put_head(at, LENGTH(2), value_size);
}

static inline void
put_key_value(GenopsBytes *out, uint8_t tag, GenopsSlice key, GenopsSlice any_value)
{
	uint8_t *at = open_key_value(out, tag, key, any_value.length);

	if (at != NULL)
		put_bytes(at, any_value.data, any_value.length);
}

/*
 * Attributes of a span (field 9).  Inline, so that a key known to the compiler
 * costs a few stores.
 */
ALWAYS_INLINE void
put_text_attribute(GenopsBytes *out, GenopsSlice key, GenopsSlice value)
{
	uint8_t *at = open_key_value(out, LENGTH(9), key, field_size(value.length));

	if (at != NULL)
		put_slice(at, LENGTH(1), value);
}

ALWAYS_INLINE void
put_int_attribute(GenopsBytes *out, GenopsSlice key, int64_t value)
{
	uint8_t *at = open_key_value(out, LENGTH(9), key, 1 + varint_size((uint64_t) value));

	if (at == NULL)
		return;
	*at++ = VARINT(3);
	put_varint(at, (uint64_t) value);
}

ALWAYS_INLINE void
put_double_attribute(GenopsBytes *out, GenopsSlice key, double value)
{
	uint8_t *at = open_key_value(out, LENGTH(9), key, 9);

	if (at == NULL)
		return;
	*at++ = FIXED64(4);
	put_fixed64(at, double_bits(value));
}

/* One length-delimited field. */
static inline void
put_content(GenopsBytes *out, uint8_t tag, GenopsSlice content)
{
	uint8_t *at = reserve(out, field_size(content.length));

	if (at != NULL)
		put_slice(at, tag, content);
}

#endif
