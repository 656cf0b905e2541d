/* SPDX-License-Identifier: PostgreSQL */
/*
 * What queries ask of segments that share rows: genops_internal.packed_segments() lists them,
 * genops_internal.segment_bytes() reads one, of whatever row.
 *
 * Such a row is of many tenants, so that row security hides it from who may not read
 * all.  Here the tables are read without the executor, and whose segments come out is
 * decided by the readership of the current user.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "ask/reader.h"
#include "ask/segment_read.h"
#include "ask/segment_spans.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "compat.h"
#include "core/base/bloom.h"
#include "funcapi.h"
#include "keep/fact_row.h"
#include "keep/segment_scan.h"
#include "keep/pack.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(genops_packed_segments);
PG_FUNCTION_INFO_V1(genops_segment_bytes);
PG_FUNCTION_INFO_V1(genops_pending);

enum
{
	ARG_RECORDED_FROM,
	ARG_FIRST_SEQ,
	ARG_LAST_SEQ,
	ARG_RANGE_START,
	ARG_RANGE_END,
	ARG_NOT_EXACT,
	ARG_TRACES,
	ARG_TENANTS,
	ARG_BY_ROW
};

enum
{
	LISTED_RECORDED_AT,
	LISTED_SEQ,
	LISTED_MIN_START,
	LISTED_MAX_END,
	LISTED_SPAN_COUNT,
	LISTED_SAMPLED,
	LISTED_EXACT,
	LISTED_TENANT_ID,
	LISTED_ROUTE,
	LISTED_COLUMNS
};

typedef struct SegmentFilter
{
	TimestampTz recorded_from;
	int64 first_seq;
	int64 last_seq;
	TimestampTz range_start;
	TimestampTz range_end;
	bool not_exact;     /* only segments that are not */
	GenopsSlice traces; /* one after the other; absent: any */
	const Readership *readership;
	const Readership *asked; /* tenants; NULL: any */
} SegmentFilter;

static Datum
FilterColumn(HeapTuple row, int column, TupleDesc descriptor)
{
	bool null;

	return heap_getattr(row, column, descriptor, &null);
}

static bool
BloomHasAny(Datum value, GenopsSlice traces)
{
	struct varlena *bloom = PG_DETOAST_DATUM_PACKED(value);
	bool has = false;

	for (size_t at = 0; !has && at + GENOPS_TRACE_ID_SIZE <= traces.length;
	     at += GENOPS_TRACE_ID_SIZE)
		has = genops_bloom_may_have((const uint8 *) VARDATA_ANY(bloom), VARSIZE_ANY_EXHDR(bloom),
		                            (const uint8 *) traces.data + at);
	if ((Pointer) bloom != DatumGetPointer(value))
		pfree(bloom);
	return has;
}

static bool
RowPasses(void *argument, HeapTuple row, TupleDesc descriptor)
{
	const SegmentFilter *filter = argument;
	TimestampTz min_start = DatumGetTimestampTz(FilterColumn(row, SEGMENT_MIN_START, descriptor));
	TimestampTz max_end = DatumGetTimestampTz(FilterColumn(row, SEGMENT_MAX_END, descriptor));

	if (max_end < filter->range_start || min_start > filter->range_end)
		return false;
	if (filter->not_exact && DatumGetBool(FilterColumn(row, SEGMENT_EXACT, descriptor)))
		return false;
	return !genops_slice_present(filter->traces) ||
	       BloomHasAny(FilterColumn(row, SEGMENT_BLOOM, descriptor), filter->traces);
}

static bool
SegmentPasses(const SegmentFilter *filter, const StoredSegment *segment)
{
	return segment->recorded_at >= filter->recorded_from &&
	       segment->max_end >= filter->range_start && segment->min_start <= filter->range_end &&
	       !(filter->not_exact && segment->exact) &&
	       (filter->asked == NULL || ReadershipHas(filter->asked, segment->tenant_id)) &&
	       ReadershipHas(filter->readership, segment->tenant_id);
}

static Datum
TextOfSlice(GenopsSlice text)
{
	return PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.length));
}

