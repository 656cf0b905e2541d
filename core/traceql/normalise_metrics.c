/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a metric measures, groups and selects by.
 *
 * Of an attribute that a filter compares, Tempo's storage fetches only values for which
 * that is true, and it is not asked for the others when the metric needs them.  A span that is
 * let through for another reason (an "||", a structural operator) would count as
 * one without the attribute, its duration as 0.  A condition that the attribute is not
 * nil fetches all values.
 */
#include "core/traceql/build.h"
#include "core/traceql/normalise_parts.h"
#include "core/traceql/walk.h"

/* Of a comparison with a value: the attribute, else NULL. */
static const GenopsField *
compared(const GenopsField *field)
{
	const GenopsLiteral *value;
	const GenopsField *attribute = genops_normalise_compared(field, &value);

	return attribute != NULL && value->type != GENOPS_TYPE_NIL ? attribute : NULL;
}

/* Of "x != nil": x, else NULL. */
static const GenopsField *
not_nil(const GenopsField *field)
{
	const GenopsLiteral *value;
	const GenopsField *attribute = genops_normalise_compared(field, &value);

	return attribute != NULL && field->op == GENOPS_OPERATOR_NOT_EQUAL &&
	               value->type == GENOPS_TYPE_NIL
	           ? attribute
	           : NULL;
}

/* Whether the filter lets only spans with the attribute through; a comparison with a value is
 * never true of nil. */
static bool requires(const GenopsField *filter, const GenopsField *attribute)
{
	bool any = filter->op == GENOPS_OPERATOR_AND;
	const GenopsField *required;

	if (filter->op != GENOPS_OPERATOR_AND && filter->op != GENOPS_OPERATOR_OR)
	{
		required = compared(filter) != NULL ? compared(filter) : not_nil(filter);
		return required != NULL && genops_traceql_field_equal(required, attribute);
	}
	for (size_t i = 0; i < filter->operand_count; i++)
	{
		if (requires(filter->operands[i], attribute) == any)
			return any;
	}
	return !any;
}

static bool
is_plain_filter(const GenopsStage *stage)
{
	return stage->kind == GENOPS_STAGE_SPANSET && stage->spanset->kind == GENOPS_SPANSET_FILTER;
}

static bool
pipeline_requires(const GenopsPipeline *pipeline, const GenopsField *attribute)
{
	for (size_t i = 0; i < pipeline->count; i++)
	{
		if (is_plain_filter(&pipeline->stages[i]) &&
		    requires(pipeline->stages[i].spanset->filter, attribute))
			return true;
	}
	return false;
}

/* What a pipeline does with an attribute. */
typedef struct Mentions
{
	const GenopsAttribute *attribute;
	bool any;
	bool compared;
	bool fetched; /* whatever its value */
} Mentions;

static bool
may_be_in(GenopsScope scope, GenopsScope other)
{
	return scope == other || (scope == GENOPS_SCOPE_NONE && other <= GENOPS_SCOPE_RESOURCE);
}

/* Whether Tempo takes what was fetched for "mentioned" for the attribute: ".x" is also
 * "span.x", and the reverse. */
static bool
stands_for(const GenopsAttribute *mentioned, const GenopsAttribute *attribute)
{
	return mentioned->intrinsic == attribute->intrinsic &&
	       genops_slice_equal(mentioned->name, attribute->name) &&
	       (may_be_in(mentioned->scope, attribute->scope) ||
	        may_be_in(attribute->scope, mentioned->scope));
}

/* What the normaliser adds so that all spans are let through. */
static bool
is_always_true(const GenopsField *field)
{
	return field->op == GENOPS_OPERATOR_GREATER_EQUAL && compared(field) == field->operands[0] &&
	       (field->operands[0]->attribute.intrinsic == GENOPS_INTRINSIC_DURATION ||
	        field->operands[0]->attribute.intrinsic == GENOPS_INTRINSIC_TRACE_DURATION) &&
	       field->operands[1]->literal.type == GENOPS_TYPE_DURATION &&
	       field->operands[1]->literal.integer == 0;
}

static void
note_mentions(Mentions *mentions, const GenopsField *field)
{
	const GenopsField *with_value = compared(field);
	const GenopsField *with_nil = not_nil(field);

	if (field->kind == GENOPS_FIELD_ATTRIBUTE)
		mentions->any |= stands_for(&field->attribute, mentions->attribute);
	if (with_value != NULL && stands_for(&with_value->attribute, mentions->attribute))
	{
		mentions->compared = true;
		mentions->fetched |= is_always_true(field);
	}
	if (with_nil != NULL)
		mentions->fetched |= stands_for(&with_nil->attribute, mentions->attribute);
	for (size_t i = 0; i < field->operand_count; i++)
		note_mentions(mentions, field->operands[i]);
}

