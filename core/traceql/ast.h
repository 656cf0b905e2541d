/* SPDX-License-Identifier: PostgreSQL */
/*
 * A TraceQL query as a tree.
 *
 * Everything lies in the arena of the parse result.  The tree is the query's
 * meaning, not its text: both spellings of an intrinsic are one value,
 * parentheses are gone, and a chain of the same "&&" or "||" is one node.
 * "offset" is a byte position in the text, for errors; the other fields alone
 * decide whether two trees are the same.
 *
 * No tree is higher than GENOPS_TRACEQL_MAX_DEPTH nodes, so that functions may
 * recurse over it.
 */
#ifndef GENOPS_CORE_TRACEQL_AST_H
#define GENOPS_CORE_TRACEQL_AST_H

#include <stdint.h>

#include "core/base/slice.h"

#define GENOPS_TRACEQL_MAX_DEPTH 64
#define GENOPS_TRACEQL_MAX_LENGTH (128 * 1024)

typedef enum GenopsValueType
{
	GENOPS_TYPE_NIL,
	GENOPS_TYPE_ANY, /* an attribute's: known only at run time; never a literal's */
	GENOPS_TYPE_INT,
	GENOPS_TYPE_FLOAT,
	GENOPS_TYPE_STRING,
	GENOPS_TYPE_BOOLEAN,
	GENOPS_TYPE_DURATION,
	GENOPS_TYPE_STATUS,
	GENOPS_TYPE_KIND
} GenopsValueType;

typedef struct GenopsLiteral
{
	GenopsValueType type;
	int64_t integer;  /* INT; DURATION in nanoseconds; BOOLEAN 0 or 1; STATUS and KIND as in OTLP */
	double real;      /* FLOAT */
	GenopsSlice text; /* STRING, without quotes and escapes */
} GenopsLiteral;

typedef enum GenopsScope
{
	GENOPS_SCOPE_NONE, /* ".x": the span's, else the resource's */
	GENOPS_SCOPE_SPAN,
	GENOPS_SCOPE_RESOURCE,
	GENOPS_SCOPE_EVENT,
	GENOPS_SCOPE_LINK,
	GENOPS_SCOPE_INSTRUMENTATION
} GenopsScope;

typedef enum GenopsIntrinsic
{
	GENOPS_INTRINSIC_NONE, /* an attribute with a scope and a name */
	GENOPS_INTRINSIC_DURATION,
	GENOPS_INTRINSIC_NAME,
	GENOPS_INTRINSIC_STATUS,
	GENOPS_INTRINSIC_STATUS_MESSAGE,
	GENOPS_INTRINSIC_KIND,
	GENOPS_INTRINSIC_SPAN_ID,
	GENOPS_INTRINSIC_PARENT_ID,
	GENOPS_INTRINSIC_CHILD_COUNT,
	GENOPS_INTRINSIC_TRACE_DURATION,
	GENOPS_INTRINSIC_ROOT_NAME,
	GENOPS_INTRINSIC_ROOT_SERVICE_NAME,
	GENOPS_INTRINSIC_TRACE_ID,
	GENOPS_INTRINSIC_NESTED_SET_LEFT,
	GENOPS_INTRINSIC_NESTED_SET_RIGHT,
	GENOPS_INTRINSIC_NESTED_SET_PARENT,
	GENOPS_INTRINSIC_EVENT_NAME,
	GENOPS_INTRINSIC_EVENT_TIME_SINCE_START,
	GENOPS_INTRINSIC_LINK_TRACE_ID,
	GENOPS_INTRINSIC_LINK_SPAN_ID,
	GENOPS_INTRINSIC_INSTRUMENTATION_NAME,
	GENOPS_INTRINSIC_INSTRUMENTATION_VERSION,
	GENOPS_INTRINSIC_PARENT, /* parsed, never accepted */
	GENOPS_INTRINSIC_COUNT
} GenopsIntrinsic;

typedef struct GenopsAttribute
{
	GenopsIntrinsic intrinsic;
	GenopsScope scope;
	bool parent; /* "parent." before the scope: parsed, never accepted */
	GenopsSlice name;
	uint32_t offset;
} GenopsAttribute;

