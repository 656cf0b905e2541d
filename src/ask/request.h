/* SPDX-License-Identifier: PostgreSQL */
/*
 * What genops_traceql() was asked.
 */
#ifndef GENOPS_ASK_REQUEST_H
#define GENOPS_ASK_REQUEST_H

#include "postgres.h"

#include "core/traceql/traceql.h"
#include "keep/span_time.h"

typedef struct TraceqlRequest
{
	GenopsTraceql *traceql;
	bool from_tempo;      /* is asked of Tempo, not of the ledger */
	bool verbatim;        /* means just what it says: no dialect, and not rewritten for Tempo */
	TimestampTz asked_at; /* what "since" counts from, and where metrics without an end end */
	SpanTimeRange range;
	int max_traces;      /* 0: all */
	int spans_per_trace; /* 0: all */
	int64 step_us;       /* of a metrics query; 0: chosen by the range */
	bool instant;        /* of a metrics query: one value for the whole range */
	char *tenant_id;     /* NULL: every tenant that the user may see; "a|b": both */
} TraceqlRequest;

#endif
