/* SPDX-License-Identifier: PostgreSQL */
/*
 * A filter's "&&", "||", "!" and constants.
 *
 * Once every comparison fetches what makes it true, "&&" and "||" over them are
 * right.  "!" is pushed inward, down to the comparisons, where both sides are
 * certainly true or false; a bare attribute may also be nil, which makes
 * "&&" and "||" false.
 */
#include "core/traceql/build.h"
#include "core/traceql/normalise_parts.h"
#include "core/traceql/value.h"

/* Conditions of a chain that are compared with each other. */
#define MAX_PAIRED 64

static bool
is_boolean(const GenopsField *field, bool value)
{
	return field->kind == GENOPS_FIELD_LITERAL && field->literal.type == GENOPS_TYPE_BOOLEAN &&
	       field->literal.integer == value;
}

GenopsField *
genops_build_boolean(GenopsNormaliser *normaliser, bool value, uint32_t offset)
{
	GenopsLiteral literal = { GENOPS_TYPE_BOOLEAN, value, 0, GENOPS_ABSENT };

	return genops_build_literal(&normaliser->traceql->arena, literal, offset);
}

bool
genops_normalise_all_certain(const GenopsField *field)
{
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (!genops_traceql_certain(field->operands[i]))
			return false;
	}
	return true;
}

static GenopsField *
compare_boolean(GenopsNormaliser *normaliser, GenopsField *attribute, bool value)
{
	GenopsLiteral literal = { GENOPS_TYPE_BOOLEAN, value, 0, GENOPS_ABSENT };

	return genops_build_comparison(normaliser, attribute, GENOPS_OPERATOR_EQUAL, literal);
}

/* The operand of any number of "!". */
static GenopsField *
without_not(GenopsField *field, bool *negated)
{
	for (*negated = false; field->op == GENOPS_OPERATOR_NOT; field = field->operands[0])
		*negated = !*negated;
	return field;
}

GenopsField *
genops_normalise_bare(GenopsNormaliser *normaliser, GenopsField *field)
{
	bool negated;

	field = without_not(field, &negated);
	return field->kind == GENOPS_FIELD_ATTRIBUTE
	           ? compare_boolean(normaliser, field, !negated)
	           : genops_build_boolean(normaliser, false, field->offset);
}

GenopsField *
genops_normalise_is_boolean(GenopsNormaliser *normaliser, GenopsField *field)
{
	bool negated;

	field = without_not(field, &negated);
	return field->kind == GENOPS_FIELD_ATTRIBUTE
	           ? genops_build_both(normaliser, GENOPS_OPERATOR_OR,
	                               compare_boolean(normaliser, field, true),
	                               compare_boolean(normaliser, field, false))
	           : genops_build_boolean(normaliser, false, field->offset);
}

static GenopsField *
add(GenopsNormaliser *normaliser, GenopsOperator op, GenopsField *left, GenopsField *right)
{
	if (left == NULL || right == NULL)
		return right;
	return genops_build_operation(&normaliser->traceql->arena, op, left, right, left->offset);
}

/* .flag || x, which is false where .flag is no boolean:
 * (.flag = true || .flag = false) && (.flag = true || x)
 * Of a longer chain each "||" takes what those before it gave. */
static GenopsField *
make_certain(GenopsNormaliser *normaliser, const GenopsField *either)
{
	GenopsField *result = NULL;
	GenopsField *booleans = NULL;

	for (size_t i = 0; i < either->operand_count; i++)
	{
		GenopsField *operand = either->operands[i];

		if (!genops_traceql_certain(operand))
		{
			booleans = add(normaliser, GENOPS_OPERATOR_AND, booleans,
			               genops_normalise_is_boolean(normaliser, operand));
			operand = genops_normalise_bare(normaliser, operand);
			if (operand == NULL || booleans == NULL)
				return NULL;
		}
		result = add(normaliser, GENOPS_OPERATOR_OR, result, operand);
		if (i > 0 && booleans != NULL)
		{
			result = genops_build_both(normaliser, GENOPS_OPERATOR_AND, booleans, result);
			booleans = NULL;
		}
		if (result == NULL)
			return NULL;
	}
	return result;
}

/* "&&" or "||" over rewritten operands, without the constants that change nothing. */
static GenopsField *
rewrite_chain(GenopsNormaliser *normaliser, GenopsField *field, bool negated)
{
	bool either = (field->op == GENOPS_OPERATOR_OR) != negated;
	GenopsOperator op = either ? GENOPS_OPERATOR_OR : GENOPS_OPERATOR_AND;
	GenopsField *result = NULL;

	/* Before anything is rewritten in vain, and told. */
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (is_boolean(field->operands[i], either != negated))
			return genops_build_boolean(normaliser, either, field->offset);
	}
	for (size_t i = 0; i < field->operand_count; i++)
	{
		GenopsField *operand = genops_normalise_field(normaliser, field->operands[i], negated);

		if (operand == NULL || is_boolean(operand, either))
			return operand;
		if (is_boolean(operand, !either))
			continue;
		result = add(normaliser, op, result, operand);
		if (result == NULL)
			return NULL;
	}
	return result != NULL ? result : genops_build_boolean(normaliser, !either, field->offset);
}

