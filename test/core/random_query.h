/* SPDX-License-Identifier: PostgreSQL */
/*
 * Random queries over TraceQL's whole grammar that pass the static check.
 */
#ifndef GENOPS_TEST_CORE_RANDOM_QUERY_H
#define GENOPS_TEST_CORE_RANDOM_QUERY_H

#include "core/traceql/build.h"
#include "test/core/check.h"

typedef struct RandomQuery
{
	uint64_t *random;
	GenopsArena *arena;
} RandomQuery;

static inline size_t
pick(const RandomQuery *query, size_t count)
{
	return (size_t) (next_random(query->random) >> 33) % count;
}

static inline GenopsOperator
pick_operator(const RandomQuery *query, GenopsOperator first, GenopsOperator last)
{
	return (GenopsOperator) ((size_t) first + pick(query, (size_t) (last - first) + 1));
}

static inline GenopsAttribute
random_attribute(const RandomQuery *query)
{
	static const char *const names[] = { "a",  "team", "a-1", "b c",        "5x",       "span.x",
		                                 "\"", "\\",   "^",   "gr\xC3\xBC", "duration", "x.y/z" };

	return (GenopsAttribute){ .scope = (GenopsScope) pick(query, 6),
		                      .name = genops_slice(names[pick(query, COUNT_OF(names))]) };
}

static inline GenopsField *
attribute_field(const RandomQuery *query, GenopsIntrinsic intrinsic)
{
	GenopsAttribute attribute = { .intrinsic = intrinsic };

	return genops_build_attribute(
	    query->arena, intrinsic == GENOPS_INTRINSIC_NONE ? random_attribute(query) : attribute);
}

static inline GenopsLiteral
random_number(const RandomQuery *query)
{
	static const double reals[] = { 0, 0.1, -1.5, 1e300, 5e-324, 1234567, 1e21, 0.0001, 0.00001 };
	static const int64_t ints[] = { 0, 1, -1, 2, 1000, INT64_MAX, INT64_MIN, 999999999, 1500000 };
	GenopsLiteral literal = { 0 };

	switch (pick(query, 3))
	{
		case 0:
			literal.type = GENOPS_TYPE_FLOAT;
			literal.real = reals[pick(query, COUNT_OF(reals))];
			break;
		case 1:
			literal.type = GENOPS_TYPE_INT;
			literal.integer = ints[pick(query, COUNT_OF(ints))];
			break;
		default:
			literal.type = GENOPS_TYPE_DURATION;
			literal.integer = (int64_t) (next_random(query->random) >> (1 + pick(query, 63)));
	}
	return literal;
}

static inline GenopsField *
number_field(const RandomQuery *query, int depth)
{
	static const GenopsIntrinsic intrinsics[] = {
		GENOPS_INTRINSIC_DURATION,          GENOPS_INTRINSIC_CHILD_COUNT,
		GENOPS_INTRINSIC_TRACE_DURATION,    GENOPS_INTRINSIC_NESTED_SET_LEFT,
		GENOPS_INTRINSIC_NESTED_SET_PARENT, GENOPS_INTRINSIC_EVENT_TIME_SINCE_START,
	};
	GenopsLiteral folded;
	GenopsField *left;
	GenopsField *right;
	GenopsOperator op;

	switch (pick(query, depth > 0 ? 5 : 3))
	{
		case 0:
			return genops_build_literal(query->arena, random_number(query), 0);
		case 1:
			return attribute_field(query, intrinsics[pick(query, COUNT_OF(intrinsics))]);
		case 2:
			return attribute_field(query, GENOPS_INTRINSIC_NONE);
		case 3:
			left = number_field(query, depth - 1);
			if (left->kind == GENOPS_FIELD_LITERAL && genops_fold_minus(&left->literal, &folded))
				return left;
			return genops_build_operation(query->arena, GENOPS_OPERATOR_NEGATE, left, NULL, 0);
		default:
			op = pick_operator(query, GENOPS_OPERATOR_ADD, GENOPS_OPERATOR_POWER);
			left = number_field(query, depth - 1);
			right = number_field(query, depth - 1);
			if (left->kind == GENOPS_FIELD_LITERAL && right->kind == GENOPS_FIELD_LITERAL &&
			    genops_fold(op, &left->literal, &right->literal, &folded))
				return left;
			return genops_build_operation(query->arena, op, left, right, 0);
	}
}