/* The operators between field expressions, scalars and metrics. */
typedef enum GenopsOperator
{
	GENOPS_OPERATOR_NONE,
	GENOPS_OPERATOR_ADD,
	GENOPS_OPERATOR_SUBTRACT,
	GENOPS_OPERATOR_MULTIPLY,
	GENOPS_OPERATOR_DIVIDE,
	GENOPS_OPERATOR_MODULO,
	GENOPS_OPERATOR_POWER,
	GENOPS_OPERATOR_EQUAL,
	GENOPS_OPERATOR_NOT_EQUAL,
	GENOPS_OPERATOR_LESS,
	GENOPS_OPERATOR_LESS_EQUAL,
	GENOPS_OPERATOR_GREATER,
	GENOPS_OPERATOR_GREATER_EQUAL,
	GENOPS_OPERATOR_MATCH,
	GENOPS_OPERATOR_NOT_MATCH,
	GENOPS_OPERATOR_AND,
	GENOPS_OPERATOR_OR,
	GENOPS_OPERATOR_NOT,   /* unary */
	GENOPS_OPERATOR_NEGATE /* unary */
} GenopsOperator;

typedef enum GenopsFieldKind
{
	GENOPS_FIELD_LITERAL,
	GENOPS_FIELD_ATTRIBUTE,
	GENOPS_FIELD_OPERATION
} GenopsFieldKind;

/* AND and OR have two or more operands, unary operators one, all others two.
 * They are applied from the left, pair by pair: (nil || true) || true is true,
 * as nil || true is false.
 * "x != nil" and "x = nil" are operations on a literal of type NIL. */
typedef struct GenopsField GenopsField;
struct GenopsField
{
	GenopsFieldKind kind;
	GenopsOperator op;
	uint16_t height;
	uint32_t offset; /* of the operator, or of the start */
	size_t operand_count;
	GenopsField **operands;
	union
	{
		GenopsLiteral literal;
		GenopsAttribute attribute;
	};
};

/* The operators between sets of spans; the result of a structural operator is
 * on its right-hand side. */
typedef enum GenopsSpansetOperator
{
	GENOPS_SPANSET_AND,
	GENOPS_SPANSET_OR,
	GENOPS_SPANSET_CHILD,      /* >  */
	GENOPS_SPANSET_PARENT,     /* <  */
	GENOPS_SPANSET_DESCENDANT, /* >> */
	GENOPS_SPANSET_ANCESTOR,   /* << */
	GENOPS_SPANSET_SIBLING,    /* ~  */
	GENOPS_SPANSET_NOT_CHILD,  /* !> and so on: right-hand spans without such a partner */
	GENOPS_SPANSET_NOT_PARENT,
	GENOPS_SPANSET_NOT_DESCENDANT,
	GENOPS_SPANSET_NOT_ANCESTOR,
	GENOPS_SPANSET_NOT_SIBLING,
	GENOPS_SPANSET_UNION_CHILD, /* &> and so on: the partners of both sides */
	GENOPS_SPANSET_UNION_PARENT,
	GENOPS_SPANSET_UNION_DESCENDANT,
	GENOPS_SPANSET_UNION_ANCESTOR,
	GENOPS_SPANSET_UNION_SIBLING
} GenopsSpansetOperator;

typedef enum GenopsSpansetKind
{
	GENOPS_SPANSET_FILTER,
	GENOPS_SPANSET_OPERATION,
	GENOPS_SPANSET_PIPELINE /* only as an operand, where all leaves are such or filters */
} GenopsSpansetKind;

typedef struct GenopsPipeline GenopsPipeline;

typedef struct GenopsSpanset GenopsSpanset;
struct GenopsSpanset
{
	GenopsSpansetKind kind;
	GenopsSpansetOperator op;
	uint16_t height;
	uint32_t offset;
	GenopsField *filter; /* FILTER: never NULL, "{}" is the literal true */
	GenopsSpanset *left;
	GenopsSpanset *right;
	GenopsPipeline *pipeline;
};

typedef enum GenopsAggregate
{
	GENOPS_AGGREGATE_COUNT,
	GENOPS_AGGREGATE_AVG,
	GENOPS_AGGREGATE_MAX,
	GENOPS_AGGREGATE_MIN,
	GENOPS_AGGREGATE_SUM
} GenopsAggregate;

typedef enum GenopsScalarKind
{
	GENOPS_SCALAR_LITERAL, /* INT, FLOAT or DURATION, maybe negative */
	GENOPS_SCALAR_AGGREGATE,
	GENOPS_SCALAR_OPERATION,
	GENOPS_SCALAR_PIPELINE /* "({ } | count())": parsed, never accepted */
} GenopsScalarKind;

