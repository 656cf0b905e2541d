/* SPDX-License-Identifier: PostgreSQL */
/*
 * Comparisons of an attribute with a value.
 */
#include <math.h>

#include "core/traceql/build.h"
#include "core/traceql/normalise_parts.h"
#include "core/traceql/value.h"
#include "core/traceql/vocabulary.h"

static const char *const type_reason =
    "Tempo's storage compares a number only with numbers of the same type";
static const char *const all_values_reason =
    "Tempo's storage would hide values of another type and the equal elements of arrays";
static const char *const not_reason = "Tempo's storage fetches what ! then drops";

static GenopsOperator
opposite(GenopsOperator op)
{
	switch (op)
	{
		case GENOPS_OPERATOR_EQUAL:
			return GENOPS_OPERATOR_NOT_EQUAL;
		case GENOPS_OPERATOR_NOT_EQUAL:
			return GENOPS_OPERATOR_EQUAL;
		case GENOPS_OPERATOR_LESS:
			return GENOPS_OPERATOR_GREATER_EQUAL;
		case GENOPS_OPERATOR_LESS_EQUAL:
			return GENOPS_OPERATOR_GREATER;
		case GENOPS_OPERATOR_GREATER:
			return GENOPS_OPERATOR_LESS_EQUAL;
		case GENOPS_OPERATOR_GREATER_EQUAL:
			return GENOPS_OPERATOR_LESS;
		case GENOPS_OPERATOR_MATCH:
			return GENOPS_OPERATOR_NOT_MATCH;
		default:
			return GENOPS_OPERATOR_MATCH;
	}
}

GenopsField *
genops_build_comparison(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsOperator op,
                        GenopsLiteral literal)
{
	GenopsArena *arena = &normaliser->traceql->arena;
	GenopsField *value = genops_build_literal(arena, literal, attribute->offset);

	return value == NULL ? NULL
	                     : genops_build_operation(arena, op, attribute, value, attribute->offset);
}

GenopsField *
genops_build_with_zero(GenopsNormaliser *normaliser, GenopsIntrinsic duration, GenopsOperator op)
{
	static const GenopsLiteral zero = { GENOPS_TYPE_DURATION, 0, 0, { NULL, 0 } };
	GenopsField *attribute = genops_build_attribute(&normaliser->traceql->arena,
	                                                (GenopsAttribute){ .intrinsic = duration });

	return attribute == NULL ? NULL : genops_build_comparison(normaliser, attribute, op, zero);
}

GenopsField *
genops_build_both(GenopsNormaliser *normaliser, GenopsOperator op, GenopsField *left,
                  GenopsField *right)
{
	if (left == NULL || right == NULL)
		return NULL;
	return genops_build_operation(&normaliser->traceql->arena, op, left, right, left->offset);
}

static GenopsField *
scoped(GenopsNormaliser *normaliser, const GenopsField *attribute, GenopsScope scope)
{
	GenopsAttribute copy = attribute->attribute;

	copy.scope = scope;
	return genops_build_attribute(&normaliser->traceql->arena, copy);
}

/* Tempo takes an unscoped attribute for nil if either scope lacks it.  The
 * service's name is never nil. */
GenopsField *
genops_build_nil(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsOperator op)
{
	static const GenopsLiteral nil = { GENOPS_TYPE_NIL, 0, 0, { NULL, 0 } };
	static const GenopsLiteral no = { GENOPS_TYPE_BOOLEAN, 0, 0, { NULL, 0 } };
	GenopsField *span;
	GenopsField *resource;

	if (op == GENOPS_OPERATOR_NOT_EQUAL || attribute->attribute.scope > GENOPS_SCOPE_RESOURCE ||
	    attribute->attribute.intrinsic != GENOPS_INTRINSIC_NONE)
		return genops_build_comparison(normaliser, attribute, op, nil);
	if (attribute->attribute.scope != GENOPS_SCOPE_SPAN &&
	    genops_slice_equal(attribute->attribute.name, GENOPS_LITERAL("service.name")))
		return genops_build_literal(&normaliser->traceql->arena, no, attribute->offset);
	if (attribute->attribute.scope != GENOPS_SCOPE_NONE)
		return genops_build_comparison(normaliser, attribute, op, nil);
	span = scoped(normaliser, attribute, GENOPS_SCOPE_SPAN);
	resource = scoped(normaliser, attribute, GENOPS_SCOPE_RESOURCE);
	if (span == NULL || resource == NULL)
		return NULL;
	return genops_build_both(normaliser, GENOPS_OPERATOR_AND,
	                         genops_build_comparison(normaliser, span, op, nil),
	                         genops_build_comparison(normaliser, resource, op, nil));
}

