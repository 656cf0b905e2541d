/* SPDX-License-Identifier: PostgreSQL */
/*
 * The steps of a hot standby, which has no ledger to write.
 *
 * What is in the ring goes to streams in memory, and leaves the ring: one tenant whose
 * endpoint does not take anything is then in nobody's way.  A record that finds no room in
 * its stream is dropped and counted.  What became of a stream's records is counted when
 * its endpoint has answered.
 *
 * When the worker goes (the server stops, or is promoted) what is still in memory returns
 * to the ring, from where the next worker sends or stores it.  The records are kept
 * for that beside the bytes that are sent.  A worker that is killed takes the server down
 * and the ring with it.
 *
 * A stream's positions are those of the ring's batches.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "compat.h"
#include "configure/configuration.h"
#include "deliver/follow.h"
#include "deliver/step.h"
#include "deliver/streams.h"
#include "keep/segment.h"
#include "keep/work.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "record/span_record.h"
#include "utils/memutils.h"

#define MAX_BATCH_RECORDS 2048
#define MAX_BATCH_BYTES (1024 * 1024)
#define RESERVED_NAP_MS 10

static MemoryContext batch_context = NULL;
static bool nothing_published = false;
static uint64 taken_position = 0; /* all records before left the ring */
static uint64 published_position = 0;

/*
 * Taking.
 */

/* The records of a segment, as the ring had them: each after its length. */
static GenopsSlice
RecordsOf(const RingBatch *batch, const SpanRecord *records, const Segment *segment)
{
	StringInfoData kept;

	initStringInfo(&kept);
	for (int i = 0; i < segment->span_count; i++)
	{
		const RingRecord *record = &batch->records[segment->records[i] - records];
		uint32 length = (uint32) record->length;

		appendBinaryStringInfo(&kept, (const char *) &length, sizeof(length));
		appendBinaryStringInfo(&kept, record->data, (int) record->length);
	}
	return (GenopsSlice){ kept.data, kept.len };
}

/* A segment on its way to its stream. */
typedef struct TakenSegment
{
	const Segment *segment;
	GenopsSlice records; /* as the ring had them */
	bool established;    /* its stream, on the primary */
} TakenSegment;

/* In a transaction: all that may fail. */
static TakenSegment *
PrepareSegments(const RingBatch *batch, int *count)
{
	SpanRecord *records = palloc(Max(batch->count, 1) * sizeof(SpanRecord));
	Segment *segments;
	TakenSegment *taken;

	for (int i = 0; i < batch->count; i++)
		SpanRecordRead(batch->records[i].data, batch->records[i].length, &records[i]);
	segments = SegmentsBuild(records, batch->count, StreamsBatchSpans(), count);
	taken = palloc(Max(*count, 1) * sizeof(TakenSegment));
	for (int i = 0; i < *count; i++)
	{
		const Segment *segment = &segments[i];

		taken[i].segment = segment;
		taken[i].records = RecordsOf(batch, records, segment);
		taken[i].established =
		    segment->sampled && CursorEstablished(segment->tenant_id, segment->route);
	}
	return taken;
}

static GenopsStream *
StreamFor(const TakenSegment *taken)
{
	GenopsSlice tenant_id = taken->segment->tenant_id;
	GenopsSlice route = taken->segment->route;
	GenopsStream *stream = genops_streams_find(StreamsAll(), tenant_id, route, 0);
	GenopsStreamPast past = {
		.established = taken->established,
		.memory_only = true,
		.cursor_seq = (int64) taken_position,
	};

	return stream != NULL
	           ? stream
	           : genops_streams_add(StreamsAll(), tenant_id, route, 0, &past, MonotonicMs());
}

/* False if there is no room for it. */
static bool
TakeSegment(const TakenSegment *taken, uint64 end_position)
{
	const Segment *segment = taken->segment;
	GenopsSlice bytes = { VARDATA_ANY(segment->bytes), VARSIZE_ANY_EXHDR(segment->bytes) };
	GenopsStream *stream = StreamFor(taken);

	return stream != NULL &&
	       genops_stream_append(StreamsAll(), stream, (int64) end_position, segment->span_count,
	                            bytes, taken->records, MonotonicMs());
}

static bool
IsDue(const Turn *turn)
{
	return turn->demand.queued > 0 && (turn->leaving || RingDueIn(&turn->demand) == 0);
}

