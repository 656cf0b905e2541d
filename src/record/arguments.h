/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reads the arguments of the SQL functions that record.
 *
 * A text that cannot be meant is complained of (complaint.h), naming the argument, and
 * is then taken as not known.
 */
#ifndef GENOPS_RECORD_ARGUMENTS_H
#define GENOPS_RECORD_ARGUMENTS_H

#include "postgres.h"

#include "core/base/error.h"
#include "core/span/facts.h"
#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* A text argument in the server's encoding; absent when NULL. */
extern GenopsSlice ArgumentText(FunctionCallInfo fcinfo, int number);

/* A genops.value as its text; absent when NULL. */
extern GenopsSlice ArgumentValue(FunctionCallInfo fcinfo, int number);

/* A genops.value that is a count; GENOPS_UNKNOWN_TOKENS when NULL. */
extern int64 ArgumentTokens(FunctionCallInfo fcinfo, int number, const char *name);

/* NULL when the argument is. */
extern Jsonb *ArgumentJsonb(FunctionCallInfo fcinfo, int number);

/* A count of tokens.  What is between two numbers is rounded. */
extern int64 CountFromText(GenopsSlice text, const char *name);

/* Money, which is ASCII in every encoding. */
extern bool MoneyFromText(GenopsSlice text, const char *name, GenopsMoney *money);

/* An interval, in nanoseconds; a bare number is none, for nobody knows its unit. */
extern bool DurationFromText(GenopsSlice text, const char *name, int64 *nanoseconds);
extern bool MillisecondsFromText(GenopsSlice text, const char *name, int64 *nanoseconds);

/* Nanoseconds of Unix time; false for a time that OTLP cannot tell (before 1970, infinity) or that
 * is beyond 2262. */
extern bool UnixNanoseconds(TimestampTz time, const char *name, int64 *nanoseconds);
extern bool TimeFromText(GenopsSlice text, const char *name, int64 *nanoseconds);

/* The clock, in nanoseconds of Unix time.  Safe everywhere. */
extern int64 ClockNanoseconds(void);

/* The start of a text for a message. */
extern const char *TextForMessage(GenopsSlice text);

/* Raises what the core found, in the server's encoding. */
extern void ReportCoreError(const GenopsError *error, int sqlstate) __attribute__((noreturn));

#endif
