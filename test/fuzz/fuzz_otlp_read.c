/* SPDX-License-Identifier: PostgreSQL */
/*
 * Hostile OTLP: whatever the bytes, the walk ends, every slice lies within
 * them, and the facts of a span that is kept are what they promise to be.
 */
#include <assert.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/span/otlp_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_within(GenopsSlice inner, GenopsSlice outer)
{
	if (!genops_slice_present(inner) || inner.length == 0)
		return;
	assert(inner.data >= outer.data);
	assert(inner.data + inner.length <= outer.data + outer.length);
}

static void
read_attributes(GenopsSlice message, uint32_t number)
{
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;

	while (genops_fields_next(&fields, &field))
	{
		GenopsSlice key;
		GenopsValue value;

		if (field.number != number || field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		check_within(field.bytes, message);
		if (!genops_read_key_value(field.bytes, &key, &value))
			continue;
		check_within(key, field.bytes);
		check_within(value.bytes, field.bytes);
	}
}

static void
read_span(GenopsSlice resource, GenopsSlice span)
{
	GenopsSpanView view;
	GenopsSpanFacts facts;
	GenopsFactMemory memory;
	GenopsSlice reply_id;
	GenopsError error;

	if (!genops_read_span(span, &view))
		return;
	check_within(view.name, span);
	check_within(view.status_message, span);
	read_attributes(span, GENOPS_SPAN_ATTRIBUTES);
	if (!genops_facts_from_span(resource, &view, &memory, &facts, &reply_id, &error))
	{
		assert(error.code == GENOPS_MALFORMED && error.message[0] != '\0');
		return;
	}
	assert(facts.start_ns >= 0 && facts.end_ns >= facts.start_ns);
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		assert(genops_utf8_valid(facts.text[i]));
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		assert(facts.tokens[i] >= GENOPS_UNKNOWN_TOKENS);
	for (int i = 0; i < GENOPS_COST_COUNT; i++)
		assert(facts.cost[i] >= 0 && ((facts.known_costs & 1u << i) || facts.cost[i] == 0));
}

static void
walk_all(GenopsSpanWalk walk, GenopsSlice bytes)
{
	while (genops_walk_next(&walk))
	{
		check_within(walk.span, bytes);
		check_within(walk.resource, bytes);
		check_within(walk.scope, bytes);
		assert(bytes.data + walk.offset == walk.span.data);
		read_span(walk.resource, walk.span);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GenopsSlice bytes = { (const char *) data, size };
	GenopsEnvelope envelope;

	walk_all(genops_walk_request(bytes), bytes);
	walk_all(genops_walk_segment(bytes), bytes);
	genops_read_envelope(bytes, &envelope);
	read_span(GENOPS_ABSENT, bytes);
	return 0;
}