static bool
visit(void *context, GenopsFieldRole role, GenopsField **field)
{
	(void) role;
	note_mentions(context, *field);
	return true;
}

static Mentions
mentions_of(GenopsPipeline *pipeline, const GenopsAttribute *attribute)
{
	Mentions mentions = { .attribute = attribute };

	(void) genops_walk_pipeline(pipeline, visit, &mentions);
	return mentions;
}

static bool
is_hidden(GenopsPipeline *pipeline, const GenopsField *attribute)
{
	Mentions mentions = mentions_of(pipeline, &attribute->attribute);

	return mentions.compared && !mentions.fetched && !pipeline_requires(pipeline, attribute);
}

/* The condition goes into the last filter, or becomes a stage behind other stages.  A
 * select() stays last: behind it Tempo's stages see only what was fetched before. */
static bool
add_condition(GenopsNormaliser *normaliser, GenopsPipeline *pipeline, GenopsField *condition,
              const char *reason)
{
	size_t place = pipeline->count;
	GenopsStage *last;
	GenopsField *filter;

	if (condition == NULL || !genops_normalise_note_added(normaliser, condition, reason))
		return false;
	while (place > 0 && pipeline->stages[place - 1].kind == GENOPS_STAGE_SELECT)
		place--;
	if (place == 0 || !is_plain_filter(&pipeline->stages[place - 1]))
		return genops_normalise_insert_filter(normaliser, pipeline, place, condition);
	last = &pipeline->stages[place - 1];
	filter = last->spanset->filter;
	if (filter->kind == GENOPS_FIELD_LITERAL && filter->literal.integer != 0)
		last->spanset->filter = condition;
	else
		last->spanset->filter = genops_build_operation(
		    &normaliser->traceql->arena, GENOPS_OPERATOR_AND, filter, condition, filter->offset);
	return last->spanset->filter != NULL;
}

static GenopsField *
intrinsic(GenopsNormaliser *normaliser, GenopsIntrinsic intrinsic)
{
	return genops_build_attribute(&normaliser->traceql->arena,
	                              (GenopsAttribute){ .intrinsic = intrinsic });
}

/* Only spans that have it. */
static bool
require(GenopsNormaliser *normaliser, GenopsPipeline *pipeline, GenopsField *attribute,
        const char *reason)
{
	if (attribute == NULL)
		return false;
	return pipeline_requires(pipeline, attribute) ||
	       add_condition(normaliser, pipeline,
	                     genops_build_nil(normaliser, attribute, GENOPS_OPERATOR_NOT_EQUAL),
	                     reason);
}

static bool
visit_scope(void *context, GenopsFieldRole role, GenopsField **field)
{
	(void) role;
	return !genops_mentions_scope(*field, *(const GenopsScope *) context);
}

static bool
pipeline_mentions_scope(GenopsPipeline *pipeline, GenopsScope scope)
{
	return !genops_walk_pipeline(pipeline, visit_scope, &scope);
}

/* A second condition on what events (or links) have would have to hold of the same one as
 * the first, and of several Tempo would look at the first only. */
static bool
must_stay_alone(GenopsPipeline *pipeline, const GenopsAttribute *attribute)
{
	return genops_normalise_repeated(attribute->scope) &&
	       pipeline_mentions_scope(pipeline, attribute->scope);
}

static const char fetches_compared[] =
    "Tempo's storage would show the metric only values that the filter compares it with";

static bool
guard_measured(GenopsNormaliser *normaliser, GenopsPipeline *pipeline,
               const GenopsMetricsCall *call)
{
	static const char wrong_without[] = "what Tempo computes is wrong with a span without it";
	GenopsField *measured = genops_build_attribute(&normaliser->traceql->arena, call->attribute);

	if (measured == NULL)
		return false;
	if (call->attribute.intrinsic == GENOPS_INTRINSIC_EVENT_TIME_SINCE_START &&
	    !require(normaliser, pipeline, intrinsic(normaliser, GENOPS_INTRINSIC_EVENT_NAME),
	             wrong_without))
		return false;
	if (call->function == GENOPS_METRICS_SUM_OVER_TIME &&
	    call->attribute.intrinsic == GENOPS_INTRINSIC_NONE &&
	    !must_stay_alone(pipeline, &call->attribute))
		return require(normaliser, pipeline, measured, wrong_without);
	return !is_hidden(pipeline, measured) ||
	       require(normaliser, pipeline, measured, fetches_compared);
}

