/* SPDX-License-Identifier: PostgreSQL */
#include "core/tempo/problem.h"

#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "core/base/utf8.h"
#include "core/net/answer_body.h"

/* Of Tempo's own text; fits into an error's detail. */
#define SHOWN_BYTES 440

typedef struct Refusal
{
	int status;
	const char *address;
	const GenopsAnswerBody *body;
	GenopsError *error;
} Refusal;

static GenopsTempoProblem
something_else(const char *address, GenopsError *error)
{
	genops_error_set(error, GENOPS_MALFORMED, "what answers at \"%s\" is not Tempo's query API",
	                 address);
	genops_error_hint(error, "endpoint must be Tempo's query address, which has port 3200 by "
	                         "default, not its OTLP address (4318) or Grafana's (3000).");
	return GENOPS_TEMPO_SOMETHING_ELSE;
}

static const char *
advice(GenopsHttpFailure failure)
{
	switch (failure)
	{
		case GENOPS_HTTP_NAME:
			return "See the host's name in endpoint: genops_configure().";
		case GENOPS_HTTP_REFUSED:
			return "Is Tempo running there? endpoint must be its query address, which has port "
			       "3200 "
			       "by default.";
		case GENOPS_HTTP_TLS:
			return "See endpoint, certificate, client_certificate and client_key of "
			       "genops_configure().";
		case GENOPS_HTTP_TIMEOUT:
			return "Is it running, and to be reached from here? Else ask for less or for a shorter "
			       "time range, or raise timeout with genops_configure().";
		default:
			return "";
	}
}

static GenopsTempoProblem
no_answer(const GenopsHttpReply *reply, const char *address, GenopsError *error)
{
	GenopsTempoProblem problem = GENOPS_TEMPO_INTERRUPTED;

	if (reply->failure == GENOPS_HTTP_OTHER)
		problem = something_else(address, error);
	else if (reply->failure == GENOPS_HTTP_TIMEOUT)
		genops_error_set(error, GENOPS_UNREACHABLE, "Tempo at \"%s\" did not answer in time",
		                 address);
	else if (reply->failure == GENOPS_HTTP_RESET)
		genops_error_set(error, GENOPS_UNREACHABLE, "lost the connection to Tempo at \"%s\"",
		                 address);
	else
	{
		genops_error_set(error, GENOPS_UNREACHABLE, "could not connect to Tempo at \"%s\"",
		                 address);
		problem = GENOPS_TEMPO_UNREACHABLE;
	}
	genops_error_detail(error, "%s.", reply->error[0] ? reply->error : "There was no answer");
	if (problem != GENOPS_TEMPO_SOMETHING_ELSE)
		genops_error_hint(error, "%s", advice(reply->failure));
	return problem;
}

static GenopsTempoProblem
answer_too_large(const GenopsHttpReply *reply, GenopsError *error)
{
	genops_error_set(error, GENOPS_TOO_LARGE, "the answer of Tempo is too large");
	genops_error_detail(error, "The %s.", reply->error);
	genops_error_hint(error, "Ask for less: a narrower query, a shorter time range, a lower "
	                         "max_traces or spans_per_trace, a longer step.");
	return GENOPS_TEMPO_TOO_LARGE;
}

static bool
is_json(const char *content_type)
{
	return strncasecmp(content_type, "application/json", 16) == 0 &&
	       strchr("; \t", content_type[16]) != NULL;
}

static GenopsTempoProblem
judge_success(const GenopsHttpReply *reply, const char *address, GenopsError *error)
{
	GenopsAnswerBody body;

	if (is_json(reply->content_type) && reply->body.length > 0)
		return GENOPS_TEMPO_ANSWERED;
	genops_answer_body_read(reply->content_type, reply->body, true, &body);
	something_else(address, error);
	if (reply->body.length == 0)
		genops_error_detail(error, "It answered HTTP %d without a body.", reply->status);
	else if (body.html)
		genops_error_detail(error, "It answered HTTP %d with an HTML page.", reply->status);
	else
		genops_error_detail(
		    error, "It answered HTTP %d with content type \"%.*s\", not JSON.", reply->status,
		    (int) genops_utf8_clip(genops_slice(reply->content_type), 80),
		    genops_utf8_valid(genops_slice(reply->content_type)) ? reply->content_type : "");
	return GENOPS_TEMPO_SOMETHING_ELSE;
}

/* Tempo's words for a tenant that is missing or that it cannot take. */
static bool
about_tenant(const char *text)
{
	return strstr(text, "no org id") != NULL || strncmp(text, "tenant ID", 9) == 0;
}

static GenopsTempoProblem
tell(const Refusal *refusal, GenopsTempoProblem problem, GenopsErrorCode code, const char *what,
     const char *hint)
{
	genops_error_set(refusal->error, code, "Tempo at \"%s\" %s", refusal->address, what);
	genops_error_hint(refusal->error, "%s", hint);
	return problem;
}

/* Tempo's words where the TraceQL is the reason. */
static bool
about_query(const Refusal *refusal)
{
	const char *text = refusal->body->message;

	return strncmp(text, "invalid TraceQL query", 21) == 0 ||
	       strncmp(text, "compiling query", 15) == 0 || strncmp(text, "parse error", 11) == 0 ||
	       strcmp(text, "not a metrics query") == 0;
}

