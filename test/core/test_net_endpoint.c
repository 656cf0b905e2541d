/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/net/endpoint.h"

typedef bool (*Derive)(const char *endpoint, char out[GENOPS_URL_SIZE], GenopsError *error);

typedef struct Case
{
	const char *endpoint;
	const char *expected; /* NULL: an error */
	const char *hint;     /* part of the error's hint, or NULL */
} Case;

static void
check_cases(Derive derive, const Case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		char url[GENOPS_URL_SIZE];
		GenopsError error;
		bool good = derive(cases[i].endpoint, url, &error);

		if (good != (cases[i].expected != NULL))
			fail_msg("%s: %s", cases[i].endpoint, good ? url : error.message);
		if (good)
		{
			assert_string_equal(url, cases[i].expected);
			continue;
		}
		assert_int_equal(error.code, GENOPS_INVALID_ARGUMENT);
		assert_null(strstr(error.message, "s3cret"));
		if (cases[i].hint != NULL && strstr(error.hint, cases[i].hint) == NULL)
			fail_msg("%s: hint is \"%s\"", cases[i].endpoint, error.hint);
	}
}

static void
no_endpoint_at_all(void **state)
{
	const Case cases[] = {
		{ "", NULL, "http://localhost:" },
		{ "localhost", NULL, "scheme" },
		{ "localhost:4318", NULL, "scheme" },
		{ "ftp://host/", NULL, NULL },
		{ "file:///etc/passwd", NULL, NULL },
		{ "http://", NULL, NULL },
		{ "http://:4318", NULL, NULL },
		{ "http://host:0", NULL, NULL },
		{ "http://host:65536", NULL, NULL },
		{ "http://host:port", NULL, NULL },
		{ "http://host name", NULL, NULL },
		{ "http://host/\r\nX: y", NULL, NULL },
		{ "http://user:s3cret@host", NULL, "headers" },
		{ "http://s3cret@host", NULL, "headers" },
		{ "http://host/#fragment", NULL, NULL },
		{ "http://[::1", NULL, NULL },
	};

	(void) state;
	check_cases(genops_endpoint_query_url, cases, COUNT_OF(cases));
	check_cases(genops_endpoint_otlp_from_tempo, cases, COUNT_OF(cases));
	check_cases(genops_endpoint_otlp_from_base, cases, COUNT_OF(cases));
	check_cases(genops_endpoint_otlp_verbatim, cases, COUNT_OF(cases));
}

/* The example is of the kind that was asked for. */
static void
without_a_scheme(void **state)
{
	const Case query[] = { { "localhost:3200", NULL, "like \"http://localhost:3200\"" } };
	const Case otlp[] = { { "localhost:4318", NULL, "like \"http://localhost:4318\"" } };

	(void) state;
	check_cases(genops_endpoint_query_url, query, COUNT_OF(query));
	check_cases(genops_endpoint_otlp_from_tempo, query, COUNT_OF(query));
	check_cases(genops_endpoint_otlp_from_base, otlp, COUNT_OF(otlp));
	check_cases(genops_endpoint_otlp_verbatim, otlp, COUNT_OF(otlp));
}

static void
from_tempos_query_address(void **state)
{
	const Case cases[] = {
		{ "http://localhost:3200", "http://localhost:4318/v1/traces", NULL },
		{ "http://localhost:3200/", "http://localhost:4318/v1/traces", NULL },
		{ "http://tempo", "http://tempo:4318/v1/traces", NULL },
		{ "HTTP://tempo:80/prefix", "http://tempo:4318/v1/traces", NULL },
		{ "http://[::1]:3200", "http://[::1]:4318/v1/traces", NULL },
		{ "https://tempo:3200", "https://tempo:4318/v1/traces", NULL },
		{ "https://tempo.example.com", NULL, "otlp_endpoint" },
		{ "https://tempo.example.com:443/tempo", NULL, "otlp_endpoint" },
		{ "https://tempo-us-central1.grafana.net", NULL, "/otlp" },
		{ "https://tempo-us-central1.grafana.net:3200", NULL, "otlp_endpoint" },
		{ "http://tempo.Grafana.NET/tempo", NULL, "otlp_endpoint" },
		{ "http://tempo:4317", NULL, "3200" },
		{ "http://tempo:4318", NULL, "3200" },
		{ "http://tempo:3200?x=y", NULL, NULL },
	};

	(void) state;
	check_cases(genops_endpoint_otlp_from_tempo, cases, COUNT_OF(cases));
}

