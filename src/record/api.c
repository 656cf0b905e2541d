/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "common/int.h"
#include "core/span/ai_call.h"
#include "core/span/ai_kind.h"
#include "core/span/otlp_read.h"
#include "core/span/otlp_write.h"
#include "mb/pg_wchar.h"
#include "record/api.h"
#include "record/arguments.h"
#include "record/attribution.h"
#include "record/call.h"
#include "record/charge.h"
#include "record/complaint.h"
#include "record/keys.h"
#include "record/text.h"

/* A call that took longer is more likely to have been measured wrong. */
#define LONGEST_NS (INT64CONST(24) * 3600 * 1000 * 1000 * 1000)

void
CallRequestInit(CallRequest *request)
{
	memset(request, 0, offsetof(CallRequest, options));
	OptionsInit(&request->options);
}

/* Clocks of two machines differ by less. */
#define CLOCK_SKEW_NS (INT64CONST(60) * 1000 * 1000 * 1000)

static CallId
IdOf(const OpenCall *call)
{
	return (CallId){ call != NULL ? call->number : 0 };
}

/*
 * Beginning
 */

/* Everything of the request but the attributes.  "own" are its ids, NULL for new ones. */
static void
SetRequest(SpanDraft *draft, const CallRequest *request, const CallOptions *options,
           const GenopsTraceParent *own)
{
	const GenopsSampler *sampler = AttributionSet(draft, request->text);
	GenopsSlice state = TextFromServer(options->tracestate, GENOPS_TRACESTATE_MAX);

	TraceFindPlace(&draft->place, request->traceparent, own, state, sampler);
	draft->facts.kind = options->kind;
	draft->facts.text[GENOPS_TEXT_SERVICE_TIER] =
	    TextFromServer(options->service_tier, TextNameLimit());
}

CallId
CallBegin(const CallRequest *request)
{
	SpanDraft *draft = DraftStart();
	bool keep_errors = ConfigurationGet()->keep_errors;
	size_t attributes_offset;
	OpenCall *call;

	SetRequest(draft, request, &request->options, NULL);
	draft->facts.start_ns = draft->facts.end_ns = ClockNanoseconds();
	DraftOpen(draft);
	attributes_offset = draft->span.length;
	DraftPutAttributes(draft, request->attributes, DRAFT_OUTCOME_ROOM);
	call = CallOpen(draft, attributes_offset, keep_errors && !draft->sent_nowhere);
	CallKeepOptions(call, &request->options);
	TextCount();
	return IdOf(call);
}

/*
 * Ending
 */

/* A key that had to be repaired is not found again. */
static bool
IsSaidAnew(Jsonb *anew, GenopsSlice key)
{
	JsonbValue found;
	char *name = pnstrdup(key.data, key.length);

	if (strstr(name, "\xEF\xBF\xBD") == NULL)
		name = pg_any_to_server(name, (int) key.length, PG_UTF8);
	return getKeyJsonValueFromContainer(&anew->root, name, (int) strlen(name), &found) != NULL;
}

/* The attributes of the beginning but those that the end says anew. */
static void
KeepAttributes(GenopsBytes *out, GenopsSlice begun, Jsonb *anew)
{
	GenopsFields fields = genops_fields(begun);
	const uint8_t *start = fields.next;
	GenopsWireField field;

	while (genops_fields_next(&fields, &field))
	{
		GenopsSlice key;
		GenopsValue value;

		if (!genops_read_key_value(field.bytes, &key, &value) || !IsSaidAnew(anew, key))
			genops_bytes_put(out, start, fields.next - start);
		start = fields.next;
	}
}

static void
CopyAttributes(GenopsBytes *out, const OpenCall *call, Jsonb *anew)
{
	GenopsSlice begun = { (const char *) call->span.data + call->attributes_offset,
		                  call->begun_length - call->attributes_offset };

	if (anew != NULL && JB_ROOT_IS_OBJECT(anew))
		KeepAttributes(out, begun, anew);
	else
		genops_bytes_put(out, begun.data, begun.length);
}

static void
TakeFacts(SpanDraft *draft, const OpenCall *call)
{
	draft->facts = call->facts;
	draft->facts.flags = 0;
	draft->facts.status = GENOPS_STATUS_UNSET;
	draft->facts.cost_source = GENOPS_COST_FROM_NOWHERE;
	draft->flags = call->flags;
	draft->place.own = call->own;
	draft->dropped_attributes = call->dropped_attributes;
}

