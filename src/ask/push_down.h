/* SPDX-License-Identifier: PostgreSQL */
/*
 * A query's filters as conditions of SQL on the rows of genops.ledger_span that
 * are exact (keep/segment.h).
 *
 * A condition lets through every span that the filter does.  If it is exact it
 * lets through no other; else what it lets through is looked at again, in the
 * span's bytes.
 */
#ifndef GENOPS_ASK_PUSH_DOWN_H
#define GENOPS_ASK_PUSH_DOWN_H

#include "postgres.h"

#include "core/traceql/ast.h"

typedef enum ConditionKind
{
	CONDITION_ALWAYS,
	CONDITION_NEVER,
	CONDITION_SQL
} ConditionKind;

typedef struct Condition
{
	ConditionKind kind;
	bool exact;
	char *sql; /* CONDITION_SQL's; in the current memory context */
} Condition;

/* Of a span-local pipeline (core/traceql/pipeline.h): the spans in its result. */
extern Condition PushDownPipeline(const GenopsPipeline *pipeline);

/* Of any pipeline: spans of which every trace with a result has one, and that
 * every span of a result is one of.  Exact: the condition tells as much of that as
 * the span's bytes do. */
extern Condition PushDownCandidates(const GenopsPipeline *pipeline);

#endif
