/* SPDX-License-Identifier: PostgreSQL */
/*
 * A span as it lies in the ring.
 *
 * The facts go in as they are in memory, their texts behind them: the record
 * is read by the same library on the same machine.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "record/span_record.h"
#include "settings.h"
#include "shared/waiters.h"

/* Stands behind the facts, before the texts, the envelope and the span.  Of the
 * facts' texts, data only says present or absent. */
typedef struct SpanRecordHead
{
	uint32 envelope_length;
	uint32 span_length;
	bool has_envelope;
} SpanRecordHead;

/* Facts, head, texts, envelope, span. */
#define MAX_PARTS (2 + GENOPS_TEXT_COUNT + 2)

/* How long durability "sync" waits for the worker before it says so. */
#define SYNC_TIMEOUT_MS 30000

bool
SpanRecordSubmit(const SpanRecord *record, bool may_wait)
{
	SpanRecordHead head;
	RingPart parts[MAX_PARTS];
	RingPart too_large = { NULL, RING_MAX_RECORD + 1 };
	int count = 0;

	if (record->incomplete)
		return RingAppend(&too_large, 1, may_wait) == RING_RECORDED;
	head.envelope_length = (uint32) record->envelope.length;
	head.span_length = (uint32) record->span.length;
	head.has_envelope = genops_slice_present(record->envelope);

	parts[count++] = (RingPart){ &record->facts, sizeof(record->facts) };
	parts[count++] = (RingPart){ &head, sizeof(head) };
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		if (record->facts.text[i].length > 0)
			parts[count++] = (RingPart){ record->facts.text[i].data, record->facts.text[i].length };
	if (record->envelope.length > 0)
		parts[count++] = (RingPart){ record->envelope.data, record->envelope.length };
	parts[count++] = (RingPart){ record->span.data, record->span.length };

	return RingAppend(parts, count, may_wait) == RING_RECORDED;
}

/* Once in a session: each query that reads may be one that records. */
static void
ComplainOfStandby(void)
{
	static bool complained = false;

	if (complained)
		return;
	complained = true;
	ereport(WARNING,
	        (errcode(ERRCODE_WARNING), errmsg("spans are not stored on a hot standby"),
	         errdetail("Setting \"genops_tempo.durability\" is \"sync\", and a standby has no "
	                   "ledger of its own. They are recorded as with \"async\"."),
	         errhint("Record on the primary, or set \"genops_tempo.durability\" to \"async\" "
	                 "on the standby.")));
}

void
SpanRecordSync(void)
{
	if (setting_durability != DURABILITY_SYNC)
		return;
	if (RecoveryInProgress())
	{
		ComplainOfStandby();
		return;
	}
	if (RingWaitStored(RingNewestPosition(), SYNC_TIMEOUT_MS))
		return;
	ereport(WARNING,
	        (errcode(ERRCODE_WARNING), errmsg("a span is recorded but not known to be stored"),
	         errdetail("The ledger's worker did not store it in time, or this transaction holds a "
	                   "lock that the worker needs."),
	         errhint("See genops.stat_recording and the server log.")));
}

void
SpanRecordRead(const void *data, Size length, SpanRecord *record)
{
	const GenopsSpanFacts *facts = data;
	const SpanRecordHead *head = (const SpanRecordHead *) (facts + 1);
	const char *next = (const char *) (head + 1);

	Assert(length >= sizeof(GenopsSpanFacts) + sizeof(SpanRecordHead));
	(void) length;

	record->facts = *facts;
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
	{
		GenopsSlice *text = &record->facts.text[i];

		if (text->data != NULL)
			text->data = next;
		next += text->length;
	}
	record->envelope = (GenopsSlice){ head->has_envelope ? next : NULL, head->envelope_length };
	next += head->envelope_length;
	record->span = (GenopsSlice){ next, head->span_length };
}
