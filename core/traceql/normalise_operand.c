/* SPDX-License-Identifier: PostgreSQL */
/*
 * Operands that Tempo refuses, or takes for a value where there is none.
 */
#include "core/traceql/build.h"
#include "core/traceql/normalise_parts.h"

/* Tempo ends a query at a span for which x is no number: sent as 0 - x. */
static GenopsField *
subtract(GenopsNormaliser *normaliser, GenopsField *minus)
{
	static const GenopsLiteral zero = { GENOPS_TYPE_INT, 0, 0, { NULL, 0 } };
	GenopsField *from = genops_build_literal(&normaliser->traceql->arena, zero, minus->offset);
	GenopsField *difference =
	    genops_build_both(normaliser, GENOPS_OPERATOR_SUBTRACT, from, minus->operands[0]);

	if (difference == NULL ||
	    !genops_normalise_note(normaliser, minus, difference,
	                           "Tempo fails at spans for which that is no number"))
		return NULL;
	return difference;
}

bool
genops_is_computed(const GenopsField *field)
{
	return field->kind == GENOPS_FIELD_OPERATION &&
	       (field->op <= GENOPS_OPERATOR_POWER || field->op == GENOPS_OPERATOR_NEGATE);
}

/* Whether the operand, if its type is known only when a span is looked at, may be
 * known to be a number: not beside a string, nor after "!". */
static bool
fits_number(const GenopsField *field, size_t operand)
{
	GenopsValueType beside;

	if (genops_is_computed(field))
		return true;
	if (field->op < GENOPS_OPERATOR_EQUAL || field->op > GENOPS_OPERATOR_GREATER_EQUAL)
		return false;
	beside = genops_traceql_type(field->operands[1 - operand]);
	return beside == GENOPS_TYPE_ANY || beside == GENOPS_TYPE_NIL || beside == GENOPS_TYPE_INT ||
	       beside == GENOPS_TYPE_FLOAT || beside == GENOPS_TYPE_DURATION;
}

bool
genops_normalise_minus(GenopsNormaliser *normaliser, GenopsField *field)
{
	for (size_t i = 0; i < field->operand_count; i++)
	{
		GenopsField *operand = field->operands[i];

		if (genops_is_computed(operand) && genops_traceql_type(operand) == GENOPS_TYPE_ANY &&
		    !fits_number(field, i))
			continue;
		if (!genops_normalise_minus(normaliser, operand))
			return false;
		if (operand->kind == GENOPS_FIELD_OPERATION && operand->op == GENOPS_OPERATOR_NEGATE)
			field->operands[i] = subtract(normaliser, operand);
		if (field->operands[i] == NULL)
			return false;
	}
	return true;
}

bool
genops_is_place(const GenopsAttribute *attribute)
{
	return attribute->intrinsic >= GENOPS_INTRINSIC_NESTED_SET_LEFT &&
	       attribute->intrinsic <= GENOPS_INTRINSIC_NESTED_SET_PARENT;
}

static bool
mentions(const GenopsField *field, GenopsIntrinsic intrinsic)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return field->attribute.intrinsic == intrinsic;
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (mentions(field->operands[i], intrinsic))
			return true;
	}
	return false;
}

const GenopsField *
genops_normalise_compared(const GenopsField *field, const GenopsLiteral **value)
{
	if (field->op < GENOPS_OPERATOR_EQUAL || field->op > GENOPS_OPERATOR_NOT_MATCH)
		return NULL;
	for (size_t i = 0; i < 2; i++)
	{
		const GenopsField *other = field->operands[1 - i];

		*value = &field->operands[i]->literal;
		if (field->operands[i]->kind == GENOPS_FIELD_LITERAL &&
		    other->kind == GENOPS_FIELD_ATTRIBUTE)
			return other;
	}
	return NULL;
}

/* What else there is of the same event or link: Tempo makes one condition of two != of
 * one id. */
static GenopsIntrinsic
other_of(GenopsIntrinsic intrinsic)
{
	switch (intrinsic)
	{
		case GENOPS_INTRINSIC_EVENT_NAME:
			return GENOPS_INTRINSIC_EVENT_TIME_SINCE_START;
		case GENOPS_INTRINSIC_EVENT_TIME_SINCE_START:
			return GENOPS_INTRINSIC_EVENT_NAME;
		case GENOPS_INTRINSIC_LINK_TRACE_ID:
			return GENOPS_INTRINSIC_LINK_SPAN_ID;
		default:
			return GENOPS_INTRINSIC_LINK_TRACE_ID;
	}
}

