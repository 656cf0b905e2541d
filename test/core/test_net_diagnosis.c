/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include "core/net/diagnosis.h"

#define QUERY GENOPS_ADDRESS_QUERY
#define TEMPO GENOPS_ADDRESS_TEMPO
#define COLLECTOR GENOPS_ADDRESS_COLLECTOR
#define AT "http://tempo:3200"

static GenopsDiagnosis
diagnose(GenopsHttpFailure failure, int status, const char *text, GenopsAddressKind kind)
{
	GenopsHttpReply reply = { .failure = failure, .status = status, .body = genops_slice(text) };
	GenopsDiagnosis diagnosis;

	snprintf(reply.content_type, sizeof(reply.content_type), "text/plain");
	if (failure != GENOPS_HTTP_ANSWERED)
		snprintf(reply.error, sizeof(reply.error), "libcurl's text");
	genops_diagnose(&reply, kind, AT, NULL, &diagnosis);
	return diagnosis;
}

/* The words of the user's guide. */
static void
what_the_guide_says(void **state)
{
	GenopsDiagnosis found = diagnose(GENOPS_HTTP_REFUSED, 0, "", QUERY);

	(void) state;
	assert_string_equal(found.message, "Cannot connect to Tempo at " AT ": connection refused");
	assert_string_equal(found.fix,
	                    "Start Tempo:\n"
	                    "  Docker: docker run -d -p 3200:3200 -p 4318:4318 grafana/tempo:latest\n"
	                    "  Or check if Tempo is running: curl " AT "/api/status/buildinfo");

	found = diagnose(GENOPS_HTTP_REFUSED, 0, "", TEMPO);
	assert_string_equal(found.message,
	                    "OTLP endpoint not accessible at " AT ": connection refused");
	assert_string_equal(found.fix, "Enable OTLP receiver in Tempo config (default port 4318)");
}

static void
failures_are_told_apart(void **state)
{
	static const struct
	{
		GenopsHttpFailure failure;
		GenopsProblem problem;
		const char *says;
	} cases[] = {
		{ GENOPS_HTTP_NAME, GENOPS_PROBLEM_NAME, "does not resolve" },
		{ GENOPS_HTTP_REFUSED, GENOPS_PROBLEM_REFUSED, "connection refused" },
		{ GENOPS_HTTP_UNREACHABLE, GENOPS_PROBLEM_UNREACHABLE, "cannot be reached" },
		{ GENOPS_HTTP_TLS, GENOPS_PROBLEM_TLS, "TLS failed: libcurl's text" },
		{ GENOPS_HTTP_TIMEOUT, GENOPS_PROBLEM_TIMEOUT, "no answer in time" },
		{ GENOPS_HTTP_RESET, GENOPS_PROBLEM_RESET, "closed before the answer" },
		{ GENOPS_HTTP_OTHER, GENOPS_PROBLEM_PROTOCOL, "no HTTP answer: libcurl's text" },
	};

	(void) state;
	for (int kind = QUERY; kind <= COLLECTOR; kind++)
	{
		for (size_t i = 0; i < COUNT_OF(cases); i++)
		{
			GenopsDiagnosis found = diagnose(cases[i].failure, 0, "", (GenopsAddressKind) kind);

			assert_int_equal(found.problem, cases[i].problem);
			assert_non_null(strstr(found.message, cases[i].says));
			assert_non_null(strstr(found.message, AT));
			assert_true(strlen(found.fix) > 0);
		}
	}
}

