/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where the spans of one trace stand to each other: bounds of nested sets,
 * which make "is below" a comparison of numbers, and counts of children.
 */
#ifndef GENOPS_CORE_TRACEQL_NESTED_SET_H
#define GENOPS_CORE_TRACEQL_NESTED_SET_H

#include "core/traceql/trace.h"

/* Whether the span has no parent: its parent's id is empty or zeros. */
extern bool genops_is_root(const GenopsTraceqlSpan *span);

/* Sets the bounds and counts of every span.  Those that no root leads to have no
 * bounds, and where there is no root at all, or an id occurs more than twice, none
 * has anything. */
extern bool genops_find_nested_sets(GenopsTrace *trace, GenopsError *error);

extern void genops_trace_tree_free(struct GenopsTraceTree *tree);

#endif