static GenopsLiteral
as_float(const GenopsLiteral *literal)
{
	double real = literal->type == GENOPS_TYPE_FLOAT ? literal->real : (double) literal->integer;

	return (GenopsLiteral){ GENOPS_TYPE_FLOAT, 0, real, GENOPS_ABSENT };
}

/* The comparison of a whole number with a float, with an int instead; NULL if
 * there is none: 5 = 5.5, or beyond 64 bits.  x > 5.5 is x >= 6, not x > 5: Tempo
 * may compare it with 5.2, too. */
static GenopsField *
compare_with_int(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsOperator op,
                 const GenopsLiteral *literal)
{
	bool less = op == GENOPS_OPERATOR_LESS || op == GENOPS_OPERATOR_LESS_EQUAL;
	GenopsLiteral whole = { GENOPS_TYPE_INT, literal->integer, 0, GENOPS_ABSENT };
	double real;

	if (literal->type != GENOPS_TYPE_FLOAT)
		return genops_build_comparison(normaliser, attribute, op, whole);
	real = less ? floor(literal->real) : ceil(literal->real);
	if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0))
		return NULL;
	whole.integer = (int64_t) real;
	if (real == literal->real)
		return genops_build_comparison(normaliser, attribute, op, whole);
	if (op == GENOPS_OPERATOR_EQUAL || op == GENOPS_OPERATOR_NOT_EQUAL)
		return NULL;
	return genops_build_comparison(
	    normaliser, attribute, less ? GENOPS_OPERATOR_LESS_EQUAL : GENOPS_OPERATOR_GREATER_EQUAL,
	    whole);
}

/* With a condition that fetches all values, whatever their type. */
static GenopsField *
with_all_values(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsField *comparison)
{
	return genops_build_both(normaliser, GENOPS_OPERATOR_AND, comparison,
	                         genops_build_nil(normaliser, attribute, GENOPS_OPERATOR_NOT_EQUAL));
}

/* Tempo has a column of text for it, and a resource without one has an empty text. */
static bool
is_service_name(const GenopsAttribute *attribute)
{
	return (attribute->scope == GENOPS_SCOPE_RESOURCE || attribute->scope == GENOPS_SCOPE_NONE) &&
	       genops_slice_equal(attribute->name, GENOPS_LITERAL("service.name"));
}

/* Whether nothing may be added to the comparison: normalise_choice.c. */
static bool
is_as_written(const GenopsNormaliser *normaliser, const GenopsAttribute *attribute)
{
	return is_service_name(attribute) ||
	       (normaliser->chooses && genops_normalise_repeated(attribute->scope));
}

static GenopsField *
compare_number(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsOperator op,
               GenopsLiteral literal)
{
	GenopsField *plain = genops_build_comparison(normaliser, attribute, op, literal);
	GenopsField *whole;
	GenopsField *real;

	if (is_as_written(normaliser, &attribute->attribute))
		return plain;
	if (op == GENOPS_OPERATOR_NOT_EQUAL || normaliser->chooses ||
	    attribute->attribute.scope >= GENOPS_SCOPE_EVENT)
		return with_all_values(normaliser, attribute, plain);
	whole = compare_with_int(normaliser, attribute, op, &literal);
	real = genops_build_comparison(normaliser, attribute, op, as_float(&literal));
	return whole == NULL ? real : genops_build_both(normaliser, GENOPS_OPERATOR_OR, whole, real);
}