static GenopsTempoProblem
bad_request(const Refusal *refusal)
{
	const char *text = refusal->body->message;

	if (about_query(refusal))
	{
		genops_error_set(refusal->error, GENOPS_INVALID_ARGUMENT,
		                 "Tempo does not accept the TraceQL query");
		return GENOPS_TEMPO_BAD_QUERY;
	}
	genops_error_set(refusal->error, GENOPS_INVALID_ARGUMENT, "Tempo refused the request");
	if (strstr(text, "range") != NULL && strstr(text, "exceeds") != NULL)
		genops_error_hint(refusal->error, "Ask for a shorter time range, or raise max_duration in "
		                                  "Tempo's query_frontend; the ledger has no such limit.");
	else if (strncmp(text, "step of", 7) == 0)
		genops_error_hint(refusal->error, "Ask for a longer step or a shorter time range.");
	else if (about_tenant(text))
		genops_error_hint(refusal->error,
		                  "See argument tenant_id, and tenant_id of genops_configure().");
	return GENOPS_TEMPO_BAD_REQUEST;
}

static GenopsTempoProblem
not_there(const Refusal *refusal)
{
	something_else(refusal->address, refusal->error);
	if (refusal->status == 404 && !refusal->body->html)
		genops_error_hint(refusal->error, "endpoint must be Tempo's query address, which has port "
		                                  "3200 by default, not its OTLP address (4318); an old "
		                                  "Tempo may lack what is asked of it.");
	return GENOPS_TEMPO_SOMETHING_ELSE;
}

static const char *
hint_for_who_asks(const Refusal *refusal)
{
	if (about_tenant(refusal->body->message))
		return "It has several tenants: name one, by argument tenant_id or with "
		       "genops_configure(tenant_id => ...).";
	return "See basic_auth, headers and headers_file of genops_configure(), and the tenant.";
}

static GenopsTempoProblem
judge_refusal(const Refusal *refusal)
{
	switch (refusal->status)
	{
		case 401:
		case 403:
			return tell(refusal, GENOPS_TEMPO_UNAUTHORIZED, GENOPS_INVALID_ARGUMENT,
			            "does not accept who asks", hint_for_who_asks(refusal));
		case 413:
		case 414:
		case 431:
			return tell(refusal, GENOPS_TEMPO_TOO_LARGE, GENOPS_TOO_LARGE,
			            "cannot take a question as large",
			            "A query is sent in the address: shorten it, or let what is in front of "
			            "Tempo take longer addresses.");
		case 429:
			return tell(refusal, GENOPS_TEMPO_BUSY, GENOPS_UNREACHABLE, "is too busy",
			            "Ask again later, or for less.");
		case 502:
		case 503:
		case 504:
			return tell(refusal, GENOPS_TEMPO_UNAVAILABLE, GENOPS_UNREACHABLE, "is not available",
			            "It may be starting or stopping: ask again later.");
		case 400:
		case 422:
			return refusal->body->html ? not_there(refusal) : bad_request(refusal);
		default:
			return refusal->status < 500 ? not_there(refusal)
			                             : tell(refusal, GENOPS_TEMPO_FAILED, GENOPS_UNREACHABLE,
			                                    "failed to answer", "");
	}
}

static void
show_text(const Refusal *refusal, char *message, const GenopsHeaders *sent)
{
	if (sent != NULL)
		genops_headers_mask(sent, message);
	message[genops_utf8_clip(genops_slice(message), SHOWN_BYTES)] = '\0';
	if (refusal->body->html)
		genops_error_detail(refusal->error, "It answered HTTP %d with an HTML page.",
		                    refusal->status);
	else if (message[0] == '\0')
		genops_error_detail(refusal->error, "It answered HTTP %d without a text.", refusal->status);
	else
		genops_error_detail(refusal->error, "It answered HTTP %d: %s", refusal->status, message);
}

GenopsTempoProblem
genops_tempo_judge(const GenopsHttpReply *reply, const char *address, const GenopsHeaders *sent,
                   GenopsError *error)
{
	GenopsAnswerBody body;
	Refusal refusal = { reply->status, address, &body, error };
	GenopsTempoProblem problem;
	bool success = reply->status >= 200 && reply->status < 300;

	if (success && reply->failure == GENOPS_HTTP_RESPONSE_TOO_LARGE)
		return answer_too_large(reply, error);
	/* A refusal counts though its text was cut. */
	if (reply->status == 0 || (success && reply->failure != GENOPS_HTTP_ANSWERED))
		return no_answer(reply, address, error);
	if (success)
		return judge_success(reply, address, error);
	genops_answer_body_read(reply->content_type, reply->body, false, &body);
	problem = judge_refusal(&refusal);
	show_text(&refusal, body.message, sent);
	return problem;
}

/* The number behind the words, 0 if they are not there. */
static int
number_behind(const char *text, const char *words)
{
	const char *at = strstr(text, words);
	long number = at == NULL ? 0 : strtol(at + strlen(words), NULL, 10);

	return number > 0 && number < INT_MAX ? (int) number : 0;
}

int
genops_tempo_allowed_traces(const GenopsError *error)
{
	return number_behind(error->detail, " exceeds max limit ");
}

int
genops_tempo_allowed_spans(const GenopsError *error)
{
	return number_behind(error->detail, "spans per span set exceeds ");
}
