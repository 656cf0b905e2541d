/* SPDX-License-Identifier: PostgreSQL */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/traceql/filter_node.h"

#include <pcre2.h>

#include "core/base/utf8.h"
#include "core/traceql/traceql.h"

typedef struct Run
{
	const GenopsTraceqlFilter *filter;
	GenopsTraceqlSpan *span;
	GenopsError *error;
	bool first; /* of an event's or link's field the first value is wanted */
} Run;

static bool evaluate(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value);

static bool
is_boolean(const GenopsTraceqlValue *value)
{
	return value->type == GENOPS_TYPE_BOOLEAN && !value->array;
}

static bool
is_true(const GenopsTraceqlValue *value)
{
	return is_boolean(value) && value->integer != 0;
}

/* Regular expressions */

static bool
match_text(Run *run, const GenopsFilterNode *node, const GenopsTraceqlValue *value, bool *matches)
{
	GenopsSlice text = value->text;
	int result;

	if (!genops_traceql_work(run->span, text.length + 1, run->error))
		return false;
	result = pcre2_match(node->expression, (PCRE2_SPTR) (text.length == 0 ? "" : text.data),
	                     text.length, 0, 0, run->filter->match_data, run->filter->match_context);
	*matches = result >= 0;
	if (result >= 0 || result == PCRE2_ERROR_NOMATCH)
		return true;
	return genops_error_set(run->error, GENOPS_TOO_LARGE,
	                        "a regular expression is too much work for a value");
}

/* =~ holds if one element matches, !~ if there is one and none matches. */
static bool
match(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value)
{
	bool negated = node->field->op == GENOPS_OPERATOR_NOT_MATCH;
	bool matches = false;
	GenopsTraceqlValue subject;
	GenopsTraceqlValue element;

	if (!evaluate(run, &node->operands[0], &subject))
		return false;
	*value = genops_traceql_value_boolean(false);
	if (subject.type != GENOPS_TYPE_STRING)
		return true;
	if (!subject.array && !match_text(run, node, &subject, &matches))
		return false;
	while (subject.array && !matches && genops_traceql_value_next(&subject.text, &element))
	{
		if (!match_text(run, node, &element, &matches))
			return false;
	}
	value->integer = matches != negated;
	return true;
}

/* Comparisons and arithmetic */

static bool
is_nil(const GenopsFilterNode *node)
{
	return node->field->kind == GENOPS_FIELD_LITERAL &&
	       node->field->literal.type == GENOPS_TYPE_NIL;
}

/* A key without a value that the language knows is neither nil nor not nil. */
static bool
compare_with_nil(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value)
{
	const GenopsFilterNode *operand = &node->operands[is_nil(&node->operands[0]) ? 1 : 0];
	bool equal = node->field->op == GENOPS_OPERATOR_EQUAL;
	bool present = false;
	GenopsTraceqlValue found;
	bool done;

	*value = genops_traceql_value_boolean(false);
	if (is_nil(operand))
		return true;
	if (operand->field->kind == GENOPS_FIELD_ATTRIBUTE)
		done = genops_traceql_look_up(run->span, &operand->field->attribute, &found, &present,
		                              run->error);
	else
		done = evaluate(run, operand, &found);
	if (done)
		value->integer =
		    equal ? found.type == GENOPS_TYPE_NIL && !present : found.type != GENOPS_TYPE_NIL;
	return done;
}

static bool
compare(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value)
{
	GenopsTraceqlValue left;
	GenopsTraceqlValue right;

	if (is_nil(&node->operands[0]) || is_nil(&node->operands[1]))
		return compare_with_nil(run, node, value);
	if (!evaluate(run, &node->operands[0], &left) || !evaluate(run, &node->operands[1], &right))
		return false;
	*value = genops_traceql_value_boolean(genops_traceql_compare(node->field->op, &left, &right));
	return true;
}

static bool
compute(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value)
{
	GenopsTraceqlValue left;
	GenopsTraceqlValue right;

	return evaluate(run, &node->operands[0], &left) && evaluate(run, &node->operands[1], &right) &&
	       genops_traceql_compute(node->field->op, &left, &right, value, run->error);
}

static bool
negate(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value)
{
	if (!evaluate(run, &node->operands[0], value))
		return false;
	/* As 0 - x is. */
	if (value->array || (value->type != GENOPS_TYPE_INT && value->type != GENOPS_TYPE_FLOAT &&
	                     value->type != GENOPS_TYPE_DURATION))
		*value = genops_traceql_value_boolean(false);
	else if (value->type == GENOPS_TYPE_FLOAT)
		value->real = -value->real;
	else
		value->integer = (int64_t) (0 - (uint64_t) value->integer);
	return true;
}

