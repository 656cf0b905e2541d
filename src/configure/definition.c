/* SPDX-License-Identifier: PostgreSQL */
/*
 * The settings that genops_configure() sets.
 */
#include "postgres.h"

#include <math.h>

#include "configure/configuration.h"
#include "configure/definition.h"
#include "configure/tenant.h"
#include "core/net/endpoint.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Bytes of a name that ends up on every resource. */
#define MAX_LABEL 255
#define MAX_TIMEOUT_S 3600.0
#define MAX_SCHEDULE_DELAY_MS (10 * 60 * 1000)
#define MAX_BATCH 8192
#define MAX_REQUESTS 32
#define MAX_KEYS 1000000000L
#define MAX_WINDOW_DAYS 31

static bool
CheckQueryUrl(const char *value, GenopsError *error)
{
	char url[GENOPS_URL_SIZE];

	return genops_endpoint_query_url(value, url, error);
}

static bool
CheckOtlpUrl(const char *value, GenopsError *error)
{
	char url[GENOPS_URL_SIZE];

	return genops_endpoint_otlp_from_base(value, url, error);
}

static bool
CheckBool(const char *value, GenopsError *error)
{
	bool result;

	if (parse_bool(value, &result))
		return true;
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it must be true or false");
}

static bool
CheckTenant(const char *value, GenopsError *error)
{
	if (TenantIdValid(value, strlen(value)))
		return true;
	genops_error_set(error, GENOPS_INVALID_ARGUMENT, "Tempo does not accept it as a tenant");
	genops_error_detail(
	    error,
	    "A tenant has 1 to %d characters: letters, digits and !-_.*'(); \".\" and \"..\" are none.",
	    TENANT_ID_MAX);
	return false;
}

static bool
CheckLabel(const char *value, GenopsError *error)
{
	if (strlen(value) > MAX_LABEL)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it is longer than %d bytes",
		                        MAX_LABEL);
	for (const char *at = value; *at; at++)
		if ((unsigned char) *at < ' ' || *at == 0x7F)
			return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
			                        "it contains a control character");
	return true;
}

static bool
ParseReal(const char *value, double *result)
{
	char *end;

	*result = strtod(value, &end);
	return end != value && *end == '\0' && !isnan(*result);
}

static bool
CheckRate(const char *value, GenopsError *error)
{
	double rate;

	if (ParseReal(value, &rate) && rate >= 0 && rate <= 1)
		return true;
	genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it must be between 0 and 1");
	genops_error_hint(error, "0.1 sends a tenth of the traces; the ledger keeps all.");
	return false;
}

static bool
CheckTimeout(const char *value, GenopsError *error)
{
	double seconds;

	if (ParseReal(value, &seconds) && seconds >= 0.001 && seconds <= MAX_TIMEOUT_S)
		return true;
	genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it must be between 0.001 and %g",
	                 MAX_TIMEOUT_S);
	genops_error_detail(error, "The timeout is in seconds.");
	return false;
}

static bool
CheckRange(const char *value, long low, long high, GenopsError *error)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (end != value && *end == '\0' && errno == 0 && number >= low && number <= high)
		return true;
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it must be a number from %ld to %ld",
	                        low, high);
}

static bool
CheckQueueSize(const char *value, GenopsError *error)
{
	return CheckRange(value, 0, PG_INT32_MAX, error);
}

static bool
CheckScheduleDelay(const char *value, GenopsError *error)
{
	return CheckRange(value, 0, MAX_SCHEDULE_DELAY_MS, error);
}

static bool
CheckBatchSize(const char *value, GenopsError *error)
{
	return CheckRange(value, 1, MAX_BATCH, error);
}

static bool
CheckRequests(const char *value, GenopsError *error)
{
	return CheckRange(value, 1, MAX_REQUESTS, error);
}

static bool
CheckKeys(const char *value, GenopsError *error)
{
	return CheckRange(value, 0, MAX_KEYS, error);
}

