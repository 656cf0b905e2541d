/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/http_transfer.h"

#include <errno.h>
#include <stdio.h>

#include "core/base/utf8.h"

/*
 * OpenSSL reports a connection that is cut during the handshake as a failure
 * of TLS; it passes like any other cut.
 */
static bool
cut_in_handshake(const char *text)
{
	return strstr(text, "SSL_ERROR_SYSCALL") != NULL ||
	       strstr(text, "Connection reset by peer") != NULL ||
	       strstr(text, "unexpected eof") != NULL;
}

/* In TLS 1.3 the client has shaken hands, and sends, when it hears that the peer
 * does not take its certificate, or misses one. */
static bool
refused_after_handshake(const char *text)
{
	return strstr(text, "SSL routines") != NULL && strstr(text, "alert") != NULL;
}

GenopsHttpFailure
genops_http_failure_of(CURLcode code, long system_error, const char *text)
{
	switch (code)
	{
		case CURLE_OK:
			return GENOPS_HTTP_ANSWERED;
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_RESOLVE_PROXY:
			return GENOPS_HTTP_NAME;
		case CURLE_COULDNT_CONNECT:
			return system_error == ECONNREFUSED ? GENOPS_HTTP_REFUSED : GENOPS_HTTP_UNREACHABLE;
		case CURLE_OPERATION_TIMEDOUT:
			return GENOPS_HTTP_TIMEOUT;
		case CURLE_SEND_ERROR:
		case CURLE_RECV_ERROR:
			return refused_after_handshake(text) ? GENOPS_HTTP_TLS : GENOPS_HTTP_RESET;
		case CURLE_GOT_NOTHING:
		case CURLE_PARTIAL_FILE:
			return GENOPS_HTTP_RESET;
		case CURLE_SSL_CONNECT_ERROR:
			return cut_in_handshake(text) ? GENOPS_HTTP_RESET : GENOPS_HTTP_TLS;
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_INVALIDCERTSTATUS:
		case CURLE_SSL_ENGINE_NOTFOUND:
		case CURLE_SSL_ENGINE_SETFAILED:
		case CURLE_SSL_ENGINE_INITFAILED:
		case CURLE_USE_SSL_FAILED:
			return GENOPS_HTTP_TLS;
		default:
			return GENOPS_HTTP_OTHER;
	}
}

/* What to do about it, where libcurl's text does not say. */
static const char *
advice(CURLcode code)
{
	switch (code)
	{
		case CURLE_PEER_FAILED_VERIFICATION:
			return "; certificate can name the PEM file of the authority that signed it";
		case CURLE_SSL_CERTPROBLEM:
			return "; see client_certificate and client_key";
		case CURLE_SSL_CACERT_BADFILE:
			return "; see certificate, a PEM file that the server can read";
		case CURLE_OUT_OF_MEMORY:
			return ", or a line of the answer's headers is longer than 100 kB";
		default:
			return "";
	}
}

void
genops_http_failure_text(char *out, size_t size, CURLcode code, const char *text)
{
	char line[CURL_ERROR_SIZE + 128];
	char repaired[3 * sizeof(line)];
	GenopsSlice whole = { repaired, 0 };

	snprintf(line, sizeof(line), "%s%s", text[0] ? text : curl_easy_strerror(code), advice(code));
	whole.length = genops_utf8_repair(repaired, genops_slice(line));
	whole.length = genops_utf8_clip(whole, size - 1);
	memcpy(out, repaired, whole.length);
	out[whole.length] = '\0';
}
