/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/spanset.h"

/* Some hundred lists of the spans of the largest trace. */
#define MAX_TAKEN ((size_t) 1 << 30)

void *
genops_run_take(GenopsPipelineRun *run, size_t count, size_t size)
{
	void *memory;

	count = count == 0 ? 1 : count;
	if (count > (MAX_TAKEN - run->taken) / size)
	{
		genops_error_set(run->error, GENOPS_TOO_LARGE,
		                 "the query is too much work for a trace of %zu spans", run->trace->count);
		return NULL;
	}
	run->taken += count * size;
	memory = genops_arena_take(run->arena, count * size);
	if (memory == NULL)
		genops_error_set(run->error, GENOPS_OUT_OF_MEMORY, "out of memory");
	return memory;
}

bool
genops_set_list_add(GenopsPipelineRun *run, GenopsSetList *list, const GenopsSet *set)
{
	if (list->count == list->room)
	{
		size_t room = list->room == 0 ? 1 : 2 * list->room;
		GenopsSet *sets = genops_run_take(run, room, sizeof(GenopsSet));

		if (sets == NULL)
			return false;
		if (list->count > 0)
			memcpy(sets, list->sets, list->count * sizeof(GenopsSet));
		list->sets = sets;
		list->room = room;
	}
	list->sets[list->count++] = *set;
	return true;
}

bool
genops_set_label(GenopsPipelineRun *run, GenopsSet *set, GenopsSlice key,
                 const GenopsTraceqlValue *value)
{
	GenopsLabelChain *chain = genops_run_take(run, 1, sizeof(GenopsLabelChain));

	if (chain == NULL)
		return false;
	chain->label = (GenopsSpansetLabel){ key, *value };
	chain->older = set->labels;
	chain->length = set->labels == NULL ? 1 : set->labels->length + 1;
	set->labels = chain;
	return true;
}

bool
genops_set_merge(GenopsPipelineRun *run, const GenopsSet *left, const GenopsSet *right,
                 GenopsSet *both)
{
	uint32_t *spans = genops_run_take(run, left->count + right->count, sizeof(uint32_t));
	size_t count = 0;
	size_t i = 0;
	size_t j = 0;

	if (spans == NULL)
		return false;
	while (i < left->count || j < right->count)
	{
		if (j == right->count || (i < left->count && left->spans[i] < right->spans[j]))
			spans[count++] = left->spans[i++];
		else
		{
			if (i < left->count && left->spans[i] == right->spans[j])
				i++;
			spans[count++] = right->spans[j++];
		}
	}
	*both = (GenopsSet){ .spans = spans, .count = count };
	return true;
}

/* Halves first: as many sets as spans are merged in n log n. */
static bool
unite(GenopsPipelineRun *run, const GenopsSet *sets, size_t count, GenopsSet *all)
{
	GenopsSet left;
	GenopsSet right;

	if (count == 0)
		*all = (GenopsSet){ 0 };
	if (count == 1)
		*all = (GenopsSet){ .spans = sets->spans, .count = sets->count };
	if (count < 2)
		return true;
	return unite(run, sets, count / 2, &left) &&
	       unite(run, sets + count / 2, count - count / 2, &right) &&
	       genops_set_merge(run, &left, &right, all);
}

bool
genops_set_unite(GenopsPipelineRun *run, const GenopsSetList *list, GenopsSet *all)
{
	return unite(run, list->sets, list->count, all);
}
