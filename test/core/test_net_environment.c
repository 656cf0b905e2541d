/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/net/otel_environment.h"

typedef struct Variable
{
	const char *name;
	const char *value;
} Variable;

/* An environment, and the warnings that reading it gave. */
typedef struct Environment
{
	const Variable *variables;
	size_t count;
	char warnings[4096]; /* "NAME: reason\n" each */
} Environment;

static const char *
get(const char *name, void *arg)
{
	const Environment *environment = arg;

	for (size_t i = 0; i < environment->count; i++)
	{
		if (strcmp(environment->variables[i].name, name) == 0)
			return environment->variables[i].value;
	}
	return NULL;
}

static void
warn(const char *variable, const char *reason, void *arg)
{
	Environment *environment = arg;
	size_t length = strlen(environment->warnings);

	snprintf(environment->warnings + length, sizeof(environment->warnings) - length, "%s: %s\n",
	         variable, reason);
}

static GenopsOtelEnvironment
read_environment(Environment *environment)
{
	GenopsOtelEnvironmentSource source = { get, warn, environment };
	GenopsOtelEnvironment result;

	genops_otel_environment_read(&result, &source);
	return result;
}

#define ENVIRONMENT(...)                                                                      \
	{                                                                                         \
		.variables = (const Variable[]){ __VA_ARGS__ },                                       \
		.count = sizeof((const Variable[]){ __VA_ARGS__ }) / sizeof(Variable), .warnings = "" \
	}

#define assert_text(text, name, expected)            \
	do                                               \
	{                                                \
		assert_non_null((text).variable);            \
		assert_string_equal((text).variable, name);  \
		assert_string_equal((text).value, expected); \
	} while (0)

static void
nothing_set(void **state)
{
	Environment environment = ENVIRONMENT(
	    { "OTEL_SERVICE_NAME", "" }, { "OTEL_EXPORTER_OTLP_ENDPOINT", "" },
	    { "OTEL_BSP_MAX_QUEUE_SIZE", "" }, { "OTEL_SDK_DISABLED", "" }, { "PATH", "/bin" });
	GenopsOtelEnvironment empty = { .service_name = { NULL, NULL } };
	GenopsOtelEnvironment read = read_environment(&environment);

	(void) state;
	assert_memory_equal(&read, &empty, sizeof(read));
	assert_string_equal(environment.warnings, "");
}

