/* SPDX-License-Identifier: PostgreSQL */
/*
 * Filters as SQL.
 *
 * A comparison with a missing value is NULL in SQL and false in TraceQL.  That
 * is the same to WHERE, AND and OR; below NOT it is made false.
 */
#include "postgres.h"

#include "ask/promoted.h"
#include "ask/push_down.h"
#include "core/traceql/traceql.h"
#include "core/traceql/vocabulary.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/float.h"

static Condition
Always(bool exact)
{
	return (Condition){ CONDITION_ALWAYS, exact, NULL };
}

static Condition
Never(void)
{
	return (Condition){ CONDITION_NEVER, true, NULL };
}

static Condition
Sql(bool exact, char *sql)
{
	return (Condition){ CONDITION_SQL, exact, sql };
}

static Condition
Both(Condition left, Condition right)
{
	bool exact = left.exact && right.exact;

	if (left.kind == CONDITION_NEVER || right.kind == CONDITION_NEVER)
		return Never();
	if (left.kind == CONDITION_ALWAYS || right.kind == CONDITION_ALWAYS)
	{
		Condition other = left.kind == CONDITION_ALWAYS ? right : left;

		other.exact = exact;
		return other;
	}
	return Sql(exact, psprintf("%s AND %s", left.sql, right.sql));
}

static Condition
Either(Condition left, Condition right)
{
	bool exact = left.exact && right.exact;

	if (left.kind == CONDITION_NEVER)
		return right;
	if (right.kind == CONDITION_NEVER)
		return left;
	if (left.kind == CONDITION_ALWAYS || right.kind == CONDITION_ALWAYS)
		return Always(exact || (left.kind == CONDITION_ALWAYS && left.exact) ||
		              (right.kind == CONDITION_ALWAYS && right.exact));
	return Sql(exact, psprintf("(%s OR %s)", left.sql, right.sql));
}

static Condition
Not(Condition condition)
{
	if (!condition.exact)
		return Always(false);
	if (condition.kind == CONDITION_ALWAYS)
		return Never();
	if (condition.kind == CONDITION_NEVER)
		return Always(true);
	return Sql(true, psprintf("NOT coalesce(%s, false)", condition.sql));
}

/* Comparisons */

static bool
IsNumber(GenopsValueType type)
{
	return type == GENOPS_TYPE_INT || type == GENOPS_TYPE_FLOAT || type == GENOPS_TYPE_DURATION;
}

static const char *
OperatorText(GenopsOperator op)
{
	switch (op)
	{
		case GENOPS_OPERATOR_EQUAL:
			return "=";
		case GENOPS_OPERATOR_NOT_EQUAL:
			return "<>";
		case GENOPS_OPERATOR_LESS:
			return "<";
		case GENOPS_OPERATOR_LESS_EQUAL:
			return "<=";
		case GENOPS_OPERATOR_GREATER:
			return ">";
		case GENOPS_OPERATOR_GREATER_EQUAL:
			return ">=";
		default:
			return NULL;
	}
}

static char *
RealText(double real)
{
	return psprintf("'%s'::float8", float8out_internal(real));
}

/* Whole numbers compare as such, others as doubles, as in TraceQL. */
static Condition
CompareNumbers(const Promoted *column, GenopsOperator op, const GenopsLiteral *literal)
{
	const char *text = OperatorText(op);

	if (column->type != GENOPS_TYPE_FLOAT && literal->type != GENOPS_TYPE_FLOAT &&
	    column->type == literal->type)
		return Sql(true, psprintf("%s %s '" INT64_FORMAT "'::bigint", column->sql, text,
		                          literal->integer));
	return Sql(true,
	           psprintf("(%s)::float8 %s %s", column->sql, text,
	                    RealText(literal->type == GENOPS_TYPE_FLOAT ? literal->real
	                                                                : (double) literal->integer)));
}

/* The columns have the database's encoding, the spans UTF-8. */
static bool
TextsAreComparable(GenopsSlice literal)
{
	return GetDatabaseEncoding() == PG_UTF8 && literal.length <= PG_INT16_MAX &&
	       memchr(literal.data, '\0', literal.length) == NULL &&
	       pg_verify_mbstr(PG_UTF8, literal.data, (int) literal.length, true);
}

static Condition
CompareTexts(const Promoted *column, GenopsOperator op, GenopsSlice literal)
{
	char *text;

	if (!TextsAreComparable(literal))
		return Always(false);
	text = quote_literal_cstr(pnstrdup(literal.data, literal.length));
	if (op == GENOPS_OPERATOR_EQUAL && literal.length > 0 && column->text != NULL)
		return Sql(true, psprintf("%s = %s", column->text, text));
	if (op == GENOPS_OPERATOR_EQUAL || op == GENOPS_OPERATOR_NOT_EQUAL)
		return Sql(true, psprintf("%s %s %s", column->sql, OperatorText(op), text));
	return Sql(true, psprintf("(%s) COLLATE \"C\" %s %s", column->sql, OperatorText(op), text));
}

static Condition
CompareWithNil(const Promoted *column, GenopsOperator op)
{
	bool equal = op == GENOPS_OPERATOR_EQUAL;

	if (!column->has_missing)
		return equal ? Never() : Always(true);
	return Sql(true, psprintf("(%s) IS %s", column->sql, equal ? "NULL" : "NOT NULL"));
}

