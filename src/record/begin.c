/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_begin: a call that is about to be made; genops_traceparent: ids for
 * one whose reply will arrive elsewhere.
 */
#include "postgres.h"

#include "compat.h"
#include "record/api.h"
#include "record/arguments.h"
#include "record/attribution.h"
#include "record/returned.h"
#include "shared/ring.h"

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

static const struct
{
	int argument;
	GenopsFactText text;
} texts[] = {
	{ ARG_PROVIDER, GENOPS_TEXT_PROVIDER },
	{ ARG_MODEL, GENOPS_TEXT_MODEL },
	{ ARG_OPERATION, GENOPS_TEXT_OPERATION },
	{ ARG_TEAM, GENOPS_TEXT_TEAM },
	{ ARG_PROJECT, GENOPS_TEXT_PROJECT },
	{ ARG_COST_CENTER, GENOPS_TEXT_COST_CENTER },
	{ ARG_ENVIRONMENT, GENOPS_TEXT_ENVIRONMENT },
	{ ARG_FEATURE, GENOPS_TEXT_FEATURE },
	{ ARG_SERVICE_NAME, GENOPS_TEXT_SERVICE_NAME },
	{ ARG_TENANT_ID, GENOPS_TEXT_TENANT_ID },
	{ ARG_NAME, GENOPS_TEXT_NAME },
};

PG_FUNCTION_INFO_V1(genops_begin);
PG_FUNCTION_INFO_V1(genops_traceparent);

static void
ReadRequest(FunctionCallInfo fcinfo, CallRequest *request)
{
	CallRequestInit(request);
	for (int i = 0; i < (int) lengthof(texts); i++)
		request->text[texts[i].text] = ArgumentText(fcinfo, texts[i].argument);
	request->text[GENOPS_TEXT_CUSTOMER_ID] = ArgumentValue(fcinfo, ARG_CUSTOMER_ID);
	request->text[GENOPS_TEXT_USER_ID] = ArgumentValue(fcinfo, ARG_USER_ID);
	request->traceparent = ArgumentText(fcinfo, ARG_TRACEPARENT);
	request->attributes = ArgumentJsonb(fcinfo, ARG_ATTRIBUTES);
	OptionsRead(ArgumentJsonb(fcinfo, ARG_OPTIONS), OPTIONS_OF_BEGIN, &request->options);
}

Datum
genops_begin(PG_FUNCTION_ARGS)
{
	CallRequest request;
	GenopsTraceParent own;

	RingRequire();
	ReadRequest(fcinfo, &request);
	(void) CallTraceParent(CallBegin(&request), &own);
	PG_RETURN_TEXT_P(ReturnedTraceParent(&own));
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
	TraceFindPlace(&draft->place, GENOPS_ABSENT, NULL, GENOPS_ABSENT, sampler);
	PG_RETURN_TEXT_P(ReturnedTraceParent(&draft->place.own));
}
