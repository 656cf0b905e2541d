/* SPDX-License-Identifier: PostgreSQL */
/*
 * The worker of a database: stores what is queued and delivers what is stored.
 *
 * One process does both, in rounds of steps (step.h), and never waits for the network
 * or holds a transaction open while it does anything else.  A round reads answers,
 * follows the configuration, stores a batch, starts requests, records how far they got,
 * and keeps house; each step does what is due and fails by itself.  Then the worker
 * sleeps until a step is due, a socket that answers come by is ready, or somebody wakes it:
 * spans are queued, a session waits, the configuration changed.
 *
 * Ordering.  A record leaves the ring after the commit that stored it.  A segment is
 * sent when its commit is durable (durable.c), in the order of the numbers of its stream,
 * one request of a stream at a time.  A stream's cursor moves over a segment when the
 * endpoint has answered for all its spans, and is written a few times a second
 * (record.c); it alone says what is to be sent.  Sessions that move it
 * (genops_resume_delivery) do so under a lock that the worker's writes wait for; the
 * worker finds the row elsewhere than it left it, and follows.
 *
 * When somebody dies.  The worker, between two of these: what was not committed is in the
 * ring still, what was not answered for is behind the cursor, what was answered for and not
 * recorded is sent again.  The server: the same, but for the ring, and for commits of
 * the last moment with durability "async"; no segment was sent that the ledger has lost.
 * A session that waits: its wish goes with it (shared/waiters.c).  The extension: what
 * its streams knew is forgotten (follow.c); a new one inherits nothing.
 *
 * States.  A worker takes the database's seat (shared/seat.h), or goes; works; and
 * leaves when it is told to (shutdown, DROP DATABASE, the turn of another database), when
 * others wait and it has nothing to do now, or when it had nothing to do for a while.
 * It then stores what is queued, waits a moment for the answers to its requests, and says
 * when a worker will be needed again.  On a hot standby other steps take the place of
 * storing and recording (standby.c); a promotion ends that worker.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "access/xlog.h"
#include "compat.h"
#include "deliver/durable.h"
#include "deliver/follow.h"
#include "deliver/request.h"
#include "deliver/step.h"
#include "deliver/streams.h"
#include "deliver/worker.h"
#include "keep/work.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shared/seat.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

#define IDLE_LEAVE_MS (45 * 1000) /* no worker is left a minute after the last work */
#define MISSING_LEAVE_MS (60 * 1000)
#define LOOK_MS 1000         /* between two looks whether there is anything to do */
#define TELL_MS 20           /* between two looks how far all streams are, while some move */
#define LAST_STORING_MS 2000 /* what is queued when the worker leaves */
#define LAST_ANSWERS_MS 1000 /* as much as a fast stop may take */

static Step *const primary_steps[] = { &answer_step, &follow_step, &store_step,
	                                   &send_step,   &record_step, &house_step };
static Step *const standby_steps[] = { &answer_step, &follow_step, &standby_take_step, &send_step,
	                                   &standby_report_step };

static Step *const *steps;
static int step_count;
static bool is_standby;

/*
 * Coming.
 */
