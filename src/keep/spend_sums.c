/* SPDX-License-Identifier: PostgreSQL */
/*
 * Sums of spend in memory.
 *
 * A hash table of dimensions, each with the sums of its calls.  The key is the
 * dimensions packed into bytes: two quarter hours, then each text with its
 * length.  What the table says is only ever taken for what it covers, which
 * is a run of segments; whoever finds that it doesn't cover what it should
 * adds up the rows themselves.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "configure/own_table.h"
#include "keep/bulk_insert.h"
#include "keep/spend.h"
#include "keep/spend_sums.h"
#include "lib/stringinfo.h"
#include "server_text.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* It is time to fold: as many are stored within a twentieth of a second. */
#define ENOUGH_GROUPS 16384

/* It can't be put off any longer. */
#define PRESSING_GROUPS 32768

/* About as many take some 12 MB; where folding fails so long, no more is added. */
#define MAX_GROUPS 40000

#define UNIX_TO_POSTGRES_US ((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* Columns of genops.spend_total: the measures come before the texts, and what came
 * later stands at the end. */
enum
{
	TOTAL_PERIOD_START,
	TOTAL_RECORDED_AT,
	TOTAL_FOLD,
	TOTAL_CALLS,
	TOTAL_ERRORS,
	TOTAL_UNPRICED_CALLS,
	TOTAL_TOKENS,
	TOTAL_COSTS = TOTAL_TOKENS + GENOPS_TOKENS_COUNT,
	TOTAL_TEXTS = TOTAL_COSTS + GENOPS_COST_COUNT
};

/* In the order of the columns. */
static const GenopsFactText dimensions[] = {
	GENOPS_TEXT_TENANT_ID,   GENOPS_TEXT_TEAM,        GENOPS_TEXT_PROJECT, GENOPS_TEXT_CUSTOMER_ID,
	GENOPS_TEXT_COST_CENTER, GENOPS_TEXT_ENVIRONMENT, GENOPS_TEXT_FEATURE, GENOPS_TEXT_PROVIDER,
	GENOPS_TEXT_MODEL,       GENOPS_TEXT_OPERATION,   GENOPS_TEXT_CURRENCY
};

#define TOTAL_COLUMNS_NEEDED (TOTAL_TEXTS + (int) lengthof(dimensions))
#define TOTAL_BLOCKED_CALLS TOTAL_COLUMNS_NEEDED
#define TOTAL_UNFINISHED_CALLS (TOTAL_BLOCKED_CALLS + 1)

/* A length that no text has. */
#define ABSENT PG_UINT32_MAX

typedef struct Sums
{
	int64 calls;
	int64 errors;
	int64 unpriced_calls;
	int64 blocked_calls;
	int64 unfinished_calls;
	int64 tokens[GENOPS_TOKENS_COUNT];
	int64 cost[GENOPS_COST_COUNT];
	uint8 known_tokens; /* of some call */
	uint8 known_costs;
} Sums;

typedef struct SumGroup
{
	char *key;
	uint32 key_length;
	uint32 hash;
	char status;
	Sums sums;
} SumGroup;

#define SH_PREFIX groups
#define SH_ELEMENT_TYPE SumGroup
#define SH_KEY_TYPE char *
#define SH_KEY key
#define SH_HASH_KEY(table, key) packed_hash
#define SH_EQUAL(table, a, b) KeyEqual(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, group) (group)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE

/* The key that is looked for: simplehash compares and hashes pointers. */
static StringInfoData packed;
static uint32 packed_hash;

static inline bool
KeyEqual(const char *stored, const char *wanted)
{
	/* A key begins with its own length. */
	return memcmp(stored, wanted, sizeof(uint32)) == 0 &&
	       memcmp(stored, wanted, *(const uint32 *) wanted) == 0;
}

#include "lib/simplehash.h"

static MemoryContext context = NULL;
static groups_hash *table = NULL;
static SpendSumsState covered;

void
SpendSumsForget(int64 after)
{
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "genops spend", ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(context);
	table = NULL;
	covered = (SpendSumsState){ .after = after, .upto = after };
}

SpendSumsState
SpendSumsRead(void)
{
	SpendSumsState state = covered;

	state.full |= table != NULL && table->members >= ENOUGH_GROUPS;
	state.pressing = table != NULL && table->members >= PRESSING_GROUPS;
	return state;
}