static bool
CheckProtocol(const char *value, GenopsError *error)
{
	if (strcmp(value, "http/protobuf") == 0)
		return true;
	genops_error_set(error, GENOPS_INVALID_ARGUMENT, "the protocol is not supported");
	genops_error_hint(error,
	                  "Only \"http/protobuf\" is; Tempo and the Collector take it on port 4318.");
	return false;
}

static bool
CheckCompression(const char *value, GenopsError *error)
{
	if (strcmp(value, "gzip") == 0 || strcmp(value, "none") == 0)
		return true;
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it must be \"gzip\" or \"none\"");
}

static bool
CheckPath(const char *value, GenopsError *error)
{
	if (is_absolute_path(value))
		return true;
	genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it must be an absolute path");
	genops_error_detail(error, "The file is read on the server.");
	return false;
}

/* What resource.c makes of it is checked there; the table's constraint says
 * that it is an object. */
static bool
CheckAttributes(const char *value, GenopsError *error)
{
	if (value[0] == '{')
		return true;
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it must be a JSON object");
}

static bool
CheckInterval(const char *value, GenopsError *error)
{
	int64 interval = SettingInterval(value);

	if (interval == 0 || interval >= USECS_PER_DAY)
		return true;
	genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it must be at least one day, or 0");
	genops_error_hint(error, "A number without a unit is seconds: write '30 days'.");
	return false;
}

static bool
CheckWindow(const char *value, GenopsError *error)
{
	int64 window = SettingInterval(value);

	if (window >= 0 && window <= MAX_WINDOW_DAYS * USECS_PER_DAY)
		return true;
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it must be between 0 and %d days",
	                        MAX_WINDOW_DAYS);
}

