#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/span_row.h"
#include "core/span/trace_context.h"
#include "core/traceql/vocabulary.h"
#include "keep/server_text.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define NANOSECONDS_PER_US 1000
#define NANOSECONDS_PER_MS 1e6

void
SpanRowClear(Datum values[ROW_COLUMNS], bool nulls[ROW_COLUMNS])
{
	memset(values, 0, ROW_COLUMNS * sizeof(Datum));
	memset(nulls, true, ROW_COLUMNS * sizeof(bool));
}

typedef struct Row
{
	Datum *values;
	bool *nulls;
} Row;

static void
Put(Row *row, int column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

/* An absent or empty text is none. */
static void
PutSlice(Row *row, int column, GenopsSlice text)
{
	GenopsSlice converted = ServerText(text);

	if (converted.length > 0)
		Put(row, column,
		    PointerGetDatum(cstring_to_text_with_len(converted.data, (int) converted.length)));
}

static void
PutText(Row *row, int column, const char *text)
{
	if (text != NULL && *text != '\0')
		Put(row, column, CStringGetTextDatum(text));
}

static void
PutId(Row *row, int column, GenopsSlice id, size_t size)
{
	char digits[2 * GENOPS_TRACE_ID_SIZE + 1] = "";

	if (id.length != size)
		return;
	genops_hex(digits, (const uint8_t *) id.data, size);
	Put(row, column, CStringGetTextDatum(digits));
}

GenopsSlice
ServiceNameOf(GenopsSlice resource)
{
	GenopsFields fields = genops_fields(resource);
	GenopsWireField field;
	GenopsSlice key;
	GenopsValue value;

	while (genops_fields_next(&fields, &field))
		if (field.number == GENOPS_RESOURCE_ATTRIBUTES && field.wire_type == GENOPS_WIRE_BYTES &&
		    genops_read_key_value(field.bytes, &key, &value) &&
		    genops_slice_equal(key, GENOPS_LITERAL("service.name")))
			return value.type == GENOPS_VALUE_TEXT ? value.bytes : GENOPS_ABSENT;
	return GENOPS_ABSENT;
}

static void
PutTimes(Row *row, const GenopsSpanView *view)
{
	int64 duration_ns = (int64) (view->end_ns - view->start_ns);
	Interval *duration = palloc0(sizeof(Interval));

	duration->time = duration_ns / NANOSECONDS_PER_US;
	Put(row, ROW_START_TIME, TimestampTzGetDatum(SpanTimeFloor((int64) view->start_ns)));
	Put(row, ROW_DURATION, IntervalPGetDatum(duration));
	Put(row, ROW_DURATION_MS, Float8GetDatum((double) duration_ns / NANOSECONDS_PER_MS));
}

static void
PutView(Row *row, const GenopsSpanView *view)
{
	PutId(row, ROW_TRACE_ID, view->trace_id, GENOPS_TRACE_ID_SIZE);
	PutId(row, ROW_SPAN_ID, view->span_id, GENOPS_SPAN_ID_SIZE);
	if (!SpanIsRoot(view))
		PutId(row, ROW_PARENT_SPAN_ID, view->parent_span_id, GENOPS_SPAN_ID_SIZE);
	PutSlice(row, ROW_NAME, view->name);
	PutText(row, ROW_KIND, genops_kind_text(view->kind));
	PutText(row, ROW_STATUS, genops_status_text(view->status));
	PutSlice(row, ROW_STATUS_MESSAGE, view->status_message);
	PutTimes(row, view);
	Put(row, ROW_ATTRIBUTES, JsonbPGetDatum(OtlpAttributes(view->message, GENOPS_SPAN_ATTRIBUTES)));
}

void
SpanRowFill(const GenopsSpanWalk *at, const char *tenant_id, const FoundSpan *found,
            Datum values[ROW_COLUMNS], bool nulls[ROW_COLUMNS])
{
	Row row = { values, nulls };
	GenopsSpanView view;

	if (!genops_read_span(at->span, &view))
		OtlpMalformed();
	SpanRowClear(values, nulls);
	PutView(&row, &view);
	PutText(&row, ROW_TENANT_ID, tenant_id);
	PutSlice(&row, ROW_SERVICE_NAME, ServiceNameOf(at->resource));
	PutText(&row, ROW_ROOT_NAME, found->root_name);
	PutText(&row, ROW_ROOT_SERVICE_NAME, found->root_service);
	Put(&row, ROW_RESOURCE_ATTRIBUTES,
	    JsonbPGetDatum(OtlpAttributes(at->resource, GENOPS_RESOURCE_ATTRIBUTES)));
	if (found->labels != NULL)
		Put(&row, ROW_LABELS, JsonbPGetDatum(found->labels));
	Put(&row, ROW_MATCHED, Int32GetDatum(found->matched));
}
