/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/answer.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/net/answer_body.h"

/* Of a peer's own text. */
#define SHOWN_BYTES 200

#define TENANT_ADVICE " (see tenant_id)"

int64_t
genops_retry_after_ms(const char *text, int64_t now_unix)
{
	int64_t seconds = 0;

	if (text[0] >= '0' && text[0] <= '9')
	{
		char *end;

		seconds = strtoll(text, &end, 10); /* LLONG_MAX when it is more */
		if (*end != '\0')
			return 0;
	}
	else if ((text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= 'a' && text[0] <= 'z'))
	{
		time_t date = curl_getdate(text, NULL);

		if (date != (time_t) -1 && date > now_unix)
			seconds = (int64_t) date - now_unix;
	}
	if (seconds > GENOPS_MAX_RETRY_AFTER_MS / 1000)
		return GENOPS_MAX_RETRY_AFTER_MS;
	return seconds * 1000;
}

static void conclude(GenopsAnswer *answer, GenopsOutcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A peer's text in the arguments is at most SHOWN_BYTES long, so all fits. */
static void
conclude(GenopsAnswer *answer, GenopsOutcome outcome, const char *format, ...)
{
	va_list arguments;

	answer->outcome = outcome;
	va_start(arguments, format);
	vsnprintf(answer->reason, sizeof(answer->reason), format, arguments);
	va_end(arguments);
}

static void
judge_failure(const GenopsHttpReply *reply, GenopsAnswer *answer)
{
	char error[SHOWN_BYTES + 1];
	GenopsSlice text = genops_slice(reply->error);
	bool blocked = reply->failure == GENOPS_HTTP_NAME || reply->failure == GENOPS_HTTP_TLS;

	text.length = genops_utf8_clip(text, SHOWN_BYTES);
	memcpy(error, text.data, text.length);
	error[text.length] = '\0';
	conclude(answer, blocked ? GENOPS_OUTCOME_BLOCKED : GENOPS_OUTCOME_RETRY, "%s",
	         error[0] ? error : "no answer");
}

/* Cuts the text to what is shown, when all of it has been looked through. */
static void
make_presentable(char *message, const GenopsHeaders *sent)
{
	if (sent != NULL)
		genops_headers_mask(sent, message);
	message[genops_utf8_clip(genops_slice(message), SHOWN_BYTES)] = '\0';
}

static void
judge_success(const GenopsHttpReply *reply, const GenopsHeaders *sent, GenopsAnswerBody *body,
              int64_t sent_spans, GenopsAnswer *answer)
{
	if (body->html)
	{
		conclude(answer, GENOPS_OUTCOME_BLOCKED,
		         "HTTP %d with an HTML page: this is no OTLP endpoint", reply->status);
		return;
	}
	make_presentable(body->message, sent);
	conclude(answer, GENOPS_OUTCOME_DELIVERED, "%s", body->message);
	if (body->rejected_spans > 0)
		answer->rejected_spans =
		    body->rejected_spans < sent_spans ? body->rejected_spans : sent_spans;
}

/*
 * Sizes that are refused by a text only: by Go's HTTP server, by Tempo's rate
 * limit for a batch that is larger than its burst, and by gRPC between
 * Tempo's own parts.
 */
static bool
says_too_large(const char *message)
{
	return strstr(message, "request body too large") != NULL ||
	       (strstr(message, "batch size") != NULL &&
	        strstr(message, "exceeds ingestion limit") != NULL) ||
	       strstr(message, "message larger than max") != NULL;
}

/* Tempo's words for a tenant that is missing or that it can't take. */
static bool
says_bad_tenant(const char *message)
{
	return strstr(message, "no org id") != NULL || strstr(message, "org IDs present") != NULL ||
	       strncmp(message, "tenant ID", 9) == 0;
}

/* A 400 that is not about the data. */
static bool
says_misconfigured(const GenopsAnswerBody *body)
{
	return body->html || strstr(body->message, "unsupported Content-Encoding") != NULL ||
	       strstr(body->message, "HTTP request to an HTTPS server") != NULL;
}

static GenopsOutcome
outcome_of(int status, const GenopsAnswerBody *body)
{
	switch (status)
	{
		case 400:
		case 422:
			if (says_too_large(body->message))
				return GENOPS_OUTCOME_TOO_LARGE;
			return says_misconfigured(body) ? GENOPS_OUTCOME_BLOCKED : GENOPS_OUTCOME_REJECTED;
		case 413:
			return GENOPS_OUTCOME_TOO_LARGE;
		case 429:
			return says_too_large(body->message) ? GENOPS_OUTCOME_TOO_LARGE : GENOPS_OUTCOME_RETRY;
		case 501: /* not implemented */
		case 505: /* HTTP version not supported */
		case 511: /* network authentication required */
			return GENOPS_OUTCOME_BLOCKED;
		case 502: /* bad gateway */
		case 503: /* service unavailable */
		case 504: /* gateway timeout */
			return GENOPS_OUTCOME_RETRY;
		case 408: /* request timeout: less may arrive in time */
		case 425: /* too early */
			return GENOPS_OUTCOME_SUSPECT;
		default:
			/* 3xx and the other 4xx are about the address, the credentials or
			 * the form of the request. */
			if (status < 500)
				return GENOPS_OUTCOME_BLOCKED;
			/* From 520 on proxies tell of the server behind them; the others
			 * of a server that may have failed on the data. */
			return status >= 520 ? GENOPS_OUTCOME_RETRY : GENOPS_OUTCOME_SUSPECT;
	}
}

/* What a status means to us, for an answer without a text. */
static const char *
meaning(int status)
{
	switch (status)
	{
		case 401:
			return "the endpoint wants other credentials";
		case 403:
			return "the credentials do not allow this";
		case 404:
		case 405:
			return "no OTLP endpoint at this address";
		case 413:
			return "the request is too large";
		case 415:
			return "the endpoint does not take this protocol";
		case 429:
			return "too many requests";
		case 502:
		case 503:
		case 504:
			return "the endpoint is not available";
		default:
			if (status < 400)
				return "redirects are not followed";
			return status < 500 ? "the request is refused" : "the endpoint failed";
	}
}

static void
judge_refusal(const GenopsHttpReply *reply, const GenopsHeaders *sent, GenopsAnswerBody *body,
              GenopsAnswer *answer)
{
	GenopsOutcome outcome = outcome_of(reply->status, body);
	bool bad_tenant = says_bad_tenant(body->message);
	const char *text = body->message;

	if (bad_tenant)
		outcome = GENOPS_OUTCOME_BLOCKED;
	make_presentable(body->message, sent);
	if (body->html && reply->status == 400)
		text = "an HTML page: this is no OTLP endpoint";
	else if (text[0] == '\0' || reply->status < 400)
		text = meaning(reply->status);
	conclude(answer, outcome, "HTTP %d: %s%s", reply->status, text,
	         bad_tenant ? TENANT_ADVICE : "");
}

static int64_t
wanted_delay(const GenopsHttpReply *reply, const GenopsAnswerBody *body, int64_t now_unix)
{
	int64_t delay = genops_retry_after_ms(reply->retry_after, now_unix);

	if (delay < body->retry_ms)
		delay = body->retry_ms;
	return delay < GENOPS_MAX_RETRY_AFTER_MS ? delay : GENOPS_MAX_RETRY_AFTER_MS;
}

void
genops_answer_judge(const GenopsHttpReply *reply, const GenopsHeaders *sent, int64_t sent_spans,
                    int64_t now_unix, GenopsAnswer *answer)
{
	bool success = reply->status >= 200 && reply->status < 300;
	GenopsAnswerBody body;

	memset(answer, 0, sizeof(*answer));
	if (success && reply->failure == GENOPS_HTTP_RESPONSE_TOO_LARGE)
	{
		conclude(answer, GENOPS_OUTCOME_BLOCKED, "HTTP %d with a huge answer: %s", reply->status,
		         "this is no OTLP endpoint");
		return;
	}
	/* A refusal counts though its text was cut; a success whose partial
	 * success is not known has to be repeated. */
	if (reply->status == 0 || (success && reply->failure != GENOPS_HTTP_ANSWERED))
	{
		judge_failure(reply, answer);
		return;
	}

	genops_answer_body_read(reply->content_type, reply->body, success, &body);
	if (success)
		judge_success(reply, sent, &body, sent_spans, answer);
	else
		judge_refusal(reply, sent, &body, answer);
	if (answer->outcome == GENOPS_OUTCOME_RETRY || answer->outcome == GENOPS_OUTCOME_SUSPECT)
		answer->min_delay_ms = wanted_delay(reply, &body, now_unix);
}
