/* SPDX-License-Identifier: PostgreSQL */
/*
 * A span of the ledger as a row of genops.traceql_row.
 */
#ifndef GENOPS_ASK_SPAN_ROW_H
#define GENOPS_ASK_SPAN_ROW_H

#include "postgres.h"

#include "ask/found_spans.h"
#include "ask/traceql_row.h"
#include "core/span/otlp_read.h"

extern void SpanRowFill(TraceqlRow *row, const GenopsSpanWalk *at, const char *tenant_id,
                        const FoundSpan *found);

#endif
