/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/tempo_data.h"

#include "core/tempo/problem.h"

#define ADDRESS "http://tempo:3200"
#define PLAIN "text/plain; charset=utf-8"

static GenopsHttpReply
reply_of(int status, const char *content_type, GenopsSlice body)
{
	GenopsHttpReply reply = { .status = status, .body = body };

	snprintf(reply.content_type, sizeof(reply.content_type), "%s", content_type);
	return reply;
}

static void
check_problem(const GenopsHttpReply *reply, GenopsTempoProblem expected, const char *message,
              const char *detail, const char *hint, int line)
{
	GenopsError error = { 0 };

	_assert_int_equal(genops_tempo_judge(reply, ADDRESS, NULL, &error), expected, __FILE__, line);
	_assert_string_equal(error.message, message, __FILE__, line);
	_assert_string_equal(error.detail, detail, __FILE__, line);
	if (strstr(error.hint, hint) == NULL)
	{
		print_error("\"%s\" is not in the hint \"%s\"\n", hint, error.hint);
		_fail(__FILE__, line);
	}
}

#define assert_problem(reply, expected, message, detail, hint) \
	check_problem(reply, expected, message, detail, hint, __LINE__)

static void
answered(void **state)
{
	GenopsHttpReply reply = reply_of(200, "application/json", GENOPS_LITERAL("{}"));
	GenopsError error = { 0 };

	(void) state;
	assert_int_equal(genops_tempo_judge(&reply, ADDRESS, NULL, &error), GENOPS_TEMPO_ANSWERED);
	reply = reply_of(200, "Application/JSON; charset=utf-8", GENOPS_LITERAL("{}"));
	assert_int_equal(genops_tempo_judge(&reply, ADDRESS, NULL, &error), GENOPS_TEMPO_ANSWERED);
}

static void
no_answer(void **state)
{
	GenopsHttpReply reply = { .failure = GENOPS_HTTP_REFUSED };

	(void) state;
	snprintf(reply.error, sizeof(reply.error), "why");
	assert_problem(&reply, GENOPS_TEMPO_UNREACHABLE,
	               "could not connect to Tempo at \"" ADDRESS "\"", "why.", "port 3200");
	reply.failure = GENOPS_HTTP_NAME;
	assert_problem(&reply, GENOPS_TEMPO_UNREACHABLE,
	               "could not connect to Tempo at \"" ADDRESS "\"", "why.", "host's name");
	reply.failure = GENOPS_HTTP_TLS;
	assert_problem(&reply, GENOPS_TEMPO_UNREACHABLE,
	               "could not connect to Tempo at \"" ADDRESS "\"", "why.", "certificate");
	reply.failure = GENOPS_HTTP_TIMEOUT;
	assert_problem(&reply, GENOPS_TEMPO_INTERRUPTED,
	               "Tempo at \"" ADDRESS "\" did not answer in time", "why.", "timeout");
	reply.failure = GENOPS_HTTP_RESET;
	assert_problem(&reply, GENOPS_TEMPO_INTERRUPTED,
	               "lost the connection to Tempo at \"" ADDRESS "\"", "why.", "");
	/* Such as gRPC. */
	reply.failure = GENOPS_HTTP_OTHER;
	assert_problem(&reply, GENOPS_TEMPO_SOMETHING_ELSE,
	               "what answers at \"" ADDRESS "\" is not Tempo's query API", "why.", "3200");
	/* What has come of a success is not all of it. */
	reply.failure = GENOPS_HTTP_RESET;
	reply.status = 200;
	assert_problem(&reply, GENOPS_TEMPO_INTERRUPTED,
	               "lost the connection to Tempo at \"" ADDRESS "\"", "why.", "");
	reply.failure = GENOPS_HTTP_RESPONSE_TOO_LARGE;
	snprintf(reply.error, sizeof(reply.error), "answer is larger than 5 bytes");
	assert_problem(&reply, GENOPS_TEMPO_TOO_LARGE, "the answer of Tempo is too large",
	               "The answer is larger than 5 bytes.", "max_traces");
}

