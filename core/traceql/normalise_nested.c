/* SPDX-License-Identifier: PostgreSQL */
/*
 * Comparisons of a condition: (name = "a") = false, (.x > 1) != (.y > 1), (.x = 5) != nil.
 *
 * Of the inner comparison Tempo's storage fetches what makes it true and drops the other
 * spans, as if the comparison around it could only be true of these.  With true, false or nil on the
 * other side the outer comparison says nothing but the condition, or its opposite.  With anything
 * else all spans have to reach the engine.
 */
#include "core/traceql/normalise_parts.h"

static const char *const nested_reason =
    "Tempo's storage drops spans for which the comparison within is false";

/* Also !.flag, which is no boolean where .flag is none. */
static bool
is_condition(const GenopsField *field)
{
	const GenopsField *innermost = field;

	while (innermost->op == GENOPS_OPERATOR_NOT)
		innermost = innermost->operands[0];
	return field->kind == GENOPS_FIELD_OPERATION &&
	       (genops_traceql_certain(field) || innermost->kind == GENOPS_FIELD_ATTRIBUTE);
}

bool
genops_is_nested(const GenopsField *comparison)
{
	return (comparison->op == GENOPS_OPERATOR_EQUAL ||
	        comparison->op == GENOPS_OPERATOR_NOT_EQUAL) &&
	       (is_condition(comparison->operands[0]) || is_condition(comparison->operands[1]));
}

static bool
mentions_repeated(const GenopsField *field)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return genops_is_repeated(&field->attribute);
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (mentions_repeated(field->operands[i]))
			return true;
	}
	return false;
}

static bool
is_literal(const GenopsField *field, GenopsValueType type)
{
	return field->kind == GENOPS_FIELD_LITERAL && field->literal.type == type;
}

/* Only a "!" before an attribute may be no boolean; that is neither equal nor unequal. */
static GenopsField *
compare_uncertain(GenopsNormaliser *normaliser, GenopsField *condition, bool value, bool negated)
{
	GenopsField *is_true = genops_normalise_bare(normaliser, condition);

	if (value || is_true == NULL)
		return negated ? genops_normalise_negate(normaliser, is_true) : is_true;
	return genops_normalise_field(
	    normaliser,
	    genops_build_both(normaliser, GENOPS_OPERATOR_AND,
	                      genops_normalise_is_boolean(normaliser, condition),
	                      genops_normalise_negate(normaliser, is_true)),
	    negated);
}

static GenopsField *
compare_with_boolean(GenopsNormaliser *normaliser, GenopsField *condition, bool value, bool negated)
{
	if (genops_traceql_certain(condition))
		return genops_normalise_field(normaliser, condition, value == negated);
	return compare_uncertain(normaliser, condition, value, negated);
}

/* A condition that is true or false is not nil. */
static GenopsField *
compare_with_nil(GenopsNormaliser *normaliser, GenopsField *condition, bool equal, bool negated)
{
	GenopsField *not_nil = genops_traceql_certain(condition)
	                           ? genops_build_boolean(normaliser, true, condition->offset)
	                           : genops_normalise_is_boolean(normaliser, condition);

	return not_nil == NULL ? NULL : genops_normalise_field(normaliser, not_nil, equal != negated);
}

/* Each side fetches what makes it true; where nothing is fetched it is false, as it should be.
 * What may be no boolean has to be one, as only then the comparison may be true. */
static GenopsField *
compare_with_value(GenopsNormaliser *normaliser, GenopsField *comparison, bool negated)
{
	GenopsField *result = comparison;

	for (size_t i = 0; i < 2; i++)
	{
		GenopsField *operand = comparison->operands[i];
		bool certain = genops_traceql_certain(operand);

		if (!is_condition(operand) ||
		    (!certain && is_literal(comparison->operands[1 - i], GENOPS_TYPE_NIL)))
			continue;
		comparison->operands[i] = certain ? genops_normalise_field(normaliser, operand, false)
		                                  : genops_normalise_bare(normaliser, operand);
		if (comparison->operands[i] == NULL)
			return NULL;
		if (!certain)
			result = genops_build_both(normaliser, GENOPS_OPERATOR_AND, result,
			                           genops_normalise_is_boolean(normaliser, operand));
	}
	normaliser->needs_all_spans = true;
	return negated ? genops_normalise_negate(normaliser, result) : result;
}

GenopsField *
genops_normalise_nested(GenopsNormaliser *normaliser, GenopsField *comparison, bool negated)
{
	size_t inner = is_condition(comparison->operands[0]) ? 0 : 1;
	GenopsField *condition = comparison->operands[inner];
	GenopsField *other = comparison->operands[1 - inner];
	bool equal = comparison->op == GENOPS_OPERATOR_EQUAL;
	GenopsField *rewritten;

	/* "(event.x = 1) = false" asks for an event of which that is false, not for none of which
	 * it is true. */
	if (mentions_repeated(comparison))
		return compare_with_value(normaliser, comparison, negated);
	if (is_literal(other, GENOPS_TYPE_BOOLEAN))
		rewritten = compare_with_boolean(normaliser, condition,
		                                 (other->literal.integer != 0) == equal, negated);
	else if (is_literal(other, GENOPS_TYPE_NIL))
		rewritten = compare_with_nil(normaliser, condition, equal, negated);
	else
		return compare_with_value(normaliser, comparison, negated);
	if (rewritten == NULL ||
	    !genops_normalise_note(normaliser, comparison, rewritten, nested_reason))
		return NULL;
	return rewritten;
}