static void
answers_are_told_apart(void **state)
{
	static const struct
	{
		GenopsAddressKind kind;
		int status;
		const char *text;
		GenopsProblem problem;
		const char *message;
		const char *fix;
	} cases[] = {
		{ QUERY, 401, "no org id", GENOPS_PROBLEM_TENANT_MISSING,
		  "Tempo at " AT ": a tenant is missing (HTTP 401: no org id)",
		  "genops_configure(tenant_id => 'team-platform')" },
		{ TEMPO, 503, "no org id", GENOPS_PROBLEM_TENANT_MISSING,
		  "OTLP endpoint " AT ": a tenant is missing (HTTP 503: no org id)", "tenant_id" },
		{ TEMPO, 400, "tenant ID 'a/b' contains unsupported character '/'",
		  GENOPS_PROBLEM_TENANT_REFUSED,
		  "OTLP endpoint " AT ": the tenant is refused (HTTP 400: tenant ID 'a/b' contains "
		  "unsupported character '/')",
		  "tenant_id" },
		{ QUERY, 401, "", GENOPS_PROBLEM_UNAUTHORIZED,
		  "Tempo at " AT ": other credentials are wanted (HTTP 401)", "Bearer your-token" },
		{ COLLECTOR, 401, "who?", GENOPS_PROBLEM_UNAUTHORIZED,
		  "Collector at " AT ": other credentials are wanted (HTTP 401: who?)",
		  "collector_headers" },
		{ TEMPO, 403, "", GENOPS_PROBLEM_FORBIDDEN,
		  "OTLP endpoint " AT ": the credentials do not allow this (HTTP 403)", "write traces" },
		{ QUERY, 403, "", GENOPS_PROBLEM_FORBIDDEN,
		  "Tempo at " AT ": the credentials do not allow this (HTTP 403)", "read traces" },
		{ QUERY, 404, "404 page not found", GENOPS_PROBLEM_NOT_FOUND,
		  "Tempo at " AT ": nothing at this address (HTTP 404: 404 page not found)", "endpoint" },
		{ TEMPO, 405, "", GENOPS_PROBLEM_NOT_FOUND,
		  "OTLP endpoint " AT ": nothing at this address (HTTP 405)", "otlp_endpoint" },
		{ TEMPO, 429, "slow down", GENOPS_PROBLEM_RATE_LIMITED,
		  "OTLP endpoint " AT ": too many requests (HTTP 429: slow down)", "rate_limit_bytes" },
		{ QUERY, 503, "starting", GENOPS_PROBLEM_UNAVAILABLE,
		  "Tempo at " AT ": it fails (HTTP 503: starting)", AT "/ready" },
		{ QUERY, 400, "Client sent an HTTP request to an HTTPS server.", GENOPS_PROBLEM_PLAIN,
		  "Tempo at " AT ": it speaks TLS (HTTP 400: Client sent an HTTP request to an HTTPS "
		  "server.)",
		  "https://" },
		{ QUERY, 302, "", GENOPS_PROBLEM_OTHER,
		  "Tempo at " AT ": the answer is not the expected one (HTTP 302)", "address" },
		{ TEMPO, 404, "<html>x</html>", GENOPS_PROBLEM_NOT_FOUND,
		  "OTLP endpoint " AT ": nothing at this address (HTTP 404: an HTML page)", "4318" },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsDiagnosis found =
		    diagnose(GENOPS_HTTP_ANSWERED, cases[i].status, cases[i].text, cases[i].kind);

		assert_int_equal(found.problem, cases[i].problem);
		assert_string_equal(found.message, cases[i].message);
		if (strstr(found.fix, cases[i].fix) == NULL)
			fail_msg("case %zu: \"%s\" is not in \"%s\"", i, cases[i].fix, found.fix);
	}
}

static void
a_success_is_no_problem_if_it_is_whole(void **state)
{
	(void) state;
	assert_int_equal(diagnose(GENOPS_HTTP_ANSWERED, 200, "no org id", QUERY).problem,
	                 GENOPS_PROBLEM_NONE);
	assert_int_equal(diagnose(GENOPS_HTTP_RESET, 200, "", QUERY).problem, GENOPS_PROBLEM_RESET);
	assert_int_equal(diagnose(GENOPS_HTTP_RESET, 401, "", QUERY).problem,
	                 GENOPS_PROBLEM_UNAUTHORIZED);
}

static void
secrets_that_are_quoted_are_masked(void **state)
{
	GenopsHttpReply reply = { .status = 401, .body = GENOPS_LITERAL("not Bearer s3cret-token!") };
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	GenopsDiagnosis found;
	GenopsError error;

	(void) state;
	assert_true(genops_headers_set(&headers, GENOPS_LITERAL("Authorization"),
	                               GENOPS_LITERAL("Bearer s3cret-token"), &error));
	genops_diagnose(&reply, QUERY, AT, &headers, &found);
	assert_null(strstr(found.message, "s3cret"));
	assert_non_null(strstr(found.message, "(HTTP 401: not "));
	genops_headers_free(&headers);
}

static void
one_port_for_the_other(void **state)
{
	GenopsDiagnosis found;

	(void) state;
	genops_diagnose_wrong_port(QUERY, "http://tempo:4318", &found);
	assert_string_equal(found.message,
	                    "http://tempo:4318 is an OTLP address, which answers no queries");
	assert_non_null(strstr(found.fix, "otlp_endpoint => 'http://tempo:4318'"));
	genops_diagnose_wrong_port(TEMPO, AT, &found);
	assert_string_equal(found.message, AT " is Tempo's query address, which takes no spans");
	assert_non_null(strstr(found.fix, "otlp_endpoint => 'http://localhost:4318'"));
	genops_diagnose_wrong_port(COLLECTOR, AT, &found);
	assert_non_null(strstr(found.fix, "collector_endpoint"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_guide_says),
		cmocka_unit_test(failures_are_told_apart),
		cmocka_unit_test(answers_are_told_apart),
		cmocka_unit_test(a_success_is_no_problem_if_it_is_whole),
		cmocka_unit_test(secrets_that_are_quoted_are_masked),
		cmocka_unit_test(one_port_for_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
