/* SPDX-License-Identifier: PostgreSQL */
#include "test/core/check.h"

#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/net/answer.h"

#define JSON "application/json"
#define PROTOBUF "application/x-protobuf"
#define PLAIN "text/plain; charset=utf-8"
#define HTML "text/html"

/* 2026-11-23 12:00:00 GMT */
#define NOW INT64_C(1795435200)

static GenopsHttpReply
reply_of(int status, const char *content_type, GenopsSlice body)
{
	GenopsHttpReply reply = { .status = status, .body = body };

	snprintf(reply.content_type, sizeof(reply.content_type), "%s", content_type);
	return reply;
}

static GenopsAnswer
judge(const GenopsHttpReply *reply)
{
	GenopsAnswer answer;

	genops_answer_judge(reply, NULL, 10, NOW, &answer);
	return answer;
}

typedef struct Case
{
	int status;
	const char *content_type;
	GenopsSlice body;
	GenopsOutcome outcome;
	const char *reason; /* the whole of it */
} Case;

static void
check_cases(const Case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		GenopsHttpReply reply = reply_of(cases[i].status, cases[i].content_type, cases[i].body);
		GenopsAnswer answer = judge(&reply);

		if (answer.outcome != cases[i].outcome)
			fail_msg("case %zu: outcome %d, \"%s\"", i, answer.outcome, answer.reason);
		assert_string_equal(answer.reason, cases[i].reason);
	}
}

#define BODY(literal) GENOPS_LITERAL(literal)
#define DELIVERED GENOPS_OUTCOME_DELIVERED
#define RETRY GENOPS_OUTCOME_RETRY
#define BLOCKED GENOPS_OUTCOME_BLOCKED
#define TOO_LARGE GENOPS_OUTCOME_TOO_LARGE
#define SUSPECT GENOPS_OUTCOME_SUSPECT
#define REJECTED GENOPS_OUTCOME_REJECTED

/* Bodies as Tempo 3.1 sent them. */
static void
what_tempo_answers(void **state)
{
	const Case cases[] = {
		{ 200, JSON, BODY("{\"partialSuccess\":{}}"), DELIVERED, "" },
		{ 200, PROTOBUF, BODY("\x0A\x00"), DELIVERED, "" },
		{ 200, PROTOBUF, BODY(""), DELIVERED, "" },
		{ 400, PROTOBUF, BODY("\x08\x03\x12\x0Eunexpected EOF"), REJECTED,
		  "HTTP 400: unexpected EOF" },
		{ 400, JSON,
		  BODY("{\"code\":3,\"message\":\"trace ids must be 128 bit, received 0 bits\"}"), REJECTED,
		  "HTTP 400: trace ids must be 128 bit, received 0 bits" },
		{ 400, JSON, BODY("{\"code\":3,\"message\":\"http: request body too large\"}"), TOO_LARGE,
		  "HTTP 400: http: request body too large" },
		{ 400, JSON, BODY("{\"code\":3,\"message\":\"unsupported Content-Encoding: gzip\"}"),
		  BLOCKED, "HTTP 400: unsupported Content-Encoding: gzip" },
		{ 415, "text/plain", BODY("415 unsupported media type, supported: [application/json]\n"),
		  BLOCKED, "HTTP 415: 415 unsupported media type, supported: [application/json]" },
		{ 405, "text/plain", BODY("405 method not allowed, supported: [POST]"), BLOCKED,
		  "HTTP 405: 405 method not allowed, supported: [POST]" },
		{ 404, PLAIN, BODY("404 page not found\n"), BLOCKED, "HTTP 404: 404 page not found" },
		{ 503, JSON, BODY("{\"code\":14,\"message\":\"no org id\"}"), BLOCKED,
		  "HTTP 503: no org id (see tenant_id)" },
		{ 503, PROTOBUF, BODY("\x08\x0E\x12\x09no org id"), BLOCKED,
		  "HTTP 503: no org id (see tenant_id)" },
		{ 400, JSON, BODY("{\"code\":3,\"message\":\"no org id\"}"), BLOCKED,
		  "HTTP 400: no org id (see tenant_id)" },
		{ 400, JSON, BODY("{\"code\":3,\"message\":\"multiple org IDs present\"}"), BLOCKED,
		  "HTTP 400: multiple org IDs present (see tenant_id)" },
		{ 400, JSON,
		  BODY("{\"code\":3,\"message\":\"tenant ID 'a/b' contains unsupported character "
		       "'/'\"}"),
		  BLOCKED, "HTTP 400: tenant ID 'a/b' contains unsupported character '/' (see tenant_id)" },
	};

	(void) state;
	check_cases(cases, COUNT_OF(cases));
}

