/* SPDX-License-Identifier: PostgreSQL */
/*
 * Hostile headers and comments.  What is accepted is in its normal form, and
 * stays as it is when it is read again.
 */
#include <assert.h>
#include <stdint.h>

#include "core/span/sampler.h"
#include "core/span/trace_context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_parent(GenopsSlice text)
{
	GenopsTraceParent parent;
	GenopsTraceParent again;
	char printed[GENOPS_TRACEPARENT_LENGTH + 1];

	if (!genops_traceparent_parse(text, &parent))
		return;
	genops_traceparent_print(&parent, printed);
	assert(genops_traceparent_parse(genops_slice(printed), &again));
	assert(memcmp(&parent, &again, sizeof(parent)) == 0);
}

static void
fuzz_state(GenopsSlice text, GenopsSlice ot_value)
{
	char buffer[GENOPS_TRACESTATE_MAX];
	char again[GENOPS_TRACESTATE_MAX];
	GenopsSlice once = genops_tracestate_update(buffer, text, ot_value);

	assert(once.length <= GENOPS_TRACESTATE_MAX);
	assert(genops_slice_equal(genops_tracestate_update(again, once, ot_value), once));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t id[GENOPS_TRACE_ID_SIZE] = { 1 };
	GenopsSlice text = { (const char *) data, size };
	GenopsSampler sampler = genops_sampler(0.25);
	char buffer[64];
	GenopsSlice value;

	fuzz_parent(text);
	fuzz_state(text, GENOPS_LITERAL("th:c"));
	fuzz_state(text, GENOPS_ABSENT);
	genops_sampler_keeps(&sampler, id, text);
	if (genops_sqlcommenter_find(text, "traceparent", buffer, sizeof(buffer), &value))
	{
		assert(value.data == buffer && value.length <= sizeof(buffer));
		fuzz_parent(value);
	}
	return 0;
}
