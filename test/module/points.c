/* SPDX-License-Identifier: PostgreSQL */
/*
 * Faults and pauses at named points, and a history: points.h says what for.
 */
#include "postgres.h"

#include <sched.h>
#include <time.h>

#include "common/pg_prng.h"
#include "compat.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "points.h"
#include "port/atomics.h"
#include "shared/test_point.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/builtins.h"

#define MAX_POINTS 64
#define NAME_SIZE 32
#define MAX_HISTORY 400000
#define LONGEST_PAUSE_US 300
#define LONGEST_HOLD_S 60

/* Probabilities are in thousandths. */
typedef struct TestPoint
{
	char name[NAME_SIZE];
	pg_atomic_uint32 pause;
	pg_atomic_uint32 error;
	pg_atomic_uint32 fatal;
	pg_atomic_uint32 hold;
	pg_atomic_uint64 visits;
	pg_atomic_uint64 pauses;
	pg_atomic_uint64 errors;
	pg_atomic_uint64 fatals;
	pg_atomic_uint32 held; /* processes that are held now */
} TestPoint;

typedef struct HistoryEntry
{
	const char *what; /* a literal of this library */
	int actor;
	int64 item;
	int64 outcome;
	int64 begun;
	int64 ended; /* 0: it was cut short, or goes on */
} HistoryEntry;

typedef struct TestShared
{
	slock_t lock; /* of the list of points */
	int point_count;
	TestPoint points[MAX_POINTS];
	pg_atomic_uint32 history_count;
	HistoryEntry history[MAX_HISTORY];
} TestShared;

static TestShared *shared = NULL;
static pg_prng_state generator;

PG_FUNCTION_INFO_V1(test_seed);
PG_FUNCTION_INFO_V1(test_point_set);
PG_FUNCTION_INFO_V1(test_point_hold);
PG_FUNCTION_INFO_V1(test_points);
PG_FUNCTION_INFO_V1(test_history);
PG_FUNCTION_INFO_V1(test_history_clear);

Size
PointsShmemSize(void)
{
	return sizeof(TestShared);
}

void
PointsShmemStart(void)
{
	bool found;

	shared = ShmemInitStruct("genops test points", sizeof(TestShared), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(TestShared));
	SpinLockInit(&shared->lock);
	pg_atomic_init_u32(&shared->history_count, 0);
}

int64
TestClock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64
TestRandom(uint64 limit)
{
	return limit <= 1 ? 0 : pg_prng_uint64_range(&generator, 0, limit - 1);
}

/*
 * Points.
 */
static TestPoint *
PointOf(const char *name)
{
	TestPoint *point = NULL;

	for (int i = 0; i < shared->point_count; i++)
		if (strcmp(shared->points[i].name, name) == 0)
			return &shared->points[i];
	SpinLockAcquire(&shared->lock);
	for (int i = 0; i < shared->point_count; i++)
		if (strcmp(shared->points[i].name, name) == 0)
			point = &shared->points[i];
	if (point == NULL && shared->point_count < MAX_POINTS)
	{
		point = &shared->points[shared->point_count];
		strlcpy(point->name, name, NAME_SIZE);
		pg_write_barrier();
		shared->point_count++;
	}
	SpinLockRelease(&shared->lock);
	if (point == NULL)
		elog(PANIC, "too many test points");
	return point;
}

static bool
Happens(pg_atomic_uint32 *probability)
{
	return TestRandom(1000) < pg_atomic_read_u32(probability);
}

/* Also where interrupts and signals are off: so it ends by itself. */
static void
Hold(TestPoint *point)
{
	int64 deadline = TestClock() + (int64) LONGEST_HOLD_S * 1000000000;

	pg_atomic_fetch_add_u32(&point->held, 1);
	while (pg_atomic_read_u32(&point->hold) != 0 && TestClock() < deadline)
		pg_usleep(1000);
	pg_atomic_fetch_sub_u32(&point->held, 1);
}

void
TestPointReached(const char *name)
{
	TestPoint *point = PointOf(name);

	pg_atomic_fetch_add_u64(&point->visits, 1);
	if (pg_atomic_read_u32(&point->hold) != 0)
		Hold(point);
	if (Happens(&point->pause))
	{
		pg_atomic_fetch_add_u64(&point->pauses, 1);
		if (TestRandom(2) == 0)
			sched_yield();
		else
			pg_usleep((long) TestRandom(LONGEST_PAUSE_US));
	}
	if (Happens(&point->error))
	{
		pg_atomic_fetch_add_u64(&point->errors, 1);
		ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("test: error at \"%s\"", name)));
	}
	if (Happens(&point->fatal))
	{
		pg_atomic_fetch_add_u64(&point->fatals, 1);
		ereport(FATAL, (errcode(ERRCODE_ADMIN_SHUTDOWN), errmsg("test: end at \"%s\"", name)));
	}
}

/*
 * The history.
 */
int
HistoryBegin(const char *what, int actor, int64 item)
{
	uint32 entry = pg_atomic_fetch_add_u32(&shared->history_count, 1);

	if (entry >= MAX_HISTORY)
		elog(ERROR, "the history is full");
	shared->history[entry] = (HistoryEntry){ what, actor, item, -1, TestClock(), 0 };
	return (int) entry;
}

void
HistoryEnd(int entry, int64 outcome)
{
	shared->history[entry].outcome = outcome;
	shared->history[entry].ended = TestClock();
}

/*
 * SQL.
 */
Datum
test_seed(PG_FUNCTION_ARGS)
{
	pg_prng_seed(&generator, (uint64) PG_GETARG_INT64(0));
	PG_RETURN_VOID();
}

Datum
test_point_set(PG_FUNCTION_ARGS)
{
	TestPoint *point = PointOf(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	pg_atomic_write_u32(&point->pause, PG_GETARG_INT32(1));
	pg_atomic_write_u32(&point->error, PG_GETARG_INT32(2));
	pg_atomic_write_u32(&point->fatal, PG_GETARG_INT32(3));
	PG_RETURN_VOID();
}

Datum
test_point_hold(PG_FUNCTION_ARGS)
{
	pg_atomic_write_u32(&PointOf(text_to_cstring(PG_GETARG_TEXT_PP(0)))->hold,
	                    PG_GETARG_BOOL(1) ? 1 : 0);
	PG_RETURN_VOID();
}

Datum
test_points(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < shared->point_count; i++)
	{
		TestPoint *point = &shared->points[i];
		Datum values[6] = { CStringGetTextDatum(point->name),
			                Int64GetDatum((int64) pg_atomic_read_u64(&point->visits)),
			                Int64GetDatum((int64) pg_atomic_read_u64(&point->pauses)),
			                Int64GetDatum((int64) pg_atomic_read_u64(&point->errors)),
			                Int64GetDatum((int64) pg_atomic_read_u64(&point->fatals)),
			                Int32GetDatum((int32) pg_atomic_read_u32(&point->held)) };
		bool nulls[6] = { false };

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
test_history(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint32 count = Min(pg_atomic_read_u32(&shared->history_count), MAX_HISTORY);

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < count; i++)
	{
		HistoryEntry *entry = &shared->history[i];
		Datum values[7] = { Int32GetDatum((int32) i),       CStringGetTextDatum(entry->what),
			                Int32GetDatum(entry->actor),    Int64GetDatum(entry->item),
			                Int64GetDatum(entry->outcome),  Int64GetDatum(entry->begun),
			                Int64GetDatum(entry->ended) };
		bool nulls[7] = { false };

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
test_history_clear(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	pg_atomic_write_u32(&shared->history_count, 0);
	PG_RETURN_VOID();
}
