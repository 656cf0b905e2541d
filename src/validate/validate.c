/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_validate(): is everything set up, and if not, what is to be done?
 *
 * Who may not configure may have the configured addresses checked and no others: else it
 * would be a way to make the server ask any address of its network.
 */
#include "postgres.h"

#include "compat.h"
#include "configure/store.h"
#include "configure/values.h"
#include "core/net/endpoint.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "validate/report.h"
#include "validate/validation.h"

PG_FUNCTION_INFO_V1(genops_validate);
PG_FUNCTION_INFO_V1(genops_validation_report);

#define MAX_TIMEOUT_S 3600.0

enum
{
	ARGUMENT_TEMPO_ENDPOINT,
	ARGUMENT_CHECK_CONNECTIVITY,
	ARGUMENT_CHECK_WRITE,
	ARGUMENT_CHECK_READ,
	ARGUMENT_CHECK_TRACEQL,
	ARGUMENT_TIMEOUT
};

/* The endpoint that is in force, as it is compared. */
static bool
IsConfigured(const char *url)
{
	char configured[GENOPS_URL_SIZE];
	SettingValues values;
	const char *endpoint;
	GenopsError error;

	ValuesResolve(StoreSettings(), &values);
	endpoint = values.items[SETTING_ENDPOINT].text;
	return endpoint != NULL && genops_endpoint_query_url(endpoint, configured, &error) &&
	       strcmp(configured, url) == 0;
}

/* By the right to call genops_configure(), which stands beside this function. */
static void
RequireRightToConfigure(Oid function)
{
	char *schema = get_namespace_name(get_func_namespace(function));
	Oid configure = LookupFuncName(list_make2(makeString(schema), makeString("genops_configure")),
	                               -1, NULL, true);

	if (OidIsValid(configure) && compat_may_execute(configure, GetUserId()))
		return;
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	                errmsg("permission denied to validate another address than the configured one"),
	                errdetail("It makes the server ask that address, which takes the right to call "
	                          "genops_configure()."),
	                errhint("Leave tempo_endpoint out.")));
}

/* NULL for the configured one. */
static const char *
OtherEndpoint(FunctionCallInfo fcinfo)
{
	char url[GENOPS_URL_SIZE];
	char *endpoint;
	GenopsError error;

	if (PG_ARGISNULL(ARGUMENT_TEMPO_ENDPOINT))
		return NULL;
	endpoint = text_to_cstring(PG_GETARG_TEXT_PP(ARGUMENT_TEMPO_ENDPOINT));
	if (!genops_endpoint_query_url(endpoint, url, &error))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid value for parameter \"tempo_endpoint\": %s",
		                       ShownText(error.message)),
		                error.hint[0] ? errhint("%s", ShownText(error.hint)) : 0));
	if (IsConfigured(url))
		return NULL;
	RequireRightToConfigure(fcinfo->flinfo->fn_oid);
	return pstrdup(url);
}

static int64
Deadline(FunctionCallInfo fcinfo)
{
	double seconds = PG_GETARG_FLOAT8(ARGUMENT_TIMEOUT);

	if (!(seconds > 0 && seconds <= MAX_TIMEOUT_S))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid value for parameter \"timeout\": %g", seconds),
		         errdetail("It is in seconds, more than 0 and up to %g, for all checks together.",
		                   MAX_TIMEOUT_S)));
	return MonotonicMs() + (int64) (seconds * 1000);
}

/* NULL checks, as true does. */
static bool
Wants(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) || PG_GETARG_BOOL(argument);
}

static Validation
Run(FunctionCallInfo fcinfo)
{
	Validation validation = { 0 };

	if (PG_ARGISNULL(ARGUMENT_TIMEOUT))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("parameter \"timeout\" must not be null")));
	validation.deadline = Deadline(fcinfo);
	validation.tempo_endpoint = OtherEndpoint(fcinfo);
	validation.connectivity = Wants(fcinfo, ARGUMENT_CHECK_CONNECTIVITY);
	validation.write = Wants(fcinfo, ARGUMENT_CHECK_WRITE);
	validation.read = Wants(fcinfo, ARGUMENT_CHECK_READ);
	validation.traceql = Wants(fcinfo, ARGUMENT_CHECK_TRACEQL);
	ValidationRun(&validation);
	return validation;
}

static const char *
StatusName(CheckStatus status)
{
	switch (status)
	{
		case CHECK_OK:
			return "ok";
		case CHECK_WARNING:
			return "warning";
		case CHECK_ERROR:
			return "error";
		case CHECK_SKIPPED:
			break;
	}
	return "skipped";
}

Datum
genops_validate(PG_FUNCTION_ARGS)
{
	Validation validation = Run(fcinfo);
	ReturnSetInfo *result;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	foreach (cell, validation.checks)
	{
		const Check *check = lfirst(cell);
		Datum values[4] = { CStringGetTextDatum(check->name),
			                CStringGetTextDatum(StatusName(check->status)),
			                CStringGetTextDatum(check->message),
			                check->fix ? CStringGetTextDatum(check->fix) : (Datum) 0 };
		bool nulls[4] = { false, false, false, check->fix == NULL };

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
genops_validation_report(PG_FUNCTION_ARGS)
{
	Validation validation = Run(fcinfo);

	ReportPutLines(fcinfo, ReportLines(&validation));
	return (Datum) 0;
}
