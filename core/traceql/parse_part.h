/* SPDX-License-Identifier: PostgreSQL */
/*
 * A part of a query whose kind shows only as it is read.
 *
 * "(" may begin a set of spans, a pipeline, a scalar, a number or metrics; so
 * all of them are read by one precedence climber, and what may be combined
 * with what is decided when it is.
 */
#ifndef GENOPS_CORE_TRACEQL_PARSE_PART_H
#define GENOPS_CORE_TRACEQL_PARSE_PART_H

#include "core/traceql/parser.h"

typedef enum GenopsPartKind
{
	GENOPS_PART_NUMBER,   /* literal */
	GENOPS_PART_SCALAR,   /* scalar */
	GENOPS_PART_SPANSET,  /* spanset, without pipelines */
	GENOPS_PART_PIPES,    /* spanset whose leaves are bracketed pipelines */
	GENOPS_PART_FILTER,   /* pipeline of one stage, a scalar filter */
	GENOPS_PART_PIPELINE, /* pipeline */
	GENOPS_PART_METRICS   /* metrics */
} GenopsPartKind;

typedef struct GenopsPart
{
	GenopsPartKind kind;
	bool bracketed;
	uint32_t offset;
	GenopsLiteral literal;
	GenopsScalar *scalar;
	GenopsSpanset *spanset;
	GenopsPipeline *pipeline;
	GenopsMetrics *metrics;
} GenopsPart;

/* What stands in brackets or is the whole query, up to what cannot belong to it. */
extern bool genops_parse_sequence(GenopsParser *parser, bool bracketed, GenopsPart *part);

/* One operand, and what follows it that binds at least as tightly. */
extern bool genops_parse_part(GenopsParser *parser, int precedence, GenopsPart *part);

/* left = left op right. */
extern bool genops_combine_parts(GenopsParser *parser, const GenopsSymbol *symbol, uint32_t offset,
                                 GenopsPart *left, const GenopsPart *right);

/* Brackets around the part. */
extern bool genops_bracket_part(GenopsParser *parser, GenopsPart *part);

extern bool genops_pipeline_add(GenopsParser *parser, GenopsPipeline *pipeline,
                                const GenopsStage *stage);

/* At a metrics function, or the dialect's quantile. */
extern bool genops_at_metrics_call(const GenopsParser *parser);

/* The function behind a pipeline, with its second stages. */
extern bool genops_parse_metrics_call(GenopsParser *parser, GenopsPipeline *pipeline,
                                      GenopsPart *part);

/* "| topk(5)" and "> 5", as many as follow. */
extern bool genops_parse_second_stages(GenopsParser *parser, GenopsMetrics *metrics);
extern bool genops_second_filter(GenopsParser *parser, GenopsMetrics *metrics, GenopsOperator op,
                                 uint32_t offset, const GenopsLiteral *value);

#endif