/* The draft of a call as it began; what is said of the attributes anew comes later. */
static SpanDraft *
DraftOfCall(const OpenCall *call, Jsonb *attributes)
{
	SpanDraft *draft = DraftStart();

	TakeFacts(draft, call);
	draft->end_offset = call->end_offset;
	genops_bytes_put(&draft->span, call->span.data, call->attributes_offset);
	CopyAttributes(&draft->span, call, attributes);
	return draft;
}

/* The draft of a span of its own that tells what became of a call whose span is out. */
static SpanDraft *
DraftUnderCall(const OpenCall *call, Jsonb *attributes)
{
	SpanDraft *draft = DraftStart();

	TakeFacts(draft, call);
	TraceFindPlaceUnder(&draft->place, &call->own, call->trace_state);
	DraftOpen(draft);
	CopyAttributes(&draft->span, call, attributes);
	return draft;
}

/* Writes the rest of the draft and hands it to the queue. */
static void
Finish(SpanDraft *draft, Jsonb *attributes, bool keep_if_failed)
{
	if (draft->facts.status == GENOPS_STATUS_ERROR && keep_if_failed)
		DraftSample(draft);
	DraftClose(draft, attributes);
	DraftSubmit(draft);
}

static void
SetEnd(SpanDraft *draft, int64 end_ns)
{
	draft->facts.end_ns = Max(end_ns, draft->facts.start_ns);
	genops_otlp_patch_end(&draft->span, draft->end_offset, draft->facts.end_ns);
}

/* How long it took, where the caller knows it better than the clock between begin and end. */
static int64
EndOf(const OpenCall *call, const CallOutcome *outcome, int64 now_ns)
{
	int64 end_ns;

	if (!outcome->options.has_duration ||
	    pg_add_s64_overflow(call->facts.start_ns, outcome->options.duration_ns, &end_ns))
		return now_ns;
	return end_ns;
}

static void
EndOpen(OpenCall *call, const CallOutcome *outcome, Jsonb *attributes, bool may_charge)
{
	SpanDraft *draft = DraftOfCall(call, attributes);
	bool keep_if_failed = call->keep_if_failed;
	GenopsCostSource cost_source;
	bool used;

	SetEnd(draft, EndOf(call, outcome, ClockNanoseconds()));
	OutcomeSet(draft, outcome, may_charge);
	used = genops_ai_has_usage(&draft->facts) || !draft->facts.ai_call;
	cost_source = draft->facts.cost_source;

	/* From here on it must not be recorded a second time, even if waiting for
	 * the ledger is cancelled. */
	CallDetach(call);
	Finish(draft, attributes, keep_if_failed);
	call->facts.cost_source = cost_source;
	if (used)
		CallForget(call);
	else
		CallRemember(call, CALL_ENDED);
}

/* Who handles the error says what it was, or that the call itself was none of it. */
static void
EndCutOff(OpenCall *call, const CallOutcome *outcome, Jsonb *attributes, bool may_charge)
{
	SpanDraft *draft = DraftOfCall(call, attributes);
	bool nothing_said = !outcome->reply.given && !CallOutcomeHasUsage(outcome) &&
	                    outcome->status.length == 0 && outcome->error.length == 0;
	CallOutcome completed = *outcome;

	if (!genops_slice_present(completed.options.error_type) &&
	    (nothing_said || outcome->error.length > 0) &&
	    strcmp(call->error_type, ERROR_TYPE_OTHER.data) != 0)
		completed.options.error_type = genops_slice(call->error_type);
	if (nothing_said)
		completed.error = call->error_message;
	SetEnd(draft, EndOf(call, outcome, call->facts.end_ns));
	OutcomeSet(draft, &completed, may_charge);
	CallDetach(call);
	Finish(draft, attributes, call->keep_if_failed);
	CallForget(call);
}

/* Its span is out: what is said becomes a span under it. */
static void
EndUnder(OpenCall *call, uint32 flags, int64 end_ns, const CallOutcome *outcome, Jsonb *attributes,
         bool may_charge)
{
	SpanDraft *draft = DraftUnderCall(call, attributes);

	draft->facts.flags |= flags;
	SetEnd(draft, end_ns);
	OutcomeSet(draft, outcome, may_charge);
	CallDetach(call);
	Finish(draft, attributes, call->keep_if_failed);
	CallForget(call);
}

