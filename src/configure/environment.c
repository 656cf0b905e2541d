/* SPDX-License-Identifier: PostgreSQL */
/*
 * The environment of the server process.
 */
#include "postgres.h"

#include "common/shortest_dec.h"
#include "configure/environment.h"
#include "core/net/headers.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* OpenTelemetry's "no limit": nothing here waits for ever. */
#define LONGEST_TIMEOUT "3600"

typedef struct Value
{
	const char *variable;
	const char *text;
} Value;

typedef struct IgnoredVariable
{
	struct IgnoredVariable *next;
	char *variable;
	char *reason;
} IgnoredVariable;

static bool known = false;
static GenopsOtelEnvironment environment;
static Value values[SETTING_COUNT];
static IgnoredVariable *ignored = NULL;

/* In TopMemoryContext, which is current while the environment is read. */
static const char *
Get(const char *name, void *arg)
{
	const char *value = getenv(name);
	char *copy;

	(void) arg;
	if (value == NULL)
		return NULL;
	copy = pstrdup(value);
	if (!pg_verify_mbstr(GetDatabaseEncoding(), copy, (int) strlen(copy), true))
		for (char *at = copy; *at; at++)
			if (IS_HIGHBIT_SET(*at))
				*at = '?';
	return copy;
}

static void
Warn(const char *variable, const char *reason, void *arg)
{
	IgnoredVariable *one = palloc(sizeof(IgnoredVariable));

	(void) arg;
	one->variable = pstrdup(variable);
	one->reason = pstrdup(reason);
	one->next = ignored;
	ignored = one;
}

static void
Set(SettingId id, const char *variable, const char *text)
{
	GenopsError error;

	if (variable == NULL)
		return;
	if (!setting_definitions[id].check(text, &error))
	{
		Warn(variable, error.message, NULL);
		return;
	}
	values[id] = (Value){ variable, text };
}

static void
SetText(SettingId id, GenopsEnvText text)
{
	Set(id, text.variable, text.value);
}

static void
SetInteger(SettingId id, GenopsEnvInteger number)
{
	Set(id, number.variable, psprintf(INT64_FORMAT, number.value));
}

static const char *
RealText(double value)
{
	char text[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, text);
	return pstrdup(text);
}

/*
 * A request's limit, and that of the export that it is part of: here an export is one
 * request, so that the smaller one counts.  0 is none.
 */
static GenopsEnvInteger
Shorter(GenopsEnvInteger request, GenopsEnvInteger export)
{
	bool has_limit = request.variable != NULL && request.value != 0;

	if (export.variable == NULL || export.value == 0 || (has_limit && request.value < export.value))
		return request;
	return export;
}

static void
SetTimeout(GenopsEnvInteger milliseconds)
{
	Set(SETTING_TIMEOUT, milliseconds.variable,
	    milliseconds.value == 0 ? LONGEST_TIMEOUT : RealText(milliseconds.value / 1000.0));
}

/* The usual way to name a tenant to an OpenTelemetry SDK is a header. */
static void
SetTenant(GenopsEnvText headers_text)
{
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	GenopsError error;
	const char *tenant;

	if (headers_text.variable == NULL ||
	    !genops_headers_parse(&headers, genops_slice(headers_text.value), &error))
		return;
	tenant = genops_headers_get(&headers, GENOPS_LITERAL("X-Scope-OrgID"));
	if (tenant != NULL)
		Set(SETTING_TENANT_ID, headers_text.variable, pstrdup(tenant));
	genops_headers_free(&headers);
}

/* resource_attributes is not among them: both are merged, see resource_attributes.h. */
static void
SetValues(void)
{
	SetText(SETTING_SERVICE_NAME, environment.service_name);
	SetText(SETTING_ENVIRONMENT, environment.environment);
	SetText(SETTING_ENDPOINT, environment.tempo_endpoint);
	SetTenant(environment.otlp_headers);
	SetTimeout(Shorter(environment.otlp_timeout_ms, environment.export_timeout_ms));
	SetText(SETTING_COMPRESSION, environment.otlp_compression);
	SetText(SETTING_PROTOCOL, environment.otlp_protocol);
	SetText(SETTING_CERTIFICATE, environment.otlp_certificate);
	SetText(SETTING_CLIENT_KEY, environment.otlp_client_key);
	SetText(SETTING_CLIENT_CERTIFICATE, environment.otlp_client_certificate);
	Set(SETTING_SAMPLING_RATE, environment.sampling_ratio.variable,
	    RealText(environment.sampling_ratio.value));
	SetInteger(SETTING_SCHEDULE_DELAY, environment.schedule_delay_ms);
	SetInteger(SETTING_MAX_QUEUE_SIZE, environment.max_queue_size);
	SetInteger(SETTING_MAX_EXPORT_BATCH_SIZE, environment.max_export_batch_size);

	/* Checked by who read it; a verbatim one may have a path of its own. */
	if (environment.otlp_traces_endpoint.variable != NULL)
		values[SETTING_OTLP_ENDPOINT] = (Value){ environment.otlp_traces_endpoint.variable,
			                                     environment.otlp_traces_endpoint.value };
	else if (environment.otlp_base_endpoint.variable != NULL)
		values[SETTING_OTLP_ENDPOINT] = (Value){ environment.otlp_base_endpoint.variable,
			                                     environment.otlp_base_endpoint.value };
}

const GenopsOtelEnvironment *
Environment(void)
{
	if (!known)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
		GenopsOtelEnvironmentSource source = { Get, Warn, NULL };

		genops_otel_environment_read(&environment, &source);
		SetValues();
		MemoryContextSwitchTo(old);
		known = true;
	}
	return &environment;
}

static void
LogIgnored(const char *variable, const char *reason, void *arg)
{
	(void) arg;
	ereport(LOG, (errmsg("environment variable \"%s\" is ignored: %s", variable, reason)));
}

/* Read for the log alone: the postmaster knows no encoding to check the values in. */
void
EnvironmentLog(void)
{
	GenopsOtelEnvironment read;
	GenopsOtelEnvironmentSource source = { Get, LogIgnored, NULL };

	genops_otel_environment_read(&read, &source);
}

const char *
EnvironmentValue(SettingId id, const char **variable)
{
	(void) Environment();
	*variable = values[id].variable;
	return values[id].text;
}

bool
EnvironmentIgnored(int number, const char **variable, const char **reason)
{
	IgnoredVariable *one;

	(void) Environment();
	for (one = ignored; one != NULL && number > 0; one = one->next)
		number--;
	if (one == NULL)
		return false;
	*variable = one->variable;
	*reason = one->reason;
	return true;
}

void
EnvironmentWarn(void)
{
	const char *variable;
	const char *reason;

	for (int i = 0; EnvironmentIgnored(i, &variable, &reason); i++)
		ereport(WARNING, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                  errmsg("environment variable \"%s\" is ignored: %s", variable, reason)));
}
