/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/vocabulary.h"

#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define FIELD(text, operator, precedence)                                 \
	{                                                                     \
		text, GENOPS_OPERATOR_##operator, NO_SPANSET_OPERATOR, precedence \
	}
#define SPANSET(text, operator)                                                   \
	{                                                                             \
		text, GENOPS_OPERATOR_NONE, GENOPS_SPANSET_##operator, PRECEDENCE_COMPARE \
	}
#define BOTH(text, operator, spanset, precedence)                              \
	{                                                                          \
		text, GENOPS_OPERATOR_##operator, GENOPS_SPANSET_##spanset, precedence \
	}

/* A symbol stands before its own beginnings. */
static const GenopsSymbol symbols[] = {
	BOTH("&&", AND, AND, PRECEDENCE_BOOLEAN),
	BOTH("||", OR, OR, PRECEDENCE_BOOLEAN),
	SPANSET("&>>", UNION_DESCENDANT),
	SPANSET("&<<", UNION_ANCESTOR),
	SPANSET("&>", UNION_CHILD),
	SPANSET("&<", UNION_PARENT),
	SPANSET("&~", UNION_SIBLING),
	SPANSET("!>>", NOT_DESCENDANT),
	SPANSET("!<<", NOT_ANCESTOR),
	SPANSET("!>", NOT_CHILD),
	SPANSET("!<", NOT_PARENT),
	BOTH("!~", NOT_MATCH, NOT_SIBLING, PRECEDENCE_COMPARE),
	FIELD("!=", NOT_EQUAL, PRECEDENCE_COMPARE),
	FIELD("!", NOT, 0),
	FIELD("=~", MATCH, PRECEDENCE_COMPARE),
	FIELD("=", EQUAL, PRECEDENCE_COMPARE),
	FIELD(">=", GREATER_EQUAL, PRECEDENCE_COMPARE),
	SPANSET(">>", DESCENDANT),
	BOTH(">", GREATER, CHILD, PRECEDENCE_COMPARE),
	FIELD("<=", LESS_EQUAL, PRECEDENCE_COMPARE),
	SPANSET("<<", ANCESTOR),
	BOTH("<", LESS, PARENT, PRECEDENCE_COMPARE),
	SPANSET("~", SIBLING),
	FIELD("+", ADD, PRECEDENCE_ADD),
	FIELD("-", SUBTRACT, PRECEDENCE_ADD),
	FIELD("*", MULTIPLY, PRECEDENCE_MULTIPLY),
	FIELD("/", DIVIDE, PRECEDENCE_MULTIPLY),
	FIELD("%", MODULO, PRECEDENCE_MULTIPLY),
	FIELD("^", POWER, PRECEDENCE_POWER),
};

#define WORD(text, kind, value)                           \
	{                                                     \
		text, GENOPS_TOKEN_##kind, GENOPS_TYPE_ANY, value \
	}
#define LITERAL(text, type, value)                            \
	{                                                         \
		text, GENOPS_TOKEN_LITERAL, GENOPS_TYPE_##type, value \
	}
#define INTRINSIC(text, intrinsic) WORD(text, ATTRIBUTE, GENOPS_INTRINSIC_##intrinsic)