/* For all spans, also those without it. */
static bool
guard_group(GenopsNormaliser *normaliser, GenopsPipeline *pipeline, const GenopsAttribute *key)
{
	GenopsField *attribute = genops_build_attribute(&normaliser->traceql->arena, *key);

	if (attribute == NULL)
		return false;
	if (!is_hidden(pipeline, attribute))
		return true;
	return add_condition(
	    normaliser, pipeline,
	    genops_build_both(normaliser, GENOPS_OPERATOR_OR,
	                      genops_build_nil(normaliser, attribute, GENOPS_OPERATOR_NOT_EQUAL),
	                      genops_build_with_zero(normaliser, GENOPS_INTRINSIC_DURATION,
	                                             GENOPS_OPERATOR_GREATER_EQUAL)),
	    fetches_compared);
}

static bool
is_of_instrumentation(const GenopsAttribute *attribute)
{
	return attribute->scope == GENOPS_SCOPE_INSTRUMENTATION ||
	       attribute->intrinsic == GENOPS_INTRINSIC_INSTRUMENTATION_NAME ||
	       attribute->intrinsic == GENOPS_INTRINSIC_INSTRUMENTATION_VERSION;
}

static bool
is_selected_last(const GenopsPipeline *pipeline, const GenopsAttribute *attribute)
{
	const GenopsStage *last = &pipeline->stages[pipeline->count - 1];

	for (size_t i = 0; i < last->attribute_count; i++)
	{
		if (genops_same_attribute(&last->attributes[i], attribute))
			return true;
	}
	return false;
}

/* What was fetched of the instrumentation for the filter is gone when something else is
 * fetched for the metric. */
static bool
fetch_again(GenopsNormaliser *normaliser, GenopsPipeline *pipeline,
            const GenopsAttribute *attribute)
{
	if (!is_of_instrumentation(attribute) || !mentions_of(pipeline, attribute).any ||
	    is_selected_last(pipeline, attribute))
		return true;
	if (!genops_build_select(&normaliser->traceql->arena, pipeline, *attribute))
		return false;
	return genops_normalise_note_text(
	    normaliser, "select() is added: Tempo's storage loses what the filter has fetched of the "
	                "instrumentation.");
}

/* Attributes of a selection that are looked for in the filters: nobody writes more, and
 * each takes a walk over all of them. */
#define MAX_SELECTED 32

typedef struct Selected
{
	const GenopsField *attributes[MAX_SELECTED];
	size_t count;
} Selected;

static void
collect_selected(Selected *selected, const GenopsField *field)
{
	for (size_t i = 0; i < field->operand_count; i++)
		collect_selected(selected, field->operands[i]);
	if (field->kind != GENOPS_FIELD_ATTRIBUTE || selected->count == MAX_SELECTED)
		return;
	for (size_t i = 0; i < selected->count; i++)
	{
		if (genops_traceql_field_equal(selected->attributes[i], field))
			return;
	}
	selected->attributes[selected->count++] = field;
}

/* What compare() selects by. */
static bool
guard_selection(GenopsNormaliser *normaliser, GenopsPipeline *pipeline, const GenopsField *field)
{
	Selected selected = { .count = 0 };

	collect_selected(&selected, field);
	for (size_t i = 0; i < selected.count; i++)
	{
		if (!guard_group(normaliser, pipeline, &selected.attributes[i]->attribute))
			return false;
	}
	return true;
}

static bool
measures(GenopsMetricsFunction function)
{
	return function != GENOPS_METRICS_RATE && function != GENOPS_METRICS_COUNT_OVER_TIME;
}

bool
genops_normalise_call(GenopsNormaliser *normaliser, GenopsMetrics *metrics)
{
	const GenopsMetricsCall *call = &metrics->call;

	if (call->function == GENOPS_METRICS_COMPARE)
		return guard_selection(normaliser, metrics->pipeline, call->selection);
	if (measures(call->function) && !guard_measured(normaliser, metrics->pipeline, call))
		return false;
	for (size_t i = 0; i < call->by_count; i++)
	{
		/* Of intrinsics only avg_over_time() does not ask. */
		if ((call->by[i].intrinsic == GENOPS_INTRINSIC_NONE ||
		     call->function == GENOPS_METRICS_AVG_OVER_TIME) &&
		    !guard_group(normaliser, metrics->pipeline, &call->by[i]))
			return false;
	}
	for (size_t i = 0; i < call->by_count; i++)
	{
		if (!fetch_again(normaliser, metrics->pipeline, &call->by[i]))
			return false;
	}
	return !measures(call->function) ||
	       fetch_again(normaliser, metrics->pipeline, &call->attribute);
}
