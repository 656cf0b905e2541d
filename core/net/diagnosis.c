/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/diagnosis.h"

#include <stdio.h>

#include "core/base/utf8.h"
#include "core/net/answer_body.h"

/* Of a peer's own text. */
#define SHOWN_BYTES 200

typedef struct Advice
{
	const char *what;
	const char *query_fix;
	const char *otlp_fix; /* NULL: the same */
} Advice;

#define MORE_TIME \
	"Check that no firewall drops the packets on the way, or allow more time: timeout => 30."
#define CREDENTIALS                                                                       \
	"SELECT genops_configure(headers => '{\"Authorization\": \"Bearer your-token\"}');\n" \
	"or  SELECT genops_configure(basic_auth => 'user:password');"
#define TENANT "SELECT genops_configure(tenant_id => 'team-platform');"

static const Advice advice[GENOPS_PROBLEM_COUNT] = {
	[GENOPS_PROBLEM_NAME] = { "the host's name does not resolve",
	                          "Correct the host in the address, or its entry in DNS or /etc/hosts "
	                          "of the database's machine.",
	                          NULL },
	[GENOPS_PROBLEM_REFUSED] = { "connection refused",
	                             "Start Tempo:\n"
	                             "  Docker: docker run -d -p 3200:3200 -p 4318:4318 "
	                             "grafana/tempo:latest\n"
	                             "  Or check if Tempo is running: curl %s/api/status/buildinfo",
	                             "Enable OTLP receiver in Tempo config (default port 4318)" },
	[GENOPS_PROBLEM_UNREACHABLE] = { "the host cannot be reached",
	                                 "Check the network between the database's machine and this "
	                                 "host, and that the host runs.",
	                                 NULL },
	[GENOPS_PROBLEM_TLS] = { "TLS failed",
	                         "For an authority of your own: SELECT genops_configure(certificate => "
	                         "'/path/to/ca.pem');\n"
	                         "If the other side speaks no TLS, write http:// in the address.",
	                         NULL },
	[GENOPS_PROBLEM_PLAIN] = { "it speaks TLS", "Write https:// in the address.", NULL },
	[GENOPS_PROBLEM_TIMEOUT] = { "no answer in time", MORE_TIME, NULL },
	[GENOPS_PROBLEM_RESET] = { "the connection was closed before the answer",
	                           "Check the port: queries have Tempo's HTTP port (default 3200), and "
	                           "the logs of Tempo or the proxy before it.",
	                           "Check the port: OTLP over HTTP has port 4318, and 4317 is "
	                           "gRPC's." },
	[GENOPS_PROBLEM_PROTOCOL] = { "what came is no HTTP answer",
	                              "Check the port: queries have Tempo's HTTP port (default 3200), "
	                              "not that of gRPC.",
	                              "Check the port: OTLP over HTTP has port 4318, and 4317 is "
	                              "gRPC's." },
	[GENOPS_PROBLEM_TENANT_MISSING] = { "a tenant is missing",
	                                    "Tempo has multitenancy_enabled. Name the tenant: " TENANT,
	                                    NULL },
	[GENOPS_PROBLEM_TENANT_REFUSED] = { "the tenant is refused", "Name another tenant: " TENANT,
	                                    NULL },
	[GENOPS_PROBLEM_UNAUTHORIZED] = { "other credentials are wanted", CREDENTIALS, NULL },
	[GENOPS_PROBLEM_FORBIDDEN] = { "the credentials do not allow this",
	                               "Give the token's owner the right to read traces, or set "
	                               "another one: " CREDENTIALS,
	                               "Give the token's owner the right to write traces, or set "
	                               "another one: " CREDENTIALS },
	[GENOPS_PROBLEM_NOT_FOUND] = { "nothing at this address",
	                               "Give Tempo's own query address: SELECT "
	                               "genops_configure(endpoint => 'http://localhost:3200');\n"
	                               "A path before /api belongs to it, such as Grafana Cloud's "
	                               "/tempo.",
	                               "Enable OTLP receiver in Tempo config (default port 4318), or "
	                               "correct otlp_endpoint; /v1/traces is appended to it." },
	[GENOPS_PROBLEM_RATE_LIMITED] = { "too many requests",
	                                  "Try again later, or raise what Tempo allows: "
	                                  "query_frontend.max_outstanding_per_tenant.",
	                                  "Try again later, or raise what Tempo allows: "
	                                  "overrides.defaults.ingestion.rate_limit_bytes and "
	                                  "burst_size_bytes." },
	[GENOPS_PROBLEM_UNAVAILABLE] = { "it fails", "See its log, and what %s/ready answers.",
	                                 "See its log; it may still be starting." },
	[GENOPS_PROBLEM_OTHER] = { "the answer is not the expected one",
	                           "Check that the address is Tempo's, and what stands between.",
	                           "Check that the address is an OTLP receiver's, and what stands "
	                           "between." },
};