static inline GenopsField *
string_literal(const RandomQuery *query)
{
	static const char *const texts[] = { "",     "a",    "`",    "\"",          "a\\b",
		                                 "x\ny", "\x01", "a.*b", "\xE2\x82\xAC" };
	GenopsLiteral literal = { .type = GENOPS_TYPE_STRING };

	literal.text = genops_slice(texts[pick(query, COUNT_OF(texts))]);
	return genops_build_literal(query->arena, literal, 0);
}

static inline GenopsField *
string_field(const RandomQuery *query)
{
	static const GenopsIntrinsic intrinsics[] = {
		GENOPS_INTRINSIC_NAME,
		GENOPS_INTRINSIC_STATUS_MESSAGE,
		GENOPS_INTRINSIC_SPAN_ID,
		GENOPS_INTRINSIC_PARENT_ID,
		GENOPS_INTRINSIC_ROOT_NAME,
		GENOPS_INTRINSIC_ROOT_SERVICE_NAME,
		GENOPS_INTRINSIC_TRACE_ID,
		GENOPS_INTRINSIC_EVENT_NAME,
		GENOPS_INTRINSIC_LINK_TRACE_ID,
		GENOPS_INTRINSIC_LINK_SPAN_ID,
		GENOPS_INTRINSIC_INSTRUMENTATION_NAME,
		GENOPS_INTRINSIC_INSTRUMENTATION_VERSION,
		GENOPS_INTRINSIC_NONE,
	};

	if (pick(query, 2) == 0)
		return string_literal(query);
	return attribute_field(query, intrinsics[pick(query, COUNT_OF(intrinsics))]);
}

static inline GenopsField *
keyword_comparison(const RandomQuery *query)
{
	bool status = pick(query, 2) == 0;
	GenopsLiteral literal = { .type = status ? GENOPS_TYPE_STATUS : GENOPS_TYPE_KIND,
		                      .integer = (int64_t) pick(query, status ? 3 : 6) };
	GenopsIntrinsic intrinsic = status ? GENOPS_INTRINSIC_STATUS : GENOPS_INTRINSIC_KIND;

	if (pick(query, 4) == 0)
		intrinsic = GENOPS_INTRINSIC_NONE;
	return genops_build_operation(
	    query->arena, pick_operator(query, GENOPS_OPERATOR_EQUAL, GENOPS_OPERATOR_NOT_EQUAL),
	    attribute_field(query, intrinsic), genops_build_literal(query->arena, literal, 0), 0);
}

static inline GenopsField *
comparison(const RandomQuery *query, int depth)
{
	GenopsOperator op = pick_operator(query, GENOPS_OPERATOR_EQUAL, GENOPS_OPERATOR_GREATER_EQUAL);
	GenopsLiteral nil = { .type = GENOPS_TYPE_NIL };

	switch (pick(query, 5))
	{
		case 0:
			return genops_build_operation(query->arena, op, number_field(query, depth),
			                              number_field(query, depth), 0);
		case 1:
			return genops_build_operation(query->arena, op, string_field(query),
			                              string_field(query), 0);
		case 2:
			return genops_build_operation(
			    query->arena,
			    pick_operator(query, GENOPS_OPERATOR_MATCH, GENOPS_OPERATOR_NOT_MATCH),
			    string_field(query), string_literal(query), 0);
		case 3:
			return genops_build_operation(
			    query->arena,
			    pick_operator(query, GENOPS_OPERATOR_EQUAL, GENOPS_OPERATOR_NOT_EQUAL),
			    attribute_field(query, GENOPS_INTRINSIC_NONE),
			    genops_build_literal(query->arena, nil, 0), 0);
		default:
			return keyword_comparison(query);
	}
}