static void
ListSegment(ReturnSetInfo *result, const StoredSegment *segment)
{
	Datum values[LISTED_COLUMNS] = {
		[LISTED_RECORDED_AT] = TimestampTzGetDatum(segment->recorded_at),
		[LISTED_SEQ] = Int64GetDatum(segment->seq),
		[LISTED_MIN_START] = TimestampTzGetDatum(segment->min_start),
		[LISTED_MAX_END] = TimestampTzGetDatum(segment->max_end),
		[LISTED_SPAN_COUNT] = Int32GetDatum(segment->span_count),
		[LISTED_SAMPLED] = BoolGetDatum(segment->sampled),
		[LISTED_EXACT] = BoolGetDatum(segment->exact),
		[LISTED_TENANT_ID] = TextOfSlice(segment->tenant_id),
		[LISTED_ROUTE] = TextOfSlice(segment->route),
	};
	bool nulls[LISTED_COLUMNS] = { false };

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	pfree(DatumGetPointer(values[LISTED_TENANT_ID]));
	pfree(DatumGetPointer(values[LISTED_ROUTE]));
}

/* Adds a segment to what is known of its row. */
static void
Merge(StoredSegment *row, const StoredSegment *segment)
{
	if (row->span_count == 0)
	{
		*row = *segment;
		row->tenant_id = row->route = GENOPS_LITERAL("");
		return;
	}
	row->seq = segment->seq;
	row->min_start = Min(row->min_start, segment->min_start);
	row->max_end = Max(row->max_end, segment->max_end);
	row->span_count += segment->span_count;
	row->sampled |= segment->sampled;
	row->exact &= segment->exact;
}

static void
ListPacked(const SegmentFilter *filter, bool by_row, ReturnSetInfo *result)
{
	SegmentScan *scan =
	    SegmentScanPacked(filter->first_seq - 1, filter->recorded_from, RowPasses, (void *) filter);
	StoredSegment segment;
	StoredSegment row = { .span_count = 0 };
	int64 row_seq = 0;

	while (SegmentScanNext(scan, &segment) && segment.seq <= filter->last_seq)
	{
		if (row.span_count > 0 && SegmentScanRow(scan) != row_seq)
		{
			ListSegment(result, &row);
			row.span_count = 0;
		}
		if (!SegmentPasses(filter, &segment))
			continue;
		row_seq = SegmentScanRow(scan);
		if (by_row)
			Merge(&row, &segment);
		else
			ListSegment(result, &segment);
	}
	if (row.span_count > 0)
		ListSegment(result, &row);
	SegmentScanEnd(scan);
}

static const Readership *
AskedTenants(ArrayType *tenants)
{
	Readership *asked = palloc0(sizeof(Readership));

	ReadershipSet(asked, tenants);
	return asked;
}

