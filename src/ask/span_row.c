/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/otlp_jsonb.h"
#include "ask/span_row.h"
#include "core/span/trace_context.h"
#include "core/traceql/vocabulary.h"
#include "keep/span_time.h"
#include "utils/builtins.h"

/* In the server's encoding; an empty text is none. */
static void
PutServerText(TraceqlRow *row, TraceqlColumn column, const char *text)
{
	if (text != NULL && *text != '\0')
		TraceqlRowSet(row, column, CStringGetTextDatum(text));
}

static void
PutText(TraceqlRow *row, TraceqlColumn column, GenopsSlice text)
{
	if (text.length > 0)
		TraceqlRowSetText(row, column, text);
}

static void
PutId(TraceqlRow *row, TraceqlColumn column, GenopsSlice id, size_t size)
{
	char digits[2 * GENOPS_TRACE_ID_SIZE + 1] = "";

	if (id.length != size)
		return;
	genops_hex(digits, (const uint8_t *) id.data, size);
	TraceqlRowSet(row, column, CStringGetTextDatum(digits));
}

static void
PutView(TraceqlRow *row, const GenopsSpanView *view)
{
	PutId(row, TRACEQL_TRACE_ID, view->trace_id, GENOPS_TRACE_ID_SIZE);
	PutId(row, TRACEQL_SPAN_ID, view->span_id, GENOPS_SPAN_ID_SIZE);
	if (!SpanIsRoot(view))
		PutId(row, TRACEQL_PARENT_SPAN_ID, view->parent_span_id, GENOPS_SPAN_ID_SIZE);
	PutText(row, TRACEQL_NAME, view->name);
	PutServerText(row, TRACEQL_KIND, genops_kind_text(view->kind));
	PutServerText(row, TRACEQL_STATUS, genops_status_text(view->status));
	PutText(row, TRACEQL_STATUS_MESSAGE, view->status_message);
	TraceqlRowSetTimes(row, view->start_ns, view->end_ns - view->start_ns);
	TraceqlRowSet(row, TRACEQL_ATTRIBUTES,
	              JsonbPGetDatum(OtlpAttributes(view->message, GENOPS_SPAN_ATTRIBUTES)));
}

void
SpanRowFill(TraceqlRow *row, const GenopsSpanWalk *at, const char *tenant_id,
            const FoundSpan *found)
{
	GenopsSpanView view;

	if (!genops_read_span(at->span, &view))
		OtlpMalformed();
	TraceqlRowClear(row);
	PutView(row, &view);
	PutServerText(row, TRACEQL_TENANT_ID, tenant_id);
	PutText(row, TRACEQL_SERVICE_NAME, genops_read_service_name(at->resource));
	PutServerText(row, TRACEQL_ROOT_NAME, found->root_name);
	PutServerText(row, TRACEQL_ROOT_SERVICE_NAME, found->root_service);
	TraceqlRowSet(row, TRACEQL_RESOURCE_ATTRIBUTES,
	              JsonbPGetDatum(OtlpAttributes(at->resource, GENOPS_RESOURCE_ATTRIBUTES)));
	if (found->labels != NULL)
		TraceqlRowSet(row, TRACEQL_LABELS, JsonbPGetDatum(found->labels));
	TraceqlRowSet(row, TRACEQL_MATCHED, Int32GetDatum(found->matched));
}
