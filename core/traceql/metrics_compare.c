/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/metrics_compare_parts.h"

#include <stdlib.h>

#include "core/traceql/metrics_cells.h"

#define SCOPE_ATTRIBUTES 3

bool
genops_is_compared(const GenopsAttribute *attribute)
{
	switch (attribute->intrinsic)
	{
		case GENOPS_INTRINSIC_NONE:
			return attribute->scope == GENOPS_SCOPE_SPAN ||
			       attribute->scope == GENOPS_SCOPE_RESOURCE ||
			       attribute->scope == GENOPS_SCOPE_INSTRUMENTATION;
		case GENOPS_INTRINSIC_NAME:
		case GENOPS_INTRINSIC_STATUS:
		case GENOPS_INTRINSIC_STATUS_MESSAGE:
		case GENOPS_INTRINSIC_KIND:
		case GENOPS_INTRINSIC_CHILD_COUNT:
		case GENOPS_INTRINSIC_ROOT_NAME:
		case GENOPS_INTRINSIC_ROOT_SERVICE_NAME:
		case GENOPS_INTRINSIC_INSTRUMENTATION_NAME:
		case GENOPS_INTRINSIC_INSTRUMENTATION_VERSION:
			return true;
		default:
			return false;
	}
}

GenopsComparison *
genops_comparison_prepare(const GenopsMetricsCall *call, const GenopsMetricsGrid *grid,
                          size_t *budget, GenopsError *error)
{
	GenopsComparison *comparison = calloc(1, sizeof(GenopsComparison));

	if (comparison == NULL)
	{
		genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for compare()");
		return NULL;
	}
	comparison->call = call;
	comparison->grid = *grid;
	comparison->budget = budget;
	comparison->entries = genops_groups();
	comparison->cells = genops_groups();
	comparison->key = genops_bytes_growing();
	comparison->selection = genops_traceql_filter_prepare(call->selection, error);
	if (comparison->selection != NULL)
		return comparison;
	genops_comparison_free(comparison);
	return NULL;
}

void
genops_comparison_free(GenopsComparison *comparison)
{
	if (comparison == NULL)
		return;
	if (comparison->selection != NULL)
		genops_traceql_filter_free(comparison->selection);
	genops_groups_free(&comparison->entries);
	genops_groups_free(&comparison->cells);
	genops_bytes_free(&comparison->key);
	free(comparison->entry);
	free(comparison->counts);
	free(comparison);
}

void
genops_comparison_reset(GenopsComparison *comparison)
{
	*comparison->budget += comparison->cells.count * GENOPS_COMPARISON_CELL_COST;
	genops_groups_clear(&comparison->entries);
	genops_groups_clear(&comparison->cells);
}

/* A span, of which each attribute is counted in a slot. */
typedef struct Counted
{
	GenopsComparison *comparison;
	size_t slot;
	double weight;
} Counted;

static bool
count_value(const Counted *counted, const GenopsAttribute *attribute,
            const GenopsTraceqlValue *value, GenopsError *error)
{
	GenopsTraceqlValue shown = *value;
	size_t entry;
	size_t value_entry;
	bool found;

	/* Arrays, maps and bytes: there, but without a value to show. */
	if (shown.array || shown.type == GENOPS_TYPE_NIL)
		shown = (GenopsTraceqlValue){ .type = GENOPS_TYPE_STRING, .text = GENOPS_LITERAL("nil") };
	if (!genops_comparison_attribute(counted->comparison, attribute, &entry, error) ||
	    !genops_comparison_add(counted->comparison, entry, counted->slot, counted->weight, error) ||
	    !genops_comparison_value(counted->comparison, entry, &shown, &value_entry, &found, error))
		return false;
	return !found || genops_comparison_add(counted->comparison, value_entry, counted->slot,
	                                       counted->weight, error);
}

/* One attribute of a message; "key_value" is the content of a KeyValue. */
static bool
count_key_value(const Counted *counted, GenopsScope scope, GenopsSlice key_value, bool *service,
                GenopsError *error)
{
	GenopsAttribute attribute = { .scope = scope };
	GenopsTraceqlValue value = { .type = GENOPS_TYPE_NIL };
	GenopsFields fields = genops_fields(key_value);
	GenopsWireField field;
	bool parses = true;

	attribute.name = GENOPS_LITERAL("");
	while (genops_fields_next(&fields, &field))
	{
		if (field.wire_type == GENOPS_WIRE_BYTES && field.number == 1)
			attribute.name = field.bytes;
		else if (field.wire_type == GENOPS_WIRE_BYTES && field.number == 2)
			parses = genops_traceql_value_read(field.bytes, &value);
	}
	if (fields.malformed || !parses)
		return genops_error_set(error, GENOPS_MALFORMED, "the bytes of a span do not parse");
	*service = *service || genops_slice_equal(attribute.name, GENOPS_LITERAL("service.name"));
	return count_value(counted, &attribute, &value, error);
}

static bool
count_attributes(const Counted *counted, GenopsScope scope, GenopsSlice message, uint32_t number,
                 GenopsError *error)
{
	GenopsAttribute service = { .scope = scope, .name = GENOPS_LITERAL("service.name") };
	GenopsTraceqlValue empty = { .type = GENOPS_TYPE_STRING, .text = GENOPS_LITERAL("") };
	GenopsFields fields = genops_fields(message);
	GenopsWireField field;
	bool has_service = scope != GENOPS_SCOPE_RESOURCE;

	while (genops_fields_next(&fields, &field))
	{
		if (field.number == number && field.wire_type == GENOPS_WIRE_BYTES &&
		    !count_key_value(counted, scope, field.bytes, &has_service, error))
			return false;
	}
	return has_service || count_value(counted, &service, &empty, error);
}

static bool
count_intrinsics(const Counted *counted, GenopsTraceqlSpan *span, GenopsError *error)
{
	for (int i = GENOPS_INTRINSIC_NONE + 1; i < GENOPS_INTRINSIC_COUNT; i++)
	{
		GenopsAttribute attribute = { .intrinsic = (GenopsIntrinsic) i };
		GenopsTraceqlValue value;
		bool present;

		if (genops_is_compared(&attribute) &&
		    (!genops_traceql_look_up(span, &attribute, &value, &present, error) ||
		     !count_value(counted, &attribute, &value, error)))
			return false;
	}
	return true;
}

static bool
is_selected(const GenopsComparison *comparison, GenopsTraceqlSpan *span, bool *selected,
            GenopsError *error)
{
	const GenopsMetricsCall *call = comparison->call;
	int64_t start = (int64_t) span->span.start_ns;

	*selected = false;
	if (call->has_range && (start <= call->start || start > call->end))
		return true;
	return genops_traceql_filter_match(comparison->selection, span, selected, error);
}

bool
genops_comparison_count(GenopsComparison *comparison, GenopsTraceqlSpan *span, size_t bucket,
                        double weight, GenopsError *error)
{
	Counted counted = { comparison, bucket, weight };
	bool selected;

	if (!is_selected(comparison, span, &selected, error))
		return false;
	if (selected)
		counted.slot += comparison->grid.count;
	return count_attributes(&counted, GENOPS_SCOPE_SPAN, span->span.message, GENOPS_SPAN_ATTRIBUTES,
	                        error) &&
	       count_attributes(&counted, GENOPS_SCOPE_RESOURCE, span->resource,
	                        GENOPS_RESOURCE_ATTRIBUTES, error) &&
	       count_attributes(&counted, GENOPS_SCOPE_INSTRUMENTATION, span->scope, SCOPE_ATTRIBUTES,
	                        error) &&
	       count_intrinsics(&counted, span, error);
}
