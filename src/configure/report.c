/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows that tell of the configuration: what genops_configure() returns, and the
 * view genops.configuration.  No row has a secret.
 */
#include "postgres.h"

#include "compat.h"
#include "configure/change.h"
#include "configure/environment.h"
#include "configure/report.h"
#include "configure/store.h"
#include "configure/values.h"
#include "core/net/headers.h"
#include "funcapi.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(genops_configuration);

/* A row of either: the fourth column is a note or a description. */
static void
PutRow(ReturnSetInfo *result, const char *name, const char *value, const char *source,
       const char *remark)
{
	const char *texts[4] = { name, value, source, remark };
	Datum values[4];
	bool nulls[4];

	for (int i = 0; i < 4; i++)
	{
		nulls[i] = texts[i] == NULL;
		values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static const char *
SourceOf(const char *variable, bool configured)
{
	if (variable != NULL)
		return psprintf("environment %s", variable);
	return configured ? "configure" : "default";
}

static bool
IsAboutAddress(SettingId id)
{
	return SettingIsAddress(id) || id == SETTING_VIA_COLLECTOR;
}

static const char *
TextShown(const SettingValues *values, SettingId id)
{
	const char *text = values->items[id].text;

	return SettingIsAddress(id) ? AddressShown(text) : text;
}

const char *
SettingOverridden(const SettingValues *values, SettingId id)
{
	if (values->items[id].variable != NULL)
		return values->items[id].variable;
	return IsAboutAddress(id) ? values->items[SETTING_OTLP_ENDPOINT].variable : NULL;
}

static bool
ListedByEnvironment(const char *header)
{
	GenopsEnvText text = Environment()->otlp_headers;
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	GenopsError error;
	bool listed;

	listed = text.variable != NULL &&
	         genops_headers_parse(&headers, genops_slice(text.value), &error) &&
	         genops_headers_get(&headers, genops_slice(header)) != NULL;
	genops_headers_free(&headers);
	return listed;
}

const char *
HeaderOverridden(const char *name)
{
	if (strcmp(name, HEADERS_PREFIX "authorization") == 0 &&
	    Environment()->tempo_authorization.variable != NULL)
		return Environment()->tempo_authorization.variable;
	if (ListedByEnvironment(strchr(name, '.') + 1))
		return Environment()->otlp_headers.variable;
	return NULL;
}

static void
WarnOverridden(const char *name, const char *variable)
{
	ereport(
	    WARNING,
	    (errcode(ERRCODE_WARNING),
	     errmsg("setting \"%s\" has no effect, environment variable \"%s\" wins", name, variable),
	     errhint("Unset the variable in the environment of the server and restart it.")));
}

static const char *
NoteOnAddress(const SettingValues *values, SettingId id)
{
	char url[GENOPS_URL_SIZE];
	const char *from;
	GenopsError error;

	if (id == SETTING_COLLECTOR_ENDPOINT && !SettingBool(values->items[SETTING_VIA_COLLECTOR].text))
		return "not used while via_collector is false";
	if (!ValuesOtlpUrl(values, url, &from, &error))
		return pstrdup(error.message);
	return psprintf("spans go to %s", AddressShown(url));
}

/* "endpoint" still is the address that is queried. */
static void
WarnAddress(const char *name, const char *variable)
{
	ereport(WARNING,
	        (errcode(ERRCODE_WARNING),
	         errmsg("spans do not go where setting \"%s\" says, environment variable \"%s\" wins",
	                name, variable),
	         errhint("Unset the variable in the environment of the server and restart it.")));
}

static void
ReportSetting(ReturnSetInfo *result, const SettingValues *values, SettingId id)
{
	const SettingValue *value = &values->items[id];
	const char *variable = value->configured ? SettingOverridden(values, id) : NULL;
	const char *note = NULL;

	if (variable != NULL)
	{
		if (value->variable == NULL)
			WarnAddress(setting_definitions[id].name, variable);
		else
			WarnOverridden(setting_definitions[id].name, variable);
		note = psprintf("\"%s\" is configured, but environment variable \"%s\" wins",
		                value->configured, variable);
	}
	else if (IsAboutAddress(id))
		note = NoteOnAddress(values, id);
	PutRow(result, setting_definitions[id].name, TextShown(values, id),
	       SourceOf(value->variable, value->configured != NULL), note);
}

static void
ReportHeader(ReturnSetInfo *result, const Change *change)
{
	const char *variable = change->value ? HeaderOverridden(change->name) : NULL;

	if (variable != NULL)
		WarnOverridden(change->name, variable);
	PutRow(result, change->name, change->value ? HIDDEN_VALUE : NULL,
	       SourceOf(variable, change->value != NULL), change->value ? NULL : "removed");
}

void
ReportChanges(FunctionCallInfo fcinfo, List *changes)
{
	SettingValues values;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	EnvironmentWarn();
	ValuesResolve(StoreSettings(), &values);
	foreach (cell, changes)
	{
		Change *change = lfirst(cell);

		if (change->is_secret)
			ReportHeader((ReturnSetInfo *) fcinfo->resultinfo, change);
		else
			ReportSetting((ReturnSetInfo *) fcinfo->resultinfo, &values,
			              SettingByName(change->name));
	}
}

/*
 * The view.
 */
static void
PutSettings(ReturnSetInfo *result, const SettingValues *values)
{
	for (int id = 0; id < SETTING_COUNT; id++)
		PutRow(result, setting_definitions[id].name, TextShown(values, id),
		       SourceOf(values->items[id].variable, values->items[id].configured != NULL),
		       setting_definitions[id].description);
}

static void
PutHeaders(ReturnSetInfo *result, List *settings, List *secrets)
{
	ListCell *cell;

	foreach (cell, settings)
	{
		StoredSetting *setting = lfirst(cell);
		bool known = StoredSecretValue(secrets, NULL, setting->name) != NULL;
		const char *variable;

		if (SettingByName(setting->name) != SETTING_COUNT || strchr(setting->name, '.') == NULL)
			continue;
		variable = HeaderOverridden(setting->name);
		PutRow(result, setting->name, known || variable ? HIDDEN_VALUE : NULL,
		       SourceOf(variable, true),
		       known ? "a header" : "a header whose value is missing: a dump does not contain it");
	}
}

/* What the environment alone sets; names of headers may be secrets too. */
static void
PutEnvironment(ReturnSetInfo *result, List *settings)
{
	const GenopsOtelEnvironment *environment = Environment();

	if (environment->resource_attributes.variable != NULL)
		PutRow(result, "otel_resource_attributes", environment->resource_attributes.value,
		       SourceOf(environment->resource_attributes.variable, false),
		       "attributes of the resource that resource_attributes does not have");
	if (environment->tempo_authorization.variable != NULL &&
	    StoredSettingValue(settings, HEADERS_PREFIX "authorization") == NULL)
		PutRow(result, HEADERS_PREFIX "authorization", HIDDEN_VALUE,
		       SourceOf(environment->tempo_authorization.variable, false), "a header for Tempo");
	if (environment->otlp_headers.variable != NULL)
		PutRow(result, "otlp_headers", HIDDEN_VALUE,
		       SourceOf(environment->otlp_headers.variable, false),
		       "headers for the address that spans are sent to");
}

static void
PutUrl(ReturnSetInfo *result, const SettingValues *values)
{
	char url[GENOPS_URL_SIZE];
	const char *from;
	GenopsError error;
	bool known = ValuesOtlpUrl(values, url, &from, &error);

	PutRow(result, "otlp_url", known ? AddressShown(url) : NULL,
	       known ? psprintf("from %s", from) : "default",
	       "where spans are sent that have no route with an address of its own; follows from the "
	       "other settings");
}

Datum
genops_configuration(PG_FUNCTION_ARGS)
{
	List *settings = StoreSettings();
	SettingValues values;
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	ValuesResolve(settings, &values);
	PutSettings(result, &values);
	PutUrl(result, &values);
	PutHeaders(result, settings, StoreSecrets());
	PutEnvironment(result, settings);
	return (Datum) 0;
}
