/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/otlp_decode.h"

#include "core/span/otlp_read.h"
#include "otlp.pb-c.h"

static const ProtobufCMessageDescriptor *
descriptor_of(GenopsOtlpMessage message)
{
	switch (message)
	{
		case GENOPS_OTLP_RESOURCE:
			return &genops__otlp__resource__descriptor;
		case GENOPS_OTLP_SCOPE:
			return &genops__otlp__instrumentation_scope__descriptor;
		case GENOPS_OTLP_SPAN:
			break;
	}
	return &genops__otlp__span__descriptor;
}

/*
 * The library descends as deep as the bytes say.  Every field that has bytes is looked into as if it
 * were a message, which is deeper than it can be; what does not parse as one ends it.
 */
static bool
nested_too_deep(GenopsSlice bytes, int depth)
{
	GenopsFields fields = genops_fields(bytes);
	GenopsWireField field;

	if (depth == 0)
		return true;
	while (genops_fields_next(&fields, &field))
	{
		if (field.wire_type == GENOPS_WIRE_BYTES && field.bytes.length > 0 &&
		    nested_too_deep(field.bytes, depth - 1))
			return true;
	}
	return false;
}

bool
genops_otlp_decodes(GenopsOtlpMessage message, GenopsSlice bytes, GenopsError *error)
{
	ProtobufCMessage *decoded;

	/* A value in a list in a value takes three messages. */
	if (nested_too_deep(bytes, 3 * GENOPS_OTLP_MAX_DEPTH))
		return genops_error_set(error, GENOPS_MALFORMED, "values are nested too deep");
	decoded = protobuf_c_message_unpack(descriptor_of(message), NULL, bytes.length,
	                                    (const uint8_t *) bytes.data);
	if (decoded == NULL)
		return genops_error_set(error, GENOPS_MALFORMED, "span is no valid protobuf");
	protobuf_c_message_free_unpacked(decoded, NULL);
	return true;
}
