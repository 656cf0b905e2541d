/* SPDX-License-Identifier: PostgreSQL */
/*
 * Sets of spans: "{ true }" and "{ false }", which mean to Tempo's storage what the
 * rest of the query makes of them, and the operators over the tree.
 */
#include "core/traceql/build.h"
#include "core/traceql/normalise_parts.h"
#include "core/traceql/vocabulary.h"

static bool
is_tree(GenopsSpansetOperator op)
{
	return op >= GENOPS_SPANSET_CHILD;
}

static bool
is_wide_union(GenopsSpansetOperator op)
{
	return op == GENOPS_SPANSET_UNION_DESCENDANT || op == GENOPS_SPANSET_UNION_ANCESTOR;
}

typedef bool (*IsOperator)(GenopsSpansetOperator op);

static bool pipeline_has(const GenopsPipeline *pipeline, IsOperator is);

/* Whether there is such an operator anywhere. */
static bool
has(const GenopsSpanset *spanset, IsOperator is)
{
	if (spanset->kind == GENOPS_SPANSET_FILTER)
		return false;
	if (spanset->kind == GENOPS_SPANSET_PIPELINE)
		return pipeline_has(spanset->pipeline, is);
	return is(spanset->op) || has(spanset->left, is) || has(spanset->right, is);
}

static bool
pipeline_has(const GenopsPipeline *pipeline, IsOperator is)
{
	for (size_t i = 0; i < pipeline->count; i++)
	{
		if (pipeline->stages[i].spanset != NULL && has(pipeline->stages[i].spanset, is))
			return true;
	}
	return false;
}

static bool
is_constant(const GenopsField *filter, bool value)
{
	return filter->kind == GENOPS_FIELD_LITERAL && filter->literal.integer == value;
}

/* What a constant means to Tempo's storage depends on the rest of the query; a
 * comparison that is always true or never is fetched for all. */
static bool
replace_constant(GenopsNormaliser *normaliser, GenopsSpanset *spanset, bool orphans)
{
	bool all = orphans && is_constant(spanset->filter, true);

	if (!all && !(normaliser->of_metrics && is_constant(spanset->filter, false)))
		return true;
	spanset->filter =
	    genops_build_with_zero(normaliser, GENOPS_INTRINSIC_DURATION,
	                           all ? GENOPS_OPERATOR_GREATER_EQUAL : GENOPS_OPERATOR_LESS);
	return spanset->filter != NULL &&
	       genops_normalise_note_text(
	           normaliser,
	           all ? "\"{ true }\" is sent as \"{ duration >= 0s }\": beside structural "
	                 "operators Tempo would leave out spans whose parent is missing."
	               : "\"{ false }\" is sent as \"{ duration < 0s }\": Tempo gives no "
	                 "series for it, instead of one of zeros.");
}

static GenopsSpanset *
build_spanset(GenopsNormaliser *normaliser, GenopsSpanset *left, GenopsSpansetOperator op,
              GenopsSpanset *right)
{
	GenopsSpanset *spanset = genops_arena_take(&normaliser->traceql->arena, sizeof(GenopsSpanset));
	uint16_t height = left->height > right->height ? left->height : right->height;

	if (spanset == NULL)
		return NULL;
	spanset->kind = GENOPS_SPANSET_OPERATION;
	spanset->height = (uint16_t) (height + 1);
	spanset->op = op;
	spanset->left = left;
	spanset->right = right;
	return spanset;
}

/* a &>> b as (a >> b) || (b << a), a &<< b as (a << b) || (b >> a). */
static bool
split_union(GenopsNormaliser *normaliser, GenopsSpanset *spanset)
{
	bool below = spanset->op == GENOPS_SPANSET_UNION_DESCENDANT;
	GenopsSpansetOperator op = below ? GENOPS_SPANSET_DESCENDANT : GENOPS_SPANSET_ANCESTOR;
	GenopsSpansetOperator inverse = below ? GENOPS_SPANSET_ANCESTOR : GENOPS_SPANSET_DESCENDANT;
	GenopsSpanset *of_right = build_spanset(normaliser, spanset->left, op, spanset->right);
	GenopsSpanset *of_left = build_spanset(normaliser, spanset->right, inverse, spanset->left);

	if (of_right == NULL || of_left == NULL)
		return false;
	spanset->op = GENOPS_SPANSET_OR;
	spanset->left = of_right;
	spanset->right = of_left;
	return genops_normalise_note_text(
	    normaliser, below
	                    ? "\"a &>> b\" is sent as \"(a >> b) || (b << a)\": Tempo at times leaves "
	                      "out spans of it."
	                    : "\"a &<< b\" is sent as \"(a << b) || (b >> a)\": Tempo at times leaves "
	                      "out spans of it.");
}

static bool
normalise_operation(GenopsNormaliser *normaliser, GenopsSpanset *spanset, bool orphans)
{
	/* One within another would double the text each time. */
	bool splits = is_wide_union(spanset->op) && !has(spanset->left, is_wide_union) &&
	              !has(spanset->right, is_wide_union);
	bool tree = is_tree(spanset->op);

	/* An orphan is nobody's partner. */
	return genops_normalise_spanset(normaliser, spanset->left, orphans && !tree) &&
	       genops_normalise_spanset(normaliser, spanset->right,
	                                orphans &&
	                                    (!tree || genops_spanset_operator_negated(spanset->op))) &&
	       (!splits || split_union(normaliser, spanset));
}

bool
genops_normalise_spanset(GenopsNormaliser *normaliser, GenopsSpanset *spanset, bool orphans)
{
	switch (spanset->kind)
	{
		case GENOPS_SPANSET_FILTER:
			spanset->filter = genops_normalise_filter(normaliser, spanset->filter);
			return spanset->filter != NULL && replace_constant(normaliser, spanset, orphans);
		case GENOPS_SPANSET_PIPELINE:
			return genops_normalise_pipeline(normaliser, spanset->pipeline);
		default:
			return normalise_operation(normaliser, spanset, orphans);
	}
}

bool
genops_pipeline_has_tree(const GenopsPipeline *pipeline)
{
	return pipeline_has(pipeline, is_tree);
}
