/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "core/span/ai_call.h"
#include "core/span/ai_kind.h"
#include "core/span/otlp_write.h"
#include "miscadmin.h"
#include "record/attributes.h"
#include "record/draft.h"
#include "record/keys.h"
#include "record/outcome.h"
#include "record/span_record.h"
#include "record/text.h"
#include "utils/memutils.h"

/* Tags, lengths, status, flags, a link and the exception event around its texts. */
#define CLOSE_OVERHEAD 320

static SpanDraft current;
static void *span_memory = NULL;

SpanDraft *
DraftStart(void)
{
	KeysDrop(); /* of a draft that was never submitted */
	if (span_memory == NULL)
		span_memory = MemoryContextAlloc(TopMemoryContext, RING_MAX_RECORD);
	TextReset();
	memset(&current.facts, 0, sizeof(current.facts));
	memset(&current.outcome, 0, sizeof(current.outcome));
	for (int i = 0; i < GENOPS_TOKENS_COUNT; i++)
		current.facts.tokens[i] = GENOPS_UNKNOWN_TOKENS;
	current.facts.cache_write_1h = GENOPS_UNKNOWN_TOKENS;
	current.span = genops_bytes_over(span_memory, RING_MAX_RECORD);
	current.dropped_attributes = 0;
	current.said_provider = GENOPS_ABSENT;
	current.sent_nowhere = false;
	current.has_first = false;
	return &current;
}

size_t
DraftTextsSize(const GenopsSpanFacts *facts)
{
	size_t size = 0;

	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		size += facts->text[i].length;
	return size;
}

void
DraftOpen(SpanDraft *draft)
{
	GenopsSpanFacts *facts = &draft->facts;

	memcpy(facts->trace_id, draft->place.own.trace_id, GENOPS_TRACE_ID_SIZE);
	memcpy(facts->span_id, draft->place.own.span_id, GENOPS_SPAN_ID_SIZE);
	memcpy(facts->parent_span_id, draft->place.parent_span_id, GENOPS_SPAN_ID_SIZE);
	facts->sampled = draft->place.own.flags & GENOPS_TRACE_FLAG_SAMPLED;
	facts->role = GetSessionUserId();
	genops_ai_decide(facts, GENOPS_AI_PART_UNKNOWN, true, false);
	draft->flags = TraceSpanFlags(&draft->place);

	draft->end_offset = genops_otlp_span_open(&draft->span, facts, draft->place.trace_state);
	genops_ai_call_put_request(&draft->span, facts);
	if (draft->said_provider.length > 0 &&
	    !genops_slice_equal(draft->said_provider, facts->text[GENOPS_TEXT_PROVIDER]))
		genops_otlp_put_text(&draft->span, GENOPS_KEY("genops.original.provider"),
		                     draft->said_provider);
}

void
DraftSample(SpanDraft *draft)
{
	if (draft->sent_nowhere)
		return;
	draft->facts.sampled = true;
	draft->flags |= GENOPS_SPAN_FLAG_SAMPLED;
	draft->place.own.flags |= GENOPS_TRACE_FLAG_SAMPLED;
}

void
DraftPutAttributes(SpanDraft *draft, Jsonb *attributes, size_t reserve)
{
	size_t taken = DraftTextsSize(&draft->facts) + reserve;
	uint32 dropped;

	if (attributes == NULL)
		return;
	dropped = AttributesPut(&draft->span, attributes, taken < DRAFT_MAX ? DRAFT_MAX - taken : 0);
	draft->dropped_attributes += dropped;
	TextLeaveOut(dropped);
}

void
DraftClose(SpanDraft *draft, Jsonb *attributes)
{
	const GenopsAiOutcome *outcome = &draft->outcome;
	GenopsStatus status = draft->facts.status;

	genops_ai_call_put_outcome(&draft->span, &draft->facts, outcome);
	if (draft->facts.flags & GENOPS_FLAG_DUPLICATE)
		genops_otlp_put_bool(&draft->span, GENOPS_AI_DUPLICATE_KEY, true);
	DraftPutAttributes(draft, attributes,
	                   CLOSE_OVERHEAD + 2 * outcome->error_message.length +
	                       outcome->error_type.length);
	genops_otlp_span_dropped(&draft->span, draft->dropped_attributes);
	if (status == GENOPS_STATUS_ERROR)
		genops_otlp_span_exception(&draft->span, draft->facts.end_ns, outcome->error_type,
		                           outcome->error_message);
	if (draft->has_first)
		genops_otlp_span_link(&draft->span, draft->first.trace_id, draft->first.span_id);
	genops_otlp_span_close(&draft->span, status, outcome->error_message, draft->flags);
}

void
DraftSubmit(const SpanDraft *draft)
{
	SpanRecord record = { .facts = draft->facts,
		                  .span = { (const char *) draft->span.data, draft->span.length },
		                  .incomplete = draft->span.failed };

	TextCount();
	if (draft->facts.flags & GENOPS_FLAG_DUPLICATE)
		RingCountDuplicate();
	if (SpanRecordSubmit(&record, true))
	{
		KeysSubmitted();
		SpanRecordSync();
	}
	else
		KeysDrop();
}