static void
not_tempo(void **state)
{
	static const char message[] = "what answers at \"" ADDRESS "\" is not Tempo's query API";
	GenopsHttpReply reply = reply_of(200, "text/html", GENOPS_LITERAL("<html>hi</html>"));

	(void) state;
	assert_problem(&reply, GENOPS_TEMPO_SOMETHING_ELSE, message,
	               "It answered HTTP 200 with an HTML page.", "4318");
	reply = reply_of(200, PLAIN, GENOPS_LITERAL("hello"));
	assert_problem(&reply, GENOPS_TEMPO_SOMETHING_ELSE, message,
	               "It answered HTTP 200 with content type \"" PLAIN "\", not JSON.", "4318");
	reply = reply_of(204, "", GENOPS_ABSENT);
	assert_problem(&reply, GENOPS_TEMPO_SOMETHING_ELSE, message,
	               "It answered HTTP 204 without a body.", "4318");
	reply = reply_of(404, PLAIN, GENOPS_LITERAL("404 page not found\n"));
	assert_problem(&reply, GENOPS_TEMPO_SOMETHING_ELSE, message,
	               "It answered HTTP 404: 404 page not found", "old Tempo");
	reply = reply_of(405, PLAIN, GENOPS_LITERAL("405 method not allowed, supported: [POST]"));
	assert_problem(&reply, GENOPS_TEMPO_SOMETHING_ELSE, message,
	               "It answered HTTP 405: 405 method not allowed, supported: [POST]", "4318");
	reply = reply_of(302, "text/html", GENOPS_LITERAL("<html>login</html>"));
	assert_problem(&reply, GENOPS_TEMPO_SOMETHING_ELSE, message,
	               "It answered HTTP 302 with an HTML page.", "4318");
}

static void
refused(void **state)
{
	static const char refused[] = "Tempo refused the request";
	static const char query[] = "Tempo does not accept the TraceQL query";
	GenopsHttpReply reply = reply_of(400, PLAIN, recorded("search_error_parse.txt"));

	(void) state;
	assert_problem(&reply, GENOPS_TEMPO_BAD_QUERY, query,
	               "It answered HTTP 400: invalid TraceQL query: parse error at line 1, col 10: "
	               "syntax error: unexpected $end",
	               "");
	reply = reply_of(400, PLAIN, recorded("metrics_error_instant_parse.txt"));
	assert_problem(&reply, GENOPS_TEMPO_BAD_QUERY, query,
	               "It answered HTTP 400: compiling query: parse error at line 1, col 11: syntax "
	               "error: unexpected $end, expecting )",
	               "");
	reply = reply_of(400, PLAIN, recorded("search_error_range_toolong.txt"));
	assert_problem(&reply, GENOPS_TEMPO_BAD_REQUEST, refused,
	               "It answered HTTP 400: range specified by start and end exceeds 168h0m0s. "
	               "received start=1794764185 end=1795455385",
	               "shorter time range");
	reply = reply_of(400, PLAIN, recorded("metrics_error_step.txt"));
	assert_problem(&reply, GENOPS_TEMPO_BAD_REQUEST, refused,
	               "It answered HTTP 400: step of 1ms is too small, minimum step for given range "
	               "is 9ms",
	               "longer step");
	reply = reply_of(401, PLAIN, GENOPS_LITERAL("no org id\n"));
	assert_problem(&reply, GENOPS_TEMPO_UNAUTHORIZED,
	               "Tempo at \"" ADDRESS "\" does not accept who asks",
	               "It answered HTTP 401: no org id", "tenant_id");
	reply = reply_of(403, "application/json", GENOPS_LITERAL("{\"message\":\"wrong token\"}"));
	assert_problem(&reply, GENOPS_TEMPO_UNAUTHORIZED,
	               "Tempo at \"" ADDRESS "\" does not accept who asks",
	               "It answered HTTP 403: wrong token", "basic_auth");
	reply =
	    reply_of(400, PLAIN, GENOPS_LITERAL("tenant ID 'a/b' contains unsupported character '/'"));
	assert_problem(&reply, GENOPS_TEMPO_BAD_REQUEST, refused,
	               "It answered HTTP 400: tenant ID 'a/b' contains unsupported character '/'",
	               "tenant_id");
	reply = reply_of(414, "text/html", GENOPS_LITERAL("<html></html>"));
	assert_problem(&reply, GENOPS_TEMPO_TOO_LARGE,
	               "Tempo at \"" ADDRESS "\" cannot take a question as large",
	               "It answered HTTP 414 with an HTML page.", "shorten");
}