static inline GenopsField *
boolean_field(const RandomQuery *query, int depth)
{
	GenopsLiteral literal = { .type = GENOPS_TYPE_BOOLEAN };
	GenopsOperator op;
	GenopsField *left;

	switch (pick(query, depth > 0 ? 8 : 4))
	{
		case 0:
			literal.integer = (int64_t) pick(query, 2);
			return genops_build_literal(query->arena, literal, 0);
		case 1:
			return attribute_field(query, GENOPS_INTRINSIC_NONE);
		case 2:
		case 3:
			return comparison(query, depth > 0 ? depth - 1 : 0);
		case 4:
			return genops_build_operation(query->arena, GENOPS_OPERATOR_NOT,
			                              boolean_field(query, depth - 1), NULL, 0);
		default:
			op = pick_operator(query, GENOPS_OPERATOR_AND, GENOPS_OPERATOR_OR);
			left = boolean_field(query, depth - 1);
			return genops_build_operation(query->arena, op, left, boolean_field(query, depth - 1),
			                              0);
	}
}

/* Has to be among the first: "by" and aggregates need something of the span. */
static inline GenopsField *
span_number(const RandomQuery *query)
{
	return genops_build_operation(query->arena, GENOPS_OPERATOR_ADD,
	                              attribute_field(query, GENOPS_INTRINSIC_DURATION),
	                              number_field(query, 1), 0);
}

static inline GenopsPipeline *random_pipeline(const RandomQuery *query, int depth);

static inline GenopsSpanset *
random_spanset(const RandomQuery *query, int depth, bool pipes)
{
	GenopsSpanset *spanset = genops_arena_take(query->arena, sizeof(GenopsSpanset));

	if (depth > 0 && pick(query, 2) == 0)
	{
		spanset->kind = GENOPS_SPANSET_OPERATION;
		spanset->op = (GenopsSpansetOperator) pick(query, GENOPS_SPANSET_UNION_SIBLING + 1);
		spanset->left = random_spanset(query, depth - 1, pipes);
		spanset->right = random_spanset(query, depth - 1, pipes);
	}
	else if (pipes)
	{
		spanset->kind = GENOPS_SPANSET_PIPELINE;
		spanset->pipeline = random_pipeline(query, depth);
	}
	else
	{
		spanset->kind = GENOPS_SPANSET_FILTER;
		spanset->filter = boolean_field(query, depth);
	}
	return spanset;
}

static inline GenopsStage
random_scalar_filter(const RandomQuery *query)
{
	GenopsScalar *left = genops_arena_take(query->arena, sizeof(GenopsScalar));
	GenopsScalar *right = genops_arena_take(query->arena, sizeof(GenopsScalar));

	left->kind = GENOPS_SCALAR_AGGREGATE;
	left->aggregate = (GenopsAggregate) pick(query, GENOPS_AGGREGATE_SUM + 1);
	if (left->aggregate != GENOPS_AGGREGATE_COUNT)
		left->argument = span_number(query);
	right->kind = GENOPS_SCALAR_LITERAL;
	do
		right->literal = random_number(query);
	while (right->literal.integer == INT64_MIN);
	return (GenopsStage){ .kind = GENOPS_STAGE_SCALAR_FILTER,
		                  .left = left,
		                  .op = pick_operator(query, GENOPS_OPERATOR_EQUAL,
		                                      GENOPS_OPERATOR_GREATER_EQUAL),
		                  .right = right };
}

static inline GenopsAttribute *
random_attributes(const RandomQuery *query, size_t count)
{
	GenopsAttribute *attributes =
	    genops_arena_take(query->arena, (count + 1) * sizeof(GenopsAttribute));

	for (size_t i = 0; i < count; i++)
		attributes[i] = random_attribute(query);
	return attributes;
}

static inline GenopsStage
random_stage(const RandomQuery *query, int depth, bool first)
{
	GenopsStage stage = { .kind = GENOPS_STAGE_SPANSET };

	switch (pick(query, first ? 5 : 6))
	{
		case 0:
			return random_scalar_filter(query);
		case 1:
			stage.kind = GENOPS_STAGE_GROUP_BY;
			stage.group = span_number(query);
			break;
		case 2:
			stage.kind = GENOPS_STAGE_SELECT;
			stage.attribute_count = 1 + pick(query, 3);
			stage.attributes = random_attributes(query, stage.attribute_count);
			break;
		case 5:
			stage.kind = GENOPS_STAGE_COALESCE;
			break;
		default:
			stage.spanset = random_spanset(query, depth, false);
			break;
	}
	return stage;
}

