/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of the ledger.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "keep/fact_row.h"
#include "server_text.h"
#include "keep/span_time.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

static const struct
{
	GenopsFactText text;
	int column;
} text_columns[] = {
	{ GENOPS_TEXT_TENANT_ID, SPAN_TENANT_ID },
	{ GENOPS_TEXT_TEAM, SPAN_TEAM },
	{ GENOPS_TEXT_PROJECT, SPAN_PROJECT },
	{ GENOPS_TEXT_CUSTOMER_ID, SPAN_CUSTOMER_ID },
	{ GENOPS_TEXT_COST_CENTER, SPAN_COST_CENTER },
	{ GENOPS_TEXT_ENVIRONMENT, SPAN_ENVIRONMENT },
	{ GENOPS_TEXT_FEATURE, SPAN_FEATURE },
	{ GENOPS_TEXT_USER_ID, SPAN_USER_ID },
	{ GENOPS_TEXT_SERVICE_NAME, SPAN_SERVICE_NAME },
	{ GENOPS_TEXT_PROVIDER, SPAN_PROVIDER },
	{ GENOPS_TEXT_MODEL, SPAN_MODEL },
	{ GENOPS_TEXT_OPERATION, SPAN_OPERATION },
	{ GENOPS_TEXT_SERVICE_TIER, SPAN_SERVICE_TIER },
};

static const int token_columns[GENOPS_TOKENS_COUNT] = {
	[GENOPS_TOKENS_INPUT] = SPAN_PROMPT_TOKENS,
	[GENOPS_TOKENS_OUTPUT] = SPAN_COMPLETION_TOKENS,
	[GENOPS_TOKENS_CACHE_READ] = SPAN_CACHE_READ_TOKENS,
	[GENOPS_TOKENS_CACHE_WRITE] = SPAN_CACHE_WRITE_TOKENS,
	[GENOPS_TOKENS_REASONING] = SPAN_REASONING_TOKENS
};

static const int cost_columns[GENOPS_COST_COUNT] = { [GENOPS_COST_TOTAL] = SPAN_TOTAL_COST,
	                                                 [GENOPS_COST_INPUT] = SPAN_INPUT_COST,
	                                                 [GENOPS_COST_OUTPUT] = SPAN_OUTPUT_COST,
	                                                 [GENOPS_COST_CACHE_READ] =
	                                                     SPAN_CACHE_READ_COST,
	                                                 [GENOPS_COST_CACHE_WRITE] =
	                                                     SPAN_CACHE_WRITE_COST };

static inline void
Put(TupleTableSlot *row, int column, Datum value)
{
	if (column > row->tts_tupleDescriptor->natts)
		return;
	row->tts_values[column - 1] = value;
	row->tts_isnull[column - 1] = false;
}

/* With the short header that the heap would give it anyway. */
static Datum
TextDatum(GenopsSlice text)
{
	GenopsSlice converted = ServerText(text);
	Size length = converted.length;
	struct varlena *datum = palloc(VARHDRSZ + length);

	if (length + VARHDRSZ_SHORT <= VARATT_SHORT_MAX)
	{
		SET_VARSIZE_SHORT(datum, length + VARHDRSZ_SHORT);
		memcpy(VARDATA_SHORT(datum), converted.data, length);
	}
	else
	{
		SET_VARSIZE(datum, length + VARHDRSZ);
		memcpy(VARDATA(datum), converted.data, length);
	}
	return PointerGetDatum(datum);
}

static void
PutText(TupleTableSlot *row, int column, GenopsSlice text)
{
	if (genops_slice_present(text))
		Put(row, column, TextDatum(text));
}

static int64
IdNumber(const uint8 id[GENOPS_SPAN_ID_SIZE])
{
	uint64 number;

	memcpy(&number, id, sizeof(number));
	return (int64) pg_ntoh64(number);
}

