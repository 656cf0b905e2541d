/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tempo's answers as rows of genops.traceql_row.
 *
 * "tenant" is what was asked for (TempoTenant): where it is one tenant, it is that of
 * every row.
 */
#ifndef GENOPS_ASK_TEMPO_ROWS_H
#define GENOPS_ASK_TEMPO_ROWS_H

#include "postgres.h"

#include "ask/tempo_query.h"
#include "core/traceql/select_columns.h"
#include "utils/tuplestore.h"

/* A row per span.  Attributes that became columns are left out of "attributes",
 * unless the query named them. */
extern void TempoSearchRows(const GenopsTempoSearch *search, const bool named[GENOPS_COLUMN_COUNT],
                            const char *tenant, Tuplestorestate *rows, TupleDesc row_type);

/* A row per series and sample, with its labels. */
extern void TempoMetricsRows(const GenopsTempoMetrics *metrics, Tuplestorestate *rows,
                             TupleDesc row_type);

/* A row per series, all of the one time. */
extern void TempoInstantRows(const GenopsTempoMetrics *metrics, TimestampTz time,
                             Tuplestorestate *rows, TupleDesc row_type);

/* A row per span, with all its attributes and its resource's. */
extern void TempoTraceRows(const GenopsTempoWholeTrace *trace, const char *tenant,
                           Tuplestorestate *rows, TupleDesc row_type);

#endif