static void
what_others_answer(void **state)
{
	const Case cases[] = {
		{ 202, "", BODY(""), DELIVERED, "" },
		{ 204, "", BODY(""), DELIVERED, "" },
		{ 200, PLAIN, BODY("ok"), DELIVERED, "" },
		{ 200, PROTOBUF, BODY("\xFF\xFF\xFF"), DELIVERED, "" },
		{ 200, JSON, BODY("[1,2"), DELIVERED, "" },
		{ 200, HTML, BODY("please log in"), BLOCKED,
		  "HTTP 200 with an HTML page: this is no OTLP endpoint" },
		{ 200, "", BODY("\r\n <!DOCTYPE html><title>Login</title>"), BLOCKED,
		  "HTTP 200 with an HTML page: this is no OTLP endpoint" },
		{ 301, HTML, BODY("<html>moved"), BLOCKED, "HTTP 301: redirects are not followed" },
		{ 307, PLAIN, BODY("go to https://u:p@host"), BLOCKED,
		  "HTTP 307: redirects are not followed" },
		{ 400, HTML, BODY("<html>400 The plain HTTP request was sent to HTTPS port</html>"),
		  BLOCKED, "HTTP 400: an HTML page: this is no OTLP endpoint" },
		{ 400, PLAIN, BODY("Client sent an HTTP request to an HTTPS server.\n"), BLOCKED,
		  "HTTP 400: Client sent an HTTP request to an HTTPS server." },
		{ 400, "", BODY(""), REJECTED, "HTTP 400: the request is refused" },
		{ 401, JSON, BODY("{\"status\":\"error\",\"error\":\"authentication error\"}"), BLOCKED,
		  "HTTP 401: authentication error" },
		{ 401, "", BODY(""), BLOCKED, "HTTP 401: the endpoint wants other credentials" },
		{ 403, HTML, BODY("<html>"), BLOCKED, "HTTP 403: the credentials do not allow this" },
		{ 407, "", BODY(""), BLOCKED, "HTTP 407: the request is refused" },
		{ 408, "", BODY(""), SUSPECT, "HTTP 408: the request is refused" },
		{ 413, HTML, BODY("<html>413 Request Entity Too Large"), TOO_LARGE,
		  "HTTP 413: the request is too large" },
		{ 422, PLAIN, BODY("bad span"), REJECTED, "HTTP 422: bad span" },
		{ 425, "", BODY(""), SUSPECT, "HTTP 425: the request is refused" },
		{ 429, "", BODY(""), RETRY, "HTTP 429: too many requests" },
		{ 429, JSON, BODY("{\"message\":\"received message larger than max (5 vs. 4)\"}"),
		  TOO_LARGE, "HTTP 429: received message larger than max (5 vs. 4)" },
		{ 431, "", BODY(""), BLOCKED, "HTTP 431: the request is refused" },
		{ 500, PLAIN, BODY("boom"), SUSPECT, "HTTP 500: boom" },
		{ 501, "", BODY(""), BLOCKED, "HTTP 501: the endpoint failed" },
		{ 502, HTML, BODY("<html>bad gateway"), RETRY, "HTTP 502: the endpoint is not available" },
		{ 503, PROTOBUF, BODY("not protobuf"), RETRY, "HTTP 503: not protobuf" },
		{ 503, PROTOBUF, BODY("\x08\x0E\x01\x02"), RETRY,
		  "HTTP 503: the endpoint is not available" },
		{ 504, JSON, BODY("\"text\""), RETRY, "HTTP 504: \"text\"" },
		{ 507, "", BODY(""), SUSPECT, "HTTP 507: the endpoint failed" },
		{ 520, "", BODY(""), RETRY, "HTTP 520: the endpoint failed" },
	};

	(void) state;
	check_cases(cases, COUNT_OF(cases));
}

