/* SPDX-License-Identifier: PostgreSQL */
/*
 * Functions on the bytes of one segment, which queries on
 * genops.ledger_segment call in parallel.
 *
 * They look at what they are given and at nothing else: whoever may read a
 * segment may call them on it.
 */
#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/prepared.h"
#include "ask/segment_matches.h"
#include "ask/segment_spans.h"
#include "keep/span_time.h"
#include "ask/traceql_error.h"
#include "compat.h"
#include "core/base/bloom.h"
#include "core/base/money.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_segment_matches);
PG_FUNCTION_INFO_V1(genops_bloom_has_any);
PG_FUNCTION_INFO_V1(genops_cost_to_double);
PG_FUNCTION_INFO_V1(genops_time_bucket);
PG_FUNCTION_INFO_V1(genops_duration_exponent);

/* genops_internal.segment_matches */

static bool
Matches(Prepared *prepared, bool candidates, GenopsTraceqlSpan *span)
{
	GenopsError error;
	bool matches = false;

	if (!(candidates ? genops_traceql_pipeline_may_match
	                 : genops_traceql_pipeline_match)(prepared->pipeline, span, &matches, &error))
		TraceqlRaise(&error);
	return matches;
}

static void
AddMatch(StringInfo matches, const GenopsSpanView *view, size_t offset)
{
	SpanMatch match = { .start = SpanTimeFloor((int64) view->start_ns),
		                .offset = (int32) offset,
		                .has_parent = !SpanIsRoot(view) };

	if (view->trace_id.length != GENOPS_TRACE_ID_SIZE)
		OtlpMalformed();
	memcpy(match.trace_id, view->trace_id.data, GENOPS_TRACE_ID_SIZE);
	appendBinaryStringInfo(matches, (const char *) &match, sizeof(match));
}

/* Arguments: query, candidates, range_start, range_end, bytes, offsets. */
Datum
genops_segment_matches(PG_FUNCTION_ARGS)
{
	Prepared *prepared;
	SpanTimeRange range;
	SegmentSpans spans;
	StringInfoData matches;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		PG_RETURN_NULL();
	prepared = PreparedSearch(fcinfo, PG_GETARG_BYTEA_PP(0));
	range = (SpanTimeRange){ PG_GETARG_TIMESTAMPTZ(2), PG_GETARG_TIMESTAMPTZ(3) };
	spans = SegmentSpansBegin(SegmentBytes(PG_GETARG_BYTEA_PP(4)),
	                          PG_ARGISNULL(5) ? NULL : PG_GETARG_ARRAYTYPE_P(5));
	if (!PG_GETARG_BOOL(1) && !genops_traceql_pipeline_is_span_local(prepared->pipeline))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the query is not one of single spans")));
	initStringInfo(&matches);
	appendStringInfoSpaces(&matches, VARHDRSZ);
	while (SegmentSpansNext(&spans))
	{
		GenopsTraceqlSpan span;
		GenopsError error;

		CHECK_FOR_INTERRUPTS();
		if (!genops_traceql_span_at(&spans.walk, NULL, &span, &error))
			TraceqlRaise(&error);
		if (SpanIsInRange(&span.span, &range) && Matches(prepared, PG_GETARG_BOOL(1), &span))
			AddMatch(&matches, &span.span, spans.walk.offset);
	}
	if (matches.len == VARHDRSZ)
		PG_RETURN_NULL();
	SET_VARSIZE(matches.data, matches.len);
	PG_RETURN_BYTEA_P((bytea *) matches.data);
}

/* Whether a segment may have one of the traces, by its filter. */
Datum
genops_bloom_has_any(PG_FUNCTION_ARGS)
{
	GenopsSlice bloom = SegmentBytes(PG_GETARG_BYTEA_PP(0));
	GenopsSlice ids = SegmentBytes(PG_GETARG_BYTEA_PP(1));

	for (size_t at = 0; at + GENOPS_TRACE_ID_SIZE <= ids.length; at += GENOPS_TRACE_ID_SIZE)
		if (genops_bloom_may_have((const uint8_t *) bloom.data, bloom.length,
		                          (const uint8_t *) ids.data + at))
			PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(false);
}

/* Of the ledger's columns */

Datum
genops_cost_to_double(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(genops_money_to_double(PG_GETARG_INT64(0)));
}

/* Arguments: start_time; the first edge, as a timestamptz is stored, and the step, in microseconds.  The number of the bucket
 * as in core/traceql/metrics.h; what is before the first is in it. */
Datum
genops_time_bucket(PG_FUNCTION_ARGS)
{
	int64 behind = PG_GETARG_TIMESTAMPTZ(0) - PG_GETARG_INT64(1);
	int64 step = PG_GETARG_INT64(2);

	if (step <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the step must be greater than zero")));
	if (behind <= 0)
		PG_RETURN_INT32(0);
	PG_RETURN_INT32((int32) Min((behind - 1) / step + 1, PG_INT32_MAX));
}

Datum
genops_duration_exponent(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(genops_metrics_exponent(PG_GETARG_INT64(0)));
}
