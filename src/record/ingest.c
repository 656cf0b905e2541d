/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_ingest: spans that others made take the same way.
 *
 * Bytes are kept as they came, with the resource and the scope that the span
 * stood in.  The whole request is looked over before the first span is
 * recorded, so that a malformed one records nothing.
 */
#include "postgres.h"

#include "compat.h"
#include "core/base/utf8.h"
#include "core/span/ai_kind.h"
#include "core/span/otlp_decode.h"
#include "core/span/otlp_json.h"
#include "core/span/otlp_read.h"
#include "core/span/otlp_write.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "record/usage.h"
#include "record/arguments.h"
#include "record/attribution.h"
#include "record/draft.h"
#include "record/keys.h"
#include "record/span_record.h"
#include "record/text.h"
#include "settings.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

/* What the ring puts in front of a span, generously. */
#define RECORD_HEAD (sizeof(GenopsSpanFacts) + 128)

typedef struct Ingestion
{
	int64 accepted;
	int64 rejected;
	GenopsError reason; /* of the first rejection */
	GenopsSlice session_tenant;
	GenopsBytes envelope;   /* of the span before, and mostly of this one */
	bool envelope_valid;
	const char *made_of[4]; /* where what it was made of begins */
} Ingestion;

PG_FUNCTION_INFO_V1(genops_ingest);
PG_FUNCTION_INFO_V1(genops_ingest_protobuf);

static void
Reject(Ingestion *ingestion, const GenopsError *reason)
{
	if (ingestion->rejected++ == 0)
		ingestion->reason = *reason;
}

static void
RejectFor(Ingestion *ingestion, const char *reason)
{
	GenopsError error;

	genops_error_set(&error, GENOPS_TOO_LARGE, "%s", reason);
	Reject(ingestion, &error);
}

static void
RequireWellFormed(GenopsSlice request)
{
	GenopsSpanWalk walk = genops_walk_request(request);

	while (genops_walk_next(&walk))
		CHECK_FOR_INTERRUPTS();
	if (walk.malformed)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("the request is no valid protobuf"),
		                errdetail("It must be an ExportTraceServiceRequest of the OpenTelemetry "
		                          "protocol, not compressed."),
		                errhint("Pass OTLP/JSON to genops_ingest(jsonb).")));
}

/* The ResourceSpans that the span came in, without any span. */
static GenopsSlice
Envelope(Ingestion *ingestion, const GenopsSpanWalk *walk)
{
	GenopsBytes *envelope = &ingestion->envelope;
	const char *made_of[4] = { walk->resource.data, walk->resource_schema_url.data,
		                       walk->scope.data, walk->scope_schema_url.data };

	if (envelope->length == 0 || memcmp(made_of, ingestion->made_of, sizeof(made_of)) != 0)
	{
		genops_bytes_clear(envelope);
		ingestion->envelope_valid = false;
		genops_otlp_segment_head(envelope, walk->resource, walk->scope,
		                         genops_otlp_schema_url_size(walk->scope_schema_url));
		genops_otlp_segment_tail(envelope, walk->scope_schema_url, walk->resource_schema_url);
		memcpy(ingestion->made_of, made_of, sizeof(made_of));
	}
	return envelope->failed ? GENOPS_ABSENT
	                        : (GenopsSlice){ (const char *) envelope->data, envelope->length };
}

/* The facts' copies are cut; the span's own bytes are not. */
static void
ClipFacts(GenopsSpanFacts *facts)
{
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
		facts->text[i].length = genops_utf8_clip(facts->text[i], TextNameLimit());
}

/* Whether the protobuf library takes the span and what it stands in: the latter is looked at once
 * for all spans that stand in it. */
static bool
Decodes(Ingestion *ingestion, const GenopsSpanWalk *walk, GenopsError *error)
{
	if (!ingestion->envelope_valid &&
	    (!genops_otlp_decodes(GENOPS_OTLP_RESOURCE, walk->resource, error) ||
	     !genops_otlp_decodes(GENOPS_OTLP_SCOPE, walk->scope, error)))
		return false;
	ingestion->envelope_valid = true;
	return genops_otlp_decodes(GENOPS_OTLP_SPAN, walk->span, error);
}

static bool
ReadSpan(Ingestion *ingestion, const GenopsSpanWalk *walk, GenopsFactMemory *memory,
         SpanRecord *record, GenopsSlice *reply_id)
{
	GenopsSpanView view;
	GenopsError error;

	record->span = walk->span;
	record->envelope = Envelope(ingestion, walk);
	if (walk->span.length > RING_MAX_RECORD || !genops_slice_present(record->envelope))
	{
		RejectFor(ingestion, "span is larger than 64 kB with its resource");
		return false;
	}
	if (!Decodes(ingestion, walk, &error) ||
	    (!genops_read_span(walk->span, &view) &&
	     !genops_error_set(&error, GENOPS_MALFORMED, "span is no valid protobuf")) ||
	    !genops_facts_from_span(walk->resource, &view, memory, &record->facts, reply_id, &error))
	{
		Reject(ingestion, &error);
		return false;
	}
	ClipFacts(&record->facts);
	if (RECORD_HEAD + DraftTextsSize(&record->facts) + record->envelope.length +
	        record->span.length >
	    RING_MAX_RECORD)
	{
		RejectFor(ingestion, "span is larger than 64 kB with its resource");
		return false;
	}
	return true;
}