/* The comparison so that Tempo fetches what makes it true. */
static GenopsField *
positive(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsOperator op,
         GenopsLiteral literal)
{
	bool differs = op == GENOPS_OPERATOR_NOT_EQUAL || op == GENOPS_OPERATOR_NOT_MATCH;
	GenopsField *plain;

	switch (literal.type)
	{
		case GENOPS_TYPE_INT:
		case GENOPS_TYPE_FLOAT:
			return compare_number(normaliser, attribute, op, literal);
		case GENOPS_TYPE_DURATION:
			/* A duration is its nanoseconds, also to an attribute. */
			literal.type = GENOPS_TYPE_INT;
			return compare_number(normaliser, attribute, op, literal);
		default:
			plain = genops_build_comparison(normaliser, attribute, op, literal);
			if (plain == NULL || !differs || is_as_written(normaliser, &attribute->attribute))
				return plain;
			return with_all_values(normaliser, attribute, plain);
	}
}

/* Whether the opposite of the comparison can be written with another operator: of an attribute
 * whose type is known, and that is never nil. */
static bool
has_opposite(const GenopsAttribute *attribute, const GenopsLiteral *literal)
{
	return is_service_name(attribute) && attribute->scope == GENOPS_SCOPE_RESOURCE &&
	       literal->type == GENOPS_TYPE_STRING;
}

GenopsField *
genops_normalise_negate(GenopsNormaliser *normaliser, GenopsField *field)
{
	normaliser->needs_all_spans = true;
	return field == NULL ? NULL
	                     : genops_build_operation(&normaliser->traceql->arena, GENOPS_OPERATOR_NOT,
	                                              field, NULL, field->offset);
}

static bool
is_event_intrinsic(GenopsIntrinsic intrinsic)
{
	return intrinsic >= GENOPS_INTRINSIC_EVENT_NAME && intrinsic <= GENOPS_INTRINSIC_LINK_SPAN_ID;
}

bool
genops_normalise_repeated(GenopsScope scope)
{
	return scope == GENOPS_SCOPE_EVENT || scope == GENOPS_SCOPE_LINK;
}

bool
genops_is_repeated(const GenopsAttribute *attribute)
{
	return attribute->intrinsic == GENOPS_INTRINSIC_NONE
	           ? genops_normalise_repeated(attribute->scope)
	           : is_event_intrinsic(attribute->intrinsic);
}

/* That the attribute is nil, so that nothing else in the query sees a nil. */
static GenopsField *
is_nil(GenopsNormaliser *normaliser, GenopsField *attribute)
{
	GenopsField *field = genops_build_nil(normaliser, attribute, GENOPS_OPERATOR_EQUAL);

	if (field == NULL || field->kind == GENOPS_FIELD_LITERAL ||
	    genops_normalise_repeated(attribute->attribute.scope) ||
	    !genops_normalise_mentions(normaliser, &attribute->attribute))
		return field;
	return genops_normalise_negate(
	    normaliser, genops_build_nil(normaliser, attribute, GENOPS_OPERATOR_NOT_EQUAL));
}

static GenopsField *
normalise_attribute(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsOperator op,
                    const GenopsLiteral *literal, bool negated)
{
	if (literal->type == GENOPS_TYPE_NIL && negated &&
	    genops_normalise_repeated(attribute->attribute.scope))
		return genops_normalise_negate(normaliser, genops_build_nil(normaliser, attribute, op));
	if (literal->type == GENOPS_TYPE_NIL)
		return (op == GENOPS_OPERATOR_EQUAL) != negated
		           ? is_nil(normaliser, attribute)
		           : genops_build_nil(normaliser, attribute, GENOPS_OPERATOR_NOT_EQUAL);
	if (!negated)
		return positive(normaliser, attribute, op, *literal);
	if (!has_opposite(&attribute->attribute, literal))
		return genops_normalise_negate(normaliser, positive(normaliser, attribute, op, *literal));
	return positive(normaliser, attribute, opposite(op), *literal);
}

/* Tempo's storage refuses to compare such a column with a float, or does it wrongly. */
static bool
is_whole(GenopsIntrinsic intrinsic)
{
	return intrinsic == GENOPS_INTRINSIC_DURATION || intrinsic == GENOPS_INTRINSIC_TRACE_DURATION ||
	       intrinsic == GENOPS_INTRINSIC_CHILD_COUNT ||
	       intrinsic == GENOPS_INTRINSIC_EVENT_TIME_SINCE_START ||
	       (intrinsic >= GENOPS_INTRINSIC_NESTED_SET_LEFT &&
	        intrinsic <= GENOPS_INTRINSIC_NESTED_SET_PARENT);
}