/* Once a segment is handed over nothing fails before the ring has given up the batch. */
static void
TakeBatch(void)
{
	RingFate fate = { 0 };
	TakenSegment *taken = NULL;
	int count = 0;
	RingBatch batch;

	RingTake(batch_context, MAX_BATCH_RECORDS, MAX_BATCH_BYTES, &batch);
	nothing_published = !batch.moved;
	if (batch.count > 0)
	{
		if (!LedgerBegin())
			return;
		MemoryContextSwitchTo(batch_context);
		taken = PrepareSegments(&batch, &count);
		WorkCommit();
	}
	for (int i = 0; i < count; i++)
		if (!taken[i].segment->sampled || !TakeSegment(&taken[i], batch.end_position))
			fate.dropped[RING_DROP_STANDBY] += taken[i].segment->span_count;
	genops_streams_look_again(StreamsAll()); /* there is no store to look into */
	RingRelease(&batch, &fate);
	taken_position = Max(taken_position, batch.end_position);
}

static void
RunTake(const Turn *turn)
{
	if (batch_context == NULL)
		batch_context =
		    AllocSetContextCreate(TopMemoryContext, "genops batch", ALLOCSET_DEFAULT_SIZES);
	nothing_published = false;
	if (LedgerIsKnown() && !turn->leaving && IsDue(turn))
		TakeBatch();
	MemoryContextReset(batch_context);
}

static long
TakeDue(const Turn *turn)
{
	if (!LedgerIsKnown())
		return -1; /* following finds it */
	if (nothing_published)
		return RESERVED_NAP_MS;
	return IsDue(turn) ? 0 : RingDueIn(&turn->demand);
}

Step standby_take_step = {
	.name = "take spans",
	.run = RunTake,
	.due = TakeDue,
};

/*
 * Reporting.
 */
static void
RunReport(const Turn *turn)
{
	RingFate fate = { 0 };
	GenopsStream *stream;
	uint64 settled;

	if (!LedgerIsKnown())
		return;
	HOLD_INTERRUPTS(); /* the log is told before all is counted */
	while ((stream = genops_streams_first_changed(StreamsAll())) != NULL)
	{
		fate.sent += stream->tally.exported;
		fate.dropped[RING_DROP_STANDBY] += stream->tally.rejected;
		StreamTell(stream);
		genops_stream_recorded(StreamsAll(), stream);
	}
	if (fate.sent > 0 || fate.dropped[RING_DROP_STANDBY] > 0)
		RingCountFate(&fate);
	RESUME_INTERRUPTS();
	settled = (uint64) genops_streams_settled(StreamsAll(), (int64) taken_position);
	if (settled > published_position)
		RingPublishStored(settled, 0);
	published_position = settled;
	genops_streams_drop_idle(StreamsAll(), turn->now - 60000);
}

static long
ReportDue(const Turn *turn)
{
	(void) turn;
	return LedgerIsKnown() && genops_streams_first_changed(StreamsAll()) != NULL ? 0 : -1;
}

Step standby_report_step = {
	.name = "count what was sent",
	.run = RunReport,
	.due = ReportDue,
};

/*
 * Leaving.
 */
static void
GiveBackSegment(const GenopsWaitingSegment *waiting, RingFate *fate)
{
	const char *at = waiting->bytes + waiting->length;
	const char *end = at + waiting->kept;

	while (at < end)
	{
		uint32 length;

		memcpy(&length, at, sizeof(length));
		if (!RingReturn(at + sizeof(length), length))
			fate->dropped[RING_DROP_STANDBY]++;
		at += sizeof(length) + length;
	}
}

void
StandbyGiveBack(int code, Datum arg)
{
	GenopsStream *stream = NULL;
	RingFate fate = { 0 };
	size_t bucket;

	(void) code;
	(void) arg;
	if (StreamsAll() == NULL)
		return;
	while ((stream = genops_streams_each(StreamsAll(), &bucket, stream)) != NULL)
		for (const GenopsWaitingSegment *waiting = stream->memory_only ? stream->first_waiting
		                                                               : NULL;
		     waiting != NULL; waiting = waiting->next)
			GiveBackSegment(waiting, &fate);
	RingCountFate(&fate);
}
