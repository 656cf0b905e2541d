/* SPDX-License-Identifier: PostgreSQL */
/*
 * Visits every expression over a span that a query holds: filters, also those
 * in nested pipelines, group keys, aggregates' arguments, compare's selection.
 */
#ifndef GENOPS_CORE_TRACEQL_WALK_H
#define GENOPS_CORE_TRACEQL_WALK_H

#include "core/traceql/ast.h"

typedef enum GenopsFieldRole
{
	GENOPS_ROLE_FILTER,    /* must be boolean */
	GENOPS_ROLE_SELECTION, /* compare's filter */
	GENOPS_ROLE_GROUP,
	GENOPS_ROLE_AGGREGATE
} GenopsFieldRole;

/* May replace the expression; false ends the walk. */
typedef bool (*GenopsFieldVisitor)(void *context, GenopsFieldRole role, GenopsField **field);

extern bool genops_walk_query(GenopsQuery *query, GenopsFieldVisitor visit, void *context);
extern bool genops_walk_pipeline(GenopsPipeline *pipeline, GenopsFieldVisitor visit, void *context);

#endif