/* Arguments that are NULL filter nothing. */
Datum
genops_packed_segments(PG_FUNCTION_ARGS)
{
	SegmentFilter filter = { .recorded_from = DT_NOBEGIN,
		                     .first_seq = PG_INT64_MIN + 1,
		                     .last_seq = PG_INT64_MAX,
		                     .range_start = DT_NOBEGIN,
		                     .range_end = DT_NOEND,
		                     .traces = GENOPS_ABSENT };

	filter.readership = ReadershipOfUser(NULL, CurrentMemoryContext);
	if (!PG_ARGISNULL(ARG_RECORDED_FROM))
		filter.recorded_from = PG_GETARG_TIMESTAMPTZ(ARG_RECORDED_FROM);
	if (!PG_ARGISNULL(ARG_FIRST_SEQ))
		filter.first_seq = Max(PG_GETARG_INT64(ARG_FIRST_SEQ), PG_INT64_MIN + 1);
	if (!PG_ARGISNULL(ARG_LAST_SEQ))
		filter.last_seq = PG_GETARG_INT64(ARG_LAST_SEQ);
	if (!PG_ARGISNULL(ARG_RANGE_START))
		filter.range_start = PG_GETARG_TIMESTAMPTZ(ARG_RANGE_START);
	if (!PG_ARGISNULL(ARG_RANGE_END))
		filter.range_end = PG_GETARG_TIMESTAMPTZ(ARG_RANGE_END);
	filter.not_exact = !PG_ARGISNULL(ARG_NOT_EXACT) && PG_GETARG_BOOL(ARG_NOT_EXACT);
	if (!PG_ARGISNULL(ARG_TRACES))
		filter.traces = SegmentBytes(PG_GETARG_BYTEA_PP(ARG_TRACES));
	if (!PG_ARGISNULL(ARG_TENANTS))
		filter.asked = AskedTenants(PG_GETARG_ARRAYTYPE_P(ARG_TENANTS));
	InitMaterializedSRF(fcinfo, 0);
	ListPacked(&filter, !PG_ARGISNULL(ARG_BY_ROW) && PG_GETARG_BOOL(ARG_BY_ROW),
	           (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/*
 * What a function keeps for its calls: they mostly ask for one segment of a row after
 * the other.  A row is unpacked whole when it is asked a second time.
 */
typedef struct SegmentReading
{
	const Readership *readership;
	MemoryContext context; /* of the row */
	StoredPack row;
	int64 asked_row; /* that the last segment was read of alone; 0: none */
} SegmentReading;

static SegmentReading *
ReadingOf(FmgrInfo *function)
{
	SegmentReading *reading = function->fn_extra;

	if (reading == NULL)
	{
		reading = MemoryContextAllocZero(function->fn_mcxt, sizeof(SegmentReading));
		reading->context = AllocSetContextCreate(function->fn_mcxt, "genops segments of a row",
		                                         ALLOCSET_DEFAULT_SIZES);
		function->fn_extra = reading;
	}
	reading->readership = ReadershipOfUser(reading->readership, function->fn_mcxt);
	return reading;
}

static const PackedSegment *
FindInRow(const StoredPack *row, TimestampTz recorded_at, int64 seq)
{
	if (row->count == 0 || row->recorded_at != recorded_at || seq < row->segments[0].seq ||
	    seq >= row->segments[0].seq + row->count)
		return NULL;
	return &row->segments[seq - row->segments[0].seq];
}

static void
UnpackRow(SegmentReading *reading, SegmentScan *scan)
{
	MemoryContext caller;

	reading->row.count = 0;
	MemoryContextReset(reading->context);
	caller = MemoryContextSwitchTo(reading->context);
	reading->row = SegmentScanUnpack(scan);
	MemoryContextSwitchTo(caller);
}

/* Reads it by itself, or fills reading->row; NULL: there is none. */
static struct varlena *
LookUp(SegmentReading *reading, TimestampTz recorded_at, int64 seq)
{
	SegmentScan *scan = SegmentScanOne(recorded_at, seq);
	struct varlena *bytes = NULL;
	StoredSegment segment;

	if (SegmentScanNext(scan, &segment) && segment.seq == seq &&
	    segment.recorded_at == recorded_at && ReadershipHas(reading->readership, segment.tenant_id))
	{
		if (SegmentScanIsPacked(scan) && SegmentScanRow(scan) == reading->asked_row)
			UnpackRow(reading, scan);
		else
			bytes = SegmentScanBytes(scan);
		reading->asked_row = SegmentScanRow(scan);
	}
	SegmentScanEnd(scan);
	return bytes;
}

struct varlena *
SegmentRead(FmgrInfo *function, TimestampTz recorded_at, int64 seq)
{
	SegmentReading *reading = ReadingOf(function);
	const PackedSegment *packed = FindInRow(&reading->row, recorded_at, seq);
	struct varlena *bytes;

	if (packed == NULL)
	{
		bytes = LookUp(reading, recorded_at, seq);
		packed = bytes != NULL ? NULL : FindInRow(&reading->row, recorded_at, seq);
		if (packed == NULL)
			return bytes;
	}
	if (!ReadershipHas(reading->readership, packed->tenant_id))
		return NULL;
	return PackCut(reading->row.bytes, packed);
}

/* NULL: there is no such segment, or none that the user may see. */
Datum
genops_segment_bytes(PG_FUNCTION_ARGS)
{
	struct varlena *bytes =
	    SegmentRead(fcinfo->flinfo, PG_GETARG_TIMESTAMPTZ(0), PG_GETARG_INT64(1));

	if (bytes == NULL)
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(bytes);
}

/* As genops.stat_delivery has it: who reads the tenant, and who may see what the
 * server recorded, a monitor or who configures. */
static bool
SeesStream(GenopsSlice tenant_id)
{
	Oid schema = get_namespace_oid("genops_internal", false);
	Oid counts =
	    GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("recording_counts"),
	                    PointerGetDatum(buildoidvector(NULL, 0)), ObjectIdGetDatum(schema));

	if (OidIsValid(counts) && compat_may_execute(counts, GetUserId()))
		return true;
	return ReaderMay(tenant_id);
}

/* Arguments: tenant, route, the stream's cursor. */
Datum
genops_pending(PG_FUNCTION_ARGS)
{
	char *tenant_id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	TupleDesc descriptor;
	Datum values[2] = { 0 };
	bool nulls[2] = { false, true };
	SegmentScan *scan;
	StoredSegment segment;
	int64 spans = 0;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (!SeesStream(genops_slice(tenant_id)))
		PG_RETURN_NULL();
	scan = SegmentScanStream(PG_GETARG_INT64(2), tenant_id, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	while (SegmentScanNext(scan, &segment))
	{
		if (nulls[1])
			values[1] = TimestampTzGetDatum(segment.recorded_at);
		nulls[1] = false;
		spans += segment.span_count;
	}
	SegmentScanEnd(scan);
	values[0] = Int64GetDatum(spans);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
