/* SPDX-License-Identifier: PostgreSQL */
/*
 * The functions behind the columns of genops.spans.
 */
#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/segment_cache.h"
#include "ask/segment_spans.h"
#include "compat.h"
#include "core/span/otlp_read.h"
#include "fmgr.h"
#include "server_text.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_cost_from_e12);
PG_FUNCTION_INFO_V1(genops_span_attributes);
PG_FUNCTION_INFO_V1(genops_span_resource_attributes);
PG_FUNCTION_INFO_V1(genops_span_events);
PG_FUNCTION_INFO_V1(genops_span_links);
PG_FUNCTION_INFO_V1(genops_span_status_message);
PG_FUNCTION_INFO_V1(genops_span_trace_state);

Datum
genops_cost_from_e12(PG_FUNCTION_ARGS)
{
	Numeric cost = int64_div_fast_to_numeric(PG_GETARG_INT64(0), GENOPS_MONEY_SCALE);

	return DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(cost));
}

/* The arguments of all the functions below: recorded_at, seq, offset. */
static FetchedSegment
Segment(FunctionCallInfo fcinfo)
{
	return SegmentFetch(fcinfo->flinfo->fn_mcxt, PG_GETARG_TIMESTAMPTZ(0), PG_GETARG_INT64(1));
}

/* False: the user may not see the segment, or it is gone. */
static bool
FetchSpan(FunctionCallInfo fcinfo, GenopsSlice *span)
{
	FetchedSegment segment = Segment(fcinfo);

	if (!genops_slice_present(segment.bytes))
		return false;
	*span = SegmentSpanAt(segment.bytes, PG_GETARG_INT32(2));
	return true;
}

Datum
genops_span_attributes(PG_FUNCTION_ARGS)
{
	GenopsSlice span;

	if (!FetchSpan(fcinfo, &span))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(OtlpAttributes(span, GENOPS_SPAN_ATTRIBUTES));
}

Datum
genops_span_resource_attributes(PG_FUNCTION_ARGS)
{
	FetchedSegment segment = Segment(fcinfo);

	if (!genops_slice_present(segment.bytes))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(OtlpAttributes(segment.envelope->resource, GENOPS_RESOURCE_ATTRIBUTES));
}

Datum
genops_span_events(PG_FUNCTION_ARGS)
{
	GenopsSlice span;

	if (!FetchSpan(fcinfo, &span))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(OtlpEvents(span));
}

Datum
genops_span_links(PG_FUNCTION_ARGS)
{
	GenopsSlice span;

	if (!FetchSpan(fcinfo, &span))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(OtlpLinks(span));
}

static Datum
TextOrNull(FunctionCallInfo fcinfo, GenopsSlice text)
{
	GenopsSlice converted = ServerText(text);

	if (converted.length == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(converted.data, (int) converted.length));
}

Datum
genops_span_status_message(PG_FUNCTION_ARGS)
{
	GenopsSlice span;
	GenopsSpanView view;

	if (!FetchSpan(fcinfo, &span))
		PG_RETURN_NULL();
	if (!genops_read_span(span, &view))
		OtlpMalformed();
	return TextOrNull(fcinfo, view.status_message);
}

Datum
genops_span_trace_state(PG_FUNCTION_ARGS)
{
	GenopsSlice span;
	GenopsSpanView view;

	if (!FetchSpan(fcinfo, &span))
		PG_RETURN_NULL();
	if (!genops_read_span(span, &view))
		OtlpMalformed();
	return TextOrNull(fcinfo, view.trace_state);
}