static void
partial_success(void **state)
{
	const struct
	{
		const char *content_type;
		GenopsSlice body;
		int64_t rejected; /* of 10 that were sent */
		const char *reason;
	} cases[] = {
		{ PROTOBUF,
		  BODY("\x0A\x07\x08\x03\x12\x03"
		       "bad"),
		  3, "bad" },
		{ PROTOBUF, BODY("\x0A\x06\x12\x04warn"), 0, "warn" },
		{ PROTOBUF, BODY("\x0A\x02\x08\x7F"), 10, "" },
		{ PROTOBUF, BODY("\x0A\x0B\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), 0, "" },
		{ JSON, BODY("{\"partialSuccess\":{\"rejectedSpans\":\"4\",\"errorMessage\":\"x\"}}"), 4,
		  "x" },
		{ JSON "; charset=utf-8", BODY("{\"partialSuccess\":{\"rejectedSpans\":4}}"), 4, "" },
		{ JSON, BODY("{\"partialSuccess\":{\"rejectedSpans\":-4}}"), 0, "" },
		{ JSON, BODY("{\"partialSuccess\":{\"rejectedSpans\":\"99999999999999999999\"}}"), 10, "" },
		{ JSON, BODY("{\"partialSuccess\":[1]}"), 0, "" },
		{ JSON, BODY("{\"partialSuccess\":{\"rejectedSpans\":{},\"errorMessage\":7}}"), 0, "" },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsHttpReply reply = reply_of(200, cases[i].content_type, cases[i].body);
		GenopsAnswer answer = judge(&reply);

		assert_int_equal(answer.outcome, DELIVERED);
		assert_int_equal(answer.rejected_spans, cases[i].rejected);
		assert_string_equal(answer.reason, cases[i].reason);
	}
}

static void
rate_limits(void **state)
{
	const char limited[] =
	    "{\"code\":8,\"message\":\"RATE_LIMITED: ingestion rate limit exceeded\",\"details\":"
	    "[{\"@type\":\"x\"},{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
	    "\"retryDelay\":\"5.5s\"}]}";
	const char too_large[] =
	    "{\"code\":8,\"message\":\"RATE_LIMITED: batch size (4232 bytes) exceeds ingestion "
	    "limit (local: 3000 bytes/s, global: 0 bytes/s, burst: 3000 bytes) while adding 4232 "
	    "bytes for user c. consider reducing batch size or increasing rate limit.\",\"details\":"
	    "[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"5s\"}]}";
	const char in_protobuf[] = "\x08\x08\x12\x04slow\x1A\x30\x0A\x28type.googleapis.com/"
	                           "google.rpc.RetryInfo\x12\x04\x0A\x02\x08\x07";
	GenopsHttpReply reply = reply_of(429, JSON, genops_slice(limited));
	GenopsAnswer answer = judge(&reply);

	(void) state;
	assert_int_equal(answer.outcome, RETRY);
	assert_int_equal(answer.min_delay_ms, 5500);
	strcpy(reply.retry_after, "9");
	assert_int_equal(judge(&reply).min_delay_ms, 9000);

	reply = reply_of(429, JSON, genops_slice(too_large));
	strcpy(reply.retry_after, "5");
	answer = judge(&reply);
	assert_int_equal(answer.outcome, TOO_LARGE);
	assert_int_equal(answer.min_delay_ms, 0);
	assert_int_equal(strlen(answer.reason), strlen("HTTP 429: ") + 200);

	reply = reply_of(429, PROTOBUF, (GenopsSlice){ in_protobuf, sizeof(in_protobuf) - 1 });
	answer = judge(&reply);
	assert_int_equal(answer.outcome, RETRY);
	assert_int_equal(answer.min_delay_ms, 7000);
	assert_string_equal(answer.reason, "HTTP 429: slow");

	reply = reply_of(401, "", BODY(""));
	strcpy(reply.retry_after, "9");
	assert_int_equal(judge(&reply).min_delay_ms, 0);
}

static void
retry_after(void **state)
{
	const struct
	{
		const char *text;
		int64_t expected;
	} cases[] = {
		{ "", 0 },
		{ "0", 0 },
		{ "5", 5000 },
		{ "3600", 3600000 },
		{ "3601", 3600000 },
		{ "99999999999999999999999999", 3600000 },
		{ "-5", 0 },
		{ "5.5", 0 },
		{ "5 minutes", 0 },
		{ "soon", 0 },
		{ "Mon, 23 Nov 2026 12:00:30 GMT", 30000 },
		{ "Monday, 23-Nov-26 12:00:30 GMT", 30000 },
		{ "Mon Nov 23 12:00:30 2026", 30000 },
		{ "Mon, 23 Nov 2026 12:00:00 GMT", 0 },
		{ "Mon, 23 Nov 2020 12:00:00 GMT", 0 },
		{ "Mon, 23 Nov 2036 12:00:00 GMT", 3600000 },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		if (genops_retry_after_ms(cases[i].text, NOW) != cases[i].expected)
			fail_msg("\"%s\"", cases[i].text);
	}
}

static void
no_answer(void **state)
{
	const struct
	{
		GenopsHttpFailure failure;
		GenopsOutcome outcome;
	} cases[] = {
		{ GENOPS_HTTP_NAME, BLOCKED },
		{ GENOPS_HTTP_TLS, BLOCKED },
		{ GENOPS_HTTP_REFUSED, RETRY },
		{ GENOPS_HTTP_UNREACHABLE, RETRY },
		{ GENOPS_HTTP_TIMEOUT, RETRY },
		{ GENOPS_HTTP_RESET, RETRY },
		{ GENOPS_HTTP_RESPONSE_TOO_LARGE, RETRY },
		{ GENOPS_HTTP_OTHER, RETRY },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsHttpReply reply = { .failure = cases[i].failure, .error = "it failed" };
		GenopsAnswer answer = judge(&reply);

		assert_int_equal(answer.outcome, cases[i].outcome);
		assert_string_equal(answer.reason, "it failed");
	}
}

/* A success that was cut may have been a partial one; a refusal is one. */
static void
half_an_answer(void **state)
{
	GenopsHttpReply reply = reply_of(200, JSON, BODY("{\"partial"));

	(void) state;
	reply.failure = GENOPS_HTTP_RESET;
	assert_int_equal(judge(&reply).outcome, RETRY);
	reply.failure = GENOPS_HTTP_TIMEOUT;
	assert_int_equal(judge(&reply).outcome, RETRY);
	reply.failure = GENOPS_HTTP_RESPONSE_TOO_LARGE;
	assert_int_equal(judge(&reply).outcome, BLOCKED);

	reply = reply_of(401, PLAIN, BODY("no ent"));
	reply.failure = GENOPS_HTTP_RESET;
	assert_int_equal(judge(&reply).outcome, BLOCKED);
	reply.status = 413;
	assert_int_equal(judge(&reply).outcome, TOO_LARGE);
}

static void
reasons_are_safe_to_show(void **state)
{
	GenopsHttpReply reply =
	    reply_of(400, PLAIN, BODY("two\r\nlines\tand  blanks \xC2\x9B caf\xC3\xA9 "));
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	GenopsAnswer answer;
	GenopsError error;
	char text[4000];

	(void) state;
	assert_string_equal(judge(&reply).reason, "HTTP 400: two lines and blanks caf\xC3\xA9");

	/* JSON can bring what a text would not have been shown with. */
	reply = reply_of(400, JSON, BODY("{\"message\":\"a\\u0007b\\u001b[31m\"}"));
	assert_string_equal(judge(&reply).reason, "HTTP 400: a b [31m");
	reply = reply_of(400, JSON, BODY("{\"message\":\"caf\xE9\"}"));
	assert_string_equal(judge(&reply).reason, "HTTP 400: caf\xEF\xBF\xBD");

	/* Cut between characters: 199 and 2 bytes do not fit in 200. */
	memset(text, 'x', sizeof(text));
	memcpy(text + 199, "\xC3\xA9", 2);
	reply = reply_of(500, PLAIN, (GenopsSlice){ text, sizeof(text) });
	answer = judge(&reply);
	assert_int_equal(strlen(answer.reason), strlen("HTTP 500: ") + 199);

	/* A token that the peer quotes, though only its start would be shown. */
	memset(text, 'T', 2000);
	text[2000] = '\0';
	assert_true(genops_headers_set(&headers, BODY("Authorization"), genops_slice(text), &error));
	memset(text, ' ', 190);
	memcpy(text, "bad token", 9);
	memset(text + 10, 'T', 2000);
	reply = reply_of(401, PLAIN, (GenopsSlice){ text, 2010 });
	genops_answer_judge(&reply, &headers, 1, NOW, &answer);
	assert_int_equal(answer.outcome, BLOCKED);
	assert_null(strstr(answer.reason, "TTT"));
	assert_non_null(strstr(answer.reason, "HTTP 401: bad token ****"));

	reply = reply_of(200, JSON, BODY("{\"partialSuccess\":{\"errorMessage\":\"TTTTTTTTTT\"}}"));
	genops_answer_judge(&reply, &headers, 1, NOW, &answer);
	assert_string_equal(answer.reason, "**********");
	genops_headers_free(&headers);
}

/* Deep and wide bodies are not taken apart without bound. */
static void
large_bodies(void **state)
{
	size_t size = 4 * 1024 * 1024;
	char *body = malloc(size);
	const char *const types[] = { JSON, PROTOBUF, PLAIN };
	const char fills[] = { '[', '{', '\x1A', '\0', 'x' };

	(void) state;
	for (size_t i = 0; i < COUNT_OF(types); i++)
	{
		for (size_t j = 0; j < COUNT_OF(fills); j++)
		{
			GenopsHttpReply reply;

			memset(body, fills[j], size);
			for (size_t length = 100; length <= size; length *= 8)
			{
				reply = reply_of(503, types[i], (GenopsSlice){ body, length });
				assert_int_equal(judge(&reply).outcome, RETRY);
			}
		}
	}
	free(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_tempo_answers), cmocka_unit_test(what_others_answer),
		cmocka_unit_test(partial_success),    cmocka_unit_test(rate_limits),
		cmocka_unit_test(retry_after),        cmocka_unit_test(no_answer),
		cmocka_unit_test(half_an_answer),     cmocka_unit_test(reasons_are_safe_to_show),
		cmocka_unit_test(large_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