static GenopsField *
rewrite_boolean(GenopsNormaliser *normaliser, GenopsField *field, bool negated)
{
	GenopsField *certain;

	if (genops_normalise_all_certain(field))
		return rewrite_chain(normaliser, field, negated);
	if (field->op == GENOPS_OPERATOR_AND)
	{
		certain = rewrite_chain(normaliser, field, false);

		/* true && .flag is false, not nil, where .flag is no boolean. */
		if (certain != NULL && !genops_traceql_certain(certain))
			certain = genops_normalise_bare(normaliser, certain);
		return negated ? genops_normalise_negate(normaliser, certain) : certain;
	}
	certain = make_certain(normaliser, field);
	if (certain == NULL ||
	    !genops_normalise_note(normaliser, field, certain,
	                           "Tempo at times takes the other side where an attribute is no "
	                           "boolean"))
		return NULL;
	return rewrite_chain(normaliser, certain, negated);
}

static GenopsField *
rewrite_not(GenopsNormaliser *normaliser, GenopsField *field, bool negated)
{
	GenopsField *comparison;

	if (genops_traceql_certain(field->operands[0]))
		return genops_normalise_field(normaliser, field->operands[0], !negated);
	comparison = genops_normalise_bare(normaliser, negated ? field->operands[0] : field);
	if (comparison == NULL ||
	    !genops_normalise_note(normaliser, field, comparison,
	                           "Tempo fails at spans for which the attribute is no boolean"))
		return NULL;
	return comparison;
}

static bool
is_of_constants(const GenopsField *field)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return false;
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (!is_of_constants(field->operands[i]))
			return false;
	}
	return true;
}

/* nil is neither equal to nil nor another. */
static bool
compare_literals(GenopsOperator op, const GenopsLiteral *left, const GenopsLiteral *right)
{
	GenopsTraceqlValue one = genops_traceql_value_of(left);
	GenopsTraceqlValue other = genops_traceql_value_of(right);

	if (left->type == GENOPS_TYPE_NIL || right->type == GENOPS_TYPE_NIL)
		return op == GENOPS_OPERATOR_NOT_EQUAL && left->type != right->type;
	return genops_traceql_compare(op, &one, &other);
}

/* 1 = 1, "a" < "b".  What is computed, and regular expressions, are left to Tempo. */
static GenopsField *
compare_constants(GenopsNormaliser *normaliser, GenopsField *field, bool negated)
{
	const GenopsField *left = field->operands[0];
	const GenopsField *right = field->operands[1];

	if (left->kind == GENOPS_FIELD_LITERAL && right->kind == GENOPS_FIELD_LITERAL &&
	    field->op <= GENOPS_OPERATOR_GREATER_EQUAL)
		return genops_build_boolean(
		    normaliser, compare_literals(field->op, &left->literal, &right->literal) != negated,
		    field->offset);
	normaliser->needs_all_spans = true;
	return negated ? genops_normalise_negate(normaliser, field) : field;
}

GenopsField *
genops_normalise_field(GenopsNormaliser *normaliser, GenopsField *field, bool negated)
{
	if (field->kind == GENOPS_FIELD_LITERAL)
		return negated
		           ? genops_build_boolean(normaliser, field->literal.integer == 0, field->offset)
		           : field;
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return negated ? genops_normalise_negate(normaliser, field) : field;
	switch (field->op)
	{
		case GENOPS_OPERATOR_AND:
		case GENOPS_OPERATOR_OR:
			return rewrite_boolean(normaliser, field, negated);
		case GENOPS_OPERATOR_NOT:
			return rewrite_not(normaliser, field, negated);
		default:
			if (field->op < GENOPS_OPERATOR_EQUAL || field->op > GENOPS_OPERATOR_NOT_MATCH)
				return negated ? genops_normalise_negate(normaliser, field) : field;
			if (is_of_constants(field))
				return compare_constants(normaliser, field, negated);
			return genops_normalise_comparison(normaliser, field, negated);
	}
}

/* && (duration >= 0s || traceDuration >= 0s): true for all, and the "||" of two different
 * columns makes Tempo take every span with either.  Both are durations, which compare()
 * does not count: what a query mentions it counts once more. */
static GenopsField *
let_all_spans_through(GenopsNormaliser *normaliser, GenopsField *filter)
{
	GenopsField *all =
	    genops_build_both(normaliser, GENOPS_OPERATOR_OR,
	                      genops_build_with_zero(normaliser, GENOPS_INTRINSIC_DURATION,
	                                             GENOPS_OPERATOR_GREATER_EQUAL),
	                      genops_build_with_zero(normaliser, GENOPS_INTRINSIC_TRACE_DURATION,
	                                             GENOPS_OPERATOR_GREATER_EQUAL));

	return is_boolean(filter, true)
	           ? all
	           : genops_build_both(normaliser, GENOPS_OPERATOR_AND, filter, all);
}