static void
PackText(GenopsSlice text)
{
	uint32 length = genops_slice_present(text) ? (uint32) text.length : ABSENT;

	appendBinaryStringInfo(&packed, (const char *) &length, sizeof(length));
	if (length != ABSENT)
		appendBinaryStringInfo(&packed, text.data, (int) text.length);
}

static void
PackKey(const GenopsSpanFacts *facts, TimestampTz recorded_quarter)
{
	TimestampTz quarters[2] = { SpendQuarterOf(facts->start_ns / 1000 -
		                                       (facts->start_ns % 1000 < 0) - UNIX_TO_POSTGRES_US),
		                        recorded_quarter };
	uint32 length = 0;

	resetStringInfo(&packed);
	appendBinaryStringInfo(&packed, (const char *) &length, sizeof(length));
	appendBinaryStringInfo(&packed, (const char *) quarters, sizeof(quarters));
	for (int i = 0; i < (int) lengthof(dimensions); i++)
	{
		GenopsSlice text = facts->text[dimensions[i]];

		if (dimensions[i] == GENOPS_TEXT_CURRENCY && !genops_slice_present(text))
			text = GENOPS_LITERAL("USD");
		PackText(text);
	}
	length = (uint32) packed.len;
	memcpy(packed.data, &length, sizeof(length));
	packed_hash = hash_bytes((const unsigned char *) packed.data, packed.len);
}

static Sums *
SumsOf(const GenopsSpanFacts *facts, TimestampTz recorded_quarter)
{
	SumGroup *group;
	bool found;

	PackKey(facts, recorded_quarter);
	group = groups_insert(table, packed.data, &found);
	if (!found)
	{
		group->key = MemoryContextAlloc(context, packed.len);
		memcpy(group->key, packed.data, packed.len);
		memset(&group->sums, 0, sizeof(Sums));
	}
	return &group->sums;
}

/* As in the rows: no more than one can hold; a sum ends at the greatest number. */
static void
AddTokens(int64 *sum, int64 tokens)
{
	if (pg_add_s64_overflow(*sum, Min(tokens, GENOPS_MAX_TOKENS), sum))
		*sum = PG_INT64_MAX;
}

/* As genops_internal.unpriced_calls() has it, of an AI call. */
static int
UnpricedCalls(const GenopsSpanFacts *facts)
{
	bool unpriced = (facts->known_costs & (1 << GENOPS_COST_TOTAL)) == 0 &&
	                facts->cost_source != GENOPS_COST_NONE;

	return (int) unpriced - ((facts->flags & GENOPS_FLAG_SETTLES) != 0);
}

/* False if a sum doesn't fit. */
static bool
AddCall(Sums *sums, const GenopsSpanFacts *facts)
{
	bool counts = (facts->flags & GENOPS_FLAG_SUPPLEMENT) == 0;

	sums->calls += counts;
	sums->errors += counts && facts->status == GENOPS_STATUS_ERROR;
	sums->unpriced_calls += UnpricedCalls(facts);
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		if (facts->tokens[i] != GENOPS_UNKNOWN_TOKENS)
		{
			AddTokens(&sums->tokens[i], facts->tokens[i]);
			sums->known_tokens |= 1 << i;
		}
	sums->known_costs |= facts->known_costs;
	for (int i = 0; i < GENOPS_COST_COUNT; i++)
		if (pg_add_s64_overflow(sums->cost[i], facts->cost[i], &sums->cost[i]))
			return false;
	return true;
}

/* What was to be a call and became none: refused, or not seen to end. */
static bool
IsCallThatWasNot(const GenopsSpanFacts *facts)
{
	return (facts->flags & (GENOPS_FLAG_BLOCKED | GENOPS_FLAG_UNFINISHED)) != 0;
}

static bool
AddSpan(const GenopsSpanFacts *facts, TimestampTz recorded_quarter)
{
	Sums *sums;

	if (!facts->ai_call && !IsCallThatWasNot(facts))
		return true;
	sums = SumsOf(facts, recorded_quarter);
	if (facts->flags & GENOPS_FLAG_BLOCKED)
		sums->blocked_calls++;
	if (facts->flags & GENOPS_FLAG_UNFINISHED)
		sums->unfinished_calls++;
	return !facts->ai_call || AddCall(sums, facts);
}

static bool
AddSegment(const Segment *segment, TimestampTz recorded_quarter)
{
	for (int i = 0; i < segment->span_count; i++)
		if (!AddSpan(&segment->records[i]->facts, recorded_quarter))
			return false;
	return true;
}

