/* SPDX-License-Identifier: PostgreSQL */
/*
 * The step that sends: starts requests for the streams whose turn it is.
 *
 * What a stream has in memory goes out at once; a stream that has nothing there reads
 * the ledger first, in a transaction of its own.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "deliver/durable.h"
#include "deliver/follow.h"
#include "deliver/request.h"
#include "deliver/step.h"
#include "deliver/streams.h"
#include "keep/work.h"
#include "monotonic.h"

/* Turns in a round; few while somebody may be waiting for room in the ring. */
#define TURNS 32
#define CROWDED_TURNS 4

/* Between two looks for streams that were left out, as many as may be; and where there is
 * little room, for those that are blocked have to give it to others then. */
#define LOOK_MS 200
#define CROWDED_LOOK_MS 60000

static GenopsStream *served = NULL; /* whose turn it is, should that fail */
static int64 looked_at = 0;
static bool more_turns = false;

/* False if the ledger is another. */
static bool
ReadLedger(GenopsStream *stream)
{
	if (!LedgerBegin())
		return false;
	StreamsRead(stream);
	WorkCommit();
	return true;
}

/* Milliseconds until streams that were left out are looked for; -1: none were. */
static long
UntilLook(int64 now)
{
	bool room;

	if (!genops_streams_left_out(StreamsAll(), &room))
		return -1;
	return (long) Max(looked_at + (room ? LOOK_MS : CROWDED_LOOK_MS) - now, 0);
}

/* Streams that found no room before, and may now. */
static void
LoadLeftOut(void)
{
	if (UntilLook(MonotonicMs()) != 0 || RecoveryInProgress() || !LedgerBegin())
		return;
	StreamsLoad();
	WorkCommit();
	looked_at = MonotonicMs();
}

/* False if it was nobody's turn, or there is no going on. */
static bool
TakeTurn(int64 durable_seq)
{
	int64 now = MonotonicMs();
	GenopsStream *stream = genops_streams_next(StreamsAll(), now);

	if (stream == NULL)
		return false;
	served = stream;
	if (!genops_stream_wants_to_read(stream, StreamsBatchSpans()))
		RequestStart(stream, durable_seq);
	else if (!ReadLedger(stream))
	{
		genops_stream_pass(StreamsAll(), stream, now);
		stream = NULL;
	}
	served = NULL;
	return stream != NULL;
}

/* No batch waits to fill whose delivery somebody waits for, or while other databases wait
 * for this worker's place. */
static int64
Wanted(const Turn *turn)
{
	return turn->demand.others_wait ? PG_INT64_MAX : turn->demand.segment_wanted;
}

static void
RunSend(const Turn *turn)
{
	int64 durable_seq = RecoveryInProgress() ? PG_INT64_MAX : DurableSegment();
	int turns = turn->demand.crowded ? CROWDED_TURNS : TURNS;

	more_turns = false;
	if (!LedgerIsKnown() || turn->leaving || !RequestsMayStart())
		return;
	LoadLeftOut();
	if (StreamsMissTarget())
		FollowAgain();
	genops_streams_durable(StreamsAll(), durable_seq, turn->now);
	genops_streams_hurry(StreamsAll(), Wanted(turn), turn->now);
	while (turns > 0 && TakeTurn(durable_seq))
		turns--;
	more_turns = turns == 0;
}

static long
SendDue(const Turn *turn)
{
	long look;
	long wait;

	if (!LedgerIsKnown() || turn->leaving || !RequestsMayStart())
		return -1;
	if (more_turns)
		return 0;
	look = UntilLook(turn->now);
	wait = genops_streams_wait_ms(StreamsAll(), turn->now);
	return look < 0 || wait < 0 ? Max(look, wait) : Min(look, wait);
}

/* Its turn was taken; it gets another. */
static bool
SendFailed(int sqlstate)
{
	(void) sqlstate;
	if (served != NULL)
		StreamsReadFailed(served);
	served = NULL;
	return false;
}

Step send_step = {
	.name = "send spans",
	.run = RunSend,
	.due = SendDue,
	.failed = SendFailed,
};
