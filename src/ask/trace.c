/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_trace: the spans of one trace.
 *
 * First the segments that have the trace are found: on an open day by their
 * bloom filters, on a closed one by the B-tree on the ids' hash.  Then the
 * view is asked for the rows of just these segments, as the caller, one day at
 * a time, with the day's bounds as constants: the planner then looks at one
 * partition instead of all.  In one statement it would choose to read the
 * whole day.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "ask/reader.h"
#include "compat.h"
#include "configure/own_table.h"
#include "core/base/bloom.h"
#include "core/span/trace_context.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "keep/fact_row.h"
#include "keep/partition.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

PG_FUNCTION_INFO_V1(genops_trace);

static Datum
Column(TupleTableSlot *row, int column)
{
	bool null;

	return slot_getattr(row, column, &null);
}

/* Numbers of segments, in a text for an array literal; and, where segments share a
 * row, ranges of them, as a condition. */
typedef struct SegmentList
{
	StringInfoData text;
	StringInfoData ranges;
	int64 last; /* rows of one segment mostly come together */
} SegmentList;

static void
AddSegment(SegmentList *list, int64 seq)
{
	if (seq == list->last)
		return;
	appendStringInfo(&list->text, list->text.len > 0 ? "," INT64_FORMAT : INT64_FORMAT, seq);
	list->last = seq;
}

/* "row" is of genops.ledger_segment; its filter tells of all its segments. */
static void
AddRow(SegmentList *list, TupleTableSlot *row)
{
	int64 seq = DatumGetInt64(Column(row, SEGMENT_SEQ));
	bool not_shared = true;
	Datum directory = row->tts_tupleDescriptor->natts < SEGMENT_DIRECTORY
	                      ? (Datum) 0
	                      : slot_getattr(row, SEGMENT_DIRECTORY, &not_shared);
	struct varlena *detoasted;
	PackReader packed;

	if (not_shared)
	{
		AddSegment(list, seq);
		return;
	}
	detoasted = (struct varlena *) PG_DETOAST_DATUM_COPY(directory);
	packed = PackReadBegin(detoasted, seq, 0);
	appendStringInfo(&list->ranges, " OR segment BETWEEN " INT64_FORMAT " AND " INT64_FORMAT,
	                 packed.seq, seq);
	pfree(detoasted);
}

/* An open day. */
static void
SearchBlooms(Oid partition, const uint8 *trace_id, SegmentList *found)
{
	Relation segments = OwnPartitionOpen(partition, AccessShareLock);
	TupleTableSlot *row = table_slot_create(segments, NULL);
	TableScanDesc scan = table_beginscan(segments, GetActiveSnapshot(), 0, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, row))
	{
		struct varlena *stored = (struct varlena *) DatumGetPointer(Column(row, SEGMENT_BLOOM));
		struct varlena *bloom = pg_detoast_datum_packed(stored);

		CHECK_FOR_INTERRUPTS();
		if (genops_bloom_may_have((const uint8_t *) VARDATA_ANY(bloom), VARSIZE_ANY_EXHDR(bloom),
		                          trace_id))
			AddRow(found, row);
		if (bloom != stored)
			pfree(bloom);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(row);
	table_close(segments, AccessShareLock);
}

/* A closed day. */
static void
SearchIndex(Oid partition, Oid index_oid, const uint8 *trace_id, SegmentList *found)
{
	Relation spans = OwnPartitionOpen(partition, AccessShareLock);
	Relation index = index_open(index_oid, AccessShareLock);
	TupleTableSlot *row = table_slot_create(spans, NULL);
	IndexScanDesc scan = compat_index_beginscan(spans, index, GetActiveSnapshot(), 1);
	Datum hash =
	    DirectFunctionCall2(uuid_hash_extended, PointerGetDatum(trace_id), Int64GetDatum(0));
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, hash);
	index_rescan(scan, &key, 1, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, row))
		if (memcmp(DatumGetUUIDP(Column(row, SPAN_TRACE_ID)), trace_id, UUID_LEN) == 0)
			AddSegment(found, DatumGetInt64(Column(row, SPAN_SEQ)));
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(row);
	index_close(index, AccessShareLock);
	table_close(spans, AccessShareLock);
}

