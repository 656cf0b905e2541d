/*
 * Reads the arguments of the SQL functions that record.
 */
#ifndef GENOPS_RECORD_ARGUMENTS_H
#define GENOPS_RECORD_ARGUMENTS_H

#include "postgres.h"

#include "core/base/error.h"
#include "core/span/facts.h"
#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* How an argument of type "any" is printed: looked up once per call site. */
typedef struct AnyArgument
{
	Oid type;        /* InvalidOid: not known yet */
	FmgrInfo output; /* for types that have no short cut */
	bool is_varlena;
} AnyArgument;

/* What a call site remembers, in fn_extra. */
typedef struct CallSite
{
	AnyArgument customer_id;
	AnyArgument user_id;
	AnyArgument total_cost;
	bool folded_known; /* for genops_observe */
	bool folded;       /* the reply was made when planning */
} CallSite;

extern CallSite *CallSiteOf(FunctionCallInfo fcinfo);

/* A text argument in the server's encoding; absent when NULL. */
extern GenopsSlice ArgumentText(FunctionCallInfo fcinfo, int number);

/* An argument of any type, as it prints; absent when NULL. */
extern GenopsSlice ArgumentAny(FunctionCallInfo fcinfo, int number, AnyArgument *how);

/* A count; GENOPS_UNKNOWN_TOKENS when NULL.  Raises when negative. */
extern int64 ArgumentTokens(FunctionCallInfo fcinfo, int number, const char *name);

/* NULL when the argument is. */
extern Jsonb *ArgumentJsonb(FunctionCallInfo fcinfo, int number);

/* Money; raises, naming the argument, if it is none.  The text is one of
 * numbers: ASCII in every encoding. */
extern GenopsMoney MoneyFromText(GenopsSlice text, const char *name);

/* Tokens from anywhere but an argument. */
extern int64 TokensChecked(int64 tokens, const char *name);

/* Nanoseconds of Unix time; raises, naming the argument, for a time that OTLP
 * can't tell (before 1970, infinity) or that is beyond 2262. */
extern int64 UnixNanoseconds(TimestampTz time, const char *name);

/* The clock, in nanoseconds of Unix time.  Safe everywhere. */
extern int64 ClockNanoseconds(void);

/* The start of a text for a message. */
extern const char *TextForMessage(GenopsSlice text);

/* Raises what the core found, in the server's encoding. */
extern void ReportCoreError(const GenopsError *error, int sqlstate) __attribute__((noreturn));

#endif