/* Logic */

static bool
invert(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value)
{
	if (!evaluate(run, &node->operands[0], value))
		return false;
	if (is_boolean(value))
		value->integer = value->integer == 0;
	else
		*value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	return true;
}

typedef bool (*Evaluation)(Run *run, const GenopsFilterNode *node, unsigned use,
                           GenopsTraceqlValue *value);

static bool
evaluate_chosen(Run *run, const GenopsFilterNode *node, unsigned use, GenopsTraceqlValue *value)
{
	(void) use;
	return evaluate(run, node, value);
}

/* "||" of what "each" makes of the operands, pair by pair. */
static bool
either_of(Run *run, const GenopsFilterNode *node, unsigned use, Evaluation each,
          GenopsTraceqlValue *value)
{
	if (!each(run, &node->operands[0], use, value))
		return false;
	for (size_t i = 1; i < node->field->operand_count; i++)
	{
		GenopsTraceqlValue right;

		/* Decided, unless the operand might be no boolean. */
		if (is_true(value) && node->operands[i].certain)
			continue;
		if (!each(run, &node->operands[i], use, &right))
			return false;
		*value = genops_traceql_value_boolean(is_boolean(value) && is_boolean(&right) &&
		                                      (is_true(value) || is_true(&right)));
	}
	return true;
}

/* The uses that no event or link has been chosen for yet. */
static unsigned
unbound(const Run *run, unsigned uses)
{
	if (genops_slice_present(run->span->event))
		uses &= ~GENOPS_USES_EVENT;
	if (genops_slice_present(run->span->link))
		uses &= ~GENOPS_USES_LINK;
	return uses;
}

/* Whether the operand of "&&" must hold together with others for one event (or
 * link) that is yet to be chosen. */
static bool
is_shared(const Run *run, const GenopsFilterNode *operand, unsigned use)
{
	return !operand->negates && unbound(run, operand->uses) == use;
}

/* What the operand is whatever event (or link) is chosen, and without any; false, or nil, if
 * that depends. */
