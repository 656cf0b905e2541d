/*
 * What queries ask of segments that share rows: genops.packed_segments() lists them,
 * genops.segment_bytes() reads one, of whatever row.
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
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(genops_packed_segments);
PG_FUNCTION_INFO_V1(genops_segment_bytes);
PG_FUNCTION_INFO_V1(genops_oldest_pending);

enum
{
	ARG_RECORDED_FROM,
	ARG_FIRST_SEQ,
	ARG_LAST_SEQ,
	ARG_RANGE_START,
	ARG_RANGE_END,
	ARG_NOT_EXACT,
	ARG_TRACES
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
	TimestampTz range_start;
	TimestampTz range_end;
	bool not_exact;     /* only segments that are not */
	GenopsSlice traces; /* one after the other; absent: any */
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
	return segment->max_end >= filter->range_start && segment->min_start <= filter->range_end &&
	       !(filter->not_exact && segment->exact);
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

/* Arguments that are NULL filter nothing. */
Datum
genops_packed_segments(PG_FUNCTION_ARGS)
{
	int64 first = PG_ARGISNULL(ARG_FIRST_SEQ) ? PG_INT64_MIN : PG_GETARG_INT64(ARG_FIRST_SEQ);
	int64 last = PG_ARGISNULL(ARG_LAST_SEQ) ? PG_INT64_MAX : PG_GETARG_INT64(ARG_LAST_SEQ);
	SegmentFilter filter = { .range_start = DT_NOBEGIN,
		                     .range_end = DT_NOEND,
		                     .traces = GENOPS_ABSENT };
	const Readership *readership = ReadershipOfUser(NULL, CurrentMemoryContext);
	TimestampTz recorded_from =
	    PG_ARGISNULL(ARG_RECORDED_FROM) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(ARG_RECORDED_FROM);
	SegmentScan *scan;
	StoredSegment segment;

	if (!PG_ARGISNULL(ARG_RANGE_START))
		filter.range_start = PG_GETARG_TIMESTAMPTZ(ARG_RANGE_START);
	if (!PG_ARGISNULL(ARG_RANGE_END))
		filter.range_end = PG_GETARG_TIMESTAMPTZ(ARG_RANGE_END);
	filter.not_exact = !PG_ARGISNULL(ARG_NOT_EXACT) && PG_GETARG_BOOL(ARG_NOT_EXACT);
	if (!PG_ARGISNULL(ARG_TRACES))
		filter.traces = SegmentBytes(PG_GETARG_BYTEA_PP(ARG_TRACES));
	InitMaterializedSRF(fcinfo, 0);
	if (first > last)
		return (Datum) 0;
	scan = SegmentScanPacked(Max(first, PG_INT64_MIN + 1) - 1, recorded_from, RowPasses, &filter);
	while (SegmentScanNext(scan, &segment) && segment.seq <= last)
		if (segment.recorded_at >= recorded_from && SegmentPasses(&filter, &segment) &&
		    ReadershipHas(readership, segment.tenant_id))
			ListSegment((ReturnSetInfo *) fcinfo->resultinfo, &segment);
	SegmentScanEnd(scan);
	return (Datum) 0;
}

struct varlena *
SegmentRead(FmgrInfo *function, TimestampTz recorded_at, int64 seq)
{
	const Readership *readership = ReadershipOfUser(function->fn_extra, function->fn_mcxt);
	SegmentScan *scan = SegmentScanOne(recorded_at, seq);
	struct varlena *bytes = NULL;
	StoredSegment segment;

	function->fn_extra = (void *) readership;
	if (SegmentScanNext(scan, &segment) && segment.seq == seq &&
	    segment.recorded_at == recorded_at && ReadershipHas(readership, segment.tenant_id))
		bytes = SegmentScanBytes(scan);
	SegmentScanEnd(scan);
	return bytes;
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
	Oid schema = get_namespace_oid("genops", false);
	Oid counts =
	    GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("recording_counts"),
	                    PointerGetDatum(buildoidvector(NULL, 0)), ObjectIdGetDatum(schema));

	if (OidIsValid(counts) && compat_may_execute(counts, GetUserId()))
		return true;
	return ReaderMay(tenant_id);
}

/* Arguments: tenant, route, the stream's cursor. */
Datum
genops_oldest_pending(PG_FUNCTION_ARGS)
{
	char *tenant_id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	SegmentScan *scan;
	StoredSegment segment;
	bool found;

	if (!SeesStream(genops_slice(tenant_id)))
		PG_RETURN_NULL();
	scan = SegmentScanStream(PG_GETARG_INT64(2), tenant_id, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	found = SegmentScanNext(scan, &segment);
	SegmentScanEnd(scan);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(segment.recorded_at);
}