static void
the_guides_variables(void **state)
{
	Environment environment = ENVIRONMENT(
	    { "OTEL_SERVICE_NAME", "my-ai-service" }, { "ENVIRONMENT", "production" },
	    { "OTEL_EXPORTER_OTLP_ENDPOINT", "http://tempo:4318" },
	    { "TEMPO_ENDPOINT", "http://localhost:3200" }, { "TEMPO_AUTH_HEADER", "Bearer token" },
	    { "OTEL_LOG_LEVEL", "DEBUG" }, { "OTEL_EXPORTER_OTLP_CERTIFICATE", "/path/to/cert.pem" });
	GenopsOtelEnvironment read = read_environment(&environment);

	(void) state;
	assert_text(read.service_name, "OTEL_SERVICE_NAME", "my-ai-service");
	assert_text(read.environment, "ENVIRONMENT", "production");
	assert_text(read.otlp_base_endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://tempo:4318");
	assert_null(read.otlp_traces_endpoint.variable);
	assert_text(read.tempo_endpoint, "TEMPO_ENDPOINT", "http://localhost:3200");
	assert_text(read.tempo_authorization, "TEMPO_AUTH_HEADER", "Bearer token");
	assert_text(read.log_level, "OTEL_LOG_LEVEL", "debug");
	assert_text(read.otlp_certificate, "OTEL_EXPORTER_OTLP_CERTIFICATE", "/path/to/cert.pem");
	assert_string_equal(environment.warnings, "");
}

static void
specific_variables_win(void **state)
{
	Environment environment = ENVIRONMENT(
	    { "OTEL_EXPORTER_OTLP_ENDPOINT", "http://base:4318" },
	    { "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/x" },
	    { "OTEL_EXPORTER_OTLP_HEADERS", "a=1" }, { "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2" },
	    { "OTEL_EXPORTER_OTLP_TIMEOUT", "1000" }, { "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0" },
	    { "OTEL_EXPORTER_OTLP_COMPRESSION", "none" },
	    { "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "GZIP" },
	    { "OTEL_EXPORTER_OTLP_CLIENT_KEY", "general" },
	    { "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "specific" },
	    { "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "10" },
	    { "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "20" });
	GenopsOtelEnvironment read = read_environment(&environment);

	(void) state;
	assert_text(read.otlp_traces_endpoint, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
	            "http://traces:4318/x");
	assert_null(read.otlp_base_endpoint.variable);
	assert_text(read.otlp_headers, "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2");
	assert_string_equal(read.otlp_timeout_ms.variable, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT");
	assert_int_equal(read.otlp_timeout_ms.value, 0);
	assert_text(read.otlp_compression, "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip");
	assert_text(read.otlp_client_key, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "specific");
	assert_int_equal(read.attribute_value_length_limit.value, 20);
	assert_string_equal(environment.warnings, "");
}

static void
a_bad_specific_value_falls_back(void **state)
{
	Environment environment = ENVIRONMENT(
	    { "OTEL_EXPORTER_OTLP_ENDPOINT", "http://base:4318" },
	    { "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc.example.com:4317" },
	    { "OTEL_EXPORTER_OTLP_HEADERS", "a=1" }, { "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "s3cret" });
	GenopsOtelEnvironment read = read_environment(&environment);

	(void) state;
	assert_text(read.otlp_base_endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://base:4318");
	assert_text(read.otlp_headers, "OTEL_EXPORTER_OTLP_HEADERS", "a=1");
	assert_non_null(strstr(environment.warnings, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "));
	assert_non_null(strstr(environment.warnings, "OTEL_EXPORTER_OTLP_TRACES_HEADERS: "));
	assert_null(strstr(environment.warnings, "s3cret"));
}

static void
bad_values_are_told_and_ignored(void **state)
{
	const Variable bad[] = {
		{ "OTEL_EXPORTER_OTLP_ENDPOINT", "http://u:s3cret@host:4318" },
		{ "OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:4317" },
		{ "OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer s3cret,s3cret" },
		{ "OTEL_EXPORTER_OTLP_HEADERS", "s3cret s3cret=1" },
		{ "OTEL_EXPORTER_OTLP_TIMEOUT", "10s" },
		{ "OTEL_EXPORTER_OTLP_TIMEOUT", "-1" },
		{ "OTEL_EXPORTER_OTLP_TIMEOUT", "99999999999999999999" },
		{ "OTEL_EXPORTER_OTLP_COMPRESSION", "zstd" },
		{ "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc" },
		{ "OTEL_BSP_MAX_QUEUE_SIZE", "0" },
		{ "OTEL_BSP_SCHEDULE_DELAY", "soon" },
		{ "OTEL_SDK_DISABLED", "yes" },
		{ "OTEL_TRACES_SAMPLER", "jaeger_remote" },
		{ "OTEL_TRACES_EXPORTER", "zipkin" },
		{ "OTEL_RESOURCE_ATTRIBUTES", "team=a,s3cret" },
		{ "OTEL_RESOURCE_ATTRIBUTES", "team=s3cret%zz" },
		{ "OTEL_SERVICE_NAME", "caf\xE9" },
		{ "TEMPO_ENDPOINT", "tempo" },
		{ "TEMPO_AUTH_HEADER", "Bearer s3cret\r\nX: y" },
		{ "OTEL_LOG_LEVEL", "loud" },
	};
	GenopsOtelEnvironment empty = { .service_name = { NULL, NULL } };

	(void) state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
	{
		Environment environment = { .variables = &bad[i], .count = 1 };
		GenopsOtelEnvironment read = read_environment(&environment);

		if (memcmp(&read, &empty, sizeof(read)) != 0)
			fail_msg("%s was taken", bad[i].name);
		if (strncmp(environment.warnings, bad[i].name, strlen(bad[i].name)) != 0)
			fail_msg("no warning about %s", bad[i].name);
		assert_null(strstr(environment.warnings, "s3cret"));
	}
}

static void
samplers(void **state)
{
	const struct
	{
		const char *sampler;
		const char *argument;
		bool parent_based;
		double ratio;
		const char *variable;
		bool warned;
	} cases[] = {
		{ "always_on", NULL, false, 1, "OTEL_TRACES_SAMPLER", false },
		{ "always_off", "0.5", false, 0, "OTEL_TRACES_SAMPLER", false },
		{ "parentbased_always_on", NULL, true, 1, "OTEL_TRACES_SAMPLER", false },
		{ "ParentBased_TraceIdRatio", "0.25", true, 0.25, "OTEL_TRACES_SAMPLER_ARG", false },
		{ "traceidratio", "1e-3", false, 1e-3, "OTEL_TRACES_SAMPLER_ARG", false },
		{ "traceidratio", NULL, false, 1, "OTEL_TRACES_SAMPLER", false },
		{ "traceidratio", "1.5", false, 1, "OTEL_TRACES_SAMPLER", true },
		{ "traceidratio", "nan", false, 1, "OTEL_TRACES_SAMPLER", true },
		{ "traceidratio", "half", false, 1, "OTEL_TRACES_SAMPLER", true },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		Environment environment = ENVIRONMENT({ "OTEL_TRACES_SAMPLER", cases[i].sampler },
		                                      { "OTEL_TRACES_SAMPLER_ARG", cases[i].argument });
		GenopsOtelEnvironment read = read_environment(&environment);

		assert_string_equal(read.sampling_ratio.variable, cases[i].variable);
		assert_true(read.sampling_ratio.value == cases[i].ratio);
		assert_non_null(read.sampler_parent_based.variable);
		assert_int_equal(read.sampler_parent_based.value, cases[i].parent_based);
		assert_int_equal(environment.warnings[0] != '\0', cases[i].warned);
	}
}

static void
batching(void **state)
{
	Environment good =
	    ENVIRONMENT({ "OTEL_BSP_MAX_QUEUE_SIZE", "1000 " }, { "OTEL_BSP_SCHEDULE_DELAY", "250" },
	                { "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1000" },
	                { "OTEL_BSP_EXPORT_TIMEOUT", "0" }, { "OTEL_SDK_DISABLED", "TRUE" });
	Environment too_large = ENVIRONMENT({ "OTEL_BSP_MAX_QUEUE_SIZE", "1000" },
	                                    { "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1001" });
	GenopsOtelEnvironment read = read_environment(&good);

	(void) state;
	assert_int_equal(read.max_queue_size.value, 1000);
	assert_int_equal(read.max_export_batch_size.value, 1000);
	assert_int_equal(read.schedule_delay_ms.value, 250);
	assert_non_null(read.export_timeout_ms.variable);
	assert_true(read.sdk_disabled.value);
	assert_string_equal(good.warnings, "");

	read = read_environment(&too_large);
	assert_int_equal(read.max_queue_size.value, 1000);
	assert_null(read.max_export_batch_size.variable);
	assert_non_null(strstr(too_large.warnings, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_set),
		cmocka_unit_test(the_guides_variables),
		cmocka_unit_test(specific_variables_win),
		cmocka_unit_test(a_bad_specific_value_falls_back),
		cmocka_unit_test(bad_values_are_told_and_ignored),
		cmocka_unit_test(samplers),
		cmocka_unit_test(batching),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
