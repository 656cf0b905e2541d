/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where streams are delivered, and what goes with each request.
 *
 * Which address gets which header:
 *
 *		Tempo (endpoint, otlp_endpoint)		headers_file, headers, TEMPO_AUTH_HEADER
 *		the Collector						collector_headers
 *		a route's own address				the route's headers
 *
 * later ones replacing earlier ones of the same name.  A route with headers but
 * no address of its own adds them to those of the configuration.
 * OTEL_EXPORTER_OTLP_HEADERS comes on top of everything but a route with an
 * address of its own.  An address from the environment replaces the one that
 * the configuration gives, and gets the headers which that would get.
 *
 * A route's own address beats the environment's: it is the more specific one,
 * and spans of one customer must not end up elsewhere because of a variable.
 *
 * Questions go to Tempo's query address with Tempo's headers; what is for OTLP alone,
 * such as OTEL_EXPORTER_OTLP_HEADERS, does not go there.
 */
#include "postgres.h"

#include <stdlib.h>

#include "configure/configuration.h"
#include "configure/environment.h"
#include "configure/header_text.h"
#include "configure/identity.h"
#include "configure/store.h"
#include "configure/values.h"
#include "utils/memutils.h"

/* What the tables say, while a target is put together. */
typedef struct Source
{
	List *settings;
	List *secrets;
	StoredRoute *route; /* NULL: none */
	SettingValues values;
} Source;

/* libcurl's side may outlive every memory context. */
static char *
Copy(const char *text)
{
	char *copy;

	if (text == NULL)
		return NULL;
	copy = strdup(text);
	if (copy == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return copy;
}

static bool
SetSecret(GenopsHeaders *headers, const char *header, const char *value, GenopsError *error)
{
	if (value != NULL)
		return HeaderSet(headers, header, value, error);
	genops_error_set(error, GENOPS_INVALID_ARGUMENT,
	                 "the value of header \"%s\" is missing, a dump does not contain it", header);
	return false;
}

/* The headers that are configured under a prefix. */
static bool
AddConfigured(GenopsHeaders *headers, const Source *source, const char *prefix, GenopsError *error)
{
	ListCell *cell;

	foreach (cell, source->settings)
	{
		StoredSetting *setting = lfirst(cell);

		if (strncmp(setting->name, prefix, strlen(prefix)) == 0 &&
		    !SetSecret(headers, setting->name + strlen(prefix),
		               StoredSecretValue(source->secrets, NULL, setting->name), error))
			return false;
	}
	return true;
}

static bool
AddRoutes(GenopsHeaders *headers, const Source *source, GenopsError *error)
{
	ListCell *cell;

	if (source->route == NULL)
		return true;
	foreach (cell, source->route->headers)
		if (!SetSecret(headers, lfirst(cell),
		               StoredSecretValue(source->secrets, source->route->name, lfirst(cell)),
		               error))
			return false;
	return true;
}

static bool
AddTempos(GenopsHeaders *headers, const Source *source, GenopsError *error)
{
	const char *file = source->values.items[SETTING_HEADERS_FILE].text;
	GenopsEnvText authorization = Environment()->tempo_authorization;

	if (file != NULL && !HeadersFromFile(headers, file, error))
		return false;
	if (!AddConfigured(headers, source, HEADERS_PREFIX, error))
		return false;
	return authorization.variable == NULL ||
	       genops_headers_set(headers, GENOPS_LITERAL("Authorization"),
	                          genops_slice(authorization.value), error);
}

/* Its tenant is a setting's value by now: environment.c. */
static bool
AddEnvironments(GenopsHeaders *headers, GenopsError *error)
{
	GenopsEnvText text = Environment()->otlp_headers;

	if (text.variable == NULL)
		return true;
	if (!genops_headers_parse(headers, genops_slice(text.value), error))
		return false;
	(void) genops_headers_remove(headers, GENOPS_LITERAL("X-Scope-OrgID"));
	return true;
}

static bool
AddHeaders(GenopsHeaders *headers, const Source *source, GenopsError *error)
{
	bool via_collector = SettingBool(source->values.items[SETTING_VIA_COLLECTOR].text);

	if (source->route != NULL && source->route->otlp_endpoint != NULL)
		return AddRoutes(headers, source, error);
	if (via_collector ? !AddConfigured(headers, source, COLLECTOR_HEADERS_PREFIX, error)
	                  : !AddTempos(headers, source, error))
		return false;
	return AddRoutes(headers, source, error) && AddEnvironments(headers, error);
}

/* A copy sends nothing; nor does who uses OpenTelemetry's ways to switch
 * telemetry off.  The ledger goes on. */
static bool
SwitchedOn(const Source *source, GenopsError *error)
{
	const GenopsOtelEnvironment *environment = Environment();

	if (IdentityIsForeign(source->settings))
		return genops_error_set(
		    error, GENOPS_INVALID_ARGUMENT,
		    "this database is a copy of another, or was upgraded; genops_resume_delivery() makes it deliver");
	if (environment->sdk_disabled.variable != NULL && environment->sdk_disabled.value)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "environment variable \"%s\" switches it off",
		                        environment->sdk_disabled.variable);
	if (environment->traces_exporter.variable != NULL &&
	    strcmp(environment->traces_exporter.value, "otlp") != 0)
		return genops_error_set(
		    error, GENOPS_INVALID_ARGUMENT, "environment variable \"%s\" is \"%s\"",
		    environment->traces_exporter.variable, environment->traces_exporter.value);
	return true;
}

