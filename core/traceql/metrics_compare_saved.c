/* SPDX-License-Identifier: PostgreSQL */
/*
 * What compare() has counted, as bytes: the keys of its entries and then its cells.
 */
#include "core/traceql/metrics_compare_parts.h"

#include <math.h>
#include <stdlib.h>

#include "core/traceql/metrics_key.h"
#include "core/traceql/metrics_saved.h"

/* An entry that is a value of none. */
#define NO_ATTRIBUTE UINT32_MAX

static void
save_entry(const GenopsComparison *comparison, size_t entry, GenopsBytes *out)
{
	if (genops_comparison_is_attribute(comparison, entry))
	{
		GenopsAttribute attribute = genops_comparison_attribute_at(comparison, entry);

		genops_key_put_count(out, NO_ATTRIBUTE);
		genops_key_put_count(out, (uint32_t) attribute.intrinsic);
		genops_key_put_count(out, (uint32_t) attribute.scope);
		genops_key_put_count(out, (uint32_t) attribute.name.length);
		genops_bytes_put(out, attribute.name.data, attribute.name.length);
	}
	else
	{
		GenopsTraceqlValue value = genops_comparison_value_at(comparison, entry);

		genops_key_put_count(out, (uint32_t) comparison->entry[entry].attribute);
		genops_key_put(out, &value);
	}
}

void
genops_comparison_save(const GenopsComparison *comparison, GenopsBytes *out)
{
	genops_key_put_count(out, (uint32_t) comparison->entries.count);
	for (size_t i = 0; i < comparison->entries.count; i++)
		save_entry(comparison, i, out);
	genops_key_put_count(out, (uint32_t) comparison->cells.count);
	for (size_t i = 0; i < comparison->cells.count; i++)
	{
		uint32_t entry;
		uint32_t slot;

		genops_comparison_cell_at(comparison, i, &entry, &slot);
		genops_key_put_count(out, entry);
		genops_key_put_count(out, slot);
		genops_key_put_real(out, comparison->counts[i]);
	}
}

/* Which entry here is each of those saved; NO_ENTRY for values that are too many. */
#define NO_ENTRY SIZE_MAX

typedef struct Loading
{
	GenopsComparison *comparison;
	GenopsSlice *saved;
	size_t *entries;
	size_t count;
} Loading;

static bool
load_attribute(Loading *loading, size_t *entry, GenopsError *error)
{
	uint32_t intrinsic;
	uint32_t scope;
	uint32_t length;
	GenopsAttribute attribute = { .intrinsic = GENOPS_INTRINSIC_NONE };

	if (!genops_key_take_count(loading->saved, &intrinsic) ||
	    !genops_key_take_count(loading->saved, &scope) ||
	    !genops_key_take_count(loading->saved, &length) ||
	    !genops_key_take_bytes(loading->saved, length, &attribute.name) ||
	    intrinsic >= GENOPS_INTRINSIC_COUNT || scope > GENOPS_SCOPE_INSTRUMENTATION)
		return genops_metrics_not_saved(error);
	attribute.intrinsic = (GenopsIntrinsic) intrinsic;
	attribute.scope = (GenopsScope) scope;
	if (!genops_is_compared(&attribute))
		return genops_metrics_not_saved(error);
	return genops_comparison_attribute(loading->comparison, &attribute, entry, error);
}

static bool
load_value(Loading *loading, uint32_t attribute, size_t *entry, GenopsError *error)
{
	GenopsTraceqlValue value;
	size_t own;
	bool found;

	if (attribute >= loading->count || !genops_key_take(loading->saved, &value))
		return genops_metrics_not_saved(error);
	own = loading->entries[attribute];
	if (own == NO_ENTRY || !genops_comparison_is_attribute(loading->comparison, own))
		return genops_metrics_not_saved(error);
	if (!genops_comparison_value(loading->comparison, own, &value, entry, &found, error))
		return false;
	if (!found)
		*entry = NO_ENTRY;
	return true;
}

static bool
load_entries(Loading *loading, uint32_t count, GenopsError *error)
{
	for (loading->count = 0; loading->count < count; loading->count++)
	{
		uint32_t attribute;
		size_t entry;
		bool loaded;

		if (!genops_key_take_count(loading->saved, &attribute))
			return genops_metrics_not_saved(error);
		loaded = attribute == NO_ATTRIBUTE ? load_attribute(loading, &entry, error)
		                                   : load_value(loading, attribute, &entry, error);
		if (!loaded)
			return false;
		loading->entries[loading->count] = entry;
	}
	return true;
}

static bool
load_cells(Loading *loading, GenopsError *error)
{
	uint32_t count;

	if (!genops_key_take_count(loading->saved, &count))
		return genops_metrics_not_saved(error);
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t entry;
		uint32_t slot;
		double spans;

		if (!genops_key_take_count(loading->saved, &entry) ||
		    !genops_key_take_count(loading->saved, &slot) ||
		    !genops_key_take_real(loading->saved, &spans) || entry >= loading->count ||
		    slot >= 2 * loading->comparison->grid.count || !isfinite(spans) || spans <= 0)
			return genops_metrics_not_saved(error);
		if (loading->entries[entry] != NO_ENTRY &&
		    !genops_comparison_add(loading->comparison, loading->entries[entry], slot, spans,
		                           error))
			return false;
	}
	return true;
}

bool
genops_comparison_load(GenopsComparison *comparison, GenopsSlice *saved, GenopsError *error)
{
	Loading loading = { .comparison = comparison, .saved = saved };
	uint32_t count;
	bool loaded;

	if (!genops_key_take_count(saved, &count) || count > GENOPS_METRICS_MAX_SERIES)
		return genops_metrics_not_saved(error);
	loading.entries = malloc((count + 1) * sizeof(size_t));
	if (loading.entries == NULL)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for compare()");
	loaded = load_entries(&loading, count, error) && load_cells(&loading, error);
	free(loading.entries);
	return loaded;
}
