/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/otel_environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/utf8.h"
#include "core/net/endpoint.h"
#include "core/net/headers.h"
#include "core/net/key_values.h"

typedef const GenopsOtelEnvironmentSource Source;

static const char *
lookup(Source *source, const char *variable)
{
	const char *value = source->get(variable, source->arg);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static void
warn(Source *source, const char *variable, const char *reason)
{
	if (source->warn != NULL)
		source->warn(variable, reason, source->arg);
}

static void
warn_error(Source *source, const char *variable, const GenopsError *error)
{
	char reason[sizeof(error->message) + sizeof(error->hint) + 4];

	snprintf(reason, sizeof(reason), "%s%s%s%s", error->message, error->hint[0] ? " (" : "",
	         error->hint, error->hint[0] ? ")" : "");
	warn(source, variable, reason);
}

/* Whether a text can be meant; the error says why not. */
typedef bool (*Check)(const char *value, GenopsError *error);

static bool
check_utf8(const char *value, GenopsError *error)
{
	if (!genops_utf8_valid(genops_slice(value)))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "value is not valid UTF-8");
	return true;
}

static bool
check_query_endpoint(const char *value, GenopsError *error)
{
	char url[GENOPS_URL_SIZE];

	return genops_endpoint_query_url(value, url, error);
}

static bool
check_base_endpoint(const char *value, GenopsError *error)
{
	char url[GENOPS_URL_SIZE];

	return genops_endpoint_otlp_from_base(value, url, error);
}

static bool
check_traces_endpoint(const char *value, GenopsError *error)
{
	char url[GENOPS_URL_SIZE];

	return genops_endpoint_otlp_verbatim(value, url, error);
}

static bool
check_authorization(const char *value, GenopsError *error)
{
	return genops_header_check(GENOPS_LITERAL("Authorization"), genops_slice(value), error);
}

static bool
check_headers(const char *value, GenopsError *error)
{
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	bool good = genops_headers_parse(&headers, genops_slice(value), error);

	genops_headers_free(&headers);
	return good;
}

static bool
accept_member(GenopsSlice key, GenopsSlice value, void *arg, GenopsError *error)
{
	(void) key;
	(void) value;
	(void) arg;
	(void) error;
	return true;
}

static bool
check_attributes(const char *value, GenopsError *error)
{
	return genops_key_values_each(genops_slice(value), true, accept_member, NULL, error);
}

/* Takes the variable, unless the field has a value already. */
static void
take_text(Source *source, GenopsEnvText *field, const char *variable, Check check)
{
	const char *value = field->variable ? NULL : lookup(source, variable);
	GenopsError error;

	if (value == NULL)
		return;
	if (check(value, &error))
		*field = (GenopsEnvText){ variable, value };
	else
		warn_error(source, variable, &error);
}

/* The value is given as the list has it, in lower case. */
static void
take_choice(Source *source, GenopsEnvText *field, const char *variable, const char *const *choices,
            const char *reason)
{
	const char *value = field->variable ? NULL : lookup(source, variable);

	if (value == NULL)
		return;
	for (; *choices != NULL; choices++)
	{
		if (strcasecmp(value, *choices) == 0)
		{
			*field = (GenopsEnvText){ variable, *choices };
			return;
		}
	}
	warn(source, variable, reason);
}

static void
take_integer(Source *source, GenopsEnvInteger *field, const char *variable, int64_t smallest)
{
	const char *value = field->variable ? NULL : lookup(source, variable);
	char reason[96];
	char *end;
	long long number;

	if (value == NULL)
		return;
	errno = 0;
	number = strtoll(value, &end, 10);
	end += strspn(end, " \t");
	if (end != value && *end == '\0' && errno == 0 && number >= smallest && number <= INT32_MAX)
	{
		*field = (GenopsEnvInteger){ variable, number };
		return;
	}
	snprintf(reason, sizeof(reason), "value is not an integer from %lld to %d",
	         (long long) smallest, INT32_MAX);
	warn(source, variable, reason);
}

static void
take_flag(Source *source, GenopsEnvFlag *field, const char *variable)
{
	const char *value = lookup(source, variable);

	if (value == NULL)
		return;
	if (strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0)
		*field = (GenopsEnvFlag){ variable, strcasecmp(value, "true") == 0 };
	else
		warn(source, variable, "value is neither \"true\" nor \"false\"");
}

/* The ratio of the samplers that have one; 1 unless the argument is good. */
static GenopsEnvReal
sampler_argument(Source *source)
{
	const char *value = lookup(source, "OTEL_TRACES_SAMPLER_ARG");
	char *end;
	double ratio;

	if (value == NULL)
		return (GenopsEnvReal){ "OTEL_TRACES_SAMPLER", 1.0 };
	ratio = strtod(value, &end);
	if (end != value && *end == '\0' && ratio >= 0 && ratio <= 1)
		return (GenopsEnvReal){ "OTEL_TRACES_SAMPLER_ARG", ratio };
	warn(source, "OTEL_TRACES_SAMPLER_ARG", "value is not a number from 0 to 1");
	return (GenopsEnvReal){ "OTEL_TRACES_SAMPLER", 1.0 };
}

