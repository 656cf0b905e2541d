/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the functions return: a call's W3C traceparent.
 */
#ifndef GENOPS_RECORD_RETURNED_H
#define GENOPS_RECORD_RETURNED_H

#include "postgres.h"

#include "compat.h"
#include "core/span/trace_context.h"

static inline text *
ReturnedTraceParent(const GenopsTraceParent *parent)
{
	text *result = palloc(VARHDRSZ + GENOPS_TRACEPARENT_LENGTH + 1);

	SET_VARSIZE(result, VARHDRSZ + GENOPS_TRACEPARENT_LENGTH);
	genops_traceparent_print(parent, VARDATA(result));
	return result;
}

#endif
