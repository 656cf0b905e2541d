/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/check.h"
#include "core/base/utf8.h"
#include "core/traceql/number.h"
#include "core/traceql/regex.h"
#include "core/traceql/vocabulary.h"

static bool
is_numeric(GenopsValueType type)
{
	return type == GENOPS_TYPE_INT || type == GENOPS_TYPE_FLOAT || type == GENOPS_TYPE_DURATION;
}

static bool
is_arithmetic(GenopsOperator op)
{
	return op >= GENOPS_OPERATOR_ADD && op <= GENOPS_OPERATOR_POWER;
}

static bool
is_equality(GenopsOperator op)
{
	return op == GENOPS_OPERATOR_EQUAL || op == GENOPS_OPERATOR_NOT_EQUAL;
}

static bool
is_nil(const GenopsField *field)
{
	return field->kind == GENOPS_FIELD_LITERAL && field->literal.type == GENOPS_TYPE_NIL;
}

GenopsValueType
genops_traceql_type(const GenopsField *field)
{
	GenopsValueType left;

	if (field->kind == GENOPS_FIELD_LITERAL)
		return field->literal.type;
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return genops_intrinsic_name(field->attribute.intrinsic)->type;
	left = genops_traceql_type(field->operands[0]);
	if (field->operand_count == 1)
		return left;
	if (!is_arithmetic(field->op))
		return GENOPS_TYPE_BOOLEAN;
	return left == GENOPS_TYPE_ANY ? genops_traceql_type(field->operands[1]) : left;
}

bool
genops_check_refuse(const GenopsCheck *check, const GenopsField *field, const char *message)
{
	char memory[140];
	GenopsBytes shown = genops_bytes_over(memory, sizeof(memory));

	genops_traceql_print_field(&shown, field);
	if (shown.failed && shown.length > 0)
		shown.length = genops_utf8_clip((GenopsSlice){ memory, shown.length }, shown.length - 1);
	return genops_complain(check->error, GENOPS_INVALID_ARGUMENT, check->text, field->offset,
	                       "%s: %.*s%s", message, (int) shown.length, memory,
	                       shown.failed ? "..." : "");
}

bool
genops_check_attribute(const GenopsCheck *check, const GenopsAttribute *attribute)
{
	if (!attribute->parent && attribute->intrinsic != GENOPS_INTRINSIC_PARENT)
		return true;
	genops_complain(check->error, GENOPS_INVALID_ARGUMENT, check->text, attribute->offset,
	                "\"parent\" is not supported");
	genops_error_hint(
	    &check->error->error,
	    "Use a structural operator: { ... } > { ... } finds the children of the spans "
	    "on its left.");
	return false;
}

static bool
allows(GenopsOperator op, GenopsValueType type)
{
	bool ordered = op >= GENOPS_OPERATOR_EQUAL && op <= GENOPS_OPERATOR_GREATER_EQUAL;

	switch (type)
	{
		case GENOPS_TYPE_ANY:
			return true;
		case GENOPS_TYPE_BOOLEAN:
			return is_equality(op) || op == GENOPS_OPERATOR_AND || op == GENOPS_OPERATOR_OR;
		case GENOPS_TYPE_STRING:
			return ordered || op == GENOPS_OPERATOR_MATCH || op == GENOPS_OPERATOR_NOT_MATCH;
		case GENOPS_TYPE_INT:
		case GENOPS_TYPE_FLOAT:
		case GENOPS_TYPE_DURATION:
			return ordered || is_arithmetic(op);
		default:
			return is_equality(op);
	}
}

static bool
comparable(GenopsValueType left, GenopsValueType right)
{
	return left == right || left == GENOPS_TYPE_ANY || right == GENOPS_TYPE_ANY ||
	       left == GENOPS_TYPE_NIL || right == GENOPS_TYPE_NIL ||
	       (is_numeric(left) && is_numeric(right));
}

/* status = "error" and duration > "1s": the value without its quotes. */
static void
hint_unquoted(const GenopsCheck *check, const GenopsField *string, GenopsValueType meant)
{
	GenopsSlice value = string->literal.text;
	const GenopsWord *word = genops_word(value);
	int64_t nanoseconds;
	bool fits;

	if (meant == GENOPS_TYPE_DURATION)
		fits = genops_parse_duration(value, &nanoseconds);
	else
		fits = word != NULL && word->kind == GENOPS_TOKEN_LITERAL && word->type == meant;
	/* The text must be the value as it stands, without escapes. */
	if (fits && string->offset + value.length + 2 <= check->text.length &&
	    memcmp(check->text.data + string->offset + 1, value.data, value.length) == 0)
		genops_complain_fix(check->error, string->offset, string->offset + value.length + 2, value);
}