static Condition
CompareColumn(const Promoted *column, GenopsOperator op, const GenopsLiteral *literal)
{
	if (literal->type == GENOPS_TYPE_NIL)
		return CompareWithNil(column, op);
	if (op == GENOPS_OPERATOR_MATCH || op == GENOPS_OPERATOR_NOT_MATCH)
	{
		Condition present = CompareWithNil(column, GENOPS_OPERATOR_NOT_EQUAL);

		present.exact = false;
		return column->type == GENOPS_TYPE_STRING ? present : Never();
	}
	if (IsNumber(column->type) && IsNumber(literal->type))
		return CompareNumbers(column, op, literal);
	if (column->type != literal->type)
		return Never();
	if (column->type == GENOPS_TYPE_STRING)
		return CompareTexts(column, op, literal->text);
	if (op != GENOPS_OPERATOR_EQUAL && op != GENOPS_OPERATOR_NOT_EQUAL)
		return Never();
	return Sql(true,
	           psprintf("%s %s " INT64_FORMAT, column->sql, OperatorText(op), literal->integer));
}

static Condition
Compare(const GenopsField *field)
{
	const GenopsField *left = field->operands[0];
	const GenopsField *right = field->operands[1];
	GenopsOperator op = field->op;
	const Promoted *column;

	if (left->kind == GENOPS_FIELD_LITERAL && right->kind == GENOPS_FIELD_ATTRIBUTE)
	{
		left = field->operands[1];
		right = field->operands[0];
		op = genops_operator_mirrored(op);
	}
	if (left->kind != GENOPS_FIELD_ATTRIBUTE || right->kind != GENOPS_FIELD_LITERAL)
		return Always(false);
	column = PromotedFind(&left->attribute);
	return column == NULL ? Always(false) : CompareColumn(column, op, &right->literal);
}

static Condition PushDownFilter(const GenopsField *filter);

static Condition
PushDownAnd(const GenopsField *field)
{
	Condition result = PushDownFilter(field->operands[0]);

	for (size_t i = 1; i < field->operand_count; i++)
		result = Both(result, PushDownFilter(field->operands[i]));
	return result;
}

/* Beside what is not certain even "|| true" is false. */
static Condition
PushDownOr(const GenopsField *field)
{
	Condition result = PushDownFilter(field->operands[0]);
	bool certain = genops_traceql_certain(field->operands[0]);

	for (size_t i = 1; i < field->operand_count; i++)
	{
		result = Either(result, PushDownFilter(field->operands[i]));
		certain = certain && genops_traceql_certain(field->operands[i]);
	}
	result.exact = result.exact && certain;
	return result;
}

static Condition
PushDownFilter(const GenopsField *filter)
{
	if (filter->kind == GENOPS_FIELD_LITERAL)
		return filter->literal.type == GENOPS_TYPE_BOOLEAN && filter->literal.integer != 0
		           ? Always(true)
		           : Never();
	if (filter->kind == GENOPS_FIELD_ATTRIBUTE)
		return Always(false);
	if (filter->op == GENOPS_OPERATOR_AND)
		return PushDownAnd(filter);
	if (filter->op == GENOPS_OPERATOR_OR)
		return PushDownOr(filter);
	if (filter->op == GENOPS_OPERATOR_NOT)
		return Not(PushDownFilter(filter->operands[0]));
	if (filter->op >= GENOPS_OPERATOR_EQUAL && filter->op <= GENOPS_OPERATOR_NOT_MATCH)
		return Compare(filter);
	return Always(false);
}

/* Pipelines */

/* The right-hand side's spans are the result, unless both sides' are. */
static bool
KeepsLeft(GenopsSpansetOperator op)
{
	return op == GENOPS_SPANSET_AND || op == GENOPS_SPANSET_OR || op >= GENOPS_SPANSET_UNION_CHILD;
}

/* Of a pipeline in brackets only the first stage decides here. */
static Condition
PushDownBrackets(const GenopsPipeline *pipeline)
{
	Condition first = PushDownCandidates(pipeline);

	first.exact = first.exact && pipeline->count == 1;
	return first;
}

static Condition
PushDownSpanset(const GenopsSpanset *spanset)
{
	if (spanset->kind == GENOPS_SPANSET_FILTER)
		return PushDownFilter(spanset->filter);
	if (spanset->kind == GENOPS_SPANSET_PIPELINE)
		return PushDownBrackets(spanset->pipeline);
	if (!KeepsLeft(spanset->op))
		return PushDownSpanset(spanset->right);
	return Either(PushDownSpanset(spanset->left), PushDownSpanset(spanset->right));
}

Condition
PushDownPipeline(const GenopsPipeline *pipeline)
{
	Condition result = Always(true);

	for (size_t i = 0; i < pipeline->count; i++)
		if (pipeline->stages[i].kind == GENOPS_STAGE_SPANSET)
			result = Both(result, PushDownSpanset(pipeline->stages[i].spanset));
	return result;
}

Condition
PushDownCandidates(const GenopsPipeline *pipeline)
{
	if (pipeline->count > 0 && pipeline->stages[0].kind == GENOPS_STAGE_SPANSET)
		return PushDownSpanset(pipeline->stages[0].spanset);
	return Always(true);
}
