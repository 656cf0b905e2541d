/* SPDX-License-Identifier: PostgreSQL */
/*
 * Attributes that a query mentions otherwise than to ask whether they are nil.
 *
 * Tempo's storage answers "x = nil" by giving the spans without x a value nil, which all
 * else in the query takes for a value: x != nil is true of it, x <= "a" too, and a group
 * is named after it.  So such a query asks for what is not (x != nil) instead.  What
 * stands beside "span.x = nil" in an "||" does no harm, as that is true of these spans anyway;
 * but of ".x" a span's nil also hides the resource's value.
 */
#include <stdlib.h>
#include <string.h>

#include "core/traceql/normalise_parts.h"
#include "core/traceql/walk.h"

/* In a longer "||" all counts as mentioned, which is right, too: the work is bounded. */
#define MAX_BESIDE 32

/* The "||" around an expression. */
typedef struct Either
{
	const GenopsField *field;
	bool negated; /* then it is an "&&" under "!" */
	const struct Either *outer;
} Either;

static bool
add(GenopsNormaliser *normaliser, GenopsSlice name)
{
	GenopsSlice *grown = genops_arena_grow(&normaliser->traceql->arena, normaliser->mentioned,
	                                       normaliser->mentioned_count, sizeof(GenopsSlice));

	if (grown == NULL)
		return false;
	normaliser->mentioned = grown;
	grown[normaliser->mentioned_count++] = name;
	return true;
}

static bool
add_attribute(GenopsNormaliser *normaliser, const GenopsAttribute *attribute)
{
	normaliser->mentioned_intrinsics |= UINT32_C(1) << attribute->intrinsic;
	return attribute->intrinsic != GENOPS_INTRINSIC_NONE ||
	       genops_normalise_repeated(attribute->scope) || add(normaliser, attribute->name);
}

static bool
add_all(GenopsNormaliser *normaliser, const GenopsField *field)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return add_attribute(normaliser, &field->attribute);
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (!add_all(normaliser, field->operands[i]))
			return false;
	}
	return true;
}

static bool
asks_for_nil(const GenopsField *field, bool negated)
{
	const GenopsLiteral *value;

	return genops_normalise_compared(field, &value) != NULL && value->type == GENOPS_TYPE_NIL &&
	       (field->op == GENOPS_OPERATOR_EQUAL) != negated;
}

/* "span.x = nil || span.x > 1", and as a span's x comes first also "... || .x > 1". */
static bool
is_exempt_by(const GenopsAttribute *nil, const GenopsAttribute *attribute)
{
	return genops_slice_equal(nil->name, attribute->name) && nil->scope != GENOPS_SCOPE_NONE &&
	       (nil->scope == attribute->scope ||
	        (nil->scope == GENOPS_SCOPE_SPAN && attribute->scope == GENOPS_SCOPE_NONE));
}

static bool
is_beside_nil(const Either *either, const GenopsAttribute *attribute)
{
	for (; either != NULL; either = either->outer)
	{
		for (size_t i = 0; i < either->field->operand_count && i < MAX_BESIDE; i++)
		{
			const GenopsField *operand = either->field->operands[i];
			const GenopsLiteral *value;

			if (asks_for_nil(operand, either->negated) &&
			    is_exempt_by(&genops_normalise_compared(operand, &value)->attribute, attribute))
				return true;
		}
	}
	return false;
}

static bool
collect_comparison(GenopsNormaliser *normaliser, const GenopsField *field, bool negated,
                   const Either *either)
{
	const GenopsLiteral *value;
	const GenopsField *attribute = genops_normalise_compared(field, &value);

	if (attribute == NULL)
		return add_all(normaliser, field);
	if (attribute->attribute.intrinsic != GENOPS_INTRINSIC_NONE)
		return add_attribute(normaliser, &attribute->attribute);
	if (asks_for_nil(field, negated) || is_beside_nil(either, &attribute->attribute))
		return true;
	return add_attribute(normaliser, &attribute->attribute);
}

static bool
collect(GenopsNormaliser *normaliser, const GenopsField *field, bool negated, const Either *either)
{
	Either own = { field, negated, either };

	if (field->kind != GENOPS_FIELD_OPERATION)
		return add_all(normaliser, field);
	if (field->op == GENOPS_OPERATOR_NOT)
		return collect(normaliser, field->operands[0], !negated, either);
	if (field->op != GENOPS_OPERATOR_AND && field->op != GENOPS_OPERATOR_OR)
		return collect_comparison(normaliser, field, negated, either);
	if (!genops_normalise_all_certain(field))
		return add_all(normaliser, field);
	if ((field->op == GENOPS_OPERATOR_OR) != negated)
		either = &own;
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (!collect(normaliser, field->operands[i], negated, either))
			return false;
	}
	return true;
}

static bool
visit(void *context, GenopsFieldRole role, GenopsField **field)
{
	return role == GENOPS_ROLE_FILTER ? collect(context, *field, false, NULL)
	                                  : add_all(context, *field);
}

static bool
collect_calls(GenopsNormaliser *normaliser, const GenopsMetrics *metrics)
{
	if (metrics->kind == GENOPS_METRICS_OPERATION)
		return collect_calls(normaliser, metrics->left) &&
		       collect_calls(normaliser, metrics->right);
	if (metrics->kind != GENOPS_METRICS_CALL)
		return true;
	if (metrics->call.function == GENOPS_METRICS_COMPARE)
		normaliser->mentions_all = true;
	for (size_t i = 0; i < metrics->call.by_count; i++)
	{
		if (!add_attribute(normaliser, &metrics->call.by[i]))
			return false;
	}
	return add_attribute(normaliser, &metrics->call.attribute);
}

static int
compare(const void *a, const void *b)
{
	const GenopsSlice *left = a;
	const GenopsSlice *right = b;
	size_t length = left->length < right->length ? left->length : right->length;
	int order = length == 0 ? 0 : memcmp(left->data, right->data, length);

	if (order != 0 || left->length == right->length)
		return order;
	return left->length < right->length ? -1 : 1;
}

bool
genops_normalise_collect_mentions(GenopsNormaliser *normaliser, GenopsQuery *query)
{
	if (!genops_walk_query(query, visit, normaliser) ||
	    (query->kind == GENOPS_QUERY_METRICS && !collect_calls(normaliser, query->metrics)))
		return false;
	if (normaliser->mentioned_count > 0)
		qsort(normaliser->mentioned, normaliser->mentioned_count, sizeof(GenopsSlice), compare);
	return true;
}

bool
genops_normalise_mentions(const GenopsNormaliser *normaliser, const GenopsAttribute *attribute)
{
	if (normaliser->mentions_all)
		return true;
	return normaliser->mentioned_count > 0 &&
	       bsearch(&attribute->name, normaliser->mentioned, normaliser->mentioned_count,
	               sizeof(GenopsSlice), compare) != NULL;
}