static void
SearchDay(const LedgerDay *day, const uint8 *trace_id, SegmentList *found)
{
	Oid index =
	    get_relname_relid(PartitionIndexName(day->span, "trace"), get_rel_namespace(day->span));

	if (OidIsValid(index))
		SearchIndex(day->span, index, trace_id, found);
	else if (OidIsValid(day->segment))
		SearchBlooms(day->segment, trace_id, found);
}

/* Puts the rows of a day's segments into the result. */
static void
ReturnRows(const LedgerDay *day, const char *trace_id, const SegmentList *found,
           ReturnSetInfo *result)
{
	char *query =
	    psprintf("SELECT * FROM genops.spans WHERE recorded_at >= '%s' AND recorded_at < '%s' "
	             "AND (segment = ANY ('{%s}')%s) AND trace_id = '%s' ORDER BY start_time, span_id",
	             pstrdup(timestamptz_to_str(day->start)), pstrdup(timestamptz_to_str(day->end)),
	             found->text.data, found->ranges.data, trace_id);
	int status = SPI_execute(query, true, 0);

	if (status != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute returned %s", SPI_result_code_string(status));
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
	SPI_freetuptable(SPI_tuptable);
}

/* Tempo and Grafana show ids without leading zeros.  What is as short as a
 * span's id is none. */
static bool
ReadHexTraceId(GenopsSlice text, uint8 trace_id[GENOPS_TRACE_ID_SIZE])
{
	char padded[2 * GENOPS_TRACE_ID_SIZE];

	if (text.length <= 2 * GENOPS_SPAN_ID_SIZE || text.length > sizeof(padded))
		return false;
	memset(padded, '0', sizeof(padded));
	memcpy(padded + sizeof(padded) - text.length, text.data, text.length);
	return genops_unhex(trace_id, (GenopsSlice){ padded, sizeof(padded) }, GENOPS_TRACE_ID_SIZE);
}

/* A trace id, or the one in a traceparent; spaces around it do not matter, nor
 * do capitals. */
static void
ReadTraceId(text *argument, uint8 trace_id[GENOPS_TRACE_ID_SIZE])
{
	char *given = text_to_cstring(argument);
	char *start = given + strspn(given, " \t\r\n");
	GenopsTraceParent parent;
	GenopsSlice text;

	for (char *at = start; *at != '\0'; at++)
		*at = pg_ascii_tolower((unsigned char) *at);
	text = (GenopsSlice){ start, strcspn(start, " \t\r\n") };
	if (ReadHexTraceId(text, trace_id))
		return;
	if (!genops_traceparent_parse(text, &parent))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid trace id: \"%s\"", given),
		     errhint(
		         "Give 32 hexadecimal digits, or a traceparent as genops_track() returns it.")));
	memcpy(trace_id, parent.trace_id, GENOPS_TRACE_ID_SIZE);
}

/* Without these settings the planner may read a whole new partition, about
 * which it has no statistics. */
static int
PreferIndexes(void)
{
	int level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
	                         GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
	                         true, 0, false);
	(void) set_config_option("max_parallel_workers_per_gather", "0", PGC_USERSET, PGC_S_SESSION,
	                         GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
	                         false);
	return level;
}

Datum
genops_trace(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint8 trace_id[GENOPS_TRACE_ID_SIZE];
	char digits[2 * GENOPS_TRACE_ID_SIZE + 1] = "";
	LedgerDay *days;
	int count;
	int level;

	ReadTraceId(PG_GETARG_TEXT_PP(0), trace_id);
	genops_hex(digits, trace_id, GENOPS_TRACE_ID_SIZE);
	/* The view's query checks this too, but only if there is something to ask for. */
	ReaderRequire();
	InitMaterializedSRF(fcinfo, 0);

	days = PartitionDays(&count);
	SPI_connect();
	level = PreferIndexes();
	for (int i = 0; i < count; i++)
	{
		SegmentList found = { .last = 0 };

		initStringInfo(&found.text);
		initStringInfo(&found.ranges);
		SearchDay(&days[i], trace_id, &found);
		if (found.text.len > 0 || found.ranges.len > 0)
			ReturnRows(&days[i], digits, &found, result);
	}
	AtEOXact_GUC(true, level);
	SPI_finish();
	return (Datum) 0;
}