/* Of a sum, for which everything is fetched. */
static GenopsField *
compare_sum(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsOperator op,
            const GenopsLiteral *literal)
{
	static const GenopsLiteral zero = { GENOPS_TYPE_INT, 0, 0, { NULL, 0 } };
	GenopsArena *arena = &normaliser->traceql->arena;

	attribute = genops_build_both(normaliser, GENOPS_OPERATOR_ADD, attribute,
	                              genops_build_literal(arena, zero, attribute->offset));
	return attribute == NULL ? NULL : genops_build_comparison(normaliser, attribute, op, *literal);
}

/* With an int where there is one. */
static GenopsField *
compare_whole(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsOperator op,
              const GenopsLiteral *literal)
{
	GenopsField *whole = compare_with_int(normaliser, attribute, op, literal);

	return whole != NULL ? whole : compare_sum(normaliser, attribute, op, literal);
}

static bool
is_number(GenopsValueType type)
{
	return type == GENOPS_TYPE_INT || type == GENOPS_TYPE_FLOAT || type == GENOPS_TYPE_DURATION;
}

/* A place in the tree that was not fetched is 0 to Tempo, not nil. */
static bool
is_true_of_unfetched(const GenopsAttribute *attribute, GenopsOperator op,
                     const GenopsLiteral *literal)
{
	static const GenopsLiteral zero = { GENOPS_TYPE_INT, 0, 0, { NULL, 0 } };
	GenopsTraceqlValue unfetched = genops_traceql_value_of(&zero);
	GenopsTraceqlValue value = genops_traceql_value_of(literal);

	return genops_is_place(attribute) && is_number(literal->type) &&
	       genops_traceql_compare(op, &unfetched, &value);
}

/* A root's parent reads as zeros, so that it never is "". */
static bool
is_about_no_parent(GenopsIntrinsic intrinsic, GenopsOperator op, const GenopsLiteral *literal)
{
	return intrinsic == GENOPS_INTRINSIC_PARENT_ID && literal->type == GENOPS_TYPE_STRING &&
	       literal->text.length == 0 &&
	       (op == GENOPS_OPERATOR_EQUAL || op == GENOPS_OPERATOR_NOT_EQUAL);
}

static GenopsField *
no_parent(GenopsNormaliser *normaliser, const GenopsField *attribute, GenopsOperator op)
{
	GenopsLiteral value = { GENOPS_TYPE_BOOLEAN, op == GENOPS_OPERATOR_NOT_EQUAL, 0,
		                    GENOPS_ABSENT };

	return genops_build_literal(&normaliser->traceql->arena, value, attribute->offset);
}

static GenopsField *
rewrite(GenopsNormaliser *normaliser, GenopsField *attribute, GenopsOperator op,
        const GenopsLiteral *literal, bool negated)
{
	GenopsIntrinsic intrinsic = attribute->attribute.intrinsic;

	if (intrinsic == GENOPS_INTRINSIC_NONE)
		return normalise_attribute(normaliser, attribute, op, literal, negated);
	if (negated && (is_event_intrinsic(intrinsic) || literal->type == GENOPS_TYPE_NIL))
		return genops_normalise_negate(
		    normaliser, genops_build_comparison(normaliser, attribute, op, *literal));
	if (negated)
		op = opposite(op);
	if (is_about_no_parent(intrinsic, op, literal))
		return no_parent(normaliser, attribute, op);
	if (is_true_of_unfetched(&attribute->attribute, op, literal))
		return compare_sum(normaliser, attribute, op, literal);
	return literal->type == GENOPS_TYPE_FLOAT && is_whole(intrinsic)
	           ? compare_whole(normaliser, attribute, op, literal)
	           : genops_build_comparison(normaliser, attribute, op, *literal);
}