typedef struct GenopsScalar GenopsScalar;
struct GenopsScalar
{
	GenopsScalarKind kind;
	GenopsOperator op;
	GenopsAggregate aggregate;
	uint16_t height;
	uint32_t offset;
	GenopsField *argument; /* NULL for count() */
	GenopsScalar *left;
	GenopsScalar *right;
	GenopsPipeline *pipeline; /* its last stage is an AGGREGATE */
	GenopsLiteral literal;
};

typedef enum GenopsStageKind
{
	GENOPS_STAGE_SPANSET,
	GENOPS_STAGE_SCALAR_FILTER, /* left op right */
	GENOPS_STAGE_GROUP_BY,
	GENOPS_STAGE_COALESCE,
	GENOPS_STAGE_SELECT,
	GENOPS_STAGE_AGGREGATE /* without comparison: only within a SCALAR_PIPELINE */
} GenopsStageKind;

typedef struct GenopsStage
{
	GenopsStageKind kind;
	uint32_t offset;
	GenopsSpanset *spanset;
	GenopsScalar *left; /* an AGGREGATE stage's scalar, too */
	GenopsOperator op;
	GenopsScalar *right;
	GenopsField *group;
	GenopsAttribute *attributes; /* SELECT */
	size_t attribute_count;
} GenopsStage;

struct GenopsPipeline
{
	GenopsStage *stages;
	size_t count;
	uint16_t height; /* of what is in the stages */
};

typedef enum GenopsMetricsFunction
{
	GENOPS_METRICS_RATE,
	GENOPS_METRICS_COUNT_OVER_TIME,
	GENOPS_METRICS_MIN_OVER_TIME,
	GENOPS_METRICS_MAX_OVER_TIME,
	GENOPS_METRICS_AVG_OVER_TIME,
	GENOPS_METRICS_SUM_OVER_TIME,
	GENOPS_METRICS_HISTOGRAM_OVER_TIME,
	GENOPS_METRICS_QUANTILE_OVER_TIME,
	GENOPS_METRICS_COMPARE
} GenopsMetricsFunction;

typedef struct GenopsMetricsCall
{
	GenopsMetricsFunction function;
	uint32_t offset;
	GenopsAttribute attribute; /* not for rate, count_over_time and compare */
	GenopsLiteral *quantiles;  /* INT or FLOAT */
	size_t quantile_count;
	GenopsField *selection; /* compare's filter */
	int64_t top;            /* values per attribute */
	bool has_range;
	int64_t start; /* nanoseconds since 1970; spans in (start, end] are the selection */
	int64_t end;
	GenopsAttribute *by;
	size_t by_count;
} GenopsMetricsCall;

typedef enum GenopsSecondStageKind
{
	GENOPS_SECOND_TOPK,
	GENOPS_SECOND_BOTTOMK,
	GENOPS_SECOND_FILTER
} GenopsSecondStageKind;

typedef struct GenopsSecondStage
{
	GenopsSecondStageKind kind;
	GenopsOperator op; /* FILTER: series op value */
	uint32_t offset;
	GenopsLiteral value; /* the limit, or what is compared with */
} GenopsSecondStage;

typedef enum GenopsMetricsKind
{
	GENOPS_METRICS_CALL,    /* pipeline | call */
	GENOPS_METRICS_LITERAL, /* INT or FLOAT, only as one operand */
	GENOPS_METRICS_OPERATION
} GenopsMetricsKind;

typedef struct GenopsMetrics GenopsMetrics;
struct GenopsMetrics
{
	GenopsMetricsKind kind;
	GenopsOperator op; /* + - * / */
	uint16_t height;
	uint32_t offset;
	GenopsPipeline *pipeline;
	GenopsMetricsCall call;
	GenopsLiteral literal;
	GenopsMetrics *left;
	GenopsMetrics *right;
	GenopsSecondStage *second; /* a CALL's anywhere, an OPERATION's only at the root */
	size_t second_count;
};

typedef struct GenopsHint
{
	GenopsSlice name;
	GenopsLiteral value;
} GenopsHint;

typedef enum GenopsQueryKind
{
	GENOPS_QUERY_SEARCH,
	GENOPS_QUERY_METRICS
} GenopsQueryKind;

typedef struct GenopsQuery
{
	GenopsQueryKind kind;
	/* One value over the whole range is asked for, not a series: only the
	 * dialect's forms say so, the language leaves it to the caller. */
	bool instant;
	GenopsPipeline *pipeline; /* SEARCH */
	GenopsMetrics *metrics;   /* METRICS */
	GenopsHint *hints;
	size_t hint_count;
} GenopsQuery;

#endif
