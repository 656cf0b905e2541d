/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/build.h"

#include <math.h>

GenopsField *
genops_build_literal(GenopsArena *arena, GenopsLiteral literal, uint32_t offset)
{
	GenopsField *field = genops_arena_take(arena, sizeof(GenopsField));

	if (field == NULL)
		return NULL;
	field->kind = GENOPS_FIELD_LITERAL;
	field->height = 1;
	field->offset = offset;
	field->literal = literal;
	return field;
}

GenopsField *
genops_build_attribute(GenopsArena *arena, GenopsAttribute attribute)
{
	GenopsField *field = genops_arena_take(arena, sizeof(GenopsField));

	if (field == NULL)
		return NULL;
	field->kind = GENOPS_FIELD_ATTRIBUTE;
	field->height = 1;
	field->offset = attribute.offset;
	field->attribute = attribute;
	return field;
}

static GenopsField *
add_operand(GenopsArena *arena, GenopsField *field, GenopsField *operand)
{
	GenopsField **operands =
	    genops_arena_grow(arena, field->operands, field->operand_count, sizeof(GenopsField *));

	if (operands == NULL || operand->height >= GENOPS_TRACEQL_MAX_DEPTH)
		return NULL;
	field->operands = operands;
	field->operands[field->operand_count++] = operand;
	if (field->height <= operand->height)
		field->height = (uint16_t) (operand->height + 1);
	return field;
}

GenopsField *
genops_build_operation(GenopsArena *arena, GenopsOperator op, GenopsField *left, GenopsField *right,
                       uint32_t offset)
{
	GenopsField *field;

	if ((op == GENOPS_OPERATOR_AND || op == GENOPS_OPERATOR_OR) && left->op == op)
		return add_operand(arena, left, right);
	field = genops_arena_take(arena, sizeof(GenopsField));
	if (field == NULL)
		return NULL;
	field->kind = GENOPS_FIELD_OPERATION;
	field->op = op;
	field->offset = offset;
	if (add_operand(arena, field, left) == NULL ||
	    (right != NULL && add_operand(arena, field, right) == NULL))
		return NULL;
	return field;
}

static bool
fold_int(GenopsOperator op, int64_t left, int64_t right, int64_t *result)
{
	/* INT64_MIN / -1 wraps, and would trap. */
	if ((op == GENOPS_OPERATOR_DIVIDE || op == GENOPS_OPERATOR_MODULO) && right == -1)
	{
		*result = op == GENOPS_OPERATOR_DIVIDE ? (int64_t) (0 - (uint64_t) left) : 0;
		return true;
	}
	switch (op)
	{
		case GENOPS_OPERATOR_ADD:
			*result = (int64_t) ((uint64_t) left + (uint64_t) right);
			return true;
		case GENOPS_OPERATOR_SUBTRACT:
			*result = (int64_t) ((uint64_t) left - (uint64_t) right);
			return true;
		case GENOPS_OPERATOR_MULTIPLY:
			*result = (int64_t) ((uint64_t) left * (uint64_t) right);
			return true;
		case GENOPS_OPERATOR_DIVIDE:
			*result = right == 0 ? 0 : left / right;
			return right != 0;
		case GENOPS_OPERATOR_MODULO:
			*result = right == 0 ? 0 : left % right;
			return right != 0;
		default:
			return false;
	}
}

static bool
fold_real(GenopsOperator op, double left, double right, double *result)
{
	switch (op)
	{
		case GENOPS_OPERATOR_ADD:
			*result = left + right;
			break;
		case GENOPS_OPERATOR_SUBTRACT:
			*result = left - right;
			break;
		case GENOPS_OPERATOR_MULTIPLY:
			*result = left * right;
			break;
		case GENOPS_OPERATOR_DIVIDE:
			*result = left / right;
			break;
		default:
			return false;
	}
	return isfinite(*result);
}

static double
real_of(const GenopsLiteral *literal)
{
	return literal->type == GENOPS_TYPE_FLOAT ? literal->real : (double) literal->integer;
}

bool
genops_fold(GenopsOperator op, const GenopsLiteral *left, const GenopsLiteral *right,
            GenopsLiteral *result)
{
	bool ints = left->type == GENOPS_TYPE_INT && right->type == GENOPS_TYPE_INT;
	GenopsLiteral folded = { ints ? GENOPS_TYPE_INT : GENOPS_TYPE_FLOAT, 0, 0, GENOPS_ABSENT };

	if ((left->type != GENOPS_TYPE_INT && left->type != GENOPS_TYPE_FLOAT) ||
	    (right->type != GENOPS_TYPE_INT && right->type != GENOPS_TYPE_FLOAT))
		return false;
	if (ints ? !fold_int(op, left->integer, right->integer, &folded.integer)
	         : !fold_real(op, real_of(left), real_of(right), &folded.real))
		return false;
	*result = folded;
	return true;
}

bool
genops_fold_minus(const GenopsLiteral *literal, GenopsLiteral *result)
{
	if (literal->type == GENOPS_TYPE_FLOAT)
	{
		*result = *literal;
		result->real = -literal->real;
		return true;
	}
	if ((literal->type != GENOPS_TYPE_INT && literal->type != GENOPS_TYPE_DURATION) ||
	    literal->integer == INT64_MIN)
		return false;
	*result = *literal;
	result->integer = -literal->integer;
	return true;
}

bool
genops_same_attribute(const GenopsAttribute *left, const GenopsAttribute *right)
{
	return left->intrinsic == right->intrinsic && left->scope == right->scope &&
	       genops_slice_equal(left->name, right->name);
}

/* The select that the pipeline ends in; one is added if it does not. */
static GenopsStage *
last_select(GenopsArena *arena, GenopsPipeline *pipeline)
{
	GenopsStage *stages;

	if (pipeline->stages[pipeline->count - 1].kind == GENOPS_STAGE_SELECT)
		return &pipeline->stages[pipeline->count - 1];
	stages = genops_arena_grow(arena, pipeline->stages, pipeline->count, sizeof(GenopsStage));
	if (stages == NULL)
		return NULL;
	pipeline->stages = stages;
	stages[pipeline->count] = (GenopsStage){ .kind = GENOPS_STAGE_SELECT };
	return &stages[pipeline->count++];
}

bool
genops_build_select(GenopsArena *arena, GenopsPipeline *pipeline, GenopsAttribute attribute)
{
	GenopsStage *select = last_select(arena, pipeline);
	GenopsAttribute *attributes;

	if (select == NULL)
		return false;
	for (size_t i = 0; i < select->attribute_count; i++)
	{
		if (genops_same_attribute(&select->attributes[i], &attribute))
			return true;
	}
	attributes = genops_arena_grow(arena, select->attributes, select->attribute_count,
	                               sizeof(GenopsAttribute));
	if (attributes == NULL)
		return false;
	select->attributes = attributes;
	select->attributes[select->attribute_count++] = attribute;
	return true;
}