static const char *
reason_for(const GenopsField *field, const GenopsField *rewritten, const GenopsField *attribute,
           GenopsOperator op, const GenopsLiteral *literal, bool negated)
{
	if (rewritten->kind == GENOPS_FIELD_LITERAL)
		return "Tempo's storage has no parent of a root, which reads as zeros";
	if (literal->type == GENOPS_TYPE_NIL && rewritten->op == GENOPS_OPERATOR_NOT)
		return "Tempo takes the nil for a value where the query mentions the attribute again";
	if (rewritten->operands[0]->op == GENOPS_OPERATOR_ADD &&
	    genops_is_place(&attribute->attribute) && literal->type != GENOPS_TYPE_FLOAT)
		return "a place in the tree that Tempo did not fetch is 0 to it";
	if (negated && rewritten->op != GENOPS_OPERATOR_NOT)
		return not_reason;
	if (literal->type == GENOPS_TYPE_FLOAT && is_whole(attribute->attribute.intrinsic))
		return "Tempo's storage refuses to compare that with a fraction, or does it wrongly";
	if (literal->type == GENOPS_TYPE_NIL)
		return "Tempo takes an attribute for nil if the span or the resource lacks it";
	if (field->operands[0]->kind == GENOPS_FIELD_LITERAL && op != GENOPS_OPERATOR_EQUAL &&
	    op != GENOPS_OPERATOR_NOT_EQUAL)
		return "Tempo's storage reads a comparison with the value on the left backwards";
	if (op == GENOPS_OPERATOR_NOT_EQUAL || op == GENOPS_OPERATOR_NOT_MATCH)
		return all_values_reason;
	return type_reason;
}

/* = and != are read rightly from both sides. */
static bool
is_same(const GenopsField *field, const GenopsField *rewritten)
{
	return genops_traceql_field_equal(field, rewritten) ||
	       (rewritten->op == field->op && genops_operator_mirrored(field->op) == field->op &&
	        rewritten->operand_count == 2 &&
	        genops_traceql_field_equal(field->operands[0], rewritten->operands[1]) &&
	        genops_traceql_field_equal(field->operands[1], rewritten->operands[0]));
}

static GenopsField *
normalise_plain(GenopsNormaliser *normaliser, GenopsField *field, bool negated)
{
	bool swapped = field->operands[0]->kind == GENOPS_FIELD_LITERAL;
	GenopsField *attribute = field->operands[swapped ? 1 : 0];
	GenopsField *value = field->operands[swapped ? 0 : 1];
	GenopsOperator op = swapped ? genops_operator_mirrored(field->op) : field->op;
	GenopsField *before = field;
	GenopsField *rewritten;

	/* Of all others Tempo fetches every value. */
	if (attribute->kind != GENOPS_FIELD_ATTRIBUTE || value->kind != GENOPS_FIELD_LITERAL)
		return negated ? genops_normalise_negate(normaliser, field) : field;
	rewritten = rewrite(normaliser, attribute, op, &value->literal, negated);
	if (negated)
		before = genops_build_operation(&normaliser->traceql->arena, GENOPS_OPERATOR_NOT, field,
		                                NULL, field->offset);
	if (rewritten == NULL || before == NULL)
		return NULL;
	if (negated ? genops_traceql_field_equal(before, rewritten) : is_same(field, rewritten))
		return before;
	if (!genops_normalise_note(
	        normaliser, before, rewritten,
	        reason_for(field, rewritten, attribute, op, &value->literal, negated)))
		return NULL;
	return rewritten;
}

static GenopsField *
add_guard(GenopsNormaliser *normaliser, GenopsField *field, GenopsField *guard)
{
	GenopsField *guarded = genops_build_both(normaliser, GENOPS_OPERATOR_AND, field, guard);

	if (guarded == NULL ||
	    !genops_normalise_note(normaliser, field, guarded,
	                           "to Tempo spans without links have an empty id, those without "
	                           "events one at 0s"))
		return NULL;
	return guarded;
}

static GenopsField *
normalise_unguarded(GenopsNormaliser *normaliser, GenopsField *field, bool negated)
{
	return genops_is_nested(field) ? genops_normalise_nested(normaliser, field, negated)
	                               : normalise_plain(normaliser, field, negated);
}

GenopsField *
genops_normalise_comparison(GenopsNormaliser *normaliser, GenopsField *field, bool negated)
{
	GenopsField *guard;

	if (!genops_normalise_minus(normaliser, field) ||
	    !genops_normalise_guard(normaliser, field, &guard))
		return NULL;
	if (guard == NULL)
		return normalise_unguarded(normaliser, field, negated);
	field = normalise_unguarded(normaliser, field, false);
	if (field != NULL)
		field = add_guard(normaliser, field, guard);
	return negated ? genops_normalise_negate(normaliser, field) : field;
}
