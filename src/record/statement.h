/* SPDX-License-Identifier: PostgreSQL */
/*
 * The trace context that the client's current statement brings along.
 */
#ifndef GENOPS_RECORD_STATEMENT_H
#define GENOPS_RECORD_STATEMENT_H

#include "postgres.h"

#include "core/span/trace_context.h"

/* That of its SQLCommenter comment, where it is certain that the text is that
 * of this execution.  trace_state is absent if the comment has none; it is
 * valid until the next call. */
extern bool StatementTraceParent(GenopsTraceParent *parent, GenopsSlice *trace_state);

#endif