const SettingDefinition setting_definitions[SETTING_COUNT] = {
	[SETTING_ENDPOINT] = { "endpoint", NULL, CheckQueryUrl, false,
	                       "Tempo's query address; spans go to port 4318 of the same host unless "
	                       "otlp_endpoint or via_collector says otherwise" },
	[SETTING_OTLP_ENDPOINT] = { "otlp_endpoint", NULL, CheckOtlpUrl, false,
	                            "Tempo's OTLP/HTTP address, to which v1/traces is appended" },
	[SETTING_VIA_COLLECTOR] = { "via_collector", "false", CheckBool, false,
	                            "whether spans go to collector_endpoint, with collector_headers, "
	                            "instead of Tempo" },
	[SETTING_COLLECTOR_ENDPOINT] = { "collector_endpoint", NULL, CheckOtlpUrl, false,
	                                 "the OpenTelemetry Collector's OTLP/HTTP address, to which "
	                                 "v1/traces is appended" },
	[SETTING_TENANT_ID] = { "tenant_id", NULL, CheckTenant, false,
	                        "the Tempo tenant (X-Scope-OrgID) of spans for which neither the call, "
	                        "the session nor a route names one" },
	[SETTING_SERVICE_NAME] = { "service_name", "genops-ai", CheckLabel, false,
	                           "service.name of spans for which neither the call nor the session "
	                           "names one" },
	[SETTING_ENVIRONMENT] = { "environment", NULL, CheckLabel, false,
	                          "deployment.environment of spans for which neither the call nor the "
	                          "session names one" },
	[SETTING_SAMPLING_RATE] = { "sampling_rate", "1", CheckRate, false,
	                            "the part of the traces that is sent, from 0 to 1; the ledger "
	                            "keeps all" },
	[SETTING_KEEP_ERRORS] = { "keep_errors", "false", CheckBool, false,
	                          "whether failed calls are sent whatever the sampling rate is" },
	[SETTING_RESOURCE_ATTRIBUTES] = { "resource_attributes", NULL, CheckAttributes, false,
	                                  "further attributes of the resource, such as cloud.region, "
	                                  "as a JSON object" },
	[SETTING_HEADERS_FILE] = { "headers_file", NULL, CheckPath, true,
	                           "a file on the server with lines \"Name: value\": headers for "
	                           "Tempo, not for the Collector" },
	[SETTING_PROTOCOL] = { "protocol", "http/protobuf", CheckProtocol, false,
	                       "how OTLP is spoken" },
	[SETTING_COMPRESSION] = { "compression", "none", CheckCompression, false,
	                          "how request bodies are compressed: gzip or none" },
	[SETTING_TIMEOUT] = { "timeout", "10", CheckTimeout, false,
	                      "seconds after which a request is given up and tried again" },
	[SETTING_CERTIFICATE] = { "certificate", NULL, CheckPath, true,
	                          "a PEM file on the server with the authorities to trust instead of "
	                          "the system's" },
	[SETTING_CLIENT_CERTIFICATE] = { "client_certificate", NULL, CheckPath, true,
	                                 "a PEM file on the server with the certificate to show" },
	[SETTING_CLIENT_KEY] = { "client_key", NULL, CheckPath, true,
	                         "a PEM file on the server with that certificate's key" },
	[SETTING_MAX_QUEUE_SIZE] = { "max_queue_size", "0", CheckQueueSize, false,
	                             "spans that may wait to be stored; 0: as many as fit into "
	                             "genops_tempo.shared_memory" },
	[SETTING_SCHEDULE_DELAY] = { "schedule_delay_millis", "1000", CheckScheduleDelay, false,
	                             "milliseconds that stored spans wait for a full batch" },
	[SETTING_MAX_EXPORT_BATCH_SIZE] = { "max_export_batch_size", "512", CheckBatchSize, false,
	                                    "spans in a request" },
	[SETTING_MAX_CONCURRENT_REQUESTS] = { "max_concurrent_requests", "4", CheckRequests, false,
	                                      "requests under way to an endpoint at the same time" },
	[SETTING_RETENTION] = { "retention", "00:00:00", CheckInterval, false,
	                        "how long spans are kept after they were recorded; 0: for ever. "
	                        "genops.spend outlives them" },
	[SETTING_DUPLICATE_WINDOW] = { "duplicate_window", "24:00:00", CheckWindow, false,
	                               "how long a call that is recorded again, by its id, its reply's "
	                               "id or a span's ids, is known to be the same; 0: not at all" },
	[SETTING_MAX_KEYS] = { "max_keys", "10000000", CheckKeys, false,
	                       "keys of calls that are kept to know them again; genops.call_keys shows "
	                       "whether they or duplicate_window is the limit" },
	[SETTING_TEMPO_IS_MULTITENANT] = { "tempo_is_multitenant", NULL, CheckBool, false,
	                                   "whether Tempo, or what stands before it, keeps tenants "
	                                   "apart: only then may roles that read some tenants ask it. "
	                                   "Unset: what Tempo does with a request without a tenant "
	                                   "decides" },
};

SettingId
SettingByName(const char *name)
{
	int id = 0;

	while (id < SETTING_COUNT && strcmp(setting_definitions[id].name, name) != 0)
		id++;
	return id;
}

bool
SettingIsAddress(SettingId id)
{
	return id == SETTING_ENDPOINT || id == SETTING_OTLP_ENDPOINT ||
	       id == SETTING_COLLECTOR_ENDPOINT;
}

bool
SettingBool(const char *value)
{
	bool result = false;

	(void) parse_bool(value, &result);
	return result;
}

int
SettingInteger(const char *value)
{
	return (int) strtol(value, NULL, 10);
}

double
SettingReal(const char *value)
{
	return strtod(value, NULL);
}

int64
SettingInterval(const char *value)
{
	Interval *interval = DatumGetIntervalP(DirectFunctionCall3(
	    interval_in, CStringGetDatum(value), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));

	return interval->time +
	       ((int64) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY;
}
