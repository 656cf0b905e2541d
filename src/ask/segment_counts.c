/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_internal.segment_counts: an aggregate over segments that counts spans for a
 * metrics query.  Its state is core/traceql/metrics.h's; parallel workers
 * hand over what they have counted as bytes.
 */
#include "postgres.h"

#include "ask/prepared.h"
#include "ask/segment_spans.h"
#include "ask/traceql_error.h"
#include "compat.h"
#include "miscadmin.h"

PG_FUNCTION_INFO_V1(genops_segment_counts_add);
PG_FUNCTION_INFO_V1(genops_segment_counts_combine);
PG_FUNCTION_INFO_V1(genops_segment_counts_save);
PG_FUNCTION_INFO_V1(genops_segment_counts_load);

/* What has been counted elsewhere is kept as bytes until something is known of
 * the query, which only the function that adds is told. */
typedef struct Counts
{
	GenopsTraceqlMetrics *metrics; /* NULL: nothing was added here */
	GenopsTraceqlPipeline *pipeline;
	size_t call;
	bytea **saved;
	int saved_count;
	int saved_room;
} Counts;

static MemoryContext
AggregateMemory(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("function is part of an aggregate and cannot be called by itself")));
	return context;
}

enum
{
	ARG_STATE,
	ARG_QUERY,
	ARG_CALL,
	ARG_FIRST_NS,
	ARG_STEP_NS,
	ARG_BUCKETS,
	ARG_INSTANT,
	ARG_BYTES,
	ARG_OFFSETS
};

static void
Prepare(FunctionCallInfo fcinfo, Counts *counts)
{
	GenopsTraceql *traceql =
	    TraceqlParse(SegmentBytes(PG_GETARG_BYTEA_PP(ARG_QUERY)), GENOPS_TRACEQL_STRICT);
	GenopsMetricsGrid grid = { .first_ns = PG_GETARG_INT64(ARG_FIRST_NS),
		                       .step_ns = PG_GETARG_INT64(ARG_STEP_NS),
		                       .count = (size_t) PG_GETARG_INT32(ARG_BUCKETS),
		                       .instant = PG_GETARG_BOOL(ARG_INSTANT) };

	counts->call = (size_t) PG_GETARG_INT32(ARG_CALL);
	if (traceql->query.kind != GENOPS_QUERY_METRICS || grid.first_ns < 0 || grid.step_ns <= 0 ||
	    grid.count < 1 || grid.count > GENOPS_METRICS_MAX_POINTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid metrics query, time, step or number of points")));
	counts->metrics = PrepareMetrics(&traceql->query, &grid);
	if (counts->call >= genops_traceql_metrics_call_count(counts->metrics))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the query has no call %d", PG_GETARG_INT32(ARG_CALL))));
	counts->pipeline =
	    PreparePipeline(genops_traceql_metrics_call(counts->metrics, counts->call)->pipeline);
	if (!genops_traceql_pipeline_is_span_local(counts->pipeline))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the query is not one of single spans")));
}

static Counts *
StateOf(FunctionCallInfo fcinfo)
{
	MemoryContext caller = MemoryContextSwitchTo(AggregateMemory(fcinfo));
	Counts *counts =
	    PG_ARGISNULL(ARG_STATE) ? palloc0(sizeof(Counts)) : (Counts *) PG_GETARG_POINTER(ARG_STATE);

	if (counts->metrics == NULL)
		Prepare(fcinfo, counts);
	MemoryContextSwitchTo(caller);
	return counts;
}

static void
CountSpan(Counts *counts, const GenopsSpanWalk *at)
{
	GenopsTraceqlSpan span;
	GenopsError error;
	bool matches;

	if (!genops_traceql_span_at(at, NULL, &span, &error) ||
	    !genops_traceql_pipeline_match(counts->pipeline, &span, &matches, &error))
		TraceqlRaise(&error);
	if (matches && !genops_traceql_metrics_count(counts->metrics, counts->call, &span, &error))
		TraceqlRaise(&error);
}

Datum
genops_segment_counts_add(PG_FUNCTION_ARGS)
{
	Counts *counts;
	SegmentSpans spans;

	for (int i = ARG_QUERY; i < ARG_BYTES; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("only bytes and offsets may be null")));
	counts = StateOf(fcinfo);
	if (PG_ARGISNULL(ARG_BYTES))
		PG_RETURN_POINTER(counts);
	spans =
	    SegmentSpansBegin(SegmentBytes(PG_GETARG_BYTEA_PP(ARG_BYTES)),
	                      PG_ARGISNULL(ARG_OFFSETS) ? NULL : PG_GETARG_ARRAYTYPE_P(ARG_OFFSETS));
	while (SegmentSpansNext(&spans))
	{
		CHECK_FOR_INTERRUPTS();
		CountSpan(counts, &spans.walk);
	}
	PG_RETURN_POINTER(counts);
}

