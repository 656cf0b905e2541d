/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/endpoint.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define QUERY_PORT 3200
#define OTLP_GRPC_PORT 4317
#define OTLP_HTTP_PORT 4318
#define TRACES_PATH "/v1/traces"

/* A URL taken apart by libcurl, which frees the texts with curl_free. */
typedef struct Address
{
	CURLU *url;
	char *scheme;
	char *host; /* IPv6 in brackets */
	char *path; /* at least "/" */
	long port;  /* 0: not given */
	bool https;
} Address;

static void
release(Address *address)
{
	curl_free(address->scheme);
	curl_free(address->host);
	curl_free(address->path);
	curl_url_cleanup(address->url);
}

static bool
has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool found = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return found;
}

static bool
get_port(Address *address, GenopsError *error)
{
	char *text = NULL;

	if (curl_url_get(address->url, CURLUPART_PORT, &text, 0) != CURLUE_OK)
		return true;
	address->port = strtol(text, NULL, 10);
	curl_free(text);
	if (address->port < 1 || address->port > 65535)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "port of the endpoint must be between 1 and 65535");
	return true;
}

static bool
take_apart(Address *address, const char *text, GenopsError *error)
{
	CURLUcode code = curl_url_set(address->url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);

	if (code == CURLUE_BAD_PORT_NUMBER)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "port of the endpoint must be between 1 and 65535");
	if (code == CURLUE_OUT_OF_MEMORY)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	if (code != CURLUE_OK ||
	    curl_url_get(address->url, CURLUPART_SCHEME, &address->scheme, 0) != CURLUE_OK ||
	    curl_url_get(address->url, CURLUPART_HOST, &address->host, 0) != CURLUE_OK ||
	    curl_url_get(address->url, CURLUPART_PATH, &address->path, 0) != CURLUE_OK)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "endpoint is not a valid URL");

	address->https = strcasecmp(address->scheme, "https") == 0;
	if (!address->https && strcasecmp(address->scheme, "http") != 0)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "endpoint must be an http or https URL");
	return get_port(address, error);
}

static bool
check_parts(const Address *address, const char *text, GenopsError *error)
{
	if (has_part(address->url, CURLUPART_USER) || has_part(address->url, CURLUPART_PASSWORD))
	{
		genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                 "endpoint must not contain a user name or password");
		genops_error_hint(error, "Use basic_auth or headers for credentials.");
		return false;
	}
	if (strchr(text, '#') != NULL)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "endpoint must not have a fragment");
	return true;
}

/* Fills "address", one that usually has "port"; on failure there is nothing to release. */
static bool
parse(Address *address, const char *text, int port, GenopsError *error)
{
	*address = (Address){ .url = NULL };
	if (text == NULL || strstr(text, "://") == NULL)
	{
		genops_error_set(error, GENOPS_INVALID_ARGUMENT, "endpoint must be an http or https URL");
		genops_error_hint(error, "Write it with its scheme, like \"http://localhost:%d\".", port);
		return false;
	}
	address->url = curl_url();
	if (address->url == NULL)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	if (take_apart(address, text, error) && check_parts(address, text, error))
		return true;
	release(address);
	return false;
}

static bool
grafana_cloud(const Address *address)
{
	static const char domain[] = ".grafana.net";
	size_t length = strlen(address->host);

	return length >= sizeof(domain) - 1 &&
	       strcasecmp(address->host + length - (sizeof(domain) - 1), domain) == 0;
}

static bool
wrong_port(const Address *address, const char *what, GenopsError *error)
{
	return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "\"%s://%s:%ld\" is %s",
	                        address->scheme, address->host, address->port, what);
}

/* The OTLP/HTTP exporter cannot use these. */
static bool
check_otlp_port(const Address *address, GenopsError *error)
{
	if (address->port == OTLP_GRPC_PORT)
	{
		wrong_port(address, "the address of OTLP over gRPC", error);
		genops_error_hint(error, "OTLP over HTTP has port %d.", OTLP_HTTP_PORT);
		return false;
	}
	if (address->port == QUERY_PORT)
	{
		wrong_port(address, "Tempo's query address, which takes no spans", error);
		genops_error_hint(error, "OTLP over HTTP has port %d.", OTLP_HTTP_PORT);
		return false;
	}
	return true;
}

static bool
check_query_port(const Address *address, GenopsError *error)
{
	if (address->port == OTLP_GRPC_PORT || address->port == OTLP_HTTP_PORT)
	{
		wrong_port(address, "an OTLP address, which answers no queries", error);
		genops_error_hint(error,
		                  "Give Tempo's query address, which has port %d, as endpoint, and this "
		                  "one as otlp_endpoint.",
		                  QUERY_PORT);
		return false;
	}
	if (has_part(address->url, CURLUPART_QUERY))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "endpoint must not have a query");
	return true;
}

static void
cut_slashes(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == '/')
		text[--length] = '\0';
}

