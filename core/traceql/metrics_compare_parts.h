/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the files of compare() share.
 *
 * A key of "entries" is an attribute, whose entry has the totals, or a value of
 * one.  A key of "cells" is an entry and a slot, which is a side and a bucket.
 */
#ifndef GENOPS_CORE_TRACEQL_METRICS_COMPARE_PARTS_H
#define GENOPS_CORE_TRACEQL_METRICS_COMPARE_PARTS_H

#include "core/traceql/filter.h"
#include "core/traceql/metrics_compare.h"

/* A cell's key, hash and slots are about as much as five numbers. */
#define GENOPS_COMPARISON_CELL_COST 5
#define GENOPS_COMPARISON_MAX_CELLS (GENOPS_METRICS_MAX_CELLS / GENOPS_COMPARISON_CELL_COST)

#define GENOPS_SIDE_BASELINE 0
#define GENOPS_SIDE_SELECTION 1

typedef struct GenopsComparedEntry
{
	size_t attribute; /* the entry of the value's attribute, or its own */
	size_t values;    /* an attribute's, so far */
} GenopsComparedEntry;

struct GenopsComparison
{
	const GenopsMetricsCall *call;
	GenopsMetricsGrid grid;
	GenopsTraceqlFilter *selection;
	GenopsGroups entries;
	GenopsComparedEntry *entry; /* as many as there are keys of entries */
	size_t entry_room;
	GenopsGroups cells;
	double *counts; /* as many as there are keys of cells */
	size_t count_room;
	size_t *budget;
	GenopsBytes key;
};

/* The entry of an attribute. */
extern bool genops_comparison_attribute(GenopsComparison *comparison,
                                        const GenopsAttribute *attribute, size_t *entry,
                                        GenopsError *error);

/* Of a value; "found" is false if the attribute has too many. */
extern bool genops_comparison_value(GenopsComparison *comparison, size_t attribute,
                                    const GenopsTraceqlValue *value, size_t *entry, bool *found,
                                    GenopsError *error);

extern bool genops_comparison_add(GenopsComparison *comparison, size_t entry, size_t slot,
                                  double count, GenopsError *error);

/* What the keys say; "value" only of a value's entry. */
extern bool genops_comparison_is_attribute(const GenopsComparison *comparison, size_t entry);
extern GenopsAttribute genops_comparison_attribute_at(const GenopsComparison *comparison,
                                                      size_t entry);
extern GenopsTraceqlValue genops_comparison_value_at(const GenopsComparison *comparison,
                                                     size_t entry);
extern void genops_comparison_cell_at(const GenopsComparison *comparison, size_t cell,
                                      uint32_t *entry, uint32_t *slot);

/* Whether compare() counts it. */
extern bool genops_is_compared(const GenopsAttribute *attribute);

#endif