static void
not_now(void **state)
{
	GenopsHttpReply reply = reply_of(429, PLAIN, GENOPS_LITERAL("too many outstanding requests"));

	(void) state;
	assert_problem(&reply, GENOPS_TEMPO_BUSY, "Tempo at \"" ADDRESS "\" is too busy",
	               "It answered HTTP 429: too many outstanding requests", "later");
	reply = reply_of(503, PLAIN, GENOPS_LITERAL("Application is stopping"));
	assert_problem(&reply, GENOPS_TEMPO_UNAVAILABLE, "Tempo at \"" ADDRESS "\" is not available",
	               "It answered HTTP 503: Application is stopping", "starting");
	reply = reply_of(502, "text/html", GENOPS_LITERAL("<!DOCTYPE html><p>Bad gateway"));
	assert_problem(&reply, GENOPS_TEMPO_UNAVAILABLE, "Tempo at \"" ADDRESS "\" is not available",
	               "It answered HTTP 502 with an HTML page.", "starting");
	reply = reply_of(500, "", GENOPS_ABSENT);
	assert_problem(&reply, GENOPS_TEMPO_FAILED, "Tempo at \"" ADDRESS "\" failed to answer",
	               "It answered HTTP 500 without a text.", "");
	/* The start of a text that was cut says enough. */
	reply = reply_of(500, PLAIN, GENOPS_LITERAL("division by zero"));
	reply.failure = GENOPS_HTTP_RESPONSE_TOO_LARGE;
	assert_problem(&reply, GENOPS_TEMPO_FAILED, "Tempo at \"" ADDRESS "\" failed to answer",
	               "It answered HTTP 500: division by zero", "");
}

static void
long_and_secret_texts(void **state)
{
	static char text[2000];
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	GenopsError error = { 0 };
	GenopsHttpReply reply = reply_of(500, PLAIN, (GenopsSlice){ text, sizeof(text) });

	(void) state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(genops_tempo_judge(&reply, ADDRESS, NULL, &error), GENOPS_TEMPO_FAILED);
	assert_true(strlen(error.detail) > 400 && strlen(error.detail) < sizeof(error.detail) - 1);

	assert_true(genops_headers_set(&headers, GENOPS_LITERAL("Authorization"),
	                               GENOPS_LITERAL("Bearer sesame-sesame"), &error));
	reply = reply_of(403, PLAIN, GENOPS_LITERAL("token sesame-sesame is unknown"));
	assert_int_equal(genops_tempo_judge(&reply, ADDRESS, &headers, &error),
	                 GENOPS_TEMPO_UNAUTHORIZED);
	assert_null(strstr(error.detail, "sesame"));
	genops_headers_free(&headers);
}

static void
lower_limits(void **state)
{
	GenopsHttpReply reply = reply_of(400, PLAIN, recorded("search_error_limit_toobig.txt"));
	GenopsError error = { 0 };

	(void) state;
	genops_tempo_judge(&reply, ADDRESS, NULL, &error);
	assert_int_equal(genops_tempo_allowed_traces(&error), 262144);
	assert_int_equal(genops_tempo_allowed_spans(&error), 0);
	reply = reply_of(400, PLAIN, recorded("search_error_spss.txt"));
	genops_tempo_judge(&reply, ADDRESS, NULL, &error);
	assert_int_equal(genops_tempo_allowed_traces(&error), 0);
	assert_int_equal(genops_tempo_allowed_spans(&error), 100);
	reply = reply_of(400, PLAIN, GENOPS_LITERAL("limit 7 exceeds max limit 99999999999999999999"));
	genops_tempo_judge(&reply, ADDRESS, NULL, &error);
	assert_int_equal(genops_tempo_allowed_traces(&error), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answered),     cmocka_unit_test(no_answer),
		cmocka_unit_test(not_tempo),    cmocka_unit_test(refused),
		cmocka_unit_test(not_now),      cmocka_unit_test(long_and_secret_texts),
		cmocka_unit_test(lower_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