static GenopsField *
guard_of(GenopsNormaliser *normaliser, const GenopsField *comparison, GenopsIntrinsic intrinsic)
{
	static const GenopsLiteral empty = { GENOPS_TYPE_STRING, 0, 0, { "", 0 } };
	static const GenopsLiteral nil = { GENOPS_TYPE_NIL, 0, 0, { NULL, 0 } };
	bool is_event = intrinsic == GENOPS_INTRINSIC_EVENT_NAME ||
	                intrinsic == GENOPS_INTRINSIC_EVENT_TIME_SINCE_START;
	/* Of "!~" it is the other way round: beside the other id that holds without links. */
	bool itself =
	    intrinsic == GENOPS_INTRINSIC_LINK_TRACE_ID && comparison->op == GENOPS_OPERATOR_NOT_MATCH;
	GenopsAttribute attribute = { .intrinsic = itself ? intrinsic : other_of(intrinsic) };
	GenopsField *field = genops_build_attribute(&normaliser->traceql->arena, attribute);

	return field == NULL ? NULL
	                     : genops_build_comparison(normaliser, field, GENOPS_OPERATOR_NOT_EQUAL,
	                                               is_event ? nil : empty);
}

/* Of an intrinsic that is compared anywhere, Tempo fetches only what makes that true, also
 * among several events; the guard would have it fetch all. */
static bool
may_guard_with(const GenopsNormaliser *normaliser, GenopsIntrinsic intrinsic)
{
	return (normaliser->mentioned_intrinsics & (UINT32_C(1) << intrinsic)) == 0;
}

/* A plain comparison of the time (with a float it is none, see compare_whole), and one
 * for an id that there is, fetch nothing where there is none. */
static bool
needs_guard(const GenopsField *comparison, GenopsIntrinsic intrinsic)
{
	const GenopsLiteral *literal;

	if (!mentions(comparison, intrinsic))
		return false;
	if (genops_normalise_compared(comparison, &literal) == NULL)
		return true;
	if (intrinsic == GENOPS_INTRINSIC_EVENT_TIME_SINCE_START)
		return literal->type == GENOPS_TYPE_FLOAT;
	if (intrinsic == GENOPS_INTRINSIC_EVENT_NAME)
		return false;
	return literal->type == GENOPS_TYPE_STRING &&
	       (comparison->op != GENOPS_OPERATOR_EQUAL || literal->text.length == 0);
}

bool
genops_mentions_scope(const GenopsField *field, GenopsScope scope)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return field->attribute.intrinsic == GENOPS_INTRINSIC_NONE &&
		       field->attribute.scope == scope;
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (genops_mentions_scope(field->operands[i], scope))
			return true;
	}
	return false;
}

bool
genops_holds_of_nothing(const GenopsField *comparison)
{
	if (comparison->op != GENOPS_OPERATOR_EQUAL && comparison->op != GENOPS_OPERATOR_NOT_EQUAL)
		return false;
	if (genops_is_nested(comparison))
		return true;
	for (size_t i = 0; i < 2; i++)
	{
		const GenopsField *other = comparison->operands[1 - i];

		if (!genops_is_computed(comparison->operands[i]))
			continue;
		if (other->kind != GENOPS_FIELD_LITERAL || other->literal.type == GENOPS_TYPE_BOOLEAN)
			return true;
		return other->literal.type == GENOPS_TYPE_NIL &&
		       comparison->op == GENOPS_OPERATOR_NOT_EQUAL;
	}
	return false;
}

/* Without any event there is nothing of which it could hold. */
static bool
scope_needs_guard(const GenopsField *comparison, GenopsScope scope)
{
	return genops_holds_of_nothing(comparison) && genops_mentions_scope(comparison, scope);
}

bool
genops_normalise_guard(GenopsNormaliser *normaliser, const GenopsField *comparison,
                       GenopsField **guard)
{
	/* What guards an event's or link's attributes is the guard of one of its intrinsics. */
	static const struct
	{
		GenopsIntrinsic intrinsic;
		GenopsScope scope; /* NONE: of the intrinsic alone */
	} guarded[] = { { GENOPS_INTRINSIC_EVENT_NAME, GENOPS_SCOPE_NONE },
		            { GENOPS_INTRINSIC_EVENT_TIME_SINCE_START, GENOPS_SCOPE_EVENT },
		            { GENOPS_INTRINSIC_LINK_TRACE_ID, GENOPS_SCOPE_NONE },
		            { GENOPS_INTRINSIC_LINK_SPAN_ID, GENOPS_SCOPE_LINK } };

	*guard = NULL;
	for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
	{
		GenopsField *each;

		if (!needs_guard(comparison, guarded[i].intrinsic) &&
		    (guarded[i].scope == GENOPS_SCOPE_NONE ||
		     !scope_needs_guard(comparison, guarded[i].scope)))
			continue;
		if (!may_guard_with(normaliser, other_of(guarded[i].intrinsic)))
			continue;
		each = guard_of(normaliser, comparison, guarded[i].intrinsic);
		*guard = *guard == NULL ? each
		                        : genops_build_both(normaliser, GENOPS_OPERATOR_AND, *guard, each);
		if (*guard == NULL)
			return false;
	}
	return true;
}
