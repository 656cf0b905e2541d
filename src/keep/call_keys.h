/* SPDX-License-Identifier: PostgreSQL */
/*
 * Keys of calls that are stored, by which the worker finds those that were recorded before
 * and that no session knew of any more.
 */
#ifndef GENOPS_KEEP_CALL_KEYS_H
#define GENOPS_KEEP_CALL_KEYS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "record/span_record.h"

/* Columns of genops.call_key, from 1. */
enum
{
	CALL_KEY_RECORDED_AT = 1,
	CALL_KEY_KEY,
	CALL_KEY_REPLY,
	CALL_KEY_FAILED,
	CALL_KEY_USED,
	CALL_KEY_COLUMNS = CALL_KEY_USED
};

/* About how many keys a partition has. */
extern int64 CallKeysIn(Oid partition);

/*
 * The second look at calls with a key, in the transaction that stores them: what was recorded
 * before becomes a duplicate, which charges nothing; the keys of the others are kept.  The records'
 * new bytes are in the current memory context.  Records without a key cost a glance.  Of the
 * attempts of one call the first 64 are kept.  Returns how many became duplicates, which the caller
 * counts once the transaction has committed.
 */
extern int CallKeysTake(SpanRecord *records, int count, TimestampTz recorded_at);

/* Drops keys that are out of the window, or too many, if it is time to; in a transaction of its
 * own.  True if there is more to do. */
extern bool CallKeysForget(void);

#endif
