/* SPDX-License-Identifier: PostgreSQL */
/*
 * Answers a metrics query from the ledger.
 */
#ifndef GENOPS_ASK_LEDGER_METRICS_H
#define GENOPS_ASK_LEDGER_METRICS_H

#include "postgres.h"

#include "ask/request.h"
#include "core/traceql/metrics.h"
#include "utils/tuplestore.h"

/* The buckets that the request is about; raises where it has no range. */
extern GenopsMetricsGrid LedgerGrid(const TraceqlRequest *request);

/* Whether the hint extrapolate is set. */
extern bool LedgerExtrapolates(const GenopsQuery *query);

/* Whether a call asks what only whole traces tell, or more than their columns. */
extern bool LedgerCallIsOfTrace(const GenopsMetricsCall *call);

/* Rows of genops.traceql_row; between StreamBegin and StreamEnd. */
extern void LedgerMetrics(const TraceqlRequest *request, Tuplestorestate *result,
                          TupleDesc descriptor);

#endif
