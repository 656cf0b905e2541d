/* SPDX-License-Identifier: PostgreSQL */
/*
 * The tree as text: nested operations in brackets, as Tempo prints them.
 */
#include "core/traceql/print_value.h"
#include "core/traceql/traceql.h"
#include "core/traceql/vocabulary.h"

static void
put(GenopsBytes *out, const char *text)
{
	genops_bytes_put(out, text, strlen(text));
}

static void
put_operator(GenopsBytes *out, const char *text)
{
	put(out, " ");
	put(out, text);
	put(out, " ");
}

void
genops_traceql_print_attribute(GenopsBytes *out, const GenopsAttribute *attribute)
{
	const GenopsIntrinsicName *name = genops_intrinsic_name(attribute->intrinsic);

	if (attribute->intrinsic == GENOPS_INTRINSIC_NONE)
	{
		if (attribute->parent)
			put(out, "parent.");
		put(out, genops_scope_text(attribute->scope));
		if (!attribute->parent || attribute->scope != GENOPS_SCOPE_NONE)
			put(out, ".");
		genops_print_name(out, attribute);
	}
	else if (name->bare != NULL)
		put(out, name->bare);
	else
	{
		put(out, name->scope);
		put(out, ":");
		put(out, name->name);
	}
}

static bool
is_negative(const GenopsField *field)
{
	return field->kind == GENOPS_FIELD_LITERAL && genops_is_negative(&field->literal);
}

/* A negative number in arithmetic would take what binds more tightly with it. */
static void
print_operand(GenopsBytes *out, const GenopsField *field, bool arithmetic)
{
	bool brackets = field->kind == GENOPS_FIELD_OPERATION || (arithmetic && is_negative(field));

	put(out, brackets ? "(" : "");
	genops_traceql_print_field(out, field);
	put(out, brackets ? ")" : "");
}

void
genops_traceql_print_field(GenopsBytes *out, const GenopsField *field)
{
	bool arithmetic = field->op <= GENOPS_OPERATOR_POWER || field->operand_count == 1;

	if (field->kind == GENOPS_FIELD_LITERAL)
		genops_traceql_print_literal(out, &field->literal);
	else if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		genops_traceql_print_attribute(out, &field->attribute);
	else
	{
		if (field->operand_count == 1)
			put(out, genops_operator_text(field->op));
		for (size_t i = 0; i < field->operand_count; i++)
		{
			if (i > 0)
				put_operator(out, genops_operator_text(field->op));
			print_operand(out, field->operands[i], arithmetic);
		}
	}
}

static bool
has_pipeline(const GenopsSpanset *spanset)
{
	if (spanset->kind != GENOPS_SPANSET_OPERATION)
		return spanset->kind == GENOPS_SPANSET_PIPELINE;
	return has_pipeline(spanset->left) || has_pipeline(spanset->right);
}

static void
print_filter(GenopsBytes *out, const GenopsField *filter)
{
	put(out, "{ ");
	genops_traceql_print_field(out, filter);
	put(out, " }");
}

static void print_spanset(GenopsBytes *out, const GenopsSpanset *spanset, bool in_pipes);

/* Beside a bracketed pipeline filters are bracketed, too. */
static void
print_spanset_operand(GenopsBytes *out, const GenopsSpanset *spanset, bool in_pipes)
{
	bool brackets = spanset->kind == GENOPS_SPANSET_OPERATION ||
	                (in_pipes && spanset->kind == GENOPS_SPANSET_FILTER);

	put(out, brackets ? "(" : "");
	print_spanset(out, spanset, in_pipes);
	put(out, brackets ? ")" : "");
}

static void
print_spanset(GenopsBytes *out, const GenopsSpanset *spanset, bool in_pipes)
{
	switch (spanset->kind)
	{
		case GENOPS_SPANSET_FILTER:
			print_filter(out, spanset->filter);
			break;
		case GENOPS_SPANSET_PIPELINE:
			put(out, "(");
			genops_traceql_print_pipeline(out, spanset->pipeline);
			put(out, ")");
			break;
		case GENOPS_SPANSET_OPERATION:
			print_spanset_operand(out, spanset->left, in_pipes);
			put_operator(out, genops_spanset_operator_text(spanset->op));
			print_spanset_operand(out, spanset->right, in_pipes);
			break;
	}
}

static void
print_scalar_operand(GenopsBytes *out, const GenopsScalar *scalar)
{
	bool brackets = scalar->kind == GENOPS_SCALAR_OPERATION;

	put(out, brackets ? "(" : "");
	genops_traceql_print_scalar(out, scalar);
	put(out, brackets ? ")" : "");
}

void
genops_traceql_print_scalar(GenopsBytes *out, const GenopsScalar *scalar)
{
	switch (scalar->kind)
	{
		case GENOPS_SCALAR_LITERAL:
			/* "minInt" is a word of filters only. */
			if (scalar->literal.type == GENOPS_TYPE_INT && scalar->literal.integer == INT64_MIN)
				put(out, "(-9223372036854775807 - 1)");
			else
				genops_traceql_print_literal(out, &scalar->literal);
			break;
		case GENOPS_SCALAR_AGGREGATE:
			put(out, genops_aggregate_text(scalar->aggregate));
			put(out, "(");
			if (scalar->argument != NULL)
				genops_traceql_print_field(out, scalar->argument);
			put(out, ")");
			break;
		case GENOPS_SCALAR_PIPELINE:
			put(out, "(");
			genops_traceql_print_pipeline(out, scalar->pipeline);
			put(out, ")");
			break;
		case GENOPS_SCALAR_OPERATION:
			print_scalar_operand(out, scalar->left);
			put_operator(out, genops_operator_text(scalar->op));
			print_scalar_operand(out, scalar->right);
			break;
	}
}

