/* SPDX-License-Identifier: PostgreSQL */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/traceql/filter_node.h"

#include <pcre2.h>
#include <stdlib.h>

#include "core/traceql/regex.h"
#include "core/traceql/traceql.h"

/* Of PCRE2's steps and KiB, over one text: some milliseconds. */
#define MATCH_LIMIT 100000
#define HEAP_LIMIT 4096

static size_t
count_nodes(const GenopsField *field)
{
	size_t count = 1;

	if (field->kind != GENOPS_FIELD_OPERATION)
		return count;
	for (size_t i = 0; i < field->operand_count; i++)
		count += count_nodes(field->operands[i]);
	return count;
}

static bool
is_trace_id(const GenopsField *field)
{
	return field->kind == GENOPS_FIELD_ATTRIBUTE &&
	       (field->attribute.intrinsic == GENOPS_INTRINSIC_TRACE_ID ||
	        field->attribute.intrinsic == GENOPS_INTRINSIC_LINK_TRACE_ID);
}

/* Trace ids are compared without leading zeros. */
static void
strip_zeros(const GenopsFilterNode *other, GenopsFilterNode *node)
{
	GenopsSlice *text = &node->literal.text;

	if (!is_trace_id(other->field) || node->field->kind != GENOPS_FIELD_LITERAL)
		return;
	while (text->length > 0 && text->data[0] == '0')
	{
		text->data++;
		text->length--;
	}
}

static bool prepare(GenopsTraceqlFilter *filter, GenopsFilterNode *node, const GenopsField *field,
                    GenopsError *error);

static bool
prepare_operation(GenopsTraceqlFilter *filter, GenopsFilterNode *node, GenopsError *error)
{
	const GenopsField *field = node->field;

	node->operands = &filter->nodes[filter->count];
	filter->count += field->operand_count;
	node->negates = field->op == GENOPS_OPERATOR_NOT;
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (!prepare(filter, &node->operands[i], field->operands[i], error))
			return false;
		node->uses |= node->operands[i].uses;
		node->negates = node->negates || node->operands[i].negates;
	}
	if (field->op >= GENOPS_OPERATOR_EQUAL && field->op <= GENOPS_OPERATOR_GREATER_EQUAL)
	{
		strip_zeros(&node->operands[0], &node->operands[1]);
		strip_zeros(&node->operands[1], &node->operands[0]);
	}
	if (field->op == GENOPS_OPERATOR_MATCH || field->op == GENOPS_OPERATOR_NOT_MATCH)
	{
		node->expression = genops_regex_compile(node->operands[1].literal.text, error);
		return node->expression != NULL;
	}
	return true;
}

static bool
prepare(GenopsTraceqlFilter *filter, GenopsFilterNode *node, const GenopsField *field,
        GenopsError *error)
{
	uint32_t repeated;

	node->field = field;
	if (field->kind == GENOPS_FIELD_LITERAL)
		node->literal = genops_traceql_value_of(&field->literal);
	else if (field->kind == GENOPS_FIELD_ATTRIBUTE)
	{
		repeated = genops_traceql_repeated(&field->attribute);
		node->uses = repeated == GENOPS_SPAN_EVENTS  ? GENOPS_USES_EVENT
		             : repeated == GENOPS_SPAN_LINKS ? GENOPS_USES_LINK
		                                             : 0;
		filter->needs_trace = filter->needs_trace || genops_traceql_of_trace(&field->attribute);
	}
	else if (!prepare_operation(filter, node, error))
		return false;
	node->certain = genops_traceql_certain(node->field);
	return true;
}

static bool
prepare_matching(GenopsTraceqlFilter *filter)
{
	filter->match_data = pcre2_match_data_create(1, NULL);
	filter->match_context = pcre2_match_context_create(NULL);
	if (filter->match_data == NULL || filter->match_context == NULL)
		return false;
	pcre2_set_match_limit(filter->match_context, MATCH_LIMIT);
	pcre2_set_heap_limit(filter->match_context, HEAP_LIMIT);
	return true;
}

GenopsTraceqlFilter *
genops_traceql_filter_prepare(const GenopsField *field, GenopsError *error)
{
	size_t count = count_nodes(field);
	GenopsTraceqlFilter *filter =
	    calloc(1, sizeof(GenopsTraceqlFilter) + count * sizeof(GenopsFilterNode));

	if (filter == NULL || !prepare_matching(filter))
	{
		genops_traceql_filter_free(filter);
		genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
		return NULL;
	}
	filter->count = 1;
	if (!prepare(filter, &filter->nodes[0], field, error))
	{
		genops_traceql_filter_free(filter);
		return NULL;
	}
	return filter;
}

void
genops_traceql_filter_free(GenopsTraceqlFilter *filter)
{
	if (filter == NULL)
		return;
	for (size_t i = 0; i < filter->count; i++)
		pcre2_code_free(filter->nodes[i].expression);
	pcre2_match_data_free(filter->match_data);
	pcre2_match_context_free(filter->match_context);
	free(filter);
}

bool
genops_traceql_filter_needs_trace(const GenopsTraceqlFilter *filter)
{
	return filter->needs_trace;
}