static const char *
fix_of(GenopsProblem problem, GenopsAddressKind kind)
{
	bool collector = kind == GENOPS_ADDRESS_COLLECTOR;
	const Advice *all = &advice[problem];

	if (collector && problem == GENOPS_PROBLEM_REFUSED)
		return "Start the OpenTelemetry Collector, or enable its otlp receiver over http (default "
		       "port 4318)";
	if (collector && problem == GENOPS_PROBLEM_UNAUTHORIZED)
		return "SELECT genops_configure(collector_headers => '{\"Authorization\": \"Bearer "
		       "your-token\"}');";
	if (kind != GENOPS_ADDRESS_QUERY && all->otlp_fix != NULL)
		return all->otlp_fix;
	return all->query_fix;
}

/* Puts the address where the text has "%s". */
static void
write_fix(GenopsDiagnosis *out, const char *text, const char *address)
{
	const char *place = strstr(text, "%s");
	int before = place ? (int) (place - text) : (int) strlen(text);

	snprintf(out->fix, sizeof(out->fix), "%.*s%s%s", before, text, place ? address : "",
	         place ? place + 2 : "");
}

static GenopsProblem
problem_of_failure(const GenopsHttpReply *reply)
{
	switch (reply->failure)
	{
		case GENOPS_HTTP_NAME:
			return GENOPS_PROBLEM_NAME;
		case GENOPS_HTTP_REFUSED:
			return GENOPS_PROBLEM_REFUSED;
		case GENOPS_HTTP_UNREACHABLE:
			return GENOPS_PROBLEM_UNREACHABLE;
		case GENOPS_HTTP_TLS:
			return GENOPS_PROBLEM_TLS;
		case GENOPS_HTTP_TIMEOUT:
			return GENOPS_PROBLEM_TIMEOUT;
		case GENOPS_HTTP_RESET:
			return GENOPS_PROBLEM_RESET;
		default:
			return GENOPS_PROBLEM_PROTOCOL;
	}
}

static GenopsProblem
problem_of_status(int status, const char *text)
{
	if (status >= 200 && status < 300)
		return GENOPS_PROBLEM_NONE;
	if (strstr(text, "no org id") != NULL)
		return GENOPS_PROBLEM_TENANT_MISSING;
	if (strncmp(text, "tenant ID", 9) == 0 || strstr(text, "org IDs present") != NULL)
		return GENOPS_PROBLEM_TENANT_REFUSED;
	if (strstr(text, "HTTP request to an HTTPS server") != NULL)
		return GENOPS_PROBLEM_PLAIN;
	switch (status)
	{
		case 401:
			return GENOPS_PROBLEM_UNAUTHORIZED;
		case 403:
			return GENOPS_PROBLEM_FORBIDDEN;
		case 404:
		case 405:
			return GENOPS_PROBLEM_NOT_FOUND;
		case 429:
			return GENOPS_PROBLEM_RATE_LIMITED;
		default:
			return status >= 500 ? GENOPS_PROBLEM_UNAVAILABLE : GENOPS_PROBLEM_OTHER;
	}
}