/* Two or more stages, so that it is no mere set of spans within brackets. */
static inline GenopsPipeline *
random_pipeline(const RandomQuery *query, int depth)
{
	GenopsPipeline *pipeline = genops_arena_take(query->arena, sizeof(GenopsPipeline));

	pipeline->count = 2 + pick(query, 3);
	pipeline->stages = genops_arena_take(query->arena, pipeline->count * sizeof(GenopsStage));
	for (size_t i = 0; i < pipeline->count; i++)
		pipeline->stages[i] = random_stage(query, depth - 1, i == 0);
	return pipeline;
}

static inline GenopsMetrics *
random_call(const RandomQuery *query, int depth)
{
	GenopsMetrics *metrics = genops_arena_take(query->arena, sizeof(GenopsMetrics));
	GenopsMetricsCall *call = &metrics->call;

	metrics->kind = GENOPS_METRICS_CALL;
	metrics->pipeline = random_pipeline(query, depth);
	call->function = (GenopsMetricsFunction) pick(query, GENOPS_METRICS_COMPARE);
	if (call->function > GENOPS_METRICS_COUNT_OVER_TIME)
		call->attribute = random_attribute(query);
	if (call->function == GENOPS_METRICS_QUANTILE_OVER_TIME)
	{
		call->quantile_count = 2;
		call->quantiles = genops_arena_take(query->arena, 2 * sizeof(GenopsLiteral));
		call->quantiles[0] = (GenopsLiteral){ .type = GENOPS_TYPE_INT, .integer = 1 };
		call->quantiles[1] = (GenopsLiteral){ .type = GENOPS_TYPE_FLOAT, .real = 0.95 };
	}
	call->by_count = pick(query, 5);
	call->by = random_attributes(query, call->by_count);
	return metrics;
}

static inline void
random_second_stages(const RandomQuery *query, GenopsMetrics *metrics)
{
	GenopsSecondStage *second = genops_arena_take(query->arena, 2 * sizeof(GenopsSecondStage));

	second[0].kind = (GenopsSecondStageKind) pick(query, 2);
	second[0].value = (GenopsLiteral){ .type = GENOPS_TYPE_INT, .integer = 5 };
	second[1].kind = GENOPS_SECOND_FILTER;
	second[1].op = pick_operator(query, GENOPS_OPERATOR_EQUAL, GENOPS_OPERATOR_GREATER_EQUAL);
	second[1].value = (GenopsLiteral){ .type = GENOPS_TYPE_FLOAT, .real = -0.5 };
	metrics->second = second + pick(query, 2);
	metrics->second_count = pick(query, 2);
}

static inline GenopsMetrics *
random_metrics(const RandomQuery *query, int depth)
{
	GenopsMetrics *metrics;

	if (depth <= 0 || pick(query, 2) == 0)
	{
		metrics = random_call(query, 2);
		random_second_stages(query, metrics);
		return metrics;
	}
	metrics = genops_arena_take(query->arena, sizeof(GenopsMetrics));
	metrics->kind = GENOPS_METRICS_OPERATION;
	metrics->op = pick_operator(query, GENOPS_OPERATOR_ADD, GENOPS_OPERATOR_DIVIDE);
	metrics->left = random_metrics(query, depth - 1);
	if (pick(query, 2) == 0)
		metrics->right = random_metrics(query, depth - 1);
	else
	{
		metrics->right = genops_arena_take(query->arena, sizeof(GenopsMetrics));
		metrics->right->kind = GENOPS_METRICS_LITERAL;
		metrics->right->literal = (GenopsLiteral){ .type = GENOPS_TYPE_FLOAT, .real = -2.5 };
	}
	return metrics;
}

static inline GenopsQuery
random_query(const RandomQuery *query)
{
	GenopsQuery result = { 0 };

	if (pick(query, 2) == 0)
	{
		result.kind = GENOPS_QUERY_METRICS;
		result.metrics = random_metrics(query, 2);
		if (result.metrics->kind == GENOPS_METRICS_OPERATION)
			random_second_stages(query, result.metrics);
	}
	else if (pick(query, 3) == 0)
	{
		result.pipeline = genops_arena_take(query->arena, sizeof(GenopsPipeline));
		result.pipeline->count = 1;
		result.pipeline->stages = genops_arena_take(query->arena, sizeof(GenopsStage));
		result.pipeline->stages[0].spanset = random_spanset(query, 3, true);
	}
	else
		result.pipeline = random_pipeline(query, 4);
	return result;
}

#endif
