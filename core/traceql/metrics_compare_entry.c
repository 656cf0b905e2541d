/* SPDX-License-Identifier: PostgreSQL */
/*
 * The attributes and values that compare() has seen, and their counts.
 */
#include "core/traceql/metrics_compare_parts.h"

#include <stdlib.h>

#include "core/traceql/metrics_cells.h"
#include "core/traceql/metrics_key.h"

#define KEY_ATTRIBUTE 0
#define KEY_VALUE 1

static bool
no_memory(GenopsError *error)
{
	return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory for compare()");
}

static void
start_key(GenopsBytes *key, uint8_t tag)
{
	genops_bytes_clear(key);
	genops_bytes_put(key, &tag, 1);
}

static GenopsSlice
key_of(const GenopsBytes *key)
{
	return (GenopsSlice){ (const char *) key->data, key->length };
}

/* The array with room for one element more; NULL when there is no memory. */
static void *
with_room(void *array, size_t count, size_t *room, size_t size)
{
	size_t larger = *room == 0 ? 64 : 2 * *room;
	void *grown;

	if (count < *room)
		return array;
	grown = realloc(array, larger * size);
	if (grown != NULL)
		*room = larger;
	return grown;
}

/* "is_new" tells that the caller has to fill the entry. */
static bool
find_entry(GenopsComparison *comparison, size_t *entry, bool *is_new, GenopsError *error)
{
	size_t before = comparison->entries.count;
	GenopsComparedEntry *room =
	    with_room(comparison->entry, before, &comparison->entry_room, sizeof(*room));

	if (comparison->key.failed || room == NULL)
		return no_memory(error);
	comparison->entry = room;
	if (!genops_groups_find(&comparison->entries, key_of(&comparison->key),
	                        GENOPS_METRICS_MAX_SERIES, entry, error))
		return false;
	*is_new = comparison->entries.count > before;
	return true;
}

bool
genops_comparison_attribute(GenopsComparison *comparison, const GenopsAttribute *attribute,
                            size_t *entry, GenopsError *error)
{
	uint8_t parts[2] = { (uint8_t) attribute->intrinsic, (uint8_t) attribute->scope };
	bool is_new;

	start_key(&comparison->key, KEY_ATTRIBUTE);
	genops_bytes_put(&comparison->key, parts, sizeof(parts));
	genops_bytes_put(&comparison->key, attribute->name.data, attribute->name.length);
	if (!find_entry(comparison, entry, &is_new, error))
		return false;
	if (is_new)
		comparison->entry[*entry] = (GenopsComparedEntry){ .attribute = *entry };
	return true;
}

bool
genops_comparison_value(GenopsComparison *comparison, size_t attribute,
                        const GenopsTraceqlValue *value, size_t *entry, bool *found,
                        GenopsError *error)
{
	bool is_new;

	start_key(&comparison->key, KEY_VALUE);
	genops_key_put_count(&comparison->key, (uint32_t) attribute);
	genops_key_put(&comparison->key, value);
	*found = comparison->entry[attribute].values < GENOPS_COMPARISON_MAX_VALUES ||
	         genops_groups_has(&comparison->entries, key_of(&comparison->key));
	if (!*found)
		return true;
	if (!find_entry(comparison, entry, &is_new, error))
		return false;
	if (is_new)
	{
		comparison->entry[*entry] = (GenopsComparedEntry){ .attribute = attribute };
		comparison->entry[attribute].values++;
	}
	return true;
}

bool
genops_comparison_add(GenopsComparison *comparison, size_t entry, size_t slot, double count,
                      GenopsError *error)
{
	uint32_t key[2] = { (uint32_t) entry, (uint32_t) slot };
	size_t before = comparison->cells.count;
	double *room = with_room(comparison->counts, before, &comparison->count_room, sizeof(*room));
	size_t cell;

	if (room == NULL)
		return no_memory(error);
	comparison->counts = room;
	if (!genops_groups_find(&comparison->cells, (GenopsSlice){ (const char *) key, sizeof(key) },
	                        GENOPS_COMPARISON_MAX_CELLS, &cell, error))
		return false;
	if (cell == before)
	{
		comparison->counts[cell] = 0;
		if (!genops_cells_spend(comparison->budget, GENOPS_COMPARISON_CELL_COST, error))
			return false;
	}
	comparison->counts[cell] += count;
	return true;
}

bool
genops_comparison_is_attribute(const GenopsComparison *comparison, size_t entry)
{
	return genops_groups_key(&comparison->entries, entry).data[0] == KEY_ATTRIBUTE;
}

GenopsAttribute
genops_comparison_attribute_at(const GenopsComparison *comparison, size_t entry)
{
	GenopsSlice key = genops_groups_key(&comparison->entries, entry);

	return (GenopsAttribute){ .intrinsic = (GenopsIntrinsic) key.data[1],
		                      .scope = (GenopsScope) key.data[2],
		                      .name = { key.data + 3, key.length - 3 } };
}

GenopsTraceqlValue
genops_comparison_value_at(const GenopsComparison *comparison, size_t entry)
{
	GenopsSlice key = genops_groups_key(&comparison->entries, entry);
	GenopsTraceqlValue value;

	key.data += 1 + sizeof(uint32_t);
	key.length -= 1 + sizeof(uint32_t);
	genops_key_take(&key, &value);
	return value;
}

void
genops_comparison_cell_at(const GenopsComparison *comparison, size_t cell, uint32_t *entry,
                          uint32_t *slot)
{
	GenopsSlice key = genops_groups_key(&comparison->cells, cell);

	genops_key_take_count(&key, entry);
	genops_key_take_count(&key, slot);
}
