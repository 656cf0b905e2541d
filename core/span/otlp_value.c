/* SPDX-License-Identifier: PostgreSQL */
/*
 * Values, and the fields that any writer needs.
 */
#include "core/span/otlp_put.h"
#include "core/span/otlp_write.h"

size_t
genops_otlp_varint_size(uint64_t value)
{
	return varint_size(value);
}

void
genops_otlp_put_varint(GenopsBytes *out, uint64_t value)
{
	uint8_t *at = reserve(out, varint_size(value));

	if (at != NULL)
		put_varint(at, value);
}

void
genops_otlp_any_text(GenopsBytes *out, GenopsSlice value)
{
	put_content(out, LENGTH(1), value);
}

void
genops_otlp_any_int(GenopsBytes *out, int64_t value)
{
	uint8_t *at = reserve(out, 1 + varint_size((uint64_t) value));

	if (at == NULL)
		return;
	*at++ = VARINT(3);
	put_varint(at, (uint64_t) value);
}

void
genops_otlp_any_double(GenopsBytes *out, double value)
{
	uint8_t *at = reserve(out, 9);

	if (at == NULL)
		return;
	*at++ = FIXED64(4);
	put_fixed64(at, double_bits(value));
}

void
genops_otlp_any_bool(GenopsBytes *out, bool value)
{
	uint8_t *at = reserve(out, 2);

	if (at == NULL)
		return;
	*at++ = VARINT(2);
	*at = value;
}

void
genops_otlp_any_array_item(GenopsBytes *array_content, GenopsSlice any_value)
{
	put_content(array_content, LENGTH(1), any_value);
}

void
genops_otlp_any_map_item(GenopsBytes *map_content, GenopsSlice key, GenopsSlice any_value)
{
	put_key_value(map_content, LENGTH(1), key, any_value);
}

void
genops_otlp_any_array(GenopsBytes *out, GenopsSlice array_content)
{
	put_content(out, LENGTH(5), array_content);
}

void
genops_otlp_any_map(GenopsBytes *out, GenopsSlice map_content)
{
	put_content(out, LENGTH(6), map_content);
}
