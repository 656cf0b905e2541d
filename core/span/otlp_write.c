/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/otlp_write.h"

#include "core/span/otlp_put.h"

static bool
all_zero(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

size_t
genops_otlp_span_open(GenopsBytes *out, const GenopsSpanFacts *facts, GenopsSlice trace_state)
{
	GenopsSlice name = facts->text[GENOPS_TEXT_NAME];
	bool root = all_zero(facts->parent_span_id, GENOPS_SPAN_ID_SIZE);
	size_t size = field_size(GENOPS_TRACE_ID_SIZE) + field_size(GENOPS_SPAN_ID_SIZE) +
	              optional_size(trace_state) + (root ? 0 : field_size(GENOPS_SPAN_ID_SIZE)) +
	              optional_size(name) + (facts->kind == 0 ? 0 : 2) + 2 * 9;
	uint8_t *at = reserve(out, size);

	if (at == NULL)
		return 0;
	at = put_field(at, LENGTH(1), facts->trace_id, GENOPS_TRACE_ID_SIZE);
	at = put_field(at, LENGTH(2), facts->span_id, GENOPS_SPAN_ID_SIZE);
	at = put_optional(at, LENGTH(3), trace_state);
	if (!root)
		at = put_field(at, LENGTH(4), facts->parent_span_id, GENOPS_SPAN_ID_SIZE);
	at = put_optional(at, LENGTH(5), name);
	if (facts->kind != 0)
	{
		*at++ = VARINT(6);
		*at++ = facts->kind;
	}
	*at++ = FIXED64(7);
	at = put_fixed64(at, (uint64_t) facts->start_ns);
	*at++ = FIXED64(8);
	put_fixed64(at, (uint64_t) facts->end_ns);
	return out->length - 8;
}

void
genops_otlp_patch_span_id(GenopsBytes *out, const uint8_t id[GENOPS_SPAN_ID_SIZE])
{
	size_t offset = field_size(GENOPS_TRACE_ID_SIZE) + 2;

	if (!out->failed && offset + GENOPS_SPAN_ID_SIZE <= out->length)
		memcpy(out->data + offset, id, GENOPS_SPAN_ID_SIZE);
}

void
genops_otlp_patch_end(GenopsBytes *out, size_t end_offset, int64_t end_ns)
{
	if (!out->failed && end_offset + 8 <= out->length)
		put_fixed64(out->data + end_offset, (uint64_t) end_ns);
}

void
genops_otlp_put_text(GenopsBytes *out, GenopsSlice key, GenopsSlice value)
{
	if (genops_slice_present(value))
		put_text_attribute(out, key, value);
}

void
genops_otlp_put_int(GenopsBytes *out, GenopsSlice key, int64_t value)
{
	put_int_attribute(out, key, value);
}

void
genops_otlp_put_double(GenopsBytes *out, GenopsSlice key, double value)
{
	put_double_attribute(out, key, value);
}

void
genops_otlp_put_bool(GenopsBytes *out, GenopsSlice key, bool value)
{
	uint8_t *at = open_key_value(out, LENGTH(9), key, 2);

	if (at == NULL)
		return;
	*at++ = VARINT(2);
	*at = value;
}

/* An absent text in an array is a null: an AnyValue without a member. */
static size_t
text_value_size(GenopsSlice text)
{
	return genops_slice_present(text) ? field_size(text.length) : 0;
}

void
genops_otlp_put_texts(GenopsBytes *out, GenopsSlice key, const GenopsSlice *values, size_t count)
{
	size_t array_size = 0;
	uint8_t *at;

	for (size_t i = 0; i < count; i++)
		array_size += field_size(text_value_size(values[i]));
	at = open_key_value(out, LENGTH(9), key, field_size(array_size));
	if (at == NULL)
		return;
	at = put_head(at, LENGTH(5), array_size);
	for (size_t i = 0; i < count; i++)
	{
		at = put_head(at, LENGTH(1), text_value_size(values[i]));
		if (genops_slice_present(values[i]))
			at = put_slice(at, LENGTH(1), values[i]);
	}
}

void
genops_otlp_put_any(GenopsBytes *out, GenopsSlice key, GenopsSlice any_value)
{
	put_key_value(out, LENGTH(9), key, any_value);
}

void
genops_otlp_span_dropped(GenopsBytes *out, uint32_t count)
{
	uint8_t *at;

	if (count == 0)
		return;
	at = reserve(out, 1 + varint_size(count));
	if (at == NULL)
		return;
	*at++ = VARINT(10);
	put_varint(at, count);
}

/* The size of an event's attribute (field 3) with a text value. */
static size_t
event_text_size(GenopsSlice key, GenopsSlice value)
{
	if (!genops_slice_present(value))
		return 0;
	return field_size(field_size(key.length) + field_size(field_size(value.length)));
}

static uint8_t *
put_event_text(uint8_t *at, GenopsSlice key, GenopsSlice value)
{
	size_t value_size = field_size(value.length);

	if (!genops_slice_present(value))
		return at;
	at = put_head(at, LENGTH(3), field_size(key.length) + field_size(value_size));
	at = put_slice(at, LENGTH(1), key);
	at = put_head(at, LENGTH(2), value_size);
	return put_slice(at, LENGTH(1), value);
}

void
genops_otlp_span_exception(GenopsBytes *out, int64_t time_ns, GenopsSlice type, GenopsSlice message)
{
	const GenopsSlice name = GENOPS_LITERAL("exception");
	const GenopsSlice type_key = GENOPS_KEY("exception.type");
	const GenopsSlice message_key = GENOPS_KEY("exception.message");
	size_t content = (time_ns == 0 ? 0 : 9) + field_size(name.length) +
	                 event_text_size(type_key, type) + event_text_size(message_key, message);
	uint8_t *at = reserve(out, field_size(content));

	if (at == NULL)
		return;
	at = put_head(at, LENGTH(11), content);
	if (time_ns != 0)
	{
		*at++ = FIXED64(1);
		at = put_fixed64(at, (uint64_t) time_ns);
	}
	at = put_slice(at, LENGTH(2), name);
	at = put_event_text(at, type_key, type);
	put_event_text(at, message_key, message);
}

void
genops_otlp_span_link(GenopsBytes *out, const uint8_t trace_id[GENOPS_TRACE_ID_SIZE],
                      const uint8_t span_id[GENOPS_SPAN_ID_SIZE])
{
	size_t content = field_size(GENOPS_TRACE_ID_SIZE) + field_size(GENOPS_SPAN_ID_SIZE);
	uint8_t *at = reserve(out, field_size(content));

	if (at == NULL)
		return;
	at = put_head(at, LENGTH(13), content);
	at = put_field(at, LENGTH(1), trace_id, GENOPS_TRACE_ID_SIZE);
	put_field(at, LENGTH(2), span_id, GENOPS_SPAN_ID_SIZE);
}

void
genops_otlp_span_close(GenopsBytes *out, GenopsStatus status, GenopsSlice message, uint32_t flags)
{
	size_t content = optional_size(message) + 2;
	size_t size = (status == GENOPS_STATUS_UNSET ? 0 : field_size(content)) + (flags == 0 ? 0 : 6);
	uint8_t *at = reserve(out, size);

	if (at == NULL)
		return;
	if (status != GENOPS_STATUS_UNSET)
	{
		at = put_head(at, LENGTH(15), content);
		at = put_optional(at, LENGTH(2), message);
		*at++ = VARINT(3);
		*at++ = (uint8_t) status;
	}
	if (flags != 0)
	{
		/* Field 16 is the first with a tag of two bytes. */
		*at++ = 0x85;
		*at++ = 0x01;
		for (int i = 0; i < 4; i++)
			*at++ = (uint8_t) (flags >> 8 * i);
	}
}
