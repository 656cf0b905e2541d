/* SPDX-License-Identifier: PostgreSQL */
/*
 * The names of traces' roots, looked up for many traces at once.
 */
#ifndef GENOPS_ASK_TRACE_ROOTS_H
#define GENOPS_ASK_TRACE_ROOTS_H

#include "postgres.h"

#include "ask/request.h"
#include "core/span/facts.h"
#include "utils/hsearch.h"

typedef struct TraceRoots
{
	MemoryContext context;
	HTAB *wanted;
} TraceRoots;

extern TraceRoots *TraceRootsBegin(void);

/* Whose root is to be looked up. */
extern void TraceRootsWant(TraceRoots *roots, const uint8 trace_id[GENOPS_TRACE_ID_SIZE]);
extern void TraceRootsLookUp(TraceRoots *roots, const TraceqlRequest *request);

/* False if none was wanted or found. */
extern bool TraceRootsFind(TraceRoots *roots, const uint8 trace_id[GENOPS_TRACE_ID_SIZE],
                           const char **name, const char **service);

#endif
