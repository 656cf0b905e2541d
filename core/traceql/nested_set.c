/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/nested_set.h"

#include <stdlib.h>

#define KIND_SERVER 2
#define KIND_CLIENT 3

#define NOBODY UINT32_MAX

/* A span's place in the order of ids. */
typedef struct Identity
{
	uint64_t id;
	uint32_t span;
} Identity;

/* A span within the tree, all as indexes of spans or NOBODY. */
typedef struct Node
{
	uint32_t parent;
	uint32_t first_child;
	uint32_t next_sibling;
} Node;

struct GenopsTraceTree
{
	Identity *identities;
	Node *nodes;
	size_t room;
};

/* Identifiers are compared as 64 bits. */
static uint64_t
identity(GenopsSlice id)
{
	uint64_t number = 0;

	for (size_t i = 0; i < id.length; i++)
		number = number << 8 | (uint8_t) id.data[i];
	return number;
}

bool
genops_is_root(const GenopsTraceqlSpan *span)
{
	return identity(span->span.parent_span_id) == 0;
}

void
genops_trace_tree_free(struct GenopsTraceTree *tree)
{
	if (tree == NULL)
		return;
	free(tree->identities);
	free(tree->nodes);
	free(tree);
}

static bool
make_room(GenopsTrace *trace)
{
	struct GenopsTraceTree *tree = trace->tree;

	if (tree != NULL && tree->room >= trace->count)
		return true;
	genops_trace_tree_free(tree);
	tree = calloc(1, sizeof(*tree));
	trace->tree = tree;
	if (tree == NULL)
		return false;
	tree->identities = malloc(trace->room * sizeof(Identity));
	tree->nodes = malloc(trace->room * sizeof(Node));
	if (tree->identities == NULL || tree->nodes == NULL)
		return false;
	tree->room = trace->room;
	return true;
}

/* By id, those of one id in the order of the spans. */
static int
compare_identities(const void *left, const void *right)
{
	const Identity *one = left;
	const Identity *other = right;

	if (one->id != other->id)
		return one->id < other->id ? -1 : 1;
	return (one->span > other->span) - (one->span < other->span);
}

/* False if an id occurs more than twice: then nobody knows who is whose child. */
static bool
identify(const GenopsTrace *trace)
{
	Identity *identities = trace->tree->identities;

	for (size_t i = 0; i < trace->count; i++)
		identities[i] = (Identity){ identity(trace->spans[i].span.span_id), (uint32_t) i };
	qsort(identities, trace->count, sizeof(Identity), compare_identities);
	for (size_t i = 2; i < trace->count; i++)
	{
		if (identities[i].id == identities[i - 2].id)
			return false;
	}
	return true;
}

/* Of twins, a client's and a server's span with one id, a server's span is the
 * client's child and any other the server's; where there is no such twin, nobody's. */
static uint32_t
choose_twin(const GenopsTrace *trace, const GenopsTraceqlSpan *child, uint32_t first,
            uint32_t second)
{
	uint32_t kind = child->span.kind == KIND_SERVER ? KIND_CLIENT : KIND_SERVER;

	if (trace->spans[first].span.kind == kind)
		return first;
	return trace->spans[second].span.kind == kind ? second : NOBODY;
}

static uint32_t
find_parent(const GenopsTrace *trace, const GenopsTraceqlSpan *child)
{
	const Identity *identities = trace->tree->identities;
	uint64_t id = identity(child->span.parent_span_id);
	size_t low = 0;
	size_t high = trace->count;

	if (id == 0)
		return NOBODY;
	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (identities[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == trace->count || identities[low].id != id)
		return NOBODY;
	if (low + 1 < trace->count && identities[low + 1].id == id)
		return choose_twin(trace, child, identities[low].span, identities[low + 1].span);
	return identities[low].span;
}

/* From the last span to the first, so that children come in the order of spans. */
static void
link_children(const GenopsTrace *trace)
{
	Node *nodes = trace->tree->nodes;

	for (size_t i = 0; i < trace->count; i++)
		nodes[i] = (Node){ find_parent(trace, &trace->spans[i]), NOBODY, NOBODY };
	for (size_t i = trace->count; i-- > 0;)
	{
		if (nodes[i].parent == NOBODY)
			continue;
		nodes[i].next_sibling = nodes[nodes[i].parent].first_child;
		nodes[nodes[i].parent].first_child = (uint32_t) i;
		trace->spans[nodes[i].parent].trace.child_count++;
	}
}

/* Numbers the span and what is below it, without recursion: a trace may be one
 * long chain.  Cycles of parents are never entered, as a root is in none. */
static int64_t
number_from(GenopsTrace *trace, uint32_t root, int64_t next)
{
	const Node *nodes = trace->tree->nodes;
	uint32_t at = root;

	while (at != NOBODY)
	{
		GenopsTraceFacts *facts = &trace->spans[at].trace;

		if (facts->nested_set_left == 0)
		{
			GenopsTraceFacts *parent = at == root ? NULL : &trace->spans[nodes[at].parent].trace;

			facts->nested_set_left = next++;
			facts->nested_set_parent = parent == NULL ? -1 : parent->nested_set_left;
			if (nodes[at].first_child != NOBODY)
			{
				at = nodes[at].first_child;
				continue;
			}
		}
		facts->nested_set_right = next++;
		if (at == root)
			break;
		at = nodes[at].next_sibling != NOBODY ? nodes[at].next_sibling : nodes[at].parent;
	}
	return next;
}

static bool
has_root(const GenopsTrace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
	{
		if (genops_is_root(&trace->spans[i]))
			return true;
	}
	return false;
}

bool
genops_find_nested_sets(GenopsTrace *trace, GenopsError *error)
{
	int64_t next = 1;

	if (!make_room(trace))
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	if (!has_root(trace) || !identify(trace))
		return true;
	link_children(trace);
	for (size_t i = 0; i < trace->count; i++)
	{
		if (genops_is_root(&trace->spans[i]))
			next = number_from(trace, (uint32_t) i, next);
	}
	return true;
}