static void
Keep(Counts *counts, bytea *saved)
{
	if (counts->saved_count == counts->saved_room)
	{
		counts->saved_room = counts->saved_room == 0 ? 8 : counts->saved_room * 2;
		counts->saved = counts->saved == NULL
		                    ? palloc(counts->saved_room * sizeof(bytea *))
		                    : repalloc(counts->saved, counts->saved_room * sizeof(bytea *));
	}
	counts->saved[counts->saved_count++] = saved;
}

Datum
genops_segment_counts_combine(PG_FUNCTION_ARGS)
{
	MemoryContext caller = MemoryContextSwitchTo(AggregateMemory(fcinfo));
	Counts *counts = PG_ARGISNULL(0) ? palloc0(sizeof(Counts)) : (Counts *) PG_GETARG_POINTER(0);
	Counts *other = PG_ARGISNULL(1) ? NULL : (Counts *) PG_GETARG_POINTER(1);

	for (int i = 0; other != NULL && i < other->saved_count; i++)
		Keep(counts, (bytea *) PG_DETOAST_DATUM_COPY(PointerGetDatum(other->saved[i])));
	MemoryContextSwitchTo(caller);
	PG_RETURN_POINTER(counts);
}

/* As one bytea: lengths of four bytes, each before what was counted in one
 * place.  The aggregate's result, too. */
Datum
genops_segment_counts_save(PG_FUNCTION_ARGS)
{
	Counts *counts;
	StringInfoData out;

	(void) AggregateMemory(fcinfo);
	initStringInfo(&out);
	appendStringInfoSpaces(&out, VARHDRSZ);
	counts = PG_ARGISNULL(0) ? NULL : (Counts *) PG_GETARG_POINTER(0);
	if (counts != NULL && counts->metrics != NULL)
	{
		GenopsBytes own = genops_bytes_growing();
		int32 length;

		genops_traceql_metrics_save(counts->metrics, &own);
		if (own.failed || own.length > MaxAllocSize / 2)
		{
			genops_bytes_free(&own);
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			                errmsg("the query has too many series and points")));
		}
		length = (int32) own.length;
		appendBinaryStringInfo(&out, (const char *) &length, sizeof(length));
		appendBinaryStringInfo(&out, (const char *) own.data, length);
		genops_bytes_free(&own);
	}
	for (int i = 0; counts != NULL && i < counts->saved_count; i++)
		appendBinaryStringInfo(&out, VARDATA_ANY(counts->saved[i]),
		                       VARSIZE_ANY_EXHDR(counts->saved[i]));
	SET_VARSIZE(out.data, out.len);
	PG_RETURN_BYTEA_P((bytea *) out.data);
}

Datum
genops_segment_counts_load(PG_FUNCTION_ARGS)
{
	MemoryContext caller = MemoryContextSwitchTo(AggregateMemory(fcinfo));
	Counts *counts = palloc0(sizeof(Counts));

	Keep(counts, (bytea *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
	MemoryContextSwitchTo(caller);
	PG_RETURN_POINTER(counts);
}
