/* SPDX-License-Identifier: PostgreSQL */
/*
 * Answers a search from the ledger.
 */
#ifndef GENOPS_ASK_LEDGER_SEARCH_H
#define GENOPS_ASK_LEDGER_SEARCH_H

#include "postgres.h"

#include "ask/found_spans.h"
#include "ask/ledger_spans.h"
#include "ask/request.h"
#include "core/traceql/pipeline.h"

/* Rows of genops.traceql_row; between StreamBegin and StreamEnd. */
extern void LedgerSearch(const TraceqlRequest *request, Tuplestorestate *result,
                         TupleDesc descriptor);

/* The parts: of LedgerSearch, and of those of its kind (limited_search.c). */

/* Adds what a pipeline finds in a trace, as far as it ran in the request's range.
 * Returns the latest start of those spans, DT_NOBEGIN if there are none. */
extern TimestampTz SearchTrace(const TraceqlRequest *request, GenopsTraceqlPipeline *pipeline,
                               GenopsTrace *trace, const SpanPlace *places, FoundSpans *found);

/* The newest request->max_traces traces. */
extern void LimitedSearch(const TraceqlRequest *request, GenopsTraceqlPipeline *pipeline,
                          FoundSpans *found);

/* The ids of all traces in which a pipeline may find something; NULL when that is
 * every trace, or too many to be named. */
extern TraceIds *CandidateTraces(const TraceqlRequest *request, const GenopsPipeline *pipeline);

#endif