static void
write_failure(GenopsDiagnosis *out, GenopsAddressKind kind, const char *address, const char *more)
{
	const char *what = advice[out->problem].what;
	bool say_more = more[0] != '\0' && out->problem != GENOPS_PROBLEM_REFUSED &&
	                out->problem != GENOPS_PROBLEM_TIMEOUT;

	snprintf(out->message, sizeof(out->message), "%s %s: %s%s%s",
	         kind == GENOPS_ADDRESS_QUERY       ? "Cannot connect to Tempo at"
	         : kind == GENOPS_ADDRESS_COLLECTOR ? "Cannot connect to the Collector at"
	                                            : "OTLP endpoint not accessible at",
	         address, what, say_more ? ": " : "", say_more ? more : "");
}

static void
write_refusal(GenopsDiagnosis *out, GenopsAddressKind kind, const char *address, int status,
              const char *text)
{
	snprintf(out->message, sizeof(out->message), "%s %s: %s (HTTP %d%s%s)",
	         kind == GENOPS_ADDRESS_QUERY       ? "Tempo at"
	         : kind == GENOPS_ADDRESS_COLLECTOR ? "Collector at"
	                                            : "OTLP endpoint",
	         address, advice[out->problem].what, status, text[0] ? ": " : "", text);
}

/* A text of libcurl's or the peer's is cut at a character. */
static void
clip(char *text)
{
	text[genops_utf8_clip(genops_slice(text), SHOWN_BYTES)] = '\0';
}

static void
diagnose_answer(const GenopsHttpReply *reply, GenopsAddressKind kind, const char *address,
                const GenopsHeaders *sent, GenopsDiagnosis *out)
{
	GenopsAnswerBody body;

	genops_answer_body_read(reply->content_type, reply->body, false, &body);
	out->problem = problem_of_status(reply->status, body.message);
	if (out->problem == GENOPS_PROBLEM_NONE)
		return;
	if (sent != NULL)
		genops_headers_mask(sent, body.message);
	clip(body.message);
	write_refusal(out, kind, address, reply->status, body.html ? "an HTML page" : body.message);
}

void
genops_diagnose(const GenopsHttpReply *reply, GenopsAddressKind kind, const char *address,
                const GenopsHeaders *sent, GenopsDiagnosis *out)
{
	bool success = reply->status >= 200 && reply->status < 300;
	char error[sizeof(reply->error)];

	memset(out, 0, sizeof(*out));
	if (reply->status != 0 && (!success || reply->failure == GENOPS_HTTP_ANSWERED))
		diagnose_answer(reply, kind, address, sent, out);
	else
	{
		out->problem = problem_of_failure(reply);
		snprintf(error, sizeof(error), "%s", reply->error);
		clip(error);
		write_failure(out, kind, address, error);
	}
	if (out->problem != GENOPS_PROBLEM_NONE)
		write_fix(out, fix_of(out->problem, kind), address);
}

void
genops_diagnose_wrong_port(GenopsAddressKind kind, const char *address, GenopsDiagnosis *out)
{
	memset(out, 0, sizeof(*out));
	out->problem = GENOPS_PROBLEM_NOT_FOUND;
	if (kind == GENOPS_ADDRESS_QUERY)
	{
		snprintf(out->message, sizeof(out->message),
		         "%s is an OTLP address, which answers no queries", address);
		write_fix(out,
		          "Give Tempo's query address (default port 3200) as endpoint, and this one as "
		          "otlp_endpoint: SELECT genops_configure(endpoint => 'http://localhost:3200', "
		          "otlp_endpoint => '%s');",
		          address);
		return;
	}
	snprintf(out->message, sizeof(out->message),
	         "%s is Tempo's query address, which takes no spans", address);
	write_fix(out,
	          kind == GENOPS_ADDRESS_COLLECTOR
	              ? "Give the Collector's OTLP address over HTTP (default port 4318) as "
	                "collector_endpoint."
	              : "Give the OTLP address over HTTP (default port 4318) as otlp_endpoint: SELECT "
	                "genops_configure(otlp_endpoint => 'http://localhost:4318');",
	          address);
}