static bool
is_id(const GenopsField *field)
{
	if (field->kind != GENOPS_FIELD_ATTRIBUTE)
		return false;
	switch (field->attribute.intrinsic)
	{
		case GENOPS_INTRINSIC_SPAN_ID:
		case GENOPS_INTRINSIC_PARENT_ID:
		case GENOPS_INTRINSIC_TRACE_ID:
		case GENOPS_INTRINSIC_LINK_TRACE_ID:
		case GENOPS_INTRINSIC_LINK_SPAN_ID:
			return true;
		default:
			return false;
	}
}

static bool
is_place(const GenopsField *field)
{
	return field->kind == GENOPS_FIELD_ATTRIBUTE && genops_is_place(&field->attribute);
}

/* A status or kind is no value of an attribute, and the service's name is text. */
static bool
is_fetched(const GenopsField *field, GenopsValueType type)
{
	if (field->kind != GENOPS_FIELD_ATTRIBUTE ||
	    field->attribute.intrinsic != GENOPS_INTRINSIC_NONE)
		return true;
	if (genops_slice_equal(field->attribute.name, GENOPS_LITERAL("service.name")))
		return type == GENOPS_TYPE_STRING;
	return type != GENOPS_TYPE_STATUS && type != GENOPS_TYPE_KIND;
}

/* Of a span with nothing that the storage would fetch. */
static bool
may_hold_of_nothing(const GenopsField *field)
{
	if (genops_holds_of_nothing(field))
		return true;
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (may_hold_of_nothing(field->operands[i]))
			return true;
	}
	return false;
}

/* name !~ "a" && name !~ "b".  A longer chain than MAX_PAIRED counts as one. */
static bool
has_two_not_matches(const GenopsField *chain)
{
	if (chain->op != GENOPS_OPERATOR_AND)
		return false;
	if (chain->operand_count > MAX_PAIRED)
		return true;
	for (size_t i = 0; i < chain->operand_count; i++)
	{
		const GenopsField *operand = chain->operands[i];

		if (operand->op != GENOPS_OPERATOR_NOT_MATCH)
			continue;
		for (size_t j = 0; j < i; j++)
		{
			if (chain->operands[j]->op == GENOPS_OPERATOR_NOT_MATCH &&
			    genops_traceql_field_equal(chain->operands[j]->operands[0], operand->operands[0]))
				return true;
		}
	}
	return false;
}

/* For metrics Tempo at times takes what its storage fetched for the filter's answer,
 * which is wrong where more was asked for than a comparison with a value, of ids, and
 * where two expressions must not match; and it leaves out spans without a place in the
 * tree. */
static bool
is_decided_by_storage(const GenopsField *field)
{
	bool compared = false;

	if (field->kind != GENOPS_FIELD_OPERATION)
		return is_fetched(field, GENOPS_TYPE_BOOLEAN);
	if (field->op == GENOPS_OPERATOR_NOT || field->op == GENOPS_OPERATOR_AND ||
	    field->op == GENOPS_OPERATOR_OR)
	{
		if (has_two_not_matches(field))
			return false;
		for (size_t i = 0; i < field->operand_count; i++)
		{
			if (!is_decided_by_storage(field->operands[i]))
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (is_id(field->operands[i]) || is_place(field->operands[i]))
			return false;
		if (field->operands[i]->kind == GENOPS_FIELD_LITERAL &&
		    !is_fetched(field->operands[1 - i], field->operands[i]->literal.type))
			return false;
		compared = compared || field->operands[i]->kind == GENOPS_FIELD_LITERAL;
	}
	return compared && field->operands[0]->kind != GENOPS_FIELD_OPERATION &&
	       field->operands[1]->kind != GENOPS_FIELD_OPERATION;
}

GenopsField *
genops_normalise_filter(GenopsNormaliser *normaliser, GenopsField *filter)
{
	size_t notes = normaliser->traceql->notice_count;
	GenopsField *rewritten;

	normaliser->needs_all_spans = false;
	rewritten = genops_normalise_field(normaliser, filter, false);
	if (rewritten != NULL &&
	    (may_hold_of_nothing(rewritten) ||
	     (normaliser->of_metrics &&
	      ((normaliser->by_place && !normaliser->chooses) || !is_decided_by_storage(rewritten)))))
		normaliser->needs_all_spans = true;
	if (rewritten != NULL && normaliser->needs_all_spans)
	{
		rewritten = let_all_spans_through(normaliser, rewritten);
		if (rewritten == NULL ||
		    !genops_normalise_note_text(
		        normaliser, "\"duration >= 0s || traceDuration >= 0s\" is added to the filter: "
		                    "Tempo's storage would drop spans that the filter lets "
		                    "through."))
			return NULL;
		return rewritten;
	}
	if (rewritten == NULL || genops_traceql_field_equal(filter, rewritten))
		return rewritten;
	/* What changed without a comparison that says so: constants and brackets. */
	if (normaliser->traceql->notice_count == notes &&
	    !genops_normalise_note(normaliser, filter, rewritten,
	                           "Tempo's storage fetches nothing for a constant"))
		return NULL;
	return rewritten;
}