static bool
Locate(const char *route_name, Source *source, char url[GENOPS_URL_SIZE], GenopsError *error)
{
	const char *from;

	if (route_name[0] != '\0')
	{
		source->route = StoredRouteByName(StoreRoutes(), route_name);
		if (source->route == NULL)
			return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
			                        "route \"%s\" does not exist any more", route_name);
		if (source->route->otlp_endpoint != NULL)
			return genops_endpoint_otlp_from_base(source->route->otlp_endpoint, url, error);
	}
	return ValuesOtlpUrl(&source->values, url, &from, error);
}

static void
SetConnection(DeliveryTarget *target, const SettingValues *values)
{
	const SettingValue *items = values->items;

	target->ca_file = Copy(items[SETTING_CERTIFICATE].text);
	target->client_certificate = Copy(items[SETTING_CLIENT_CERTIFICATE].text);
	target->client_key = Copy(items[SETTING_CLIENT_KEY].text);
	target->timeout_ms = (long) (SettingReal(items[SETTING_TIMEOUT].text) * 1000);
	target->gzip = strcmp(items[SETTING_COMPRESSION].text, "gzip") == 0;
}

static void
OpenSource(Source *source)
{
	source->settings = StoreSettings();
	source->secrets = StoreSecrets();
	ValuesResolve(source->settings, &source->values);
}

static void
LoadDelivery(const char *route, DeliveryTarget *target)
{
	char url[GENOPS_URL_SIZE];
	Source source = { 0 };
	GenopsError error;

	OpenSource(&source);
	SetConnection(target, &source.values);

	if (SwitchedOn(&source, &error) && Locate(route, &source, url, &error) &&
	    AddHeaders(&target->headers, &source, &error))
		target->url = Copy(url);
	else
		target->why_not = Copy(error.message);
}

static bool
LocateQueries(const SettingValues *values, char url[GENOPS_URL_SIZE], GenopsError *error)
{
	const char *endpoint = values->items[SETTING_ENDPOINT].text;

	if (endpoint == NULL)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "no endpoint is configured");
	return genops_endpoint_query_url(endpoint, url, error);
}

static void
LoadQuery(const char *unused, DeliveryTarget *target)
{
	char url[GENOPS_URL_SIZE];
	Source source = { 0 };
	GenopsError error;

	(void) unused;
	OpenSource(&source);
	SetConnection(target, &source.values);

	if (LocateQueries(&source.values, url, &error) && AddTempos(&target->headers, &source, &error))
		target->url = Copy(url);
	else
		target->why_not = Copy(error.message);
}

static void
LoadTarget(const char *route, DeliveryTarget *target,
           void (*load)(const char *route, DeliveryTarget *target))
{
	/* The caller's context may live as long as the worker. */
	MemoryContext work = AllocSetContextCreate(CurTransactionContext, "genops delivery target",
	                                           ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);

	*target = (DeliveryTarget){ .headers = GENOPS_NO_HEADERS };
	load(route, target);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
}

void
DeliveryTargetLoad(const char *route, DeliveryTarget *target)
{
	LoadTarget(route, target, LoadDelivery);
}

void
QueryTargetLoad(DeliveryTarget *target)
{
	LoadTarget(NULL, target, LoadQuery);
}

void
DeliveryTargetFree(DeliveryTarget *target)
{
	free(target->url);
	free(target->why_not);
	genops_headers_free(&target->headers);
	free(target->ca_file);
	free(target->client_certificate);
	free(target->client_key);
	*target = (DeliveryTarget){ .headers = GENOPS_NO_HEADERS };
}