/* In the order of memcmp. */
static const GenopsWord words[] = {
	WORD("avg", AGGREGATE, GENOPS_AGGREGATE_AVG),
	WORD("avg_over_time", METRICS, GENOPS_METRICS_AVG_OVER_TIME),
	WORD("bottomk", SECOND, GENOPS_SECOND_BOTTOMK),
	WORD("by", BY, 0),
	WORD("childCount", RESERVED, 0),
	LITERAL("client", KIND, 3),
	WORD("coalesce", COALESCE, 0),
	WORD("compare", METRICS, GENOPS_METRICS_COMPARE),
	LITERAL("consumer", KIND, 5),
	WORD("count", AGGREGATE, GENOPS_AGGREGATE_COUNT),
	WORD("count_over_time", METRICS, GENOPS_METRICS_COUNT_OVER_TIME),
	INTRINSIC("duration", DURATION),
	LITERAL("error", STATUS, 2),
	LITERAL("false", BOOLEAN, 0),
	WORD("histogram_over_time", METRICS, GENOPS_METRICS_HISTOGRAM_OVER_TIME),
	WORD("id", RESERVED, 0),
	LITERAL("internal", KIND, 1),
	INTRINSIC("kind", KIND),
	WORD("max", AGGREGATE, GENOPS_AGGREGATE_MAX),
	LITERAL("maxInt", INT, INT64_MAX),
	WORD("max_over_time", METRICS, GENOPS_METRICS_MAX_OVER_TIME),
	WORD("min", AGGREGATE, GENOPS_AGGREGATE_MIN),
	LITERAL("minInt", INT, INT64_MIN),
	WORD("min_over_time", METRICS, GENOPS_METRICS_MIN_OVER_TIME),
	INTRINSIC("name", NAME),
	INTRINSIC("nestedSetLeft", NESTED_SET_LEFT),
	INTRINSIC("nestedSetParent", NESTED_SET_PARENT),
	INTRINSIC("nestedSetRight", NESTED_SET_RIGHT),
	LITERAL("nil", NIL, 0),
	LITERAL("ok", STATUS, 1),
	INTRINSIC("parent", PARENT),
	WORD("parentID", RESERVED, 0),
	LITERAL("producer", KIND, 4),
	WORD("quantile_over_time", METRICS, GENOPS_METRICS_QUANTILE_OVER_TIME),
	WORD("rate", METRICS, GENOPS_METRICS_RATE),
	INTRINSIC("rootName", ROOT_NAME),
	WORD("rootService", RESERVED, 0),
	INTRINSIC("rootServiceName", ROOT_SERVICE_NAME),
	WORD("select", SELECT, 0),
	LITERAL("server", KIND, 2),
	WORD("spanID", RESERVED, 0),
	INTRINSIC("status", STATUS),
	INTRINSIC("statusMessage", STATUS_MESSAGE),
	WORD("sum", AGGREGATE, GENOPS_AGGREGATE_SUM),
	WORD("sum_over_time", METRICS, GENOPS_METRICS_SUM_OVER_TIME),
	WORD("timeSinceStart", RESERVED, 0),
	WORD("topk", SECOND, GENOPS_SECOND_TOPK),
	WORD("traceDuration", ATTRIBUTE, GENOPS_INTRINSIC_TRACE_DURATION),
	WORD("traceID", RESERVED, 0),
	LITERAL("true", BOOLEAN, 1),
	LITERAL("unset", STATUS, 0),
	LITERAL("unspecified", KIND, 0),
	WORD("version", RESERVED, 0),
	WORD("with", WITH, 0),
};

static const GenopsIntrinsicName intrinsics[GENOPS_INTRINSIC_COUNT] = {
	[GENOPS_INTRINSIC_NONE] = { NULL, NULL, NULL, GENOPS_TYPE_ANY },
	[GENOPS_INTRINSIC_DURATION] = { "duration", "span", "duration", GENOPS_TYPE_DURATION },
	[GENOPS_INTRINSIC_NAME] = { "name", "span", "name", GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_STATUS] = { "status", "span", "status", GENOPS_TYPE_STATUS },
	[GENOPS_INTRINSIC_STATUS_MESSAGE] = { "statusMessage", "span", "statusMessage",
	                                      GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_KIND] = { "kind", "span", "kind", GENOPS_TYPE_KIND },
	[GENOPS_INTRINSIC_SPAN_ID] = { NULL, "span", "id", GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_PARENT_ID] = { NULL, "span", "parentID", GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_CHILD_COUNT] = { NULL, "span", "childCount", GENOPS_TYPE_INT },
	[GENOPS_INTRINSIC_TRACE_DURATION] = { "traceDuration", "trace", "duration",
	                                      GENOPS_TYPE_DURATION },
	[GENOPS_INTRINSIC_ROOT_NAME] = { "rootName", "trace", "rootName", GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_ROOT_SERVICE_NAME] = { "rootServiceName", "trace", "rootService",
	                                         GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_TRACE_ID] = { NULL, "trace", "id", GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_NESTED_SET_LEFT] = { "nestedSetLeft", NULL, NULL, GENOPS_TYPE_INT },
	[GENOPS_INTRINSIC_NESTED_SET_RIGHT] = { "nestedSetRight", NULL, NULL, GENOPS_TYPE_INT },
	[GENOPS_INTRINSIC_NESTED_SET_PARENT] = { "nestedSetParent", NULL, NULL, GENOPS_TYPE_INT },
	[GENOPS_INTRINSIC_EVENT_NAME] = { NULL, "event", "name", GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_EVENT_TIME_SINCE_START] = { NULL, "event", "timeSinceStart",
	                                              GENOPS_TYPE_DURATION },
	[GENOPS_INTRINSIC_LINK_TRACE_ID] = { NULL, "link", "traceID", GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_LINK_SPAN_ID] = { NULL, "link", "spanID", GENOPS_TYPE_STRING },
	[GENOPS_INTRINSIC_INSTRUMENTATION_NAME] = { NULL, "instrumentation", "name", GENOPS_TYPE_ANY },
	[GENOPS_INTRINSIC_INSTRUMENTATION_VERSION] = { NULL, "instrumentation", "version",
	                                               GENOPS_TYPE_ANY },
	[GENOPS_INTRINSIC_PARENT] = { "parent", NULL, NULL, GENOPS_TYPE_NIL },
};

