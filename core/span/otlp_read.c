/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/otlp_read.h"

/*
 * Fields of a message
 */

GenopsFields
genops_fields(GenopsSlice message)
{
	const uint8_t *start = (const uint8_t *) message.data;

	return (GenopsFields){ .next = start, .end = start == NULL ? NULL : start + message.length };
}

static bool
malformed(GenopsFields *fields)
{
	fields->malformed = true;
	return false;
}

/* At most ten bytes; what the tenth has beyond 64 bits is dropped, as
 * protobuf's own readers do. */
static bool
read_varint(GenopsFields *fields, uint64_t *value)
{
	uint64_t read = 0;

	for (int shift = 0; shift < 70 && fields->next < fields->end; shift += 7)
	{
		uint8_t byte = *fields->next++;

		read |= (uint64_t) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			*value = read;
			return true;
		}
	}
	return false;
}

static bool
read_fixed(GenopsFields *fields, size_t size, uint64_t *value)
{
	uint64_t read = 0;

	if ((size_t) (fields->end - fields->next) < size)
		return false;
	for (size_t i = size; i > 0; i--)
		read = read << 8 | fields->next[i - 1];
	fields->next += size;
	*value = read;
	return true;
}

static bool
read_bytes(GenopsFields *fields, GenopsSlice *bytes)
{
	uint64_t length;

	if (!read_varint(fields, &length) || length > (uint64_t) (fields->end - fields->next))
		return false;
	*bytes = (GenopsSlice){ (const char *) fields->next, (size_t) length };
	fields->next += length;
	return true;
}