/* name = error: the word as a string. */
static void
hint_quoted(const GenopsCheck *check, const GenopsField *literal)
{
	char quoted[40];
	const char *word = literal->literal.type == GENOPS_TYPE_STATUS
	                       ? genops_status_text(literal->literal.integer)
	                       : genops_kind_text(literal->literal.integer);
	GenopsBytes out = genops_bytes_over(quoted, sizeof(quoted));

	genops_bytes_put(&out, "\"", 1);
	genops_bytes_put(&out, word, strlen(word));
	genops_bytes_put(&out, "\"", 1);
	genops_complain_fix(check->error, literal->offset, literal->offset + strlen(word),
	                    (GenopsSlice){ quoted, out.length });
}

static void
hint_at_types(const GenopsCheck *check, const GenopsField *one, const GenopsField *other)
{
	GenopsValueType meant = genops_traceql_type(one);

	if (other->kind != GENOPS_FIELD_LITERAL)
		return;
	if (other->literal.type == GENOPS_TYPE_STRING)
		hint_unquoted(check, other, meant);
	else if (meant == GENOPS_TYPE_STRING &&
	         (other->literal.type == GENOPS_TYPE_STATUS || other->literal.type == GENOPS_TYPE_KIND))
		hint_quoted(check, other);
}

static bool
check_regex(const GenopsCheck *check, const GenopsField *field)
{
	const GenopsField *right = field->operands[1];
	GenopsError error;

	if (right->kind != GENOPS_FIELD_LITERAL || right->literal.type != GENOPS_TYPE_STRING)
		return genops_check_refuse(check, right,
		                           "=~ and !~ need a string on the right, which this is not");
	if (genops_regex_check(right->literal.text, &error))
		return true;
	genops_complain(check->error, GENOPS_INVALID_ARGUMENT, check->text, right->offset,
	                "not a regular expression, %s", error.message);
	return false;
}

/* Intrinsics and the service's name are never nil. */
static bool
check_nil(const GenopsCheck *check, const GenopsField *field)
{
	const GenopsField *one = is_nil(field->operands[0]) ? field->operands[1] : field->operands[0];
	const GenopsAttribute *attribute = &one->attribute;

	if (field->op != GENOPS_OPERATOR_EQUAL || one->kind != GENOPS_FIELD_ATTRIBUTE ||
	    (!is_nil(field->operands[0]) && !is_nil(field->operands[1])))
		return true;
	if (attribute->intrinsic == GENOPS_INTRINSIC_NONE &&
	    (attribute->scope != GENOPS_SCOPE_RESOURCE ||
	     !genops_slice_equal(attribute->name, GENOPS_LITERAL("service.name"))))
		return true;
	return genops_check_refuse(check, field, "this is never nil");
}

static bool
check_unary(const GenopsCheck *check, const GenopsField *field)
{
	GenopsValueType type = genops_traceql_type(field->operands[0]);
	bool valid =
	    field->op == GENOPS_OPERATOR_NEGATE ? is_numeric(type) : type == GENOPS_TYPE_BOOLEAN;

	if (valid || type == GENOPS_TYPE_ANY)
		return true;
	return genops_check_refuse(check, field,
	                           field->op == GENOPS_OPERATOR_NEGATE ? "minus needs a number"
	                                                               : "! needs a boolean");
}

/* AND and OR may have more than two operands. */
static bool
check_types(const GenopsCheck *check, const GenopsField *field)
{
	const GenopsField *left = field->operands[0];
	GenopsValueType first = genops_traceql_type(left);

	for (size_t i = 1; i < field->operand_count; i++)
	{
		const GenopsField *right = field->operands[i];
		GenopsValueType type = genops_traceql_type(right);

		if (!comparable(first, type))
		{
			genops_check_refuse(check, field, "the two sides are of different types");
			hint_at_types(check, left, right);
			hint_at_types(check, right, left);
			return false;
		}
		if (!allows(field->op, first) || !allows(field->op, type))
			return genops_check_refuse(check, field,
			                           "the operator cannot be applied to such values");
	}
	return true;
}

bool
genops_check_field(const GenopsCheck *check, const GenopsField *field)
{
	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		return genops_check_attribute(check, &field->attribute);
	for (size_t i = 0; i < field->operand_count; i++)
	{
		if (!genops_check_field(check, field->operands[i]))
			return false;
	}
	if (field->kind == GENOPS_FIELD_LITERAL)
		return true;
	if (field->operand_count == 1)
		return check_unary(check, field);
	if ((field->op == GENOPS_OPERATOR_MATCH || field->op == GENOPS_OPERATOR_NOT_MATCH) &&
	    !check_regex(check, field))
		return false;
	return check_types(check, field) && check_nil(check, field);
}

bool
genops_traceql_certain(const GenopsField *field)
{
	while (field->op == GENOPS_OPERATOR_NOT)
		field = field->operands[0];
	if (field->kind == GENOPS_FIELD_LITERAL)
		return field->literal.type == GENOPS_TYPE_BOOLEAN;
	return field->kind == GENOPS_FIELD_OPERATION && field->op >= GENOPS_OPERATOR_EQUAL &&
	       field->op <= GENOPS_OPERATOR_OR;
}
