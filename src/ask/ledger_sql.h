/* SPDX-License-Identifier: PostgreSQL */
/*
 * The queries on the ledger's tables that answer a TraceQL query.
 *
 * A span is found in one of two ways.  Where it is "exact" (keep/segment.h) the
 * conditions of push_down.h choose its row in genops.ledger_span; if they are
 * not all that is asked, or it is not exact, its bytes in genops.ledger_segment
 * are looked at.
 */
#ifndef GENOPS_ASK_LEDGER_SQL_H
#define GENOPS_ASK_LEDGER_SQL_H

#include "postgres.h"

#include "ask/push_down.h"
#include "ask/request.h"
#include "ask/stream.h"
#include "core/traceql/metrics.h"

/* Parameters that every query has, in this order. */
enum
{
	LEDGER_RANGE_START = 1, /* timestamptz, maybe infinite */
	LEDGER_RANGE_END,
	LEDGER_FIRST_SEQ, /* bigint: segments from this to that number */
	LEDGER_LAST_SEQ,
	LEDGER_TENANTS,       /* text[], or NULL for all */
	LEDGER_QUERY,         /* bytea: the pipeline's, or the whole metrics query's, text in UTF-8 */
	LEDGER_TRACES,        /* bytea: sorted trace ids, or NULL for all */
	LEDGER_RECORDED_FROM, /* timestamptz: what is in the range was recorded from then on */
	LEDGER_TRACES_START,  /* timestamptz: of the range in which whole traces are looked up */
	LEDGER_TRACES_END,
	LEDGER_TRACES_RECORDED_FROM,
	LEDGER_PARAMETERS = LEDGER_TRACES_RECORDED_FROM
};

typedef struct LedgerParameters
{
	StreamParameter list[LEDGER_PARAMETERS];
} LedgerParameters;

extern LedgerParameters LedgerParametersOf(const TraceqlRequest *request, GenopsSlice query);

/* Queries for the spans that a pipeline lets through, or with "candidates" may let
 * through.  NULL: there are none of that sort. */
typedef struct LedgerSpanQueries
{
	/* Rows of recorded_at, seq, offset, trace_id, start_time, has_parent. */
	char *columns;
	/* Rows of recorded_at, seq, matches (segment_matches.h). */
	char *bytes;
} LedgerSpanQueries;

extern LedgerSpanQueries LedgerSpans(const TraceqlRequest *request, Condition condition,
                                     bool candidates);

/* Rows of recorded_at, seq, trace_id, spans, offsets by trace: of the traces that are asked for,
 * or all.  They reach a day beyond the range, so that a trace is whole. */
extern char *LedgerTraces(const TraceqlRequest *request, bool some);

/* Rows of seq, max_end by descending seq; segments that share a row are one of them, with the
 * number of the last. */
extern char *LedgerSegments(const TraceqlRequest *request);

/* One row: when the first span in the range began. */
extern char *LedgerFirstTime(const TraceqlRequest *request);

/* Rows of trace_id, service_name, name, seq, offset: the spans without a parent of some traces. */
extern char *LedgerRoots(const TraceqlRequest *request);

/* For one call of a metrics query whose pipeline is span-local. */
typedef struct LedgerCountQueries
{
	/* Rows of bucket, count, sum, min, max, exponent, then the by() attributes. */
	char *columns;
	/* One row: what genops_internal.segment_counts() gives. */
	char *bytes;
} LedgerCountQueries;

extern LedgerCountQueries LedgerCounts(const TraceqlRequest *request, Condition condition,
                                       const GenopsMetricsCall *call, size_t number,
                                       bool extrapolate, const GenopsMetricsGrid *grid);

#endif
