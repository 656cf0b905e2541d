/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ring's operations for a randomised test: writers, the reader, those who wait, and
 * what lies in shared memory in between.
 *
 * This library is made of src/shared, with its points (src/shared/test_point.h), and
 * has a ring of its own: it is preloaded instead of the extension.
 */
#include "postgres.h"

#include "access/xact.h"
#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "points.h"
#include "postmaster/bgworker.h"
#include "settings.h"
#include "shared/private.h"
#include "shared/reader.h"
#include "shared/ring.h"
#include "shared/seat.h"
#include "shared/waiters.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);
extern PGDLLEXPORT void RingTestBackgroundWriter(Datum unused);

PG_FUNCTION_INFO_V1(ring_test_write);
PG_FUNCTION_INFO_V1(ring_test_read);
PG_FUNCTION_INFO_V1(ring_test_limit);
PG_FUNCTION_INFO_V1(ring_test_state);
PG_FUNCTION_INFO_V1(ring_test_background_writer);

/* As the extension's settings.c. */
int setting_shared_memory_kb = 1024;
int setting_max_databases = 4;
int setting_remembered_calls = 1024;
int setting_queue_timeout_ms = 10000;
int setting_flush_interval_ms = 5;

#define WAIT_TIMEOUT_MS 30000

static shmem_request_hook_type previous_shmem_request_hook = NULL;
static shmem_startup_hook_type previous_shmem_startup_hook = NULL;

static void
RequestMemory(void)
{
	if (previous_shmem_request_hook)
		previous_shmem_request_hook();
	RequestAddinShmemSpace(PointsShmemSize());
	RingShmemRequest();
}

static void
StartMemory(void)
{
	if (previous_shmem_startup_hook)
		previous_shmem_startup_hook();
	PointsShmemStart();
	RingShmemStart();
}

void
_PG_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = RequestMemory;
	previous_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = StartMemory;
}

/*
 * Records: a head, and bytes that follow from it.
 */
typedef struct TestRecord
{
	int32 writer;
	int32 length; /* of what follows */
	int64 number;
} TestRecord;

static char
ByteAt(const TestRecord *record, int i)
{
	return (char) (record->writer * 31 + record->number * 7 + i);
}

static bool
IsWhole(const RingRecord *copy)
{
	TestRecord record;

	if (copy->length < sizeof(record))
		return false;
	memcpy(&record, copy->data, sizeof(record));
	if (copy->length != sizeof(record) + record.length)
		return false;
	for (int i = 0; i < record.length; i++)
		if (copy->data[sizeof(record) + i] != ByteAt(&record, i))
			return false;
	return true;
}

/* Mostly short, some of any length, few too long. */
static int
RandomLength(void)
{
	switch (TestRandom(50))
	{
		case 0:
			return (int) TestRandom(RING_MAX_RECORD + 2000);
		case 1:
			return (int) (RING_MAX_RECORD - sizeof(TestRecord));
		default:
			return (int) TestRandom(2000);
	}
}

/* The outcome of RingAppend is the history's. */
static RingOutcome
Write(int writer, int64 number, bool may_wait, char *buffer)
{
	TestRecord record = { writer, RandomLength(), number };
	RingPart parts[2] = { { &record, sizeof(record) }, { buffer, record.length } };
	RingOutcome outcome;
	int entry;

	for (int i = 0; i < record.length; i++)
		buffer[i] = ByteAt(&record, i);
	entry = HistoryBegin("append", writer, number);
	outcome = RingAppend(parts, 2, may_wait);
	HistoryEnd(entry, outcome);
	return outcome;
}

static void
WaitUntilStored(int writer)
{
	uint64 position = RingNewestPosition();
	int entry = HistoryBegin("wait", writer, (int64) position);

	HistoryEnd(entry, RingWaitStored(position, WAIT_TIMEOUT_MS));
}

/* ring_test_write(writer, first, count, wait_permille): how many were recorded. */
Datum
ring_test_write(PG_FUNCTION_ARGS)
{
	int writer = PG_GETARG_INT32(0);
	int64 first = PG_GETARG_INT64(1);
	int count = PG_GETARG_INT32(2);
	uint64 wait = (uint64) PG_GETARG_INT32(3);
	char *buffer = palloc(RING_MAX_RECORD + 4000);
	int recorded = 0;

	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (Write(writer, first + i, TestRandom(4) != 0, buffer) != RING_RECORDED)
			continue;
		recorded++;
		if (TestRandom(1000) < wait)
			WaitUntilStored(writer);
	}
	PG_RETURN_INT32(recorded);
}

/*
 * The reader.
 */
static int
MySeat(void)
{
	(void) RingMyQueue();
	for (int i = 0; i < SeatCount(); i++)
	{
		SeatView view;

		if (SeatLookAt(i, &view) && view.database == MyDatabaseId)
			return i;
	}
	elog(ERROR, "this database has no seat");
}

/* Released records are noted in their order; what they are worth is noted before, since
 * they are gone then. */
static void
NoteReleased(int reader, const RingBatch *batch)
{
	for (int i = 0; i < batch->count; i++)
	{
		TestRecord record;

		memcpy(&record, batch->records[i].data, sizeof(record));
		HistoryEnd(HistoryBegin("release", record.writer, record.number),
		           IsWhole(&batch->records[i]) ? reader : -2);
	}
}

