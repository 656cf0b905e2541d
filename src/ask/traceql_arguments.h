/* SPDX-License-Identifier: PostgreSQL */
/*
 * The arguments of genops_traceql() and its kind.
 */
#ifndef GENOPS_ASK_TRACEQL_ARGUMENTS_H
#define GENOPS_ASK_TRACEQL_ARGUMENTS_H

#include "postgres.h"

#include "ask/request.h"
#include "fmgr.h"

/* In the order of the SQL functions that have them. */
enum
{
	TRACEQL_ARG_QUERY,
	TRACEQL_ARG_SINCE,
	TRACEQL_ARG_START_TIME,
	TRACEQL_ARG_END_TIME,
	TRACEQL_ARG_MAX_TRACES,
	TRACEQL_ARG_SPANS_PER_TRACE,
	TRACEQL_ARG_STEP,
	TRACEQL_ARG_TENANT_ID,
	TRACEQL_ARG_SOURCE,
	TRACEQL_ARG_VERBATIM
};

/* Parses the query, which tells its notices, and checks the rest. */
extern void TraceqlReadArguments(FunctionCallInfo fcinfo, TraceqlRequest *request);

/* Gives an open range the bounds of what the ledger has, for metrics; between
 * StreamBegin and StreamEnd. */
extern void TraceqlBoundRange(TraceqlRequest *request);

#endif
