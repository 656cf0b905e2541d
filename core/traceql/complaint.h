/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is wrong with a query, where, and how to fix it.
 *
 * The message names the place and what was found and expected, the detail
 * shows the text around it with a caret below, and the hint shows the query
 * as it was probably meant.
 */
#ifndef GENOPS_CORE_TRACEQL_COMPLAINT_H
#define GENOPS_CORE_TRACEQL_COMPLAINT_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/base/slice.h"

/* What to write in place of some bytes of the query. */
typedef struct GenopsFix
{
	uint32_t from; /* offsets */
	uint32_t to;
	uint32_t length; /* of the replacement */
	char replacement[160];
} GenopsFix;

typedef struct GenopsTraceqlError
{
	GenopsError error;
	bool fixable; /* it looks like a known mistake */
	GenopsFix fix;
	bool syntax;     /* the text does not parse; else it parses and cannot be meant */
	uint32_t offset; /* in bytes, from 0 */
	uint32_t line;   /* from 1 */
	uint32_t column; /* in characters, from 1 */
} GenopsTraceqlError;

/* Returns false.  "syntax" is as it was. */
extern bool genops_complain(GenopsTraceqlError *error, GenopsErrorCode code, GenopsSlice text,
                            size_t offset, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* What was meant by the bytes from "from" to "to"; a longer replacement than a
 * GenopsFix holds is none. */
extern void genops_complain_fix(GenopsTraceqlError *error, size_t from, size_t to,
                                GenopsSlice replacement);

/* Hints at the fixed query, of which the part around the fixed place is shown. */
extern void genops_complain_meant(GenopsTraceqlError *error, GenopsSlice fixed);

/* There was no memory.  Returns false. */
extern bool genops_complain_memory(GenopsTraceqlError *error);

#endif
