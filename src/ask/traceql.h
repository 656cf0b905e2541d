/*
 * A TraceQL query is asked, and the answer becomes rows of genops.traceql_row.
 */
#ifndef GENOPS_ASK_TRACEQL_H
#define GENOPS_ASK_TRACEQL_H

#include "postgres.h"

#include "ask/request.h"
#include "utils/tuplestore.h"

/* Waits a moment until what is recorded is stored, where it may. */
extern void TraceqlAwaitStored(void);

/* An open range is given its bounds where the query needs them. */
extern void TraceqlAskLedger(TraceqlRequest *request, Tuplestorestate *rows, TupleDesc row_type);
extern void TraceqlAskTempo(const TraceqlRequest *request, Tuplestorestate *rows,
                            TupleDesc row_type);

#endif
