/* SPDX-License-Identifier: PostgreSQL */
/*
 * How the core reports what went wrong.
 *
 * Functions that can fail return false and fill a GenopsError that the
 * caller owns.  The texts follow PostgreSQL's style, so that a server can
 * pass them on: the message starts in lower case and has no full stop, the
 * detail and the hint are sentences.  Empty detail or hint means none.  They
 * never contain a secret.
 */
#ifndef GENOPS_CORE_BASE_ERROR_H
#define GENOPS_CORE_BASE_ERROR_H

#include <stdbool.h>

typedef enum GenopsErrorCode
{
	GENOPS_OK = 0,
	GENOPS_INVALID_ARGUMENT, /* the caller's value cannot be meant */
	GENOPS_MALFORMED,        /* bytes or text of others that do not parse */
	GENOPS_TOO_LARGE,        /* a stated limit is exceeded */
	GENOPS_DIVISION_BY_ZERO, /* of whole numbers, by a query over somebody's values */
	GENOPS_OUT_OF_MEMORY,
	GENOPS_INTERRUPTED, /* the caller wanted it: interrupt.h */
	GENOPS_UNREACHABLE  /* the network or a peer */
} GenopsErrorCode;

typedef struct GenopsError
{
	GenopsErrorCode code;
	char message[256];
	char detail[512];
	char hint[256];
} GenopsError;

/* Each formats like printf and cuts what does not fit, at a UTF-8 boundary.
 * genops_error_set clears detail and hint, and returns false so that a
 * function can end with "return genops_error_set(...)". */
extern bool genops_error_set(GenopsError *error, GenopsErrorCode code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
extern void genops_error_detail(GenopsError *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
extern void genops_error_hint(GenopsError *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
