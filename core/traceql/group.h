/* SPDX-License-Identifier: PostgreSQL */
/*
 * by(): splits a set of spans by what an expression is for them.
 */
#ifndef GENOPS_CORE_TRACEQL_GROUP_H
#define GENOPS_CORE_TRACEQL_GROUP_H

#include "core/traceql/filter.h"
#include "core/traceql/spanset.h"

/* Adds one set for each value, of its type, in the order of the first span that
 * has it; what misses it is a group, too.  "label" is the key of the new label. */
extern bool genops_group(GenopsPipelineRun *run, const GenopsTraceqlFilter *key, GenopsSlice label,
                         const GenopsSet *set, GenopsSetList *groups);

#endif