/* Whether the name is what the view makes of operation and model. */
static bool
NameFollows(const GenopsSpanFacts *facts)
{
	GenopsSlice name = facts->text[GENOPS_TEXT_NAME];
	GenopsSlice operation = facts->text[GENOPS_TEXT_OPERATION];
	GenopsSlice model = facts->text[GENOPS_TEXT_MODEL];

	if (!genops_slice_present(operation))
		return false;
	if (!genops_slice_present(model))
		return genops_slice_equal(name, operation);
	return name.length == operation.length + 1 + model.length &&
	       memcmp(name.data, operation.data, operation.length) == 0 &&
	       name.data[operation.length] == ' ' &&
	       memcmp(name.data + operation.length + 1, model.data, model.length) == 0;
}

/* One a line in the facts. */
static void
PutUsageFlags(TupleTableSlot *row, GenopsSlice lines)
{
	Datum texts[32];
	int count = 0;

	while (lines.length > 0 && count < (int) lengthof(texts))
	{
		const char *end = memchr(lines.data, '\n', lines.length);
		Size length = end ? (Size) (end - lines.data) : lines.length;

		texts[count++] = TextDatum((GenopsSlice){ lines.data, length });
		length += end != NULL;
		lines = (GenopsSlice){ lines.data + length, lines.length - length };
	}
	if (count > 0)
		Put(row, SPAN_USAGE_FLAGS,
		    PointerGetDatum(construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT)));
}

static void
PutTexts(TupleTableSlot *row, const GenopsSpanFacts *facts)
{
	for (int i = 0; i < (int) lengthof(text_columns); i++)
		PutText(row, text_columns[i].column, facts->text[text_columns[i].text]);
	if (!NameFollows(facts))
		PutText(row, SPAN_NAME, facts->text[GENOPS_TEXT_NAME]);
	if (!genops_slice_equal(facts->text[GENOPS_TEXT_RESPONSE_MODEL], facts->text[GENOPS_TEXT_MODEL]))
		PutText(row, SPAN_RESPONSE_MODEL, facts->text[GENOPS_TEXT_RESPONSE_MODEL]);
	PutUsageFlags(row, facts->text[GENOPS_TEXT_USAGE_FLAGS]);
	if (!genops_slice_equal(facts->text[GENOPS_TEXT_CURRENCY], GENOPS_LITERAL("USD")))
		PutText(row, SPAN_CURRENCY, facts->text[GENOPS_TEXT_CURRENCY]);
}

static void
PutMeasures(TupleTableSlot *row, const GenopsSpanFacts *facts)
{
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		if (facts->tokens[i] != GENOPS_UNKNOWN_TOKENS)
			Put(row, token_columns[i], Int64GetDatum(Min(facts->tokens[i], GENOPS_MAX_TOKENS)));
	for (int i = 0; i < GENOPS_COST_COUNT; i++)
		if (facts->known_costs & (1 << i))
			Put(row, cost_columns[i], Int64GetDatum(facts->cost[i]));
	if (facts->cache_write_1h != GENOPS_UNKNOWN_TOKENS)
		Put(row, SPAN_CACHE_WRITE_1H_TOKENS, Int64GetDatum(facts->cache_write_1h));
	if (facts->has_reasoning_cost)
		Put(row, SPAN_REASONING_COST, Int64GetDatum(facts->reasoning_cost));
	if (facts->price_id != 0)
		Put(row, SPAN_PRICE_ID, Int64GetDatum(facts->price_id));
}

static void
PutFlags(TupleTableSlot *row, const GenopsSpanFacts *facts)
{
	int64 flags = facts->flags;

	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		if (facts->tokens[i] > GENOPS_MAX_TOKENS)
			flags |= GENOPS_FLAG_TOKENS_CUT;
	if (flags != 0)
		Put(row, SPAN_FLAGS, Int64GetDatum(flags));
	if (facts->cost_source != GENOPS_COST_FROM_NOWHERE)
		Put(row, SPAN_COST_SOURCE, Int16GetDatum(facts->cost_source));
	if (OidIsValid(facts->role))
		Put(row, SPAN_ROLE, ObjectIdGetDatum(facts->role));
}

