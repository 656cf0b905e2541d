/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "common/hashfn.h"
#include "configure/own_table.h"
#include "miscadmin.h"
#include "record/arguments.h"
#include "record/keys.h"
#include "utils/inval.h"

/* What a key is of, so that ids of two kinds are never taken for each other. */
typedef enum KeyOf
{
	KEY_OF_CALL = 1,
	KEY_OF_REPLY,
	KEY_OF_SPAN
} KeyOf;

#define NANOSECONDS_PER_US 1000

static CallKeys claimed;
static GenopsTraceParent claimed_for;
static bool has_claim = false;
static bool supplements; /* the claim does */
static GenopsTraceParent supplemented;

/*
 * A ledger has nothing to do with the one that was dropped before it in the same database: what
 * that had recorded is gone.  The oid of a table that it has once names it; pg_upgrade keeps it.
 */
static Oid ledger = InvalidOid; /* not known */

static void
ForgetLedger(Datum arg, Oid relid)
{
	(void) arg;
	if (relid == InvalidOid || relid == ledger)
		ledger = InvalidOid;
}

static Oid
Ledger(void)
{
	static bool listening = false;

	if (!listening)
		CacheRegisterRelcacheCallback(ForgetLedger, (Datum) 0);
	listening = true;
	if (!OidIsValid(ledger))
		ledger = OwnTableIfThere("ledger_state");
	return ledger;
}

static uint64
Mix(uint64 hash, const void *data, size_t length)
{
	return hash_bytes_extended(data, (int) length, hash);
}

static uint64
MixText(uint64 hash, GenopsSlice text)
{
	return Mix(hash, text.data, text.length);
}

/* Never 0. */
static uint64
Begin(const GenopsSpanFacts *facts, KeyOf of)
{
	uint32 start[3] = { MyDatabaseId, Ledger(), of };

	return MixText(Mix(0, start, sizeof(start)), facts->text[GENOPS_TEXT_TENANT_ID]);
}

static uint64
Finish(uint64 key)
{
	return key != 0 ? key : 1;
}

static uint64
KeyOfId(const GenopsSpanFacts *facts, KeyOf of, GenopsSlice id)
{
	return Finish(MixText(MixText(Begin(facts, of), facts->text[GENOPS_TEXT_PROVIDER]), id));
}

void
KeySetCall(GenopsSpanFacts *facts, GenopsSlice id)
{
	facts->call_key = id.length > 0 ? KeyOfId(facts, KEY_OF_CALL, id) : 0;
}

void
KeySetReply(GenopsSpanFacts *facts, GenopsSlice id)
{
	facts->reply_key = 0;
	if (!facts->ai_call || id.length == 0)
		return;
	if (id.length >= REPLY_ID_MIN)
		facts->reply_key = KeyOfId(facts, KEY_OF_REPLY, id);
	else if (facts->call_key != 0)
		facts->reply_key = Finish(Mix(KeyOfId(facts, KEY_OF_REPLY, id), &facts->call_key,
		                              sizeof(facts->call_key)));
}

void
KeySetSpan(GenopsSpanFacts *facts)
{
	uint64 key = Mix(Begin(facts, KEY_OF_SPAN), facts->trace_id, GENOPS_TRACE_ID_SIZE);

	facts->call_key = Finish(Mix(key, facts->span_id, GENOPS_SPAN_ID_SIZE));
}

KeyFate
KeysClaim(const GenopsSpanFacts *facts, GenopsTraceParent *first)
{
	CallKeys keys = KeysOfFacts(facts);
	int64 now_us;
	KeyFate fate;

	if (keys.call == 0 && keys.reply == 0)
		return KEY_NEW;
	now_us = ClockNanoseconds() / NANOSECONDS_PER_US;
	memcpy(claimed_for.trace_id, facts->trace_id, GENOPS_TRACE_ID_SIZE);
	memcpy(claimed_for.span_id, facts->span_id, GENOPS_SPAN_ID_SIZE);
	fate = KeyTableClaim(&keys, &claimed_for, now_us,
	                     now_us - ConfigurationGet()->duplicate_window_us, first);
	if (fate != KEY_DUPLICATE)
	{
		claimed = keys;
		supplements = fate == KEY_SUPPLEMENT;
		if (supplements)
			supplemented = *first;
		has_claim = true;
	}
	return fate;
}

void
KeysSubmitted(void)
{
	has_claim = false;
}

void
KeysDrop(void)
{
	if (has_claim)
		KeyTableRelease(&claimed, &claimed_for, supplements ? &supplemented : NULL);
	has_claim = false;
}
