/* SPDX-License-Identifier: PostgreSQL */
/*
 * How far spend is folded.
 *
 * genops.spend asks this for every span that it looks at, so the answer is kept for
 * the statement.  It is read under the statement's snapshot: that sees either
 * a fold's totals and its number, or neither.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "compat.h"
#include "configure/own_table.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* genops.ledger_state.folded_seq */
#define STATE_FOLDED_SEQ 3

PG_FUNCTION_INFO_V1(genops_folded_seq);

static int64
ReadFoldedSeq(void)
{
	Relation state = OwnTableOpen("ledger_state", AccessShareLock);
	TupleTableSlot *row = table_slot_create(state, NULL);
	TableScanDesc scan = table_beginscan(state, GetActiveSnapshot(), 0, NULL);
	int64 folded = 0;
	bool null;

	if (table_scan_getnextslot(scan, ForwardScanDirection, row))
		folded = DatumGetInt64(slot_getattr(row, STATE_FOLDED_SEQ, &null));
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(row);
	table_close(state, AccessShareLock);
	return folded;
}

Datum
genops_folded_seq(PG_FUNCTION_ARGS)
{
	int64 *folded = fcinfo->flinfo->fn_extra;

	if (folded == NULL)
	{
		folded = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(int64));
		*folded = ReadFoldedSeq();
		fcinfo->flinfo->fn_extra = folded;
	}
	PG_RETURN_INT64(*folded);
}