void
FactRowFill(TupleTableSlot *row, const Segment *segment, int span, TimestampTz recorded_at)
{
	const GenopsSpanFacts *facts = &segment->records[span]->facts;
	int64 parent = IdNumber(facts->parent_span_id);

	Put(row, SPAN_RECORDED_AT, TimestampTzGetDatum(recorded_at));
	Put(row, SPAN_SEQ, Int64GetDatum(segment->seq));
	Put(row, SPAN_OFFSET, Int32GetDatum((int32) segment->offsets[span]));
	Put(row, SPAN_START_TIME, TimestampTzGetDatum(SpanTimeFloor(facts->start_ns)));
	Put(row, SPAN_DURATION_NS, Int64GetDatum(facts->end_ns - facts->start_ns));
	Put(row, SPAN_TRACE_ID, PointerGetDatum(facts->trace_id)); /* a pg_uuid_t is its bytes */
	Put(row, SPAN_SPAN_ID, Int64GetDatum(IdNumber(facts->span_id)));
	Put(row, SPAN_KIND, Int16GetDatum(facts->kind));
	Put(row, SPAN_STATUS, Int16GetDatum(facts->status));
	Put(row, SPAN_AI_CALL, BoolGetDatum(facts->ai_call));
	Put(row, SPAN_EXACT, BoolGetDatum(segment->exact));
	if (parent != 0)
		Put(row, SPAN_PARENT_SPAN_ID, Int64GetDatum(parent));
	PutTexts(row, facts);
	PutMeasures(row, facts);
	PutFlags(row, facts);
}

void
SegmentRowFill(TupleTableSlot *row, const Segment *segment, TimestampTz recorded_at)
{
	Put(row, SEGMENT_RECORDED_AT, TimestampTzGetDatum(recorded_at));
	Put(row, SEGMENT_SEQ, Int64GetDatum(segment->seq));
	Put(row, SEGMENT_MIN_START, TimestampTzGetDatum(SpanTimeFloor(segment->min_start_ns)));
	Put(row, SEGMENT_MAX_END, TimestampTzGetDatum(SpanTimeCeiling(segment->max_end_ns)));
	Put(row, SEGMENT_SPAN_COUNT, Int32GetDatum(segment->span_count));
	Put(row, SEGMENT_SAMPLED, BoolGetDatum(segment->sampled));
	Put(row, SEGMENT_EXACT, BoolGetDatum(segment->exact));
	PutText(row, SEGMENT_TENANT_ID, segment->tenant_id);
	PutText(row, SEGMENT_ROUTE, segment->route);
	PutText(row, SEGMENT_SERVICE_NAME, segment->service_name);
	PutText(row, SEGMENT_ENVIRONMENT, segment->environment);
	Put(row, SEGMENT_BLOOM, PointerGetDatum(segment->bloom));
	Put(row, SEGMENT_BYTES, PointerGetDatum(segment->bytes));
}

void
PackRowFill(TupleTableSlot *row, const SegmentGroup *group, TimestampTz recorded_at)
{
	PackRow pack = PackBuild(group);

	Put(row, SEGMENT_RECORDED_AT, TimestampTzGetDatum(recorded_at));
	Put(row, SEGMENT_SEQ, Int64GetDatum(group->segments[group->count - 1].seq));
	Put(row, SEGMENT_MIN_START, TimestampTzGetDatum(pack.min_start));
	Put(row, SEGMENT_MAX_END, TimestampTzGetDatum(pack.max_end));
	Put(row, SEGMENT_SPAN_COUNT, Int32GetDatum(pack.span_count));
	Put(row, SEGMENT_SAMPLED, BoolGetDatum(true)); /* so that the index of streams has it */
	Put(row, SEGMENT_EXACT, BoolGetDatum(pack.exact));
	PutText(row, SEGMENT_TENANT_ID, GENOPS_LITERAL(PACK_TENANT));
	PutText(row, SEGMENT_ROUTE, GENOPS_LITERAL(""));
	PutText(row, SEGMENT_SERVICE_NAME, GENOPS_LITERAL(""));
	PutText(row, SEGMENT_ENVIRONMENT, GENOPS_LITERAL(""));
	Put(row, SEGMENT_BLOOM, PointerGetDatum(pack.bloom));
	Put(row, SEGMENT_BYTES, PointerGetDatum(pack.bytes));
	Put(row, SEGMENT_DIRECTORY, PointerGetDatum(pack.directory));
	Put(row, SEGMENT_STREAM_BLOOM, PointerGetDatum(pack.stream_bloom));
}