static bool
write_url(const Address *address, char out[GENOPS_URL_SIZE], GenopsError *error)
{
	char *text = NULL;
	size_t size;

	if (curl_url_get(address->url, CURLUPART_URL, &text, 0) != CURLUE_OK)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	size = strlen(text) + 1;
	if (size <= GENOPS_URL_SIZE)
		memcpy(out, text, size);
	curl_free(text);
	if (size > GENOPS_URL_SIZE)
		return genops_error_set(error, GENOPS_TOO_LARGE, "endpoint is longer than %d bytes",
		                        GENOPS_URL_SIZE - 1);
	return true;
}

static bool
set_part(Address *address, CURLUPart part, const char *text, GenopsError *error)
{
	if (curl_url_set(address->url, part, text, 0) != CURLUE_OK)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	return true;
}

bool
genops_endpoint_query_url(const char *endpoint, char out[GENOPS_URL_SIZE], GenopsError *error)
{
	Address address;
	bool good;

	if (!parse(&address, endpoint, QUERY_PORT, error))
		return false;
	good = check_query_port(&address, error) && write_url(&address, out, error);
	if (good)
		cut_slashes(out);
	release(&address);
	return good;
}

/* Whether the usual OTLP port of the same host can be meant. */
static bool
check_derivable(const Address *address, GenopsError *error)
{
	if (grafana_cloud(address))
	{
		genops_error_set(error, GENOPS_INVALID_ARGUMENT, "OTLP address of \"%s\" must be given",
		                 address->host);
		genops_error_detail(error, "Grafana Cloud takes spans at its OTLP gateway, which is "
		                           "another host than the one that is queried.");
		genops_error_hint(error, "Set otlp_endpoint to your stack's gateway, like "
		                         "\"https://otlp-gateway-<zone>.grafana.net/otlp\".");
		return false;
	}
	if (address->https && address->port != QUERY_PORT)
	{
		genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                 "OTLP address of \"https://%s\" must be given", address->host);
		genops_error_detail(error, "Behind TLS, the address that takes spans cannot be guessed "
		                           "from the one that is queried.");
		genops_error_hint(error, "Set otlp_endpoint; it often ends in \"/otlp\", or has port %d.",
		                  OTLP_HTTP_PORT);
		return false;
	}
	return true;
}

static bool
derive_otlp(Address *address, char out[GENOPS_URL_SIZE], GenopsError *error)
{
	return check_query_port(address, error) && check_derivable(address, error) &&
	       set_part(address, CURLUPART_PORT, "4318", error) &&
	       set_part(address, CURLUPART_PATH, TRACES_PATH, error) && write_url(address, out, error);
}

bool
genops_endpoint_otlp_from_tempo(const char *endpoint, char out[GENOPS_URL_SIZE], GenopsError *error)
{
	Address address;
	bool good;

	if (!parse(&address, endpoint, QUERY_PORT, error))
		return false;
	good = derive_otlp(&address, out, error);
	release(&address);
	return good;
}

static bool
append_traces_path(Address *address, bool always, GenopsError *error)
{
	size_t room;
	size_t length;
	char *path;
	bool good;

	cut_slashes(address->path);
	length = strlen(address->path);
	room = length + sizeof(TRACES_PATH);
	path = malloc(room);
	if (path == NULL)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	memcpy(path, address->path, length + 1);
	if (always || length < sizeof(TRACES_PATH) - 1 ||
	    strcmp(path + length - (sizeof(TRACES_PATH) - 1), TRACES_PATH) != 0)
		memcpy(path + length, TRACES_PATH, sizeof(TRACES_PATH));
	good = set_part(address, CURLUPART_PATH, path, error);
	free(path);
	return good;
}

static bool
from_base(const char *endpoint, bool always, char out[GENOPS_URL_SIZE], GenopsError *error)
{
	Address address;
	bool good;

	if (!parse(&address, endpoint, OTLP_HTTP_PORT, error))
		return false;
	good = check_otlp_port(&address, error) && append_traces_path(&address, always, error) &&
	       write_url(&address, out, error);
	release(&address);
	return good;
}

bool
genops_endpoint_otlp_from_base(const char *endpoint, char out[GENOPS_URL_SIZE], GenopsError *error)
{
	return from_base(endpoint, false, out, error);
}

bool
genops_endpoint_otlp_appended(const char *endpoint, char out[GENOPS_URL_SIZE], GenopsError *error)
{
	return from_base(endpoint, true, out, error);
}

bool
genops_endpoint_otlp_verbatim(const char *endpoint, char out[GENOPS_URL_SIZE], GenopsError *error)
{
	Address address;
	bool good;

	if (!parse(&address, endpoint, OTLP_HTTP_PORT, error))
		return false;
	good = check_otlp_port(&address, error) && write_url(&address, out, error);
	release(&address);
	return good;
}
