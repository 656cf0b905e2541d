/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the environment of the server process says: OpenTelemetry's variables
 * and those of the user's guide.
 *
 * An empty variable counts as unset.  A bad value is reported to the caller
 * and ignored, as if it were unset; then a more general variable is looked
 * at.  Each value knows the variable that it came from.  The struct owns
 * nothing: its texts are those that the getter returned.
 */
#ifndef GENOPS_CORE_NET_OTEL_ENVIRONMENT_H
#define GENOPS_CORE_NET_OTEL_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

/* "variable" is NULL where the environment says nothing. */
typedef struct GenopsEnvText
{
	const char *variable;
	const char *value;
} GenopsEnvText;

typedef struct GenopsEnvInteger
{
	const char *variable;
	int64_t value;
} GenopsEnvInteger;

typedef struct GenopsEnvReal
{
	const char *variable;
	double value;
} GenopsEnvReal;

typedef struct GenopsEnvFlag
{
	const char *variable;
	bool value;
} GenopsEnvFlag;

typedef struct GenopsOtelEnvironment
{
	GenopsEnvText service_name;        /* OTEL_SERVICE_NAME */
	GenopsEnvText environment;         /* ENVIRONMENT */
	GenopsEnvText tempo_endpoint;      /* TEMPO_ENDPOINT: the query address */
	GenopsEnvText tempo_authorization; /* TEMPO_AUTH_HEADER; a secret */

	/* At most one of the two: the traces-specific one wins.  Both have been
	 * checked by the functions of endpoint.h. */
	GenopsEnvText otlp_base_endpoint;
	GenopsEnvText otlp_traces_endpoint;
	GenopsEnvText otlp_headers;       /* secrets; genops_headers_parse takes it */
	GenopsEnvInteger otlp_timeout_ms; /* 0: no limit */
	GenopsEnvText otlp_compression;   /* "gzip" or "none" */
	GenopsEnvText otlp_protocol;      /* "http/protobuf"; of others a warning tells */
	GenopsEnvText otlp_certificate;   /* PEM files */
	GenopsEnvText otlp_client_key;
	GenopsEnvText otlp_client_certificate;

	GenopsEnvText resource_attributes; /* genops_key_values_each, strict */
	/* 1 of always_on, 0 of always_off, else OTEL_TRACES_SAMPLER_ARG */
	GenopsEnvReal sampling_ratio;
	GenopsEnvFlag sampler_parent_based; /* of the same variable */
	GenopsEnvInteger schedule_delay_ms;
	GenopsEnvInteger export_timeout_ms;
	GenopsEnvInteger max_queue_size;
	GenopsEnvInteger max_export_batch_size;
	GenopsEnvInteger attribute_value_length_limit; /* characters */
	GenopsEnvFlag sdk_disabled;
	GenopsEnvText traces_exporter; /* "otlp", "console" or "none" */
	GenopsEnvText log_level;       /* in lower case */
} GenopsOtelEnvironment;

typedef struct GenopsOtelEnvironmentSource
{
	/* As getenv; what it returns must live as long as the result. */
	const char *(*get)(const char *name, void *arg);
	/* Told of each ignored value: a variable's name, and why, without its
	 * value where that may be a secret.  May be NULL. */
	void (*warn)(const char *variable, const char *reason, void *arg);
	void *arg;
} GenopsOtelEnvironmentSource;

extern void genops_otel_environment_read(GenopsOtelEnvironment *environment,
                                         const GenopsOtelEnvironmentSource *source);

#endif