/* Whether segments after "after" continue the sums; makes sums that begin
 * there if those that there are can't be used any more. */
static bool
ContinueAfter(int64 after)
{
	bool empty = covered.upto == covered.after;

	if (context == NULL || covered.upto > after || (empty && covered.upto < after))
		SpendSumsForget(after);
	if (covered.upto < after)
		return false; /* they were full before */
	if (table != NULL && table->members >= MAX_GROUPS)
	{
		covered.full = true;
		return false;
	}
	return true;
}

static void
Prepare(void)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	if (packed.data == NULL)
		initStringInfo(&packed);
	if (table == NULL)
		table = groups_create(context, 1024, NULL);
	MemoryContextSwitchTo(caller);
}

void
SpendSumsAdd(int64 after, const Segment *segments, int segment_count, TimestampTz recorded_at)
{
	TimestampTz quarter = SpendQuarterOf(recorded_at);

	if (!ContinueAfter(after))
		return;
	Prepare();
	if (covered.upto == covered.after)
		covered.first_recorded_at = recorded_at;
	covered.upto = segments[segment_count - 1].seq;
	for (int i = 0; i < segment_count; i++)
		if (!AddSegment(&segments[i], quarter))
		{
			SpendSumsForget(covered.upto);
			return;
		}
}

/*
 * Storing.
 */
static void
Put(TupleTableSlot *row, int column, Datum value)
{
	if (column >= row->tts_tupleDescriptor->natts)
		return; /* of a table that was not updated yet */
	row->tts_values[column] = value;
	row->tts_isnull[column] = false;
}

static Datum
CostDatum(int64 e12)
{
	return DirectFunctionCall1(numeric_trim_scale,
	                           NumericGetDatum(int64_div_fast_to_numeric(e12, GENOPS_MONEY_SCALE)));
}

static void
PutMeasures(TupleTableSlot *row, const Sums *sums)
{
	Put(row, TOTAL_CALLS, Int64GetDatum(sums->calls));
	Put(row, TOTAL_ERRORS, Int64GetDatum(sums->errors));
	Put(row, TOTAL_UNPRICED_CALLS, Int64GetDatum(sums->unpriced_calls));
	Put(row, TOTAL_BLOCKED_CALLS, Int64GetDatum(sums->blocked_calls));
	Put(row, TOTAL_UNFINISHED_CALLS, Int64GetDatum(sums->unfinished_calls));
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		if (sums->known_tokens & (1 << i))
			Put(row, TOTAL_TOKENS + i, Int64GetDatum(sums->tokens[i]));
	for (int i = 0; i < GENOPS_COST_COUNT; i++)
		if (sums->known_costs & (1 << i))
			Put(row, TOTAL_COSTS + i, CostDatum(sums->cost[i]));
}

static void
PutDimensions(TupleTableSlot *row, const char *key)
{
	TimestampTz quarters[2];

	key += sizeof(uint32);
	memcpy(quarters, key, sizeof(quarters));
	key += sizeof(quarters);
	Put(row, TOTAL_PERIOD_START, TimestampTzGetDatum(quarters[0]));
	Put(row, TOTAL_RECORDED_AT, TimestampTzGetDatum(quarters[1]));
	for (int i = 0; i < (int) lengthof(dimensions); i++)
	{
		uint32 length;
		GenopsSlice text;

		memcpy(&length, key, sizeof(length));
		key += sizeof(length);
		if (length == ABSENT)
			continue;
		text = ServerText((GenopsSlice){ key, length });
		Put(row, TOTAL_TEXTS + i,
		    PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.length)));
		key += length;
	}
}

void
SpendSumsStore(int64 fold)
{
	groups_iterator iterator;
	BulkInsert *insert;
	SumGroup *group;

	if (table == NULL)
		return;
	insert = BulkInsertBegin(OwnTable("spend_total"), TOTAL_COLUMNS_NEEDED, (int) table->members);
	groups_start_iterate(table, &iterator);
	while ((group = groups_iterate(table, &iterator)) != NULL)
	{
		TupleTableSlot *row = BulkInsertRow(insert);
		MemoryContext caller = MemoryContextSwitchTo(BulkInsertMemory(insert));

		Put(row, TOTAL_FOLD, Int64GetDatum(fold));
		PutDimensions(row, group->key);
		PutMeasures(row, &group->sums);
		MemoryContextSwitchTo(caller);
		BulkInsertPut(insert, row);
	}
	BulkInsertEnd(insert);
}
