/*
 * The functions behind the columns of genops.spans.
 */
#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/segment_cache.h"
#include "compat.h"
#include "core/span/otlp_read.h"
#include "fmgr.h"
#include "keep/server_text.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* ScopeSpans.spans: field 2, a message. */
#define SPAN_TAG 0x12

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
static GenopsSlice
Segment(FunctionCallInfo fcinfo)
{
	return SegmentFetch(fcinfo->flinfo->fn_mcxt, PG_GETARG_TIMESTAMPTZ(0), PG_GETARG_INT64(1));
}

/*
 * The content of the Span that begins at an offset.  Before it stand the tag of
 * a Span in a ScopeSpans and its length, a varint: only the last byte of a
 * varint, and no byte before a tag of one byte, is below 128, so that both can
 * be read backwards.
 */
static bool
SpanAt(GenopsSlice segment, int32 offset, GenopsSlice *span)
{
	const uint8 *bytes = (const uint8 *) segment.data;
	size_t at = (size_t) offset;
	uint64 length = 0;

	if (offset < 2 || at > segment.length || (bytes[--at] & 0x80) != 0)
		return false;
	length = bytes[at];
	while (at > 0 && (bytes[at - 1] & 0x80) != 0 && length < segment.length)
		length = length << 7 | (bytes[--at] & 0x7F);
	if (at == 0 || bytes[at - 1] != SPAN_TAG || length > segment.length - (size_t) offset)
		return false;
	*span = (GenopsSlice){ segment.data + offset, length };
	return true;
}

/* False: the user may not see the segment, or it is gone. */
static bool
FetchSpan(FunctionCallInfo fcinfo, GenopsSlice *span)
{
	GenopsSlice segment = Segment(fcinfo);

	if (!genops_slice_present(segment))
		return false;
	if (!SpanAt(segment, PG_GETARG_INT32(2), span))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("no span begins at offset %d of segment " INT64_FORMAT,
		                       PG_GETARG_INT32(2), PG_GETARG_INT64(1))));
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
	GenopsSlice segment = Segment(fcinfo);
	GenopsEnvelope envelope;

	if (!genops_slice_present(segment))
		PG_RETURN_NULL();
	if (!genops_read_envelope(segment, &envelope))
		OtlpMalformed();
	PG_RETURN_JSONB_P(OtlpAttributes(envelope.resource, GENOPS_RESOURCE_ATTRIBUTES));
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