static bool
starts_with(GenopsSlice text, const char *start)
{
	size_t length = strlen(start);

	return text.length >= length && memcmp(text.data, start, length) == 0;
}

const GenopsSymbol *
genops_symbol_at(GenopsSlice text)
{
	for (size_t i = 0; i < COUNT_OF(symbols); i++)
	{
		if (starts_with(text, symbols[i].text))
			return &symbols[i];
	}
	return NULL;
}

static int
compare_word(const void *key, const void *element)
{
	const GenopsSlice *text = key;
	const GenopsWord *word = element;
	int order = strncmp(text->data, word->text, text->length);

	/* An equal beginning: the longer word is the greater. */
	return order != 0 ? order : -(word->text[text->length] != '\0');
}

const GenopsWord *
genops_word(GenopsSlice text)
{
	if (text.length == 0)
		return NULL;
	return bsearch(&text, words, COUNT_OF(words), sizeof(words[0]), compare_word);
}

const GenopsIntrinsicName *
genops_intrinsic_name(GenopsIntrinsic intrinsic)
{
	return &intrinsics[intrinsic];
}

GenopsIntrinsic
genops_scoped_intrinsic(GenopsSlice scope, GenopsSlice name)
{
	for (int i = 1; i < GENOPS_INTRINSIC_COUNT; i++)
	{
		if (intrinsics[i].scope != NULL &&
		    genops_slice_equal(name, genops_slice(intrinsics[i].name)) &&
		    genops_slice_equal(scope, genops_slice(intrinsics[i].scope)))
			return (GenopsIntrinsic) i;
	}
	return GENOPS_INTRINSIC_NONE;
}

const char *
genops_scope_text(GenopsScope scope)
{
	static const char *const texts[] = {
		"", "span", "resource", "event", "link", "instrumentation"
	};

	return texts[scope];
}

const char *
genops_operator_text(GenopsOperator op)
{
	if (op == GENOPS_OPERATOR_NEGATE)
		return "-";
	for (size_t i = 0; i < COUNT_OF(symbols); i++)
	{
		if (op != GENOPS_OPERATOR_NONE && symbols[i].op == op)
			return symbols[i].text;
	}
	return "";
}

const char *
genops_spanset_operator_text(GenopsSpansetOperator op)
{
	for (size_t i = 0; i < COUNT_OF(symbols); i++)
	{
		if (symbols[i].spanset_operator == (int) op)
			return symbols[i].text;
	}
	return "";
}

static const char *
word_for(GenopsTokenKind kind, GenopsValueType type, int64_t value)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
	{
		if (words[i].kind == kind && words[i].type == type && words[i].value == value)
			return words[i].text;
	}
	return "";
}

const char *
genops_aggregate_text(GenopsAggregate aggregate)
{
	return word_for(GENOPS_TOKEN_AGGREGATE, GENOPS_TYPE_ANY, aggregate);
}

const char *
genops_metrics_function_text(GenopsMetricsFunction function)
{
	return word_for(GENOPS_TOKEN_METRICS, GENOPS_TYPE_ANY, function);
}

const char *
genops_status_text(int64_t status)
{
	return word_for(GENOPS_TOKEN_LITERAL, GENOPS_TYPE_STATUS, status);
}

const char *
genops_kind_text(int64_t kind)
{
	return word_for(GENOPS_TOKEN_LITERAL, GENOPS_TYPE_KIND, kind);
}

bool
genops_spanset_operator_negated(GenopsSpansetOperator op)
{
	return op >= GENOPS_SPANSET_NOT_CHILD && op <= GENOPS_SPANSET_NOT_SIBLING;
}

GenopsOperator
genops_operator_mirrored(GenopsOperator op)
{
	switch (op)
	{
		case GENOPS_OPERATOR_LESS:
			return GENOPS_OPERATOR_GREATER;
		case GENOPS_OPERATOR_LESS_EQUAL:
			return GENOPS_OPERATOR_GREATER_EQUAL;
		case GENOPS_OPERATOR_GREATER:
			return GENOPS_OPERATOR_LESS;
		case GENOPS_OPERATOR_GREATER_EQUAL:
			return GENOPS_OPERATOR_LESS_EQUAL;
		default:
			return op;
	}
}
