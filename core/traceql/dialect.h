/* SPDX-License-Identifier: PostgreSQL */
/*
 * Forms that people write and TraceQL lacks, read as what they evidently mean.
 *
 *   {} | sum(.cost) by (.team)        {} | sum_over_time(.cost) by (.team)
 *   {} | by(.team) | sum(.cost)       the same
 *   {} | quantile(.duration, 0.95)    {} | quantile_over_time(duration, 0.95)
 *   ({} | sum(.cost)) / ({} | count())  the same of two
 *   { .duration > 1s }                { duration > 1s }
 *   { .status = error }               { status = error }
 *
 * The metrics of such forms are instant ones: a value for the whole range.  Each
 * reading is told to the caller by a notice.
 */
#ifndef GENOPS_CORE_TRACEQL_DIALECT_H
#define GENOPS_CORE_TRACEQL_DIALECT_H

#include "core/traceql/parse_part.h"

/* At what follows an aggregate without comparison at the end of a pipeline. */
extern bool genops_dialect_aggregate(GenopsParser *parser, GenopsPipeline *pipeline,
                                     const GenopsScalar *scalar, GenopsPart *part);

/* Arithmetic of bracketed pipelines that end in an aggregate, without comparison. */
extern GenopsMetrics *genops_dialect_scalar(GenopsParser *parser, const GenopsScalar *scalar);

/* The attribute of the dialect's functions: .duration means the intrinsic there. */
extern bool genops_dialect_attribute(GenopsParser *parser, GenopsAttribute *attribute);

/* Whether the next token is the dialect's "quantile". */
extern bool genops_at_dialect_quantile(const GenopsParser *parser);

/* Turns attributes that are compared with what only an intrinsic can be into the
 * intrinsic, everywhere in the query. */
extern bool genops_dialect_intrinsics(GenopsParser *parser, GenopsQuery *query);

#endif