static void
TakeSeat(int seat)
{
	Oid database = SeatTake(seat);

	if (!OidIsValid(database))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	pgstat_report_appname("genops worker");
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* Batches come and go: the C library need not give their memory back to the
 * system each time, and get it zeroed again. */
static void
KeepMemory(void)
{
#ifdef M_TRIM_THRESHOLD
	(void) mallopt(M_TRIM_THRESHOLD, 8 * 1024 * 1024);
	(void) mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
#endif
}

static void
Prepare(void)
{
	is_standby = RecoveryInProgress();
	steps = is_standby ? standby_steps : primary_steps;
	step_count = is_standby ? lengthof(standby_steps) : lengthof(primary_steps);
	KeepMemory();
	WorkPrepare();
	StreamsReset();
	RequestsInit();
	if (is_standby)
		before_shmem_exit(StandbyGiveBack, (Datum) 0);
}

/*
 * A round.
 */
static void
HearSignals(void)
{
	(void) SeatHearWish();
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	FollowAgain();
}

static void
RunSteps(const Turn *turn)
{
	for (int i = 0; i < step_count; i++)
		StepRun(steps[i], turn);
	pgstat_report_stat(false);
}

/* Where those who wait for delivery look. */
static void
TellProgress(const Turn *turn)
{
	static int64 told_at = 0;
	int64 newest = StreamsNewest();
	bool pending;
	bool moving;

	if (!LedgerIsKnown() || is_standby)
		return;
	DurablePoll(turn->demand.position_wanted > 0);
	if (turn->demand.segment_wanted == 0 ||
	    (RequestsUnderWay() > 0 && turn->now < told_at + TELL_MS))
		return;
	told_at = turn->now;
	pending = genops_streams_pending(StreamsAll(), &moving);
	moving |= genops_streams_first_changed(StreamsAll()) != NULL;
	RingPublishSettled(genops_streams_settled(StreamsAll(), newest),
	                   pending && !moving ? newest : 0);
}

static long
Sooner(long a, long b)
{
	return a < 0 ? b : b < 0 ? a : Min(a, b);
}

/* Milliseconds until a step is due, at the most "longest". */
static long
UntilDue(const Turn *turn, long longest)
{
	long wait = longest;

	for (int i = 0; i < step_count && wait > 0; i++)
		wait = Sooner(wait, StepWait(steps[i], turn));
	return wait;
}

static void
WaitForEvents(long timeout_ms)
{
	static uint32 wait_event = 0;
	WaitEventSet *set;
	WaitEvent event;

	if (wait_event == 0)
		wait_event = compat_wait_event("GenopsWorkerMain");
	set = compat_create_wait_event_set(2 + RequestsSocketCount());
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	RequestsAddSockets(set);
	(void) WaitEventSetWait(set, timeout_ms, &event, 1, wait_event);
	FreeWaitEventSet(set);
	ResetLatch(MyLatch);
}

/*
 * Leaving.
 */

/* Nothing is queued, under way or to be recorded; *due_ms is when something that is
 * pending can be sent, -1: nothing can, or only after a change that wakes the worker. */
static bool
IsAtRest(const Turn *turn, long *due_ms)
{
	bool moving;
	bool room;

	*due_ms = -1;
	if (turn->demand.queued > 0)
		return false;
	if (!LedgerIsKnown())
		return FollowMissingMs() > 0; /* else it has not looked yet */
	if (RequestsUnderWay() > 0 || genops_streams_first_changed(StreamsAll()) != NULL)
		return false;
	genops_streams_durable(StreamsAll(), DurableSegment(), turn->now);
	if (genops_streams_pending(StreamsAll(), &moving))
		*due_ms = genops_streams_wait_ms(StreamsAll(), turn->now);
	if (genops_streams_left_out(StreamsAll(), &room) || (moving && *due_ms < 0))
		*due_ms = 0; /* the disk is waited for, or room */
	return *due_ms != 0;
}

static int64 resting_since = 0; /* 0: not at rest, when it was last looked at */

/* A while without work, or somebody else has some. */
static bool
NothingToDo(const Turn *turn)
{
	static int64 looked_at = 0;
	long due_ms;

	if (turn->now < looked_at + LOOK_MS && !turn->demand.others_wait)
		return false;
	looked_at = turn->now;
	if (!IsAtRest(turn, &due_ms) || (is_standby && due_ms >= 0))
		resting_since = 0;
	else if (resting_since == 0)
		resting_since = turn->now;
	return resting_since != 0 &&
	       (turn->demand.others_wait || turn->now >= resting_since + IDLE_LEAVE_MS);
}

/* Until it is to be looked at again whether to leave. */
static long
UntilLook(const Turn *turn)
{
	if (resting_since == 0)
		return LOOK_MS;
	return (long) Max(resting_since + IDLE_LEAVE_MS - turn->now, LOOK_MS);
}

static void
SleepUntilDue(void)
{
	int64 durable = DurableSegment();
	Turn turn;
	long wait;

	TurnBegin(&turn, false);
	if (turn.demand.others_wait && NothingToDo(&turn))
		return; /* it is told of others only when they begin to wait */
	wait = UntilDue(&turn, UntilLook(&turn));
	if (wait == 0)
		return;
	DurableForce();
	if (DurableSegment() > durable)
		return; /* there may be something to send */
	WaitForEvents(wait);
}

/* The extension was dropped, or never came to be: no one misses the spans. */
static bool
ExtensionIsGone(void)
{
	if (FollowMissingMs() < MISSING_LEAVE_MS)
		return false;
	StoreDiscard();
	return true;
}

static bool
IsToLeave(const Turn *turn)
{
	return ShutdownRequestPending || SeatAskedToLeave() || NothingToDo(turn) || ExtensionIsGone() ||
	       RecoveryInProgress() != is_standby;
}

static void
StoreTheRest(void)
{
	int64 until = MonotonicMs() + LAST_STORING_MS;
	Turn turn;

	if (is_standby)
		return;
	do
		TurnBegin(&turn, true);
	while (turn.demand.queued > 0 && turn.now < until && StepRunNow(&store_step, &turn) &&
	       LedgerIsKnown());
}

/* Requests that are under way have their answers soon, or are sent again by the next
 * worker. */
static void
AwaitAnswers(void)
{
	int64 until = MonotonicMs() + LAST_ANSWERS_MS;
	Turn turn;

	for (;;)
	{
		long wait;

		TurnBegin(&turn, true);
		StepRun(&answer_step, &turn);
		if (RequestsUnderWay() == 0 || turn.now >= until)
			return;
		wait = Sooner(StepWait(&answer_step, &turn), (long) (until - turn.now));
		if (wait > 0)
			WaitForEvents(wait);
	}
}

static void
FinishWork(void)
{
	long due_ms;
	bool pending;
	Turn turn;

	StoreTheRest();
	AwaitAnswers();
	TurnBegin(&turn, true);
	(void) StepRunNow(is_standby ? &standby_report_step : &record_step, &turn);
	DurableForce();
	TellProgress(&turn);
	pending = !IsAtRest(&turn, &due_ms); /* also where it could not look what there is */
	pending |= due_ms >= 0 || RequestsUnderWay() > 0;
	SeatLeavePending(pending, turn.now + Max(due_ms, 0));
	RequestsEnd();
}

void
GenopsWorkerMain(Datum seat)
{
	Turn turn;

	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	TakeSeat(DatumGetInt32(seat));
	Prepare();

	TurnBegin(&turn, false);
	while (!IsToLeave(&turn))
	{
		HearSignals();
		RunSteps(&turn);
		TellProgress(&turn);
		SleepUntilDue();
		TurnBegin(&turn, false);
	}
	FinishWork();
	proc_exit(0);
}