static bool
evaluate_anyway(Run *run, const GenopsFilterNode *node, unsigned use, GenopsTraceqlValue *value)
{
	if ((node->uses & use) == 0)
		return evaluate(run, node, value);
	if (node->field->op == GENOPS_OPERATOR_OR)
		return either_of(run, node, use, evaluate_anyway, value);
	*value = node->certain ? genops_traceql_value_boolean(node->field->op == GENOPS_OPERATOR_AND)
	                       : (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	for (size_t i = 0; i < node->field->operand_count && is_true(value); i++)
	{
		GenopsTraceqlValue each;

		if (!evaluate_anyway(run, &node->operands[i], use, &each))
			return false;
		*value = genops_traceql_value_boolean(is_true(&each));
	}
	return true;
}

/* The operands of "&&" that share a choice, or with use 0 all that share none. */
static bool
all_of(Run *run, const GenopsFilterNode *node, unsigned use, GenopsTraceqlValue *value)
{
	unsigned open = unbound(run, GENOPS_USES_EVENT | GENOPS_USES_LINK);

	*value = genops_traceql_value_boolean(true);
	for (size_t i = 0; i < node->field->operand_count && value->integer != 0; i++)
	{
		const GenopsFilterNode *operand = &node->operands[i];
		GenopsTraceqlValue each;

		if (use != 0 ? operand->negates || (operand->uses & (open | use)) != use
		             : is_shared(run, operand, GENOPS_USES_EVENT) ||
		                   is_shared(run, operand, GENOPS_USES_LINK))
			continue;
		if (!evaluate(run, operand, &each))
			return false;
		value->integer = is_true(&each);
	}
	return true;
}

/* Whether a value that was found for one event or link stands for all. */
static bool
is_decided(const Run *run, const GenopsFilterNode *node, const GenopsTraceqlValue *value)
{
	return is_true(value) || (run->first && !node->certain && value->type != GENOPS_TYPE_NIL);
}

/* Of the values for each event or link the first that is true, else the first
 * that is not nil. */
static bool
for_each(Run *run, const GenopsFilterNode *node, unsigned use, Evaluation evaluation,
         GenopsTraceqlValue *value)
{
	GenopsTraceqlSpan *span = run->span;
	GenopsSlice *chosen = use == GENOPS_USES_EVENT ? &span->event : &span->link;
	uint32_t number = use == GENOPS_USES_EVENT ? GENOPS_SPAN_EVENTS : GENOPS_SPAN_LINKS;
	GenopsFields fields = genops_fields(span->span.message);
	GenopsWireField field;
	bool done = genops_traceql_work(span, span->span.message.length + 1, run->error);

	*value = (GenopsTraceqlValue){ .type = GENOPS_TYPE_NIL };
	while (done && !is_decided(run, node, value) && genops_fields_next(&fields, &field))
	{
		GenopsTraceqlValue each;

		if (field.number != number || field.wire_type != GENOPS_WIRE_BYTES)
			continue;
		*chosen = field.bytes;
		done = evaluation(run, node, use, &each);
		if (done && (value->type == GENOPS_TYPE_NIL || is_true(&each)))
			*value = each;
	}
	*chosen = GENOPS_ABSENT;
	/* A comparison is false where there is nothing to compare. */
	if (node->certain && value->type == GENOPS_TYPE_NIL)
		*value = genops_traceql_value_boolean(false);
	return done;
}

static bool
both(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value)
{
	static const unsigned uses[] = { GENOPS_USES_EVENT, GENOPS_USES_LINK };

	if (!all_of(run, node, 0, value))
		return false;
	for (size_t i = 0; i < 2 && is_true(value); i++)
	{
		bool shares = false;

		for (size_t j = 0; !shares && j < node->field->operand_count; j++)
		{
			GenopsTraceqlValue anyway;

			if (!is_shared(run, &node->operands[j], uses[i]))
				continue;
			if (!evaluate_anyway(run, &node->operands[j], uses[i], &anyway))
				return false;
			shares = !is_true(&anyway);
		}
		if (shares && !for_each(run, node, uses[i], all_of, value))
			return false;
	}
	return true;
}

/* Where an event or link must be chosen first: "||", "&&" and "!" leave that to
 * their operands. */
static unsigned
to_choose(const Run *run, const GenopsFilterNode *node)
{
	unsigned open = node->uses == 0 ? 0 : unbound(run, node->uses);

	if (node->field->kind == GENOPS_FIELD_OPERATION &&
	    (node->field->op == GENOPS_OPERATOR_AND || node->field->op == GENOPS_OPERATOR_OR ||
	     (node->field->op == GENOPS_OPERATOR_NOT && node->certain)))
		return 0;
	return (open & GENOPS_USES_EVENT) != 0 ? GENOPS_USES_EVENT : open;
}

static bool
evaluate_operation(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value)
{
	switch (node->field->op)
	{
		case GENOPS_OPERATOR_AND:
			return both(run, node, value);
		case GENOPS_OPERATOR_OR:
			return either_of(run, node, 0, evaluate_chosen, value);
		case GENOPS_OPERATOR_NOT:
			return invert(run, node, value);
		case GENOPS_OPERATOR_NEGATE:
			return negate(run, node, value);
		case GENOPS_OPERATOR_MATCH:
		case GENOPS_OPERATOR_NOT_MATCH:
			return match(run, node, value);
		default:
			return node->certain ? compare(run, node, value) : compute(run, node, value);
	}
}

static bool
evaluate(Run *run, const GenopsFilterNode *node, GenopsTraceqlValue *value)
{
	unsigned use;
	bool present;

	if (node->field->kind == GENOPS_FIELD_LITERAL)
	{
		*value = node->literal;
		return true;
	}
	use = to_choose(run, node);
	if (use != 0)
		return for_each(run, node, use, evaluate_chosen, value);
	if (node->field->kind == GENOPS_FIELD_ATTRIBUTE)
		return genops_traceql_look_up(run->span, &node->field->attribute, value, &present,
		                              run->error);
	return evaluate_operation(run, node, value);
}

bool
genops_traceql_filter_match(const GenopsTraceqlFilter *filter, GenopsTraceqlSpan *span,
                            bool *matches, GenopsError *error)
{
	Run run = { .filter = filter, .span = span, .error = error };
	GenopsTraceqlValue value;

	if (!evaluate(&run, &filter->nodes[0], &value))
		return false;
	*matches = is_true(&value);
	return true;
}

bool
genops_traceql_filter_value(const GenopsTraceqlFilter *filter, GenopsTraceqlSpan *span,
                            GenopsTraceqlValue *value, GenopsError *error)
{
	Run run = { .filter = filter, .span = span, .error = error, .first = true };

	return evaluate(&run, &filter->nodes[0], value);
}
