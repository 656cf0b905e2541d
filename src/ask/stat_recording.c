/* SPDX-License-Identifier: PostgreSQL */
/*
 * The row of genops.stat_recording.
 */
#include "postgres.h"

#include "compat.h"
#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "shared/ring.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_recording_counts);

/* In the order of the function's columns. */
enum
{
	COLUMN_RECORDED,
	COLUMN_QUEUED,
	COLUMN_STORED,
	COLUMN_DROPPED,
	COLUMN_DROPPED_BY_REASON,
	COLUMN_REPAIRED_TEXTS = COLUMN_DROPPED_BY_REASON + RING_DROP_COUNT,
	COLUMN_CUT_ATTRIBUTES,
	COLUMN_DUPLICATES,
	COLUMN_WAITS,
	COLUMN_SENT_OUTSIDE_LEDGER,
	COLUMN_WORKER_PID,
	COLUMN_LAST_STORED_AT,
	COLUMN_STATS_RESET,
	COLUMN_COMPLAINTS,
	COLUMN_COUNT
};

static void
PutCounts(const RingCounts *counts, Datum *values)
{
	uint64 dropped = 0;

	for (int reason = 0; reason < RING_DROP_COUNT; reason++)
	{
		values[COLUMN_DROPPED_BY_REASON + reason] = Int64GetDatum((int64) counts->dropped[reason]);
		dropped += counts->dropped[reason];
	}
	values[COLUMN_RECORDED] = Int64GetDatum((int64) counts->recorded);
	values[COLUMN_QUEUED] = Int64GetDatum((int64) counts->queued);
	values[COLUMN_STORED] = Int64GetDatum((int64) counts->stored);
	values[COLUMN_DROPPED] = Int64GetDatum((int64) dropped);
	values[COLUMN_REPAIRED_TEXTS] = Int64GetDatum((int64) counts->repaired_texts);
	values[COLUMN_CUT_ATTRIBUTES] = Int64GetDatum((int64) counts->cut_attributes);
	values[COLUMN_DUPLICATES] = Int64GetDatum((int64) counts->duplicates);
	values[COLUMN_COMPLAINTS] = Int64GetDatum((int64) counts->complaints);
	values[COLUMN_WAITS] = Int64GetDatum((int64) counts->waits);
	values[COLUMN_SENT_OUTSIDE_LEDGER] = Int64GetDatum((int64) counts->sent_outside_ledger);
}

Datum
genops_recording_counts(PG_FUNCTION_ARGS)
{
	RingCounts counts;
	TupleDesc descriptor;
	Datum values[COLUMN_COUNT] = { 0 };
	bool nulls[COLUMN_COUNT] = { false };

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	RingReadCounts(&counts);
	PutCounts(&counts, values);
	values[COLUMN_WORKER_PID] = Int32GetDatum(counts.worker_pid);
	nulls[COLUMN_WORKER_PID] = counts.worker_pid == 0;
	values[COLUMN_LAST_STORED_AT] = TimestampTzGetDatum(counts.last_stored_at);
	nulls[COLUMN_LAST_STORED_AT] = counts.last_stored_at == 0;
	values[COLUMN_STATS_RESET] = TimestampTzGetDatum(counts.reset_at);
	nulls[COLUMN_STATS_RESET] = counts.reset_at == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
