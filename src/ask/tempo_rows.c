/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/tempo_rows.h"
#include "ask/traceql_row.h"
#include "core/span/trace_context.h"
#include "core/traceql/vocabulary.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define MS_PER_SECOND 1000

/* Where rows go; what one row takes is given back after it. */
typedef struct RowSink
{
	TraceqlRow row;
	GenopsSlice tenant; /* absent: not known */
	Tuplestorestate *rows;
	TupleDesc row_type;
	MemoryContext memory;
	MemoryContext before;
} RowSink;

static void
OpenSink(RowSink *sink, const char *tenant, Tuplestorestate *rows, TupleDesc row_type)
{
	memset(sink, 0, sizeof(*sink));
	if (tenant != NULL && strchr(tenant, '|') == NULL)
		sink->tenant = genops_slice(tenant);
	sink->rows = rows;
	sink->row_type = row_type;
	sink->memory =
	    AllocSetContextCreate(CurrentMemoryContext, "genops Tempo row", ALLOCSET_DEFAULT_SIZES);
	sink->before = MemoryContextSwitchTo(sink->memory);
}

static TraceqlRow *
NextRow(RowSink *sink)
{
	CHECK_FOR_INTERRUPTS();
	MemoryContextReset(sink->memory);
	TraceqlRowClear(&sink->row);
	TraceqlRowSetText(&sink->row, TRACEQL_TENANT_ID, sink->tenant);
	return &sink->row;
}

static void
PutRow(RowSink *sink)
{
	TraceqlRowPut(&sink->row, sink->rows, sink->row_type);
}

static void
CloseSink(RowSink *sink)
{
	MemoryContextSwitchTo(sink->before);
	MemoryContextDelete(sink->memory);
}

static void
SetPairs(TraceqlRow *row, TraceqlColumn column, GenopsSlice pairs)
{
	TraceqlRowSet(row, column, JsonbPGetDatum(OtlpAttributes(pairs, GENOPS_TEMPO_PAIRS)));
}

/*
 * Search
 */

/* Another attribute may have the same key. */
static bool
FitsColumn(GenopsColumn column, GenopsSlice text)
{
	if (column == GENOPS_COLUMN_STATUS)
		for (int status = 0; status <= 2; status++)
			if (genops_slice_equal(text, genops_slice(genops_status_text(status))))
				return true;
	if (column == GENOPS_COLUMN_KIND)
		for (int kind = 0; kind <= 5; kind++)
			if (genops_slice_equal(text, genops_slice(genops_kind_text(kind))))
				return true;
	return column != GENOPS_COLUMN_STATUS && column != GENOPS_COLUMN_KIND;
}

static TraceqlColumn
RowColumn(GenopsColumn column)
{
	switch (column)
	{
		case GENOPS_COLUMN_STATUS:
			return TRACEQL_STATUS;
		case GENOPS_COLUMN_KIND:
			return TRACEQL_KIND;
		case GENOPS_COLUMN_STATUS_MESSAGE:
			return TRACEQL_STATUS_MESSAGE;
		case GENOPS_COLUMN_PARENT_ID:
			return TRACEQL_PARENT_SPAN_ID;
		case GENOPS_COLUMN_SERVICE_NAME:
			return TRACEQL_SERVICE_NAME;
		default:
			return TRACEQL_NAME;
	}
}

/* An empty text, or the parent of a root. */
static bool
MeansNone(GenopsColumn column, GenopsSlice text)
{
	return text.length == 0 || (column == GENOPS_COLUMN_PARENT_ID &&
	                            genops_slice_equal(text, GENOPS_LITERAL("0000000000000000")));
}

/* Fills the column that the attribute is for, the first of them.  Whether it need not
 * be shown as an attribute. */
