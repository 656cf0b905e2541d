/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/group.h"

#include <stdlib.h>

/* A span and the value it is grouped by. */
typedef struct Member
{
	GenopsTraceqlValue value;
	uint32_t span;
	uint32_t first; /* span of its group */
} Member;

static int
compare_texts(GenopsSlice left, GenopsSlice right)
{
	if (left.length != right.length)
		return left.length < right.length ? -1 : 1;
	/* Spans of one resource share the bytes. */
	return left.length == 0 || left.data == right.data ? 0
	                                                   : memcmp(left.data, right.data, left.length);
}

/* Any order that tells different values apart: floats by their bits, so that NaN
 * is a value as others. */
static int
compare_values(const GenopsTraceqlValue *left, const GenopsTraceqlValue *right)
{
	int order;

	if (left->type != right->type)
		return left->type < right->type ? -1 : 1;
	if (left->array != right->array)
		return left->array ? 1 : -1;
	if (left->integer != right->integer)
		return left->integer < right->integer ? -1 : 1;
	order = memcmp(&left->real, &right->real, sizeof(left->real));
	return order != 0 ? order : compare_texts(left->text, right->text);
}

static int
compare_members(const void *left, const void *right)
{
	const Member *one = left;
	const Member *other = right;
	int order = compare_values(&one->value, &other->value);

	return order != 0 ? order : (one->span > other->span) - (one->span < other->span);
}

static int
compare_firsts(const void *left, const void *right)
{
	const Member *one = left;
	const Member *other = right;

	if (one->first != other->first)
		return one->first < other->first ? -1 : 1;
	return (one->span > other->span) - (one->span < other->span);
}

static bool
evaluate(GenopsPipelineRun *run, const GenopsTraceqlFilter *key, const GenopsSet *set,
         Member *members)
{
	for (size_t i = 0; i < set->count; i++)
	{
		GenopsTraceqlSpan *span = &run->trace->spans[set->spans[i]];

		if (!genops_traceql_filter_value(key, span, &members[i].value, run->error))
			return false;
		members[i].span = set->spans[i];
	}
	return true;
}

/* Members of one group come together, groups in the order of their first spans. */
static void
sort_members(Member *members, size_t count)
{
	qsort(members, count, sizeof(Member), compare_members);
	for (size_t i = 0; i < count; i++)
		members[i].first = i > 0 && compare_values(&members[i - 1].value, &members[i].value) == 0
		                       ? members[i - 1].first
		                       : members[i].span;
	qsort(members, count, sizeof(Member), compare_firsts);
}

/* The span writes a link's id where it writes the next link's. */
static bool
keep_text(GenopsPipelineRun *run, const GenopsTraceqlSpan *span, GenopsTraceqlValue *value)
{
	GenopsSlice *text = &value->text;
	char *copy;

	if (value->type != GENOPS_TYPE_STRING ||
	    (text->data != span->link_span_id &&
	     (text->data < span->link_trace_id ||
	      text->data >= span->link_trace_id + sizeof(span->link_trace_id))))
		return true;
	copy = genops_run_take(run, text->length, 1);
	if (copy == NULL)
		return false;
	memcpy(copy, text->data, text->length);
	text->data = copy;
	return true;
}

static bool
add_group(GenopsPipelineRun *run, GenopsSlice label, const GenopsSet *set, Member *members,
          size_t count, GenopsSetList *groups)
{
	uint32_t *spans = genops_run_take(run, count, sizeof(uint32_t));
	GenopsSet group = { .spans = spans, .count = count, .labels = set->labels };

	if (spans == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		spans[i] = members[i].span;
	return keep_text(run, &run->trace->spans[members->span], &members->value) &&
	       genops_set_label(run, &group, label, &members->value) &&
	       genops_set_list_add(run, groups, &group);
}

bool
genops_group(GenopsPipelineRun *run, const GenopsTraceqlFilter *key, GenopsSlice label,
             const GenopsSet *set, GenopsSetList *groups)
{
	Member *members = genops_run_take(run, set->count, sizeof(Member));

	if (members == NULL || !evaluate(run, key, set, members))
		return false;
	sort_members(members, set->count);
	for (size_t i = 0, end; i < set->count; i = end)
	{
		for (end = i + 1; end < set->count && members[end].first == members[i].first;)
			end++;
		if (!add_group(run, label, set, &members[i], end - i, groups))
			return false;
	}
	return true;
}