static void
the_query_address(void **state)
{
	const Case cases[] = {
		{ "http://localhost:3200", "http://localhost:3200", NULL },
		{ "http://localhost:3200//", "http://localhost:3200", NULL },
		{ "https://tempo-prod-04.grafana.net/tempo/", "https://tempo-prod-04.grafana.net/tempo",
		  NULL },
		{ "http://tempo:4318", NULL, "3200" },
		{ "http://tempo:3200/?q=s3cret", NULL, NULL },
	};

	(void) state;
	check_cases(genops_endpoint_query_url, cases, COUNT_OF(cases));
}

static void
from_a_base_url(void **state)
{
	const Case cases[] = {
		{ "http://collector:4318", "http://collector:4318/v1/traces", NULL },
		{ "http://collector:4318/", "http://collector:4318/v1/traces", NULL },
		{ "http://collector:4318///", "http://collector:4318/v1/traces", NULL },
		{ "http://collector", "http://collector/v1/traces", NULL },
		{ "https://otlp-gateway-prod-eu.grafana.net/otlp",
		  "https://otlp-gateway-prod-eu.grafana.net/otlp/v1/traces", NULL },
		{ "https://host/otlp/", "https://host/otlp/v1/traces", NULL },
		{ "https://host/otlp/v1/traces", "https://host/otlp/v1/traces", NULL },
		{ "https://host/v1/traces/", "https://host/v1/traces", NULL },
		{ "https://host/v1", "https://host/v1/v1/traces", NULL },
		{ "https://host/xv1/traces", "https://host/xv1/traces/v1/traces", NULL },
		{ "https://host/otlp?token=s3cret", "https://host/otlp/v1/traces?token=s3cret", NULL },
		{ "http://collector:4317", NULL, "4318" },
		{ "https://collector:4317/x?y=s3cret", NULL, "4318" },
		{ "http://tempo:3200", NULL, "4318" },
	};

	(void) state;
	check_cases(genops_endpoint_otlp_from_base, cases, COUNT_OF(cases));
}

static void
verbatim(void **state)
{
	const Case cases[] = {
		{ "http://host:4318", "http://host:4318/", NULL },
		{ "http://host:4318/", "http://host:4318/", NULL },
		{ "http://host/some/where/", "http://host/some/where/", NULL },
		{ "http://host/v1/traces?a=b", "http://host/v1/traces?a=b", NULL },
		{ "http://host:4317", NULL, "4318" },
		{ "http://host:3200/v1/traces", NULL, "4318" },
	};

	(void) state;
	check_cases(genops_endpoint_otlp_verbatim, cases, COUNT_OF(cases));
}

static void
too_long(void **state)
{
	char endpoint[GENOPS_URL_SIZE + 8];
	char url[GENOPS_URL_SIZE];
	GenopsError error;

	(void) state;
	memset(endpoint, 'a', sizeof(endpoint));
	memcpy(endpoint, "http://host/", 12);
	endpoint[GENOPS_URL_SIZE - 1] = '\0';
	assert_true(genops_endpoint_otlp_verbatim(endpoint, url, &error));
	assert_string_equal(url, endpoint);
	assert_false(genops_endpoint_otlp_from_base(endpoint, url, &error));
	assert_int_equal(error.code, GENOPS_TOO_LARGE);
}

/* As OpenTelemetry specifies it for OTEL_EXPORTER_OTLP_ENDPOINT. */
static void
always_appended(void **state)
{
	char url[GENOPS_URL_SIZE];
	GenopsError error;

	(void) state;
	assert_true(genops_endpoint_otlp_appended("http://c:4318/v1/traces", url, &error));
	assert_string_equal(url, "http://c:4318/v1/traces/v1/traces");
	assert_true(genops_endpoint_otlp_appended("http://c:4318", url, &error));
	assert_string_equal(url, "http://c:4318/v1/traces");
	assert_true(genops_endpoint_otlp_from_base("http://c:4318/v1/traces", url, &error));
	assert_string_equal(url, "http://c:4318/v1/traces");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(always_appended),   cmocka_unit_test(no_endpoint_at_all),
		cmocka_unit_test(without_a_scheme),  cmocka_unit_test(from_tempos_query_address),
		cmocka_unit_test(the_query_address), cmocka_unit_test(from_a_base_url),
		cmocka_unit_test(verbatim),          cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