static bool
TakeColumn(TraceqlRow *row, GenopsSlice key_value, const bool *named)
{
	GenopsSlice key;
	GenopsValue value;
	GenopsColumn column;

	if (!genops_read_key_value(key_value, &key, &value))
		OtlpMalformed();
	column = genops_column_by_key(key);
	if (column == GENOPS_COLUMN_COUNT || value.type != GENOPS_VALUE_TEXT ||
	    !FitsColumn(column, value.bytes))
		return false;
	if (row->nulls[RowColumn(column)] && !MeansNone(column, value.bytes))
		TraceqlRowSetText(row, RowColumn(column), value.bytes);
	return !named[column];
}

/* Splits a span's attributes into columns and the rest. */
static void
SetAttributes(TraceqlRow *row, GenopsSlice pairs, const bool *named)
{
	GenopsFields fields = genops_fields(pairs);
	GenopsWireField field;
	char *rest = palloc(pairs.length + 1);
	size_t length = 0;
	const uint8_t *start = fields.next;

	while (genops_fields_next(&fields, &field))
	{
		size_t size = (size_t) (fields.next - start);

		if (!TakeColumn(row, field.bytes, named))
		{
			memcpy(rest + length, start, size);
			length += size;
		}
		start = fields.next;
	}
	SetPairs(row, TRACEQL_ATTRIBUTES, (GenopsSlice){ rest, length });
}

static void
PutSpan(RowSink *sink, const GenopsTempoTrace *trace, const GenopsTempoSpanset *spanset,
        const GenopsTempoSpan *span, const bool *named)
{
	TraceqlRow *row = NextRow(sink);

	TraceqlRowSetText(row, TRACEQL_TRACE_ID, trace->trace_id);
	TraceqlRowSetText(row, TRACEQL_ROOT_SERVICE_NAME, trace->root_service_name);
	TraceqlRowSetText(row, TRACEQL_ROOT_NAME, trace->root_name);
	TraceqlRowSetText(row, TRACEQL_SPAN_ID, span->span_id);
	TraceqlRowSetText(row, TRACEQL_NAME, span->name);
	TraceqlRowSetTimes(row, span->start_ns, span->duration_ns);
	SetAttributes(row, span->attributes, named);
	if (spanset->attributes.length > 0)
		SetPairs(row, TRACEQL_LABELS, spanset->attributes);
	TraceqlRowSet(row, TRACEQL_MATCHED, Int32GetDatum((int32) Min(spanset->matched, PG_INT32_MAX)));
	PutRow(sink);
}

void
TempoSearchRows(const GenopsTempoSearch *search, const bool named[GENOPS_COLUMN_COUNT],
                const char *tenant, Tuplestorestate *rows, TupleDesc row_type)
{
	RowSink sink;

	OpenSink(&sink, tenant, rows, row_type);
	for (size_t i = 0; i < search->trace_count; i++)
		for (size_t set = 0; set < search->traces[i].spanset_count; set++)
		{
			const GenopsTempoSpanset *spanset = &search->traces[i].spansets[set];

			for (size_t span = 0; span < spanset->span_count; span++)
				PutSpan(&sink, &search->traces[i], spanset, &spanset->spans[span], named);
		}
	CloseSink(&sink);
}

/*
 * Metrics
 */

static void
PutSample(RowSink *sink, GenopsSlice labels, TimestampTz time, double value)
{
	TraceqlRow *row = NextRow(sink);

	SetPairs(row, TRACEQL_LABELS, labels);
	TraceqlRowSet(row, TRACEQL_TIME, TimestampTzGetDatum(time));
	TraceqlRowSet(row, TRACEQL_VALUE, Float8GetDatum(value));
	PutRow(sink);
}

