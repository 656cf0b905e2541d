/* SPDX-License-Identifier: PostgreSQL */
/*
 * Series as rows of genops.traceql_row: labels, time and value.
 */
#ifndef GENOPS_ASK_SERIES_ROWS_H
#define GENOPS_ASK_SERIES_ROWS_H

#include "postgres.h"

#include "core/traceql/metrics.h"
#include "utils/tuplestore.h"

/* A row per series and point. */
extern void SeriesRows(const GenopsSeriesList *list, const GenopsMetricsGrid *grid,
                       Tuplestorestate *result, TupleDesc descriptor);

#endif
