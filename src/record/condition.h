/* SPDX-License-Identifier: PostgreSQL */
/*
 * What failed, in words that hold no data: types and conditions of errors.
 */
#ifndef GENOPS_RECORD_CONDITION_H
#define GENOPS_RECORD_CONDITION_H

#include "postgres.h"

#include "core/base/slice.h"

/* error.type where nothing better is known (OpenTelemetry's fallback). */
#define ERROR_TYPE_OTHER GENOPS_LITERAL("_OTHER")

/* A longer one is no type.  Bytes. */
#define ERROR_TYPE_MAX 200

/* Of the condition where calls to models meet it, else of its class; never
 * absent.  Safe in transaction callbacks. */
extern GenopsSlice ConditionText(int sqlstate);

/*
 * The class at the start of a message like "openai.RateLimitError: Rate limit
 * reached", as Python prints exceptions: dotted words, the last one
 * capitalised, then a colon or the end; else ERROR_TYPE_OTHER, for a type
 * made of every message would be none.  Points into the message.
 */
extern GenopsSlice ErrorTypeFromMessage(GenopsSlice message);

#endif