bool
genops_fields_next_of_any_kind(GenopsFields *fields, GenopsWireField *field)
{
	uint64_t tag;
	bool read;

	if (fields->malformed || fields->next == fields->end)
		return false;
	if (!read_varint(fields, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
		return malformed(fields);

	*field = (GenopsWireField){ .number = (uint32_t) tag >> 3, .wire_type = tag & 7 };
	switch (field->wire_type)
	{
		case GENOPS_WIRE_VARINT:
			read = read_varint(fields, &field->scalar);
			break;
		case GENOPS_WIRE_FIXED64:
			read = read_fixed(fields, 8, &field->scalar);
			break;
		case GENOPS_WIRE_BYTES:
			read = read_bytes(fields, &field->bytes);
			break;
		case GENOPS_WIRE_FIXED32:
			read = read_fixed(fields, 4, &field->scalar);
			break;
		default:
			/* 3 and 4 were groups, which proto3 doesn't have. */
			read = false;
	}
	return read || malformed(fields);
}

/*
 * Values
 *
 * A field of a known number but another wire type counts as unknown, and of
 * one that comes twice the last counts: protobuf's rules.
 */

static bool
is_field(const GenopsWireField *field, uint32_t number, uint8_t wire_type)
{
	return field->number == number && field->wire_type == wire_type;
}

static void
take_value(const GenopsWireField *field, GenopsValue *value)
{
	if (field->wire_type == GENOPS_WIRE_BYTES)
	{
		static const GenopsWireValueType types[] = {
			[1] = GENOPS_VALUE_TEXT,
			[5] = GENOPS_VALUE_ARRAY,
			[6] = GENOPS_VALUE_MAP,
			[7] = GENOPS_VALUE_BYTES,
		};

		if (field->number < sizeof(types) / sizeof(types[0]) && types[field->number] != 0)
			*value = (GenopsValue){ .type = types[field->number], .bytes = field->bytes };
	}
	else if (is_field(field, 2, GENOPS_WIRE_VARINT))
		*value = (GenopsValue){ .type = GENOPS_VALUE_BOOL, .boolean = field->scalar != 0 };
	else if (is_field(field, 3, GENOPS_WIRE_VARINT))
		*value = (GenopsValue){ .type = GENOPS_VALUE_INT, .integer = (int64_t) field->scalar };
	else if (is_field(field, 4, GENOPS_WIRE_FIXED64))
	{
		*value = (GenopsValue){ .type = GENOPS_VALUE_DOUBLE };
		memcpy(&value->number, &field->scalar, sizeof(value->number));
	}
}

bool
genops_read_value(GenopsSlice any_value, GenopsValue *value)
{
	GenopsFields fields = genops_fields(any_value);
	GenopsWireField field;

	*value = (GenopsValue){ .type = GENOPS_VALUE_EMPTY };
	while (genops_fields_next(&fields, &field))
		take_value(&field, value);
	return !fields.malformed;
}

bool
genops_read_key_value(GenopsSlice key_value, GenopsSlice *key, GenopsValue *value)
{
	GenopsFields fields = genops_fields(key_value);
	GenopsWireField field;
	GenopsSlice any_value = GENOPS_ABSENT;

	*key = GENOPS_LITERAL("");
	while (genops_fields_next(&fields, &field))
	{
		if (is_field(&field, 1, GENOPS_WIRE_BYTES))
			*key = field.bytes;
		else if (is_field(&field, 2, GENOPS_WIRE_BYTES))
			any_value = field.bytes;
	}
	return !fields.malformed && genops_read_value(any_value, value);
}

/*
 * Spans
 */

static bool
read_status(GenopsSlice message, GenopsSpanView *span)
{
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;

	while (genops_fields_next(&fields, &field))
	{
		if (is_field(&field, 2, GENOPS_WIRE_BYTES))
			span->status_message = field.bytes;
		else if (is_field(&field, 3, GENOPS_WIRE_VARINT))
			span->status = (uint32_t) field.scalar;
	}
	return !fields.malformed;
}

/* False when the field is a status that does not parse. */
static bool
take_span_bytes(const GenopsWireField *field, GenopsSpanView *span)
{
	switch (field->number)
	{
		case 1:
			span->trace_id = field->bytes;
			break;
		case 2:
			span->span_id = field->bytes;
			break;
		case 3:
			span->trace_state = field->bytes;
			break;
		case 4:
			span->parent_span_id = field->bytes;
			break;
		case 5:
			span->name = field->bytes;
			break;
		case 15:
			return read_status(field->bytes, span);
	}
	return true;
}

static void
take_span_scalar(const GenopsWireField *field, GenopsSpanView *span)
{
	if (is_field(field, 6, GENOPS_WIRE_VARINT))
		span->kind = (uint32_t) field->scalar;
	else if (is_field(field, 7, GENOPS_WIRE_FIXED64))
		span->start_ns = field->scalar;
	else if (is_field(field, 8, GENOPS_WIRE_FIXED64))
		span->end_ns = field->scalar;
	else if (is_field(field, 10, GENOPS_WIRE_VARINT))
		span->dropped_attributes = (uint32_t) field->scalar;
	else if (is_field(field, 16, GENOPS_WIRE_FIXED32))
		span->flags = (uint32_t) field->scalar;
}

bool
genops_read_span(GenopsSlice message, GenopsSpanView *span)
{
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;

	*span = (GenopsSpanView){ .message = message };
	while (genops_fields_next(&fields, &field))
	{
		if (field.wire_type != GENOPS_WIRE_BYTES)
			take_span_scalar(&field, span);
		else if (!take_span_bytes(&field, span))
			return false;
	}
	return !fields.malformed;
}

GenopsSlice
genops_read_service_name(GenopsSlice resource)
{
	GenopsFields fields = genops_fields(resource);
	GenopsWireField field;
	GenopsSlice key;
	GenopsValue value;

	while (genops_fields_next(&fields, &field))
	{
		if (field.number == GENOPS_RESOURCE_ATTRIBUTES && field.wire_type == GENOPS_WIRE_BYTES &&
		    genops_read_key_value(field.bytes, &key, &value) &&
		    genops_slice_equal(key, GENOPS_LITERAL("service.name")))
			return value.type == GENOPS_VALUE_TEXT ? value.bytes : GENOPS_ABSENT;
	}
	return GENOPS_ABSENT;
}
