/* SPDX-License-Identifier: PostgreSQL */
/*
 * The step that records the cursor: what became of streams is written to
 * genops.delivery a few times a second, in a transaction of its own.  What was answered
 * since is sent again after a crash.
 */
#include "postgres.h"

#include "deliver/follow.h"
#include "deliver/request.h"
#include "deliver/step.h"
#include "deliver/streams.h"
#include "keep/work.h"
#include "miscadmin.h"
#include "monotonic.h"

#define INTERVAL_MS 200
#define LONGEST_INTERVAL_MS 2000 /* where thousands of rows change each time */

/* Streams in a transaction: callers are not to feel it. */
#define MANY_STREAMS 2000

static int64 recorded_at = 0;  /* MonotonicMs() when rows were last written */
static int recorded_count = 0; /* how many */

/* A stream whose row somebody else has moved. */
typedef struct MovedStream
{
	GenopsStream *stream;
	CursorRow row;
} MovedStream;

static CursorChange
ChangeOf(const GenopsStream *stream)
{
	const GenopsStreamTally *tally = &stream->tally;
	CursorChange change = {
		.bytes = tally->bytes,
		.requests = tally->requests,
		.retries = tally->retries,
		.last_success = tally->success_at,
		.last_error_at = tally->last_error ? tally->error_at : 0,
	};

	if (tally->last_error)
		change.last_error = StreamText(stream->last_error);
	if (stream->range != 0)
		change.resent = tally->exported;
	else if (stream->cursor_seq != stream->recorded_seq)
	{
		change.from_seq = stream->recorded_seq;
		change.settled_seq = stream->cursor_seq;
		change.exported = tally->exported;
		change.rejected = tally->rejected;
	}
	if (tally->state)
	{
		change.state = genops_delivery_state_name(stream->state);
		change.reason = stream->reason ? StreamText(stream->reason) : NULL;
	}
	return change;
}

/* False if the row's cursor is not where this stream left it. */
static bool
RecordStream(CursorTable *table, GenopsStream *stream, CursorRow *row)
{
	CursorChange change = ChangeOf(stream);

	if (stream->range != 0)
		StreamAdvanceRange(stream);
	return CursorApply(table, genops_slice(stream->tenant), genops_slice(stream->route),
	                   stream->recorded_seq, &change, row);
}

/* The transaction has committed: nothing here may fail. */
static void
NoteRecorded(int count, const MovedStream *moved, int moved_count)
{
	int64 now = MonotonicMs();

	for (int i = 0; i < count; i++)
	{
		GenopsStream *stream = genops_streams_first_changed(StreamsAll());

		StreamTell(stream);
		genops_stream_recorded(StreamsAll(), stream);
		if (stream->range != 0)
			StreamRangeRecorded(stream);
	}
	for (int i = 0; i < moved_count; i++)
		genops_stream_move(StreamsAll(), moved[i].stream, moved[i].row.cursor_seq,
		                   moved[i].row.newest_seq > moved[i].row.cursor_seq, now);
	recorded_at = now;
	recorded_count = count;
}

/* A millisecond for each row, unless somebody waits for it: that leaves most of the time to
 * other things. */
static long
UntilDueAgain(const Turn *turn)
{
	long interval = turn->demand.segment_wanted > 0
	                    ? INTERVAL_MS
	                    : Max(INTERVAL_MS, Min(recorded_count, LONGEST_INTERVAL_MS));

	return (long) Max(recorded_at + interval - turn->now, 0);
}

static void
Record(void)
{
	static MovedStream moved[MANY_STREAMS];
	int moved_count = 0;
	int count = 0;
	CursorTable *table;

	if (!LedgerBegin())
		return;
	table = CursorOpen(LedgerCursor());
	for (GenopsStream *stream = genops_streams_first_changed(StreamsAll());
	     stream != NULL && count < MANY_STREAMS; stream = stream->next_changed)
	{
		CursorRow row;

		if (!RecordStream(table, stream, &row))
			moved[moved_count++] = (MovedStream){ stream, row };
		count++;
	}
	CursorClose(table);
	HOLD_INTERRUPTS(); /* the log is told in between */
	WorkCommit();
	NoteRecorded(count, moved, moved_count);
	RESUME_INTERRUPTS();
}

static bool
Hurries(const Turn *turn)
{
	return turn->leaving || (turn->demand.segment_wanted > 0 && RequestsUnderWay() == 0);
}

static void
RunRecord(const Turn *turn)
{
	if (!LedgerIsKnown() || genops_streams_first_changed(StreamsAll()) == NULL)
		return;
	if (Hurries(turn) || UntilDueAgain(turn) == 0)
		Record();
}

static long
RecordDue(const Turn *turn)
{
	if (!LedgerIsKnown() || genops_streams_first_changed(StreamsAll()) == NULL)
		return -1;
	return Hurries(turn) ? 0 : UntilDueAgain(turn);
}

Step record_step = {
	.name = "record what was delivered",
	.run = RunRecord,
	.due = RecordDue,
};