static void
NoteTaken(int reader, const RingBatch *batch)
{
	HistoryEnd(HistoryBegin("take", reader, (int64) batch->end_position), batch->count);
}

static bool
ReadOnce(int reader, uint64 fail)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "ring test", ALLOCSET_DEFAULT_SIZES);
	RingFate fate = { 0 };
	RingDemand demand;
	RingBatch batch;

	RingReadDemand(&demand);
	(void) RingDueIn(&demand);
	RingTake(context, 1 + (int) TestRandom(200), 1 + TestRandom(200000), &batch);
	NoteTaken(reader, &batch);
	if (TestRandom(1000) < fail)
	{
		MemoryContextDelete(context);
		if (TestRandom(4) == 0)
			ereport(FATAL, (errmsg("test: the reader ends")));
		if (TestRandom(2) == 0)
			elog(ERROR, "test: storing fails");
		return true; /* tries again */
	}
	fate.stored = batch.count;
	RingRelease(&batch, &fate);
	NoteReleased(reader, &batch);
	RingPublishStored(batch.end_position, 0);
	HistoryEnd(HistoryBegin("publish", reader, (int64) batch.end_position), 0);
	MemoryContextDelete(context);
	return batch.moved;
}

/* ring_test_read(reader, milliseconds, fail_permille): false if another has the seat. */
Datum
ring_test_read(PG_FUNCTION_ARGS)
{
	static bool seated = false;
	int reader = PG_GETARG_INT32(0);
	int64 deadline = TestClock() + (int64) PG_GETARG_INT32(1) * 1000000;
	uint64 fail = (uint64) PG_GETARG_INT32(2);

	if (!seated && !OidIsValid(SeatTake(MySeat())))
		PG_RETURN_BOOL(false);
	seated = true;
	while (TestClock() < deadline)
	{
		(void) SeatHearWish();
		if (!ReadOnce(reader, fail))
			RingSleep(2, PG_WAIT_EXTENSION);
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_BOOL(true);
}

Datum
ring_test_limit(PG_FUNCTION_ARGS)
{
	RingQueue *queue = RingMyQueue();

	queue->max_queued = PG_GETARG_INT32(0);
	RingSetBatchSize(queue);
	PG_RETURN_VOID();
}

/* ring_test_state(): recorded, queued, queued_bytes, stored, dropped_full,
 * dropped_too_large, abandoned, pages, free_pages, waiters. */
Datum
ring_test_state(PG_FUNCTION_ARGS)
{
	RingQueue *queue = RingMyQueue();
	RingCounts counts;
	TupleDesc descriptor;
	Datum values[10];
	bool nulls[10] = { false };
	int waiters = 0;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	RingReadCounts(&counts);
	RingLock(queue->lock, LW_SHARED);
	for (int i = queue->first_waiter; i != RING_NO_MEMBER; i = ring_shared->members[i].next)
		waiters++;
	RingUnlock(queue->lock);
	values[0] = Int64GetDatum((int64) counts.recorded);
	values[1] = Int64GetDatum((int64) counts.queued);
	values[2] = Int64GetDatum((int64) counts.queued_bytes);
	values[3] = Int64GetDatum((int64) counts.stored);
	values[4] = Int64GetDatum((int64) counts.dropped[RING_DROP_FULL]);
	values[5] = Int64GetDatum((int64) counts.dropped[RING_DROP_TOO_LARGE]);
	values[6] = Int64GetDatum((int64) counts.dropped[RING_DROP_ABANDONED]);
	values[7] = Int64GetDatum((int64) ring_shared->page_count);
	values[8] = Int64GetDatum((int64) ring_shared->free_count);
	values[9] = Int32GetDatum(waiters);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

/*
 * A background worker as other extensions have them: PostgreSQL's own handler of SIGTERM
 * raises FATAL inside the signal handler.
 */
void
RingTestBackgroundWriter(Datum writer)
{
	char *buffer;

	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection("postgres", NULL, 0);
	buffer = MemoryContextAlloc(TopMemoryContext, RING_MAX_RECORD + 4000);
	StartTransactionCommand();
	for (int64 number = 0;; number++)
	{
		if (Write(DatumGetInt32(writer), number, false, buffer) == RING_RECORDED)
			(void) RingWaitStored(RingNewestPosition(), 20);
		pg_usleep(100);
	}
}

Datum
ring_test_background_writer(PG_FUNCTION_ARGS)
{
	BackgroundWorker worker = {
		.bgw_name = "ring test writer",
		.bgw_type = "ring test writer",
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_function_name = "RingTestBackgroundWriter",
		.bgw_main_arg = PG_GETARG_DATUM(0),
		.bgw_notify_pid = MyProcPid,
	};
	BackgroundWorkerHandle *handle;
	pid_t pid = 0;

	strlcpy(worker.bgw_library_name, text_to_cstring(PG_GETARG_TEXT_PP(1)), BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&worker, &handle) ||
	    WaitForBackgroundWorkerStartup(handle, &pid) != BGWH_STARTED)
		elog(ERROR, "the background writer did not start");
	PG_RETURN_INT32(pid);
}
