/* SPDX-License-Identifier: PostgreSQL */
#include "core/span/otlp_read.h"
#include "core/traceql/value.h"

#include <math.h>

#define ARRAY_VALUES 1

GenopsTraceqlValue
genops_traceql_value_boolean(bool value)
{
	return (GenopsTraceqlValue){ .type = GENOPS_TYPE_BOOLEAN, .integer = value };
}

GenopsTraceqlValue
genops_traceql_value_of(const GenopsLiteral *literal)
{
	return (GenopsTraceqlValue){ .type = literal->type,
		                         .integer = literal->integer,
		                         .real = literal->real,
		                         .text = literal->text };
}

/* Reading */

static GenopsTraceqlValue
from_wire(const GenopsValue *wire)
{
	switch (wire->type)
	{
		case GENOPS_VALUE_TEXT:
			return (GenopsTraceqlValue){ .type = GENOPS_TYPE_STRING, .text = wire->bytes };
		case GENOPS_VALUE_BOOL:
			return genops_traceql_value_boolean(wire->boolean);
		case GENOPS_VALUE_INT:
			return (GenopsTraceqlValue){ .type = GENOPS_TYPE_INT, .integer = wire->integer };
		case GENOPS_VALUE_DOUBLE:
			return (GenopsTraceqlValue){ .type = GENOPS_TYPE_FLOAT, .real = wire->number };
		default:
			return (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	}
}

static bool
read_array(GenopsSlice content, GenopsTraceqlValue *value)
{
	GenopsFields fields = genops_fields(content);
	GenopsWireField field;
	GenopsTraceqlValue first = { .type = GENOPS_TYPE_NIL };
	size_t count = 0;
	bool uniform = true;

	while (genops_fields_next(&fields, &field))
	{
		GenopsValue wire;
		GenopsTraceqlValue element;

		if (field.number != ARRAY_VALUES || field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		if (!genops_read_value(field.bytes, &wire))
			return false;
		element = from_wire(&wire);
		if (count++ == 0)
			first = element;
		uniform = uniform && element.type == first.type;
	}
	*value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	if (count == 1)
		*value = first;
	else if (uniform && first.type != GENOPS_TYPE_NIL)
		*value = (GenopsTraceqlValue){ .type = first.type, .array = true, .text = content };
	return !fields.malformed;
}

bool
genops_traceql_value_read(GenopsSlice any_value, GenopsTraceqlValue *value)
{
	GenopsValue wire;

	if (!genops_read_value(any_value, &wire))
		return false;
	if (wire.type == GENOPS_VALUE_ARRAY)
		return read_array(wire.bytes, value);
	*value = from_wire(&wire);
	return true;
}

bool
genops_traceql_value_next(GenopsSlice *rest, GenopsTraceqlValue *element)
{
	GenopsFields fields = genops_fields(*rest);
	GenopsWireField field;
	GenopsValue wire;

	while (genops_fields_next(&fields, &field))
	{
		*rest = (GenopsSlice){ (const char *) fields.next, (size_t) (fields.end - fields.next) };
		if (field.number != ARRAY_VALUES || field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		if (!genops_read_value(field.bytes, &wire))
			return false;
		*element = from_wire(&wire);
		return true;
	}
	return false;
}

/* Comparing */

static bool
is_number(GenopsValueType type)
{
	return type == GENOPS_TYPE_INT || type == GENOPS_TYPE_FLOAT || type == GENOPS_TYPE_DURATION;
}

static double
as_real(const GenopsTraceqlValue *value)
{
	return value->type == GENOPS_TYPE_FLOAT ? value->real : (double) value->integer;
}

/* Of two of a kind: whether they are less, equal or greater; none of it for NaN. */
static bool
ordered(GenopsOperator op, bool less, bool equal, bool greater)
{
	switch (op)
	{
		case GENOPS_OPERATOR_EQUAL:
			return equal;
		case GENOPS_OPERATOR_NOT_EQUAL:
			return !equal;
		case GENOPS_OPERATOR_LESS:
			return less;
		case GENOPS_OPERATOR_LESS_EQUAL:
			return less || equal;
		case GENOPS_OPERATOR_GREATER:
			return greater;
		case GENOPS_OPERATOR_GREATER_EQUAL:
			return greater || equal;
		default:
			return false;
	}
}

static bool
compare_texts(GenopsOperator op, GenopsSlice left, GenopsSlice right)
{
	size_t common = left.length < right.length ? left.length : right.length;
	int order;

	if (left.length != right.length &&
	    (op == GENOPS_OPERATOR_EQUAL || op == GENOPS_OPERATOR_NOT_EQUAL))
		return op == GENOPS_OPERATOR_NOT_EQUAL;
	order = common == 0 ? 0 : memcmp(left.data, right.data, common);
	if (order == 0)
		order = (left.length > right.length) - (left.length < right.length);
	return ordered(op, order<0, order == 0, order> 0);
}

static bool
compare_scalars(GenopsOperator op, const GenopsTraceqlValue *left, const GenopsTraceqlValue *right)
{
	bool equality = op == GENOPS_OPERATOR_EQUAL || op == GENOPS_OPERATOR_NOT_EQUAL;

	if (is_number(left->type) && is_number(right->type))
	{
		double one = as_real(left);
		double other = as_real(right);

		if (left->type == right->type && left->type != GENOPS_TYPE_FLOAT)
			return ordered(
			    op, left->integer<right->integer, left->integer == right->integer, left->integer>
			            right->integer);
		return ordered(op, one<other, one == other, one> other);
	}
	if (left->type != right->type || left->type == GENOPS_TYPE_NIL)
		return false;
	if (left->type == GENOPS_TYPE_STRING)
		return compare_texts(op, left->text, right->text);
	return equality && (left->integer == right->integer) == (op == GENOPS_OPERATOR_EQUAL);
}

static bool
compare_elements(GenopsOperator op, const GenopsTraceqlValue *left, const GenopsTraceqlValue *right)
{
	bool all = op == GENOPS_OPERATOR_NOT_EQUAL;
	GenopsSlice rest = left->array ? left->text : right->text;
	GenopsTraceqlValue element;

	while (genops_traceql_value_next(&rest, &element))
	{
		bool holds = left->array ? compare_scalars(op, &element, right)
		                         : compare_scalars(op, left, &element);

		if (holds != all)
			return holds;
	}
	return all;
}

bool
genops_traceql_compare(GenopsOperator op, const GenopsTraceqlValue *left,
                       const GenopsTraceqlValue *right)
{
	if (left->array && right->array)
		return false;
	if (left->array || right->array)
		return compare_elements(op, left, right);
	return compare_scalars(op, left, right);
}

/* Computing */

/* As Tempo's machine does it: what does not fit is the least number. */
static int64_t
to_integer(double real)
{
	return real >= -9223372036854775808.0 && real < 9223372036854775808.0 ? (int64_t) real
	                                                                      : INT64_MIN;
}

/* Overflow wraps around.  a ^ b is b to the power a (traceql.md 5.3). */
static bool
compute_integers(GenopsOperator op, int64_t left, int64_t right, int64_t *result,
                 GenopsError *error)
{
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
		case GENOPS_OPERATOR_POWER:
			*result = to_integer(pow((double) right, (double) left));
			return true;
		default:
			break;
	}
	if (right == 0)
		return genops_error_set(error, GENOPS_DIVISION_BY_ZERO, "division by zero");
	if (right == -1) /* INT64_MIN / -1 would trap */
		*result = op == GENOPS_OPERATOR_DIVIDE ? (int64_t) (0 - (uint64_t) left) : 0;
	else
		*result = op == GENOPS_OPERATOR_DIVIDE ? left / right : left % right;
	return true;
}

static double
compute_reals(GenopsOperator op, double left, double right)
{
	switch (op)
	{
		case GENOPS_OPERATOR_ADD:
			return left + right;
		case GENOPS_OPERATOR_SUBTRACT:
			return left - right;
		case GENOPS_OPERATOR_MULTIPLY:
			return left * right;
		case GENOPS_OPERATOR_DIVIDE:
			/* IEEE's division; spelled out, as C leaves that by zero undefined. */
			if (right == 0)
				return left == 0 || isnan(left)          ? NAN
				       : signbit(left) != signbit(right) ? -INFINITY
				                                         : INFINITY;
			return left / right;
		case GENOPS_OPERATOR_MODULO:
			return fmod(left, right);
		default:
			return pow(left, right);
	}
}

bool
genops_traceql_compute(GenopsOperator op, const GenopsTraceqlValue *left,
                       const GenopsTraceqlValue *right, GenopsTraceqlValue *result,
                       GenopsError *error)
{
	*result = genops_traceql_value_boolean(false);
	if (left->array || right->array || !is_number(left->type) || !is_number(right->type))
		return true;
	if (left->type == GENOPS_TYPE_INT && right->type == GENOPS_TYPE_INT)
	{
		result->type = GENOPS_TYPE_INT;
		return compute_integers(op, left->integer, right->integer, &result->integer, error);
	}
	result->type = GENOPS_TYPE_FLOAT;
	result->real = compute_reals(op, as_real(left), as_real(right));
	return true;
}
