/*
 * genops_begin: a call that is about to be made; genops_traceparent: ids for
 * one whose reply will arrive elsewhere.
 */
#include "postgres.h"

#include "compat.h"
#include "record/arguments.h"
#include "record/attribution.h"
#include "record/call.h"
#include "record/options.h"
#include "record/returned.h"
#include "record/text.h"

enum
{
	ARG_PROVIDER,
	ARG_MODEL,
	ARG_OPERATION,
	ARG_TEAM,
	ARG_PROJECT,
	ARG_CUSTOMER_ID,
	ARG_COST_CENTER,
	ARG_ENVIRONMENT,
	ARG_FEATURE,
	ARG_USER_ID,
	ARG_SERVICE_NAME,
	ARG_TENANT_ID,
	ARG_TRACEPARENT,
	ARG_NAME,
	ARG_ATTRIBUTES,
	ARG_OPTIONS
};

static const AttributionArguments attribution = { { [GENOPS_TEXT_TENANT_ID] = ARG_TENANT_ID,
	                                                [GENOPS_TEXT_ROUTE] = -1,
	                                                [GENOPS_TEXT_NAME] = ARG_NAME,
	                                                [GENOPS_TEXT_SERVICE_NAME] = ARG_SERVICE_NAME,
	                                                [GENOPS_TEXT_ENVIRONMENT] = ARG_ENVIRONMENT,
	                                                [GENOPS_TEXT_TEAM] = ARG_TEAM,
	                                                [GENOPS_TEXT_PROJECT] = ARG_PROJECT,
	                                                [GENOPS_TEXT_CUSTOMER_ID] = -1,
	                                                [GENOPS_TEXT_COST_CENTER] = ARG_COST_CENTER,
	                                                [GENOPS_TEXT_FEATURE] = ARG_FEATURE,
	                                                [GENOPS_TEXT_USER_ID] = -1,
	                                                [GENOPS_TEXT_PROVIDER] = ARG_PROVIDER,
	                                                [GENOPS_TEXT_MODEL] = ARG_MODEL,
	                                                [GENOPS_TEXT_OPERATION] = ARG_OPERATION,
	                                                [GENOPS_TEXT_CURRENCY] = -1 } };

PG_FUNCTION_INFO_V1(genops_begin);
PG_FUNCTION_INFO_V1(genops_traceparent);

Datum
genops_begin(PG_FUNCTION_ARGS)
{
	CallSite *site;
	GenopsSlice customer_id;
	GenopsSlice user_id;
	CallOptions options;
	SpanDraft *draft;
	const GenopsSampler *sampler;
	bool keep_errors;
	size_t attributes_offset;

	RingRequire();
	site = CallSiteOf(fcinfo);
	customer_id = ArgumentAny(fcinfo, ARG_CUSTOMER_ID, &site->customer_id);
	user_id = ArgumentAny(fcinfo, ARG_USER_ID, &site->user_id);

	draft = DraftStart();
	OptionsRead(ArgumentJsonb(fcinfo, ARG_OPTIONS), OPTIONS_OF_BEGIN, &options);
	keep_errors = ConfigurationGet()->keep_errors;
	sampler = AttributionSet(draft, fcinfo, &attribution, customer_id, user_id);
	TraceFindPlace(&draft->place, ArgumentText(fcinfo, ARG_TRACEPARENT), GENOPS_ABSENT,
	               options.tracestate, sampler);
	draft->facts.kind = options.kind;
	draft->facts.start_ns = draft->facts.end_ns = ClockNanoseconds();
	DraftOpen(draft);
	attributes_offset = draft->span.length;
	DraftPutAttributes(draft, ArgumentJsonb(fcinfo, ARG_ATTRIBUTES), DRAFT_OUTCOME_ROOM);
	CallOpen(draft, attributes_offset, keep_errors);
	TextCount();
	PG_RETURN_TEXT_P(ReturnedTraceParent(&draft->place.own));
}

Datum
genops_traceparent(PG_FUNCTION_ARGS)
{
	SpanDraft *draft;
	const GenopsSampler *sampler;

	(void) fcinfo;
	RingRequire();
	draft = DraftStart();
	sampler = AttributionOfSession(draft);
	TraceFindPlace(&draft->place, GENOPS_ABSENT, GENOPS_ABSENT, GENOPS_ABSENT, sampler);
	PG_RETURN_TEXT_P(ReturnedTraceParent(&draft->place.own));
}
