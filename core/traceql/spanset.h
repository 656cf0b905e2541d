/* SPDX-License-Identifier: PostgreSQL */
/*
 * Sets of spans of the trace that a pipeline runs over, and their unions.
 *
 * Spans are indexes into the trace's, ascending.  All memory is the run's,
 * taken back before the next trace; nothing that was made is changed.
 */
#ifndef GENOPS_CORE_TRACEQL_SPANSET_H
#define GENOPS_CORE_TRACEQL_SPANSET_H

#include "core/traceql/arena.h"
#include "core/traceql/pipeline.h"

typedef struct GenopsPipelineRun
{
	GenopsArena *arena;
	size_t taken; /* bytes */
	GenopsTrace *trace;
	GenopsError *error;
} GenopsPipelineRun;

/* Labels of a spanset, the newest first; sets share what they have in common. */
typedef struct GenopsLabelChain GenopsLabelChain;
struct GenopsLabelChain
{
	GenopsSpansetLabel label;
	const GenopsLabelChain *older;
	size_t length;
};

typedef struct GenopsSet
{
	const uint32_t *spans;
	size_t count;
	const GenopsLabelChain *labels;
} GenopsSet;

typedef struct GenopsSetList
{
	GenopsSet *sets;
	size_t count;
	size_t room;
} GenopsSetList;

/* Zeroed; NULL with an error when one trace takes too much. */
extern void *genops_run_take(GenopsPipelineRun *run, size_t count, size_t size);

extern bool genops_set_list_add(GenopsPipelineRun *run, GenopsSetList *list, const GenopsSet *set);

/* The set with one label more. */
extern bool genops_set_label(GenopsPipelineRun *run, GenopsSet *set, GenopsSlice key,
                             const GenopsTraceqlValue *value);

/* The spans of both, of all in a list; without labels. */
extern bool genops_set_merge(GenopsPipelineRun *run, const GenopsSet *left, const GenopsSet *right,
                             GenopsSet *both);
extern bool genops_set_unite(GenopsPipelineRun *run, const GenopsSetList *list, GenopsSet *all);

#endif