static void
print_attributes(GenopsBytes *out, const char *function, const GenopsAttribute *attributes,
                 size_t count)
{
	put(out, function);
	put(out, "(");
	for (size_t i = 0; i < count; i++)
	{
		put(out, i > 0 ? ", " : "");
		genops_traceql_print_attribute(out, &attributes[i]);
	}
	put(out, ")");
}

static void
print_stage(GenopsBytes *out, const GenopsStage *stage)
{
	switch (stage->kind)
	{
		case GENOPS_STAGE_SPANSET:
			print_spanset(out, stage->spanset, has_pipeline(stage->spanset));
			break;
		case GENOPS_STAGE_SCALAR_FILTER:
			print_scalar_operand(out, stage->left);
			put_operator(out, genops_operator_text(stage->op));
			print_scalar_operand(out, stage->right);
			break;
		case GENOPS_STAGE_GROUP_BY:
			put(out, "by(");
			genops_traceql_print_field(out, stage->group);
			put(out, ")");
			break;
		case GENOPS_STAGE_COALESCE:
			put(out, "coalesce()");
			break;
		case GENOPS_STAGE_SELECT:
			print_attributes(out, "select", stage->attributes, stage->attribute_count);
			break;
		case GENOPS_STAGE_AGGREGATE:
			genops_traceql_print_scalar(out, stage->left);
			break;
	}
}

void
genops_traceql_print_pipeline(GenopsBytes *out, const GenopsPipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->count; i++)
	{
		put(out, i > 0 ? " | " : "");
		print_stage(out, &pipeline->stages[i]);
	}
}

static void
print_int(GenopsBytes *out, int64_t value)
{
	GenopsLiteral literal = { GENOPS_TYPE_INT, value, 0, GENOPS_ABSENT };

	genops_traceql_print_literal(out, &literal);
}

static void
print_compare(GenopsBytes *out, const GenopsMetricsCall *call)
{
	print_filter(out, call->selection);
	put(out, ", ");
	print_int(out, call->top);
	if (!call->has_range)
		return;
	put(out, ", ");
	print_int(out, call->start);
	put(out, ", ");
	print_int(out, call->end);
}

static void
print_call(GenopsBytes *out, const GenopsMetricsCall *call)
{
	put(out, genops_metrics_function_text(call->function));
	put(out, "(");
	if (call->function == GENOPS_METRICS_COMPARE)
		print_compare(out, call);
	else if (call->function > GENOPS_METRICS_COUNT_OVER_TIME)
		genops_traceql_print_attribute(out, &call->attribute);
	for (size_t i = 0; i < call->quantile_count; i++)
	{
		put(out, ", ");
		genops_traceql_print_literal(out, &call->quantiles[i]);
	}
	put(out, ")");
	if (call->by_count > 0)
		print_attributes(out, " by", call->by, call->by_count);
}

static void
print_second_stages(GenopsBytes *out, const GenopsMetrics *metrics)
{
	for (size_t i = 0; i < metrics->second_count; i++)
	{
		const GenopsSecondStage *stage = &metrics->second[i];

		if (stage->kind == GENOPS_SECOND_FILTER)
		{
			put_operator(out, genops_operator_text(stage->op));
			genops_traceql_print_literal(out, &stage->value);
		}
		else
		{
			put(out, stage->kind == GENOPS_SECOND_TOPK ? " | topk(" : " | bottomk(");
			genops_traceql_print_literal(out, &stage->value);
			put(out, ")");
		}
	}
}

static void print_metrics(GenopsBytes *out, const GenopsMetrics *metrics);

static void
print_metrics_operand(GenopsBytes *out, const GenopsMetrics *metrics)
{
	bool brackets = metrics->kind != GENOPS_METRICS_LITERAL;

	put(out, brackets ? "(" : "");
	print_metrics(out, metrics);
	put(out, brackets ? ")" : "");
}

static void
print_metrics(GenopsBytes *out, const GenopsMetrics *metrics)
{
	switch (metrics->kind)
	{
		case GENOPS_METRICS_LITERAL:
			genops_traceql_print_literal(out, &metrics->literal);
			break;
		case GENOPS_METRICS_CALL:
			genops_traceql_print_pipeline(out, metrics->pipeline);
			put(out, " | ");
			print_call(out, &metrics->call);
			break;
		case GENOPS_METRICS_OPERATION:
			print_metrics_operand(out, metrics->left);
			put_operator(out, genops_operator_text(metrics->op));
			print_metrics_operand(out, metrics->right);
			break;
	}
	print_second_stages(out, metrics);
}

void
genops_traceql_print(GenopsBytes *out, const GenopsQuery *query)
{
	if (query->kind == GENOPS_QUERY_METRICS)
		print_metrics(out, query->metrics);
	else
		genops_traceql_print_pipeline(out, query->pipeline);
	for (size_t i = 0; i < query->hint_count; i++)
	{
		put(out, i > 0 ? ", " : " with(");
		genops_bytes_put(out, query->hints[i].name.data, query->hints[i].name.length);
		put(out, "=");
		genops_traceql_print_literal(out, &query->hints[i].value);
	}
	put(out, query->hint_count > 0 ? ")" : "");
}
