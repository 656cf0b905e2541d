/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/structural.h"

#include <stdlib.h>

/* A span of the left side by what the operator looks for. */
typedef struct Candidate
{
	int64_t key;
	int64_t right; /* DESCENDANT: the furthest bound up to here */
	uint32_t span;
} Candidate;

typedef struct Candidates
{
	Candidate *all;
	size_t count;
} Candidates;

static int
compare_candidates(const void *left, const void *right)
{
	const Candidate *one = left;
	const Candidate *other = right;

	if (one->key != other->key)
		return one->key < other->key ? -1 : 1;
	return (one->span > other->span) - (one->span < other->span);
}

/* What a span of the right side looks for is this of its partner. */
static int64_t
key_of(GenopsSpansetOperator op, const GenopsTraceFacts *facts)
{
	return op == GENOPS_SPANSET_PARENT || op == GENOPS_SPANSET_SIBLING ? facts->nested_set_parent
	                                                                   : facts->nested_set_left;
}

static bool
is_orphan(const GenopsTraceFacts *facts)
{
	return facts->nested_set_left == 0;
}

static bool
sort_candidates(GenopsPipelineRun *run, GenopsSpansetOperator op, const GenopsSet *left,
                Candidates *candidates)
{
	*candidates = (Candidates){ genops_run_take(run, left->count, sizeof(Candidate)), 0 };
	if (candidates->all == NULL)
		return false;
	for (size_t i = 0; i < left->count; i++)
	{
		const GenopsTraceFacts *facts = &run->trace->spans[left->spans[i]].trace;

		if (!is_orphan(facts))
			candidates->all[candidates->count++] =
			    (Candidate){ key_of(op, facts), facts->nested_set_right, left->spans[i] };
	}
	qsort(candidates->all, candidates->count, sizeof(Candidate), compare_candidates);
	for (size_t i = 1; i < candidates->count; i++)
	{
		if (candidates->all[i].right < candidates->all[i - 1].right)
			candidates->all[i].right = candidates->all[i - 1].right;
	}
	return true;
}

/* How many have a smaller key. */
static size_t
count_below(const Candidates *candidates, int64_t key)
{
	size_t low = 0;
	size_t high = candidates->count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (candidates->all[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
has_key(const Candidates *candidates, size_t at, int64_t key)
{
	return at < candidates->count && candidates->all[at].key == key;
}

static bool
has_partner(const Candidates *candidates, GenopsSpansetOperator op, const GenopsTraceFacts *facts,
            uint32_t span)
{
	size_t at;

	if (is_orphan(facts))
		return false;
	switch (op)
	{
		case GENOPS_SPANSET_CHILD:
			return has_key(candidates, count_below(candidates, facts->nested_set_parent),
			               facts->nested_set_parent);
		case GENOPS_SPANSET_PARENT:
			return has_key(candidates, count_below(candidates, facts->nested_set_left),
			               facts->nested_set_left);
		case GENOPS_SPANSET_SIBLING: /* of the same parent, and not the span itself */
			at = count_below(candidates, facts->nested_set_parent);
			if (has_key(candidates, at, facts->nested_set_parent) &&
			    candidates->all[at].span == span)
				at++;
			return has_key(candidates, at, facts->nested_set_parent);
		case GENOPS_SPANSET_DESCENDANT:
			/* Bounds never overlap by halves: who began before and ends after is above. */
			at = count_below(candidates, facts->nested_set_left);
			return at > 0 && candidates->all[at - 1].right > facts->nested_set_left;
		default: /* ANCESTOR: the next one that begins behind it begins within it */
			at = count_below(candidates, facts->nested_set_left + 1);
			return at < candidates->count && candidates->all[at].key < facts->nested_set_right;
	}
}

/* The spans of "right" that have (or have not) a partner in "left". */
static bool
select_partners(GenopsPipelineRun *run, GenopsSpansetOperator op, bool wanted,
                const GenopsSet *left, const GenopsSet *right, GenopsSet *result)
{
	uint32_t *spans = genops_run_take(run, right->count, sizeof(uint32_t));
	Candidates candidates;
	size_t count = 0;

	if (spans == NULL || !sort_candidates(run, op, left, &candidates))
		return false;
	for (size_t i = 0; i < right->count; i++)
	{
		uint32_t span = right->spans[i];

		if (has_partner(&candidates, op, &run->trace->spans[span].trace, span) == wanted)
			spans[count++] = span;
	}
	*result = (GenopsSet){ .spans = spans, .count = count };
	return true;
}

static GenopsSpansetOperator
inverse(GenopsSpansetOperator op)
{
	switch (op)
	{
		case GENOPS_SPANSET_CHILD:
			return GENOPS_SPANSET_PARENT;
		case GENOPS_SPANSET_PARENT:
			return GENOPS_SPANSET_CHILD;
		case GENOPS_SPANSET_DESCENDANT:
			return GENOPS_SPANSET_ANCESTOR;
		case GENOPS_SPANSET_ANCESTOR:
			return GENOPS_SPANSET_DESCENDANT;
		default:
			return op;
	}
}

bool
genops_structural(GenopsPipelineRun *run, GenopsSpansetOperator op, const GenopsSet *left,
                  const GenopsSet *right, GenopsSet *result)
{
	GenopsSet of_left;
	GenopsSet of_right;

	if (op < GENOPS_SPANSET_NOT_CHILD)
		return select_partners(run, op, true, left, right, result);
	if (op < GENOPS_SPANSET_UNION_CHILD)
		return select_partners(run, op - GENOPS_SPANSET_NOT_CHILD + GENOPS_SPANSET_CHILD, false,
		                       left, right, result);
	op = op - GENOPS_SPANSET_UNION_CHILD + GENOPS_SPANSET_CHILD;
	return select_partners(run, op, true, left, right, &of_right) &&
	       select_partners(run, inverse(op), true, right, left, &of_left) &&
	       genops_set_merge(run, &of_left, &of_right, result);
}
