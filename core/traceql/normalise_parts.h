/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the parts of the normaliser share; normalise.h has what others call.
 */
#ifndef GENOPS_CORE_TRACEQL_NORMALISE_PARTS_H
#define GENOPS_CORE_TRACEQL_NORMALISE_PARTS_H

#include "core/traceql/traceql.h"

typedef struct GenopsNormaliser
{
	GenopsTraceql *traceql; /* is rewritten in place; its notices say what and why */
	/* Something in the filter at hand is only right when all spans reach the engine. */
	bool needs_all_spans;
	bool of_metrics; /* the pipeline at hand */
	bool of_trees;   /* it has a structural operator */
	bool by_place;   /* the metrics at hand mention a span's place in the tree */
	/* Names of attributes, sorted: normalise_nil.c. */
	GenopsSlice *mentioned;
	size_t mentioned_count;
	bool mentions_all;             /* by compare() */
	uint32_t mentioned_intrinsics; /* a bit for each */
	/* Tempo finds the right one of several events or links in what is sent, unless
	 * something is added to their comparisons, or an "||" anywhere: normalise_choice.c. */
	bool chooses;
} GenopsNormaliser;

/* A sentence: "before" is sent as "after", because of the reason. */
extern bool genops_normalise_note(GenopsNormaliser *normaliser, const GenopsField *before,
                                  const GenopsField *after, const char *reason);
/* A sentence: "condition" is added to the filter, because of the reason. */
extern bool genops_normalise_note_added(GenopsNormaliser *normaliser, const GenopsField *condition,
                                        const char *reason);
extern bool genops_normalise_note_text(GenopsNormaliser *normaliser, const char *text);

/* NULL below means that there was no memory, or the tree became too high. */

extern GenopsField *genops_build_comparison(GenopsNormaliser *normaliser, GenopsField *attribute,
                                            GenopsOperator op, GenopsLiteral literal);
/* A duration compared with 0s: ">=" is true for all spans, "<" for none. */
extern GenopsField *genops_build_with_zero(GenopsNormaliser *normaliser, GenopsIntrinsic duration,
                                           GenopsOperator op);
extern GenopsField *genops_build_nil(GenopsNormaliser *normaliser, GenopsField *attribute,
                                     GenopsOperator op);

/* !field, which is right once all spans reach the engine.  NULL gives NULL. */
extern GenopsField *genops_normalise_negate(GenopsNormaliser *normaliser, GenopsField *field);

/* "left" or "right" may be NULL, which gives NULL. */
extern GenopsField *genops_build_both(GenopsNormaliser *normaliser, GenopsOperator op,
                                      GenopsField *left, GenopsField *right);

/* -x, x + 1 and the like. */
extern bool genops_is_computed(const GenopsField *field);

/* The attribute that is compared with a value, from either side, and the value; or NULL. */
extern const GenopsField *genops_normalise_compared(const GenopsField *field,
                                                    const GenopsLiteral **value);

/* What cannot be computed is false, and so equals what else cannot, and is not nil: whether
 * the comparison may be true where a span has nothing that it mentions. */
extern bool genops_holds_of_nothing(const GenopsField *comparison);

/* nestedSetLeft and the like. */
extern bool genops_is_place(const GenopsAttribute *attribute);

/* What a comparison needs beside itself, or nothing; false if there was no memory. */
extern bool genops_normalise_guard(GenopsNormaliser *normaliser, const GenopsField *comparison,
                                   GenopsField **guard);

/* Makes a subtraction of every -x in the field's operands, where a number may stand;
 * false if there was no memory. */
extern bool genops_normalise_minus(GenopsNormaliser *normaliser, GenopsField *field);

/* Of events and links: without any the attribute is neither nil nor not. */
extern bool genops_normalise_repeated(GenopsScope scope);

/* An attribute or intrinsic of an event or link. */
extern bool genops_is_repeated(const GenopsAttribute *attribute);

/* Whether an attribute of the scope is mentioned, intrinsics aside. */
extern bool genops_mentions_scope(const GenopsField *field, GenopsScope scope);

/* Whether Tempo finds the right one of several events or links that the query mentions. */
extern bool genops_normalise_chooses(const GenopsQuery *query);

/* To be called before anything is rewritten; false if there was no memory. */
extern bool genops_normalise_collect_mentions(GenopsNormaliser *normaliser, GenopsQuery *query);

/* Whether the query mentions it otherwise than to ask whether it is nil. */
extern bool genops_normalise_mentions(const GenopsNormaliser *normaliser,
                                      const GenopsAttribute *attribute);

/* A comparison, or its opposite. */
extern GenopsField *genops_normalise_comparison(GenopsNormaliser *normaliser, GenopsField *field,
                                                bool negated);

/* False if there was no memory.  "orphans": spans that no root leads to may be among
 * the result. */
extern bool genops_normalise_spanset(GenopsNormaliser *normaliser, GenopsSpanset *spanset,
                                     bool orphans);
extern bool genops_normalise_pipeline(GenopsNormaliser *normaliser, GenopsPipeline *pipeline);

/* A stage { filter } at the place; the stages behind it move.  False if there was no
 * memory, or no filter. */
extern bool genops_normalise_insert_filter(GenopsNormaliser *normaliser, GenopsPipeline *pipeline,
                                           size_t place, GenopsField *filter);

/* What a metric measures and groups by, once its pipeline is rewritten; false if there
 * was no memory. */
extern bool genops_normalise_call(GenopsNormaliser *normaliser, GenopsMetrics *metrics);

/* Whether there is a structural operator anywhere in it. */
extern bool genops_pipeline_has_tree(const GenopsPipeline *pipeline);

/* "true" or "false". */
extern GenopsField *genops_build_boolean(GenopsNormaliser *normaliser, bool value, uint32_t offset);

/* A condition, or its opposite, as part of a filter. */
extern GenopsField *genops_normalise_field(GenopsNormaliser *normaliser, GenopsField *field,
                                           bool negated);

/* .flag as .flag = true, !.flag as .flag = false, and what is computed as false, as it is
 * no boolean. */
extern GenopsField *genops_normalise_bare(GenopsNormaliser *normaliser, GenopsField *field);

/* That what stands behind any number of "!" is a boolean. */
extern GenopsField *genops_normalise_is_boolean(GenopsNormaliser *normaliser, GenopsField *field);

/* A comparison that one of its operands is a condition of: (name = "a") = false. */
extern bool genops_is_nested(const GenopsField *comparison);
extern GenopsField *genops_normalise_nested(GenopsNormaliser *normaliser, GenopsField *comparison,
                                            bool negated);

/* Whether the operands are true or false for every span. */
extern bool genops_normalise_all_certain(const GenopsField *field);

/* A whole filter. */
extern GenopsField *genops_normalise_filter(GenopsNormaliser *normaliser, GenopsField *filter);

#endif