static void
read_sampler(Source *source, GenopsOtelEnvironment *environment)
{
	static const char parent_based[] = "parentbased_";
	const char *variable = "OTEL_TRACES_SAMPLER";
	const char *value = lookup(source, variable);
	GenopsEnvReal ratio = { variable, 1.0 };
	bool has_parent;

	if (value == NULL)
		return;
	has_parent = strncasecmp(value, parent_based, sizeof(parent_based) - 1) == 0;
	if (has_parent)
		value += sizeof(parent_based) - 1;

	if (strcasecmp(value, "traceidratio") == 0)
		ratio = sampler_argument(source);
	else if (strcasecmp(value, "always_off") == 0)
		ratio.value = 0;
	else if (strcasecmp(value, "always_on") != 0)
	{
		warn(source, variable, "no such sampler here");
		return;
	}
	environment->sampling_ratio = ratio;
	environment->sampler_parent_based = (GenopsEnvFlag){ variable, has_parent };
}

/* The traces-specific variable wins over the general one, unless it is bad. */
static void
read_otlp(Source *source, GenopsOtelEnvironment *environment)
{
	static const char *const compressions[] = { "gzip", "none", NULL };
	static const char *const protocols[] = { "http/protobuf", NULL };
	static const char bad_compression[] = "value is neither \"gzip\" nor \"none\"";
	static const char bad_protocol[] = "only http/protobuf can be spoken, and is";

	take_text(source, &environment->otlp_traces_endpoint, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
	          check_traces_endpoint);
	if (environment->otlp_traces_endpoint.variable == NULL)
		take_text(source, &environment->otlp_base_endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT",
		          check_base_endpoint);

	take_text(source, &environment->otlp_headers, "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
	          check_headers);
	take_text(source, &environment->otlp_headers, "OTEL_EXPORTER_OTLP_HEADERS", check_headers);
	take_integer(source, &environment->otlp_timeout_ms, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", 0);
	take_integer(source, &environment->otlp_timeout_ms, "OTEL_EXPORTER_OTLP_TIMEOUT", 0);
	take_choice(source, &environment->otlp_compression, "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
	            compressions, bad_compression);
	take_choice(source, &environment->otlp_compression, "OTEL_EXPORTER_OTLP_COMPRESSION",
	            compressions, bad_compression);
	take_choice(source, &environment->otlp_protocol, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
	            protocols, bad_protocol);
	take_choice(source, &environment->otlp_protocol, "OTEL_EXPORTER_OTLP_PROTOCOL", protocols,
	            bad_protocol);
}

static void
read_tls_files(Source *source, GenopsOtelEnvironment *environment)
{
	take_text(source, &environment->otlp_certificate, "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
	          check_utf8);
	take_text(source, &environment->otlp_certificate, "OTEL_EXPORTER_OTLP_CERTIFICATE", check_utf8);
	take_text(source, &environment->otlp_client_key, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
	          check_utf8);
	take_text(source, &environment->otlp_client_key, "OTEL_EXPORTER_OTLP_CLIENT_KEY", check_utf8);
	take_text(source, &environment->otlp_client_certificate,
	          "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", check_utf8);
	take_text(source, &environment->otlp_client_certificate,
	          "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", check_utf8);
}

static void
read_batching(Source *source, GenopsOtelEnvironment *environment)
{
	GenopsEnvInteger *queue = &environment->max_queue_size;
	GenopsEnvInteger *batch = &environment->max_export_batch_size;

	take_integer(source, &environment->schedule_delay_ms, "OTEL_BSP_SCHEDULE_DELAY", 1);
	take_integer(source, &environment->export_timeout_ms, "OTEL_BSP_EXPORT_TIMEOUT", 0);
	take_integer(source, queue, "OTEL_BSP_MAX_QUEUE_SIZE", 1);
	take_integer(source, batch, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1);
	if (queue->variable != NULL && batch->variable != NULL && batch->value > queue->value)
	{
		warn(source, batch->variable, "value is larger than OTEL_BSP_MAX_QUEUE_SIZE");
		*batch = (GenopsEnvInteger){ NULL, 0 };
	}
}

static void
read_switches(Source *source, GenopsOtelEnvironment *environment)
{
	static const char *const exporters[] = { "otlp", "console", "none", NULL };
	static const char *const levels[] = { "none",  "error",   "warn",  "info", "debug",
		                                  "trace", "verbose", "fatal", "all",  NULL };

	take_flag(source, &environment->sdk_disabled, "OTEL_SDK_DISABLED");
	take_choice(source, &environment->traces_exporter, "OTEL_TRACES_EXPORTER", exporters,
	            "value is none of \"otlp\", \"console\" and \"none\"");
	take_choice(source, &environment->log_level, "OTEL_LOG_LEVEL", levels,
	            "value is no log level of OpenTelemetry");
}

void
genops_otel_environment_read(GenopsOtelEnvironment *environment,
                             const GenopsOtelEnvironmentSource *source)
{
	*environment = (GenopsOtelEnvironment){ .service_name = { NULL, NULL } };

	take_text(source, &environment->service_name, "OTEL_SERVICE_NAME", check_utf8);
	take_text(source, &environment->environment, "ENVIRONMENT", check_utf8);
	take_text(source, &environment->tempo_endpoint, "TEMPO_ENDPOINT", check_query_endpoint);
	take_text(source, &environment->tempo_authorization, "TEMPO_AUTH_HEADER", check_authorization);
	take_text(source, &environment->resource_attributes, "OTEL_RESOURCE_ATTRIBUTES",
	          check_attributes);
	take_integer(source, &environment->attribute_value_length_limit,
	             "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", 0);
	take_integer(source, &environment->attribute_value_length_limit,
	             "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 0);
	read_otlp(source, environment);
	read_tls_files(source, environment);
	read_sampler(source, environment);
	read_batching(source, environment);
	read_switches(source, environment);
}