static TimestampTz
TimeOfMs(int64 unix_ms)
{
	return unix_ms * (USECS_PER_SEC / MS_PER_SECOND) -
	       (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

void
TempoMetricsRows(const GenopsTempoMetrics *metrics, Tuplestorestate *rows, TupleDesc row_type)
{
	RowSink sink;

	OpenSink(&sink, NULL, rows, row_type);
	for (size_t i = 0; i < metrics->series_count; i++)
	{
		const GenopsTempoSeries *series = &metrics->series[i];

		for (size_t each = 0; each < series->sample_count; each++)
			PutSample(&sink, series->labels, TimeOfMs(series->samples[each].unix_ms),
			          series->samples[each].value);
	}
	CloseSink(&sink);
}

void
TempoInstantRows(const GenopsTempoMetrics *metrics, TimestampTz time, Tuplestorestate *rows,
                 TupleDesc row_type)
{
	RowSink sink;

	OpenSink(&sink, NULL, rows, row_type);
	for (size_t i = 0; i < metrics->series_count; i++)
		PutSample(&sink, metrics->series[i].labels, time, metrics->series[i].samples[0].value);
	CloseSink(&sink);
}

/*
 * A whole trace
 */

typedef struct Root
{
	GenopsSlice name;
	GenopsSlice service_name;
} Root;

static Root
FindRoot(GenopsSlice request)
{
	GenopsSpanWalk walk = genops_walk_request(request);
	Root root = { GENOPS_ABSENT, GENOPS_ABSENT };
	GenopsSpanView span;

	while (genops_walk_next(&walk))
		if (genops_read_span(walk.span, &span) && span.parent_span_id.length == 0)
		{
			root.name = span.name;
			root.service_name = genops_read_service_name(walk.resource);
			break;
		}
	return root;
}

static void
SetId(TraceqlRow *row, TraceqlColumn column, GenopsSlice id)
{
	char *digits = palloc(2 * id.length + 1);

	if (id.length == 0)
		return;
	genops_hex(digits, (const uint8_t *) id.data, id.length);
	TraceqlRowSetText(row, column, (GenopsSlice){ digits, 2 * id.length });
}

static void
PutWholeSpan(RowSink *sink, const Root *root, GenopsSlice resource, const GenopsSpanView *span)
{
	TraceqlRow *row = NextRow(sink);

	SetId(row, TRACEQL_TRACE_ID, span->trace_id);
	SetId(row, TRACEQL_SPAN_ID, span->span_id);
	SetId(row, TRACEQL_PARENT_SPAN_ID, span->parent_span_id);
	TraceqlRowSetText(row, TRACEQL_SERVICE_NAME, genops_read_service_name(resource));
	TraceqlRowSetText(row, TRACEQL_NAME, span->name);
	TraceqlRowSetText(row, TRACEQL_KIND, genops_slice(genops_kind_text(Min(span->kind, 5))));
	TraceqlRowSetText(row, TRACEQL_STATUS, genops_slice(genops_status_text(Min(span->status, 2))));
	if (span->status_message.length > 0)
		TraceqlRowSetText(row, TRACEQL_STATUS_MESSAGE, span->status_message);
	TraceqlRowSetText(row, TRACEQL_ROOT_SERVICE_NAME, root->service_name);
	TraceqlRowSetText(row, TRACEQL_ROOT_NAME, root->name);
	TraceqlRowSetTimes(row, span->start_ns,
	                   span->end_ns > span->start_ns ? span->end_ns - span->start_ns : 0);
	TraceqlRowSet(row, TRACEQL_ATTRIBUTES,
	              JsonbPGetDatum(OtlpAttributes(span->message, GENOPS_SPAN_ATTRIBUTES)));
	TraceqlRowSet(row, TRACEQL_RESOURCE_ATTRIBUTES,
	              JsonbPGetDatum(OtlpAttributes(resource, GENOPS_RESOURCE_ATTRIBUTES)));
	PutRow(sink);
}

void
TempoTraceRows(const GenopsTempoWholeTrace *trace, const char *tenant, Tuplestorestate *rows,
               TupleDesc row_type)
{
	GenopsSpanWalk walk = genops_walk_request(trace->request);
	Root root = FindRoot(trace->request);
	RowSink sink;
	GenopsSpanView span;

	OpenSink(&sink, tenant, rows, row_type);
	while (genops_walk_next(&walk))
		if (genops_read_span(walk.span, &span))
			PutWholeSpan(&sink, &root, walk.resource, &span);
	CloseSink(&sink);
}