/* It was no call: this is the call. */
static void
EndUnfinished(OpenCall *call, const CallOutcome *outcome, Jsonb *attributes, bool may_charge)
{
	EndUnder(call, 0, EndOf(call, outcome, ClockNanoseconds()), outcome, attributes, may_charge);
}

/* Of what brings the usage of a call that is counted, perhaps as one without a price. */
static uint32
SupplementFlags(const OpenCall *call)
{
	return GENOPS_FLAG_SUPPLEMENT |
	       (call->facts.cost_source == GENOPS_COST_UNPRICED ? GENOPS_FLAG_SETTLES : 0);
}

/* It is counted: this brings the usage. */
static void
Supplement(OpenCall *call, const CallOutcome *outcome, Jsonb *attributes, bool may_charge)
{
	EndUnder(call, SupplementFlags(call) | GENOPS_FLAG_NO_DURATION, call->facts.end_ns, outcome,
	         attributes, may_charge);
}

static void
InheritOptions(CallOptions *options, const OpenCall *call)
{
	if (!genops_slice_present(options->base_model) && call->base_model != NULL)
		options->base_model = genops_slice(call->base_model);
	if (options->headers == NULL)
		options->headers = call->headers;
}

bool
CallEnd(CallId id, const CallOutcome *said, Jsonb *attributes)
{
	CallOutcome completed = *said;
	const CallOutcome *outcome = &completed;
	bool may_charge = ChargeAllowed(outcome); /* first: it may look at catalogs */
	OpenCall *call = CallFindNumber(id.number);

	if (call == NULL)
		return false;
	InheritOptions(&completed.options, call);
	switch (call->state)
	{
		case CALL_OPEN:
			EndOpen(call, outcome, attributes, may_charge);
			return true;
		case CALL_CUT_OFF:
			EndCutOff(call, outcome, attributes, may_charge);
			return true;
		case CALL_UNFINISHED:
			EndUnfinished(call, outcome, attributes, may_charge);
			return true;
		case CALL_FAILED:
			/* It failed, and so it was recorded: nothing is missing. */
			if (!CallOutcomeHasUsage(outcome))
				return true;
			break;
		case CALL_ENDED:
			if (!CallOutcomeHasUsage(outcome))
				return false;
			break;
	}
	Supplement(call, outcome, attributes, may_charge);
	return true;
}

void
CallFail(CallId id, int sqlstate, const char *message)
{
	OpenCall *call = CallFindNumber(id.number);

	if (call != NULL && call->state == CALL_OPEN)
		CallRecordFailure(call, sqlstate, message);
}

/*
 * In one step
 */

static void
ComplainOfTimes(const char *message, const char *detail)
{
	Complain(
	    COMPLAINT_TIME, ERRCODE_INVALID_PARAMETER_VALUE, errmsg("%s", message),
	    errdetail("%s", detail),
	    errhint("Pass two of \"started_at\", \"duration\" and option \"ended_at\"; with one, the "
	            "call is taken to have ended now."));
}

/* A start alone: the call has just ended.  A clock that is a little ahead is no news; a call of
 * long ago ended long ago, and nobody knows when. */
static bool
EndsNow(int64 *start, int64 *end)
{
	if (*start > *end + CLOCK_SKEW_NS)
		ComplainOfTimes("the call starts in the future", "It is recorded as of now.");
	*start = Min(*start, *end);
	if (*end - *start <= LONGEST_NS)
		return true;
	ComplainOfTimes("a call that started more than a day ago has no end",
	                "It is recorded without a duration.");
	*end = *start;
	return false;
}

/* Two of start, end and duration make the third; an end that is not said is now. */
static bool
FindTimes(const CallTimes *times, int64 *start, int64 *end)
{
	*end = times->has_end ? times->end_ns : ClockNanoseconds();
	*start = times->has_start ? times->start_ns : *end;
	if (times->has_start && times->has_duration)
	{
		if (pg_add_s64_overflow(*start, times->duration_ns, end))
			*end = PG_INT64_MAX;
		if (times->has_end && *end != times->end_ns)
			ComplainOfTimes("start, end and duration of the call contradict each other",
			                "The end is taken from the start and the duration.");
		return true;
	}
	if (times->has_duration)
	{
		*start = *end - Min(times->duration_ns, *end);
		return true;
	}
	if (!times->has_start)
		return false;
	return times->has_end || EndsNow(start, end);
}

