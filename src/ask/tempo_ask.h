/* SPDX-License-Identifier: PostgreSQL */
/*
 * A TraceQL query is asked of Tempo, and the answer becomes rows.
 */
#ifndef GENOPS_ASK_TEMPO_ASK_H
#define GENOPS_ASK_TEMPO_ASK_H

#include "postgres.h"

#include "ask/tempo_query.h"
#include "core/traceql/traceql.h"
#include "utils/tuplestore.h"

typedef struct TempoQuestion
{
	const GenopsTraceql *query; /* parsed and checked */
	bool verbatim;              /* not rewritten (normalise.h) */
	TempoRange range;
	int max_traces;      /* 0: as many as there are */
	int spans_per_trace; /* 0: as many as there are */
	int64 step_us;       /* 0: as Tempo chooses */
	const char *tenant;  /* NULL: the configuration's; '': none */
} TempoQuestion;

/* Adds rows of the type genops.traceql_row.  A metrics query is asked as an
 * instant one if it says so (GenopsQuery), and then its time is the range's end. */
extern void TempoAsk(const TempoQuestion *question, Tuplestorestate *rows, TupleDesc row_type);

#endif