/* Whose span it is: the session's tenant goes before the span's own. */
static void
Attribute(const Ingestion *ingestion, SpanRecord *record, char tenant[TENANT_ID_MAX + 1])
{
	if (ingestion->session_tenant.length > 0)
		record->facts.text[GENOPS_TEXT_TENANT_ID] = ingestion->session_tenant;
	(void) ConfigurationResolve(&record->facts, tenant, PINS_FOR_INGEST);
	record->facts.role = GetSessionUserId();
}

/*
 * What is delivered again was recorded, and is not recorded again.  False: so it is.  A span of its
 * own for a reply that was recorded is kept, and charges nothing but what the first did not say;
 * its bytes stay what they are.
 */
static bool
IsNew(SpanRecord *record, GenopsSlice reply_id)
{
	GenopsTraceParent first;
	KeyFate fate;

	KeySetSpan(&record->facts);
	KeySetReply(&record->facts, reply_id);
	fate = KeysClaim(&record->facts, &first);
	if (fate == KEY_NEW)
		return true;
	if (fate == KEY_ATTEMPT) /* the same span with other contents */
		return false;
	if (memcmp(first.span_id, record->facts.span_id, GENOPS_SPAN_ID_SIZE) == 0)
		return false;
	if (fate == KEY_SUPPLEMENT)
	{
		record->facts.flags |= GENOPS_FLAG_SUPPLEMENT;
		return true;
	}
	genops_ai_uncharge(&record->facts);
	record->facts.flags |= GENOPS_FLAG_DUPLICATE;
	RingCountDuplicate();
	return true;
}

static void
IngestSpan(Ingestion *ingestion, const GenopsSpanWalk *walk)
{
	SpanRecord record = { 0 };
	char tenant[TENANT_ID_MAX + 1];
	GenopsFactMemory memory;
	GenopsSlice reply_id;

	if (!ReadSpan(ingestion, walk, &memory, &record, &reply_id))
		return;
	Attribute(ingestion, &record, tenant);
	UsageChargeSpan(&record.facts);
	if (!IsNew(&record, reply_id))
	{
		RingCountDuplicate();
		ingestion->accepted++;
	}
	else if (SpanRecordSubmit(&record, true))
	{
		KeysSubmitted();
		ingestion->accepted++;
	}
	else
		RejectFor(ingestion, "there was no room to record the span in time");
	KeysDrop();
}

static Datum
Counts(FunctionCallInfo fcinfo, const Ingestion *ingestion)
{
	TupleDesc row;
	Datum values[3];
	bool nulls[3] = { false, false, ingestion->rejected == 0 };

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(ingestion->accepted);
	values[1] = Int64GetDatum(ingestion->rejected);
	if (ingestion->rejected > 0)
		values[2] = PointerGetDatum(cstring_to_text(pg_any_to_server(
		    ingestion->reason.message, strlen(ingestion->reason.message), PG_UTF8)));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

static Datum
Ingest(FunctionCallInfo fcinfo, GenopsSlice request)
{
	Ingestion ingestion = { 0 };
	GenopsSpanWalk walk;

	RequireWellFormed(request);
	TextReset();
	ingestion.session_tenant =
	    TextFromSetting(setting_attribution[GENOPS_TEXT_TENANT_ID], TextNameLimit());
	ingestion.envelope = genops_bytes_over(palloc(RING_MAX_RECORD), RING_MAX_RECORD);

	walk = genops_walk_request(request);
	while (genops_walk_next(&walk))
	{
		CHECK_FOR_INTERRUPTS();
		IngestSpan(&ingestion, &walk);
	}
	if (ingestion.accepted > 0)
		SpanRecordSync();
	return Counts(fcinfo, &ingestion);
}

static void
RequireArgument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("there is nothing to ingest"),
		         errdetail("The argument \"otlp\" is NULL."),
		         errhint("Pass an ExportTraceServiceRequest.")));
}

/* The request as protobuf, in memory that goes with the call. */
static GenopsSlice
RequestFromJson(Jsonb *json)
{
	char *server_text = JsonbToCString(NULL, &json->root, VARSIZE(json));
	char *text = pg_server_to_any(server_text, strlen(server_text), PG_UTF8);
	GenopsBytes request = genops_bytes_growing();
	GenopsError error;
	GenopsSlice copy;
	bool read = genops_otlp_from_json(genops_slice(text), &request, &error);

	if (read)
	{
		copy =
		    (GenopsSlice){ palloc_extended(request.length + 1, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE),
			               request.length };
		if (copy.data == NULL)
			read = genops_error_set(&error, GENOPS_OUT_OF_MEMORY, "out of memory");
		else if (request.length > 0)
			memcpy(unconstify(char *, copy.data), request.data, request.length);
	}
	genops_bytes_free(&request);
	if (!read)
		ReportCoreError(&error, error.code == GENOPS_OUT_OF_MEMORY
		                            ? ERRCODE_OUT_OF_MEMORY
		                            : ERRCODE_INVALID_PARAMETER_VALUE);
	return copy;
}

Datum
genops_ingest(PG_FUNCTION_ARGS)
{
	RingRequire();
	RequireArgument(fcinfo);
	return Ingest(fcinfo, RequestFromJson(PG_GETARG_JSONB_P(0)));
}

Datum
genops_ingest_protobuf(PG_FUNCTION_ARGS)
{
	bytea *request;

	RingRequire();
	RequireArgument(fcinfo);
	request = PG_GETARG_BYTEA_PP(0);
	return Ingest(fcinfo, (GenopsSlice){ VARDATA_ANY(request), VARSIZE_ANY_EXHDR(request) });
}