/* What cannot be is made possible; a duration that is not known is told so, for 0 is one. */
static void
SetTimes(GenopsSpanFacts *facts, const CallTimes *times)
{
	int64 start;
	int64 end;
	bool known = FindTimes(times, &start, &end);

	if (end < start)
	{
		ComplainOfTimes("the call ends before it starts", "It is recorded without a duration.");
		end = start;
		known = false;
	}
	if (end - start > LONGEST_NS)
		ComplainOfTimes("a call took more than a day", "It is recorded as it was said.");
	if (!known)
		facts->flags |= GENOPS_FLAG_NO_DURATION;
	facts->start_ns = start;
	facts->end_ns = end;
}

/* The ids of the call, if they are such: of a text that is none only the key is used. */
static bool
OwnIds(const CallRequest *request, GenopsTraceParent *own)
{
	return request->call.length > 0 && genops_traceparent_parse(request->call, own);
}

/* A call that was begun, and is told of in one step: it is not recorded a second time, and
 * one whose span is out gets a child. */
static void
FindPlaceOf(const OpenCall *call, SpanDraft *draft)
{
	if (call->state == CALL_OPEN || call->state == CALL_CUT_OFF)
		return;
	if (call->state != CALL_UNFINISHED)
		draft->facts.flags |= SupplementFlags(call);
	TraceFindPlaceUnder(&draft->place, &call->own, draft->place.trace_state);
}

/* What is not said of it now is as it was when it began. */
static void
InheritTexts(CallRequest *request, const OpenCall *call)
{
	for (int i = 0; i < GENOPS_TEXT_COUNT; i++)
	{
		GenopsSlice begun = call->facts.text[i];

		if (i != GENOPS_TEXT_ROUTE && !genops_slice_present(request->text[i]) && begun.length > 0)
			request->text[i] = genops_slice(pg_any_to_server(
			    pnstrdup(begun.data, begun.length), (int) begun.length, PG_UTF8));
	}
}

static void
TakeOver(OpenCall *call, SpanDraft *draft, Jsonb *attributes)
{
	CopyAttributes(&draft->span, call, attributes);
	draft->dropped_attributes += call->dropped_attributes;
	CallDetach(call);
	CallForget(call);
}

void
CallTrack(const CallRequest *request, const CallOutcome *outcome, const CallTimes *times,
          GenopsTraceParent *own)
{
	bool may_charge = ChargeAllowed(outcome); /* first: it may look at catalogs */
	SpanDraft *draft = DraftStart();
	bool keep_errors = ConfigurationGet()->keep_errors;
	bool has_ids = OwnIds(request, own);
	OpenCall *begun = has_ids ? CallFind(own) : NULL;
	CallRequest completed = *request;

	if (begun != NULL)
		InheritTexts(&completed, begun);
	SetRequest(draft, &completed, &outcome->options, has_ids ? own : NULL);
	if (begun != NULL)
		FindPlaceOf(begun, draft);
	KeySetCall(&draft->facts, request->call);
	SetTimes(&draft->facts, times);
	DraftOpen(draft);
	if (begun != NULL)
		TakeOver(begun, draft, request->attributes);
	OutcomeSet(draft, outcome, may_charge);
	Finish(draft, request->attributes, keep_errors && !draft->facts.sampled);
	*own = draft->place.own;
}

/*
 * Looking
 */
bool
CallIsOpen(CallId id)
{
	OpenCall *call = CallFindNumber(id.number);

	return call != NULL && call->state == CALL_OPEN;
}

CallId
CallInnermostId(void)
{
	return IdOf(CallInnermost());
}

CallId
CallIdOf(const GenopsTraceParent *ids)
{
	return IdOf(CallFind(ids));
}

bool
CallTraceParent(CallId id, GenopsTraceParent *own)
{
	OpenCall *call = CallFindNumber(id.number);

	if (call == NULL || call->state != CALL_OPEN)
		return false;
	*own = call->own;
	return true;
}

void
CallFill(CallId id, GenopsSlice provider, GenopsSlice model, GenopsSlice operation)
{
	OpenCall *call = CallFindNumber(id.number);

	if (call != NULL && call->state == CALL_OPEN)
		CallFillTexts(call, provider, model, operation);
}
