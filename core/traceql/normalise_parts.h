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
} GenopsNormaliser;

/* A sentence: "before" is sent as "after", because of the reason. */
extern bool genops_normalise_note(GenopsNormaliser *normaliser, const GenopsField *before,
                                  const GenopsField *after, const char *reason);
extern bool genops_normalise_note_text(GenopsNormaliser *normaliser, const char *text);

/* NULL below means that there was no memory, or the tree became too high. */

extern GenopsField *genops_build_comparison(GenopsNormaliser *normaliser, GenopsField *attribute,
                                            GenopsOperator op, GenopsLiteral literal);
extern GenopsField *genops_build_nil(GenopsNormaliser *normaliser, GenopsField *attribute,
                                     GenopsOperator op);

/* !field, which is right once all spans reach the engine.  NULL gives NULL. */
extern GenopsField *genops_normalise_negate(GenopsNormaliser *normaliser, GenopsField *field);

/* "left" or "right" may be NULL, which gives NULL. */
extern GenopsField *genops_build_both(GenopsNormaliser *normaliser, GenopsOperator op,
                                      GenopsField *left, GenopsField *right);

/* nestedSetLeft and the like. */
extern bool genops_is_place(const GenopsAttribute *attribute);

/* What a comparison needs beside itself, or nothing; false if there was no memory. */
extern bool genops_normalise_guard(GenopsNormaliser *normaliser, const GenopsField *comparison,
                                   GenopsField **guard);

/* Makes a subtraction of every -x in the field's operands, where a number may stand;
 * false if there was no memory. */
extern bool genops_normalise_minus(GenopsNormaliser *normaliser, GenopsField *field);

/* A comparison, or its opposite. */
extern GenopsField *genops_normalise_comparison(GenopsNormaliser *normaliser, GenopsField *field,
                                                bool negated);

/* False if there was no memory.  "orphans": spans that no root leads to may be among
 * the result. */
extern bool genops_normalise_spanset(GenopsNormaliser *normaliser, GenopsSpanset *spanset,
                                     bool orphans);
extern bool genops_normalise_pipeline(GenopsNormaliser *normaliser, GenopsPipeline *pipeline);

/* Whether there is a structural operator anywhere in it. */
extern bool genops_pipeline_has_tree(const GenopsPipeline *pipeline);

/* A whole filter. */
extern GenopsField *genops_normalise_filter(GenopsNormaliser *normaliser, GenopsField *filter);

#endif
