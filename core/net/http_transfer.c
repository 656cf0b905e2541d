/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/http_transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "core/net/wipe.h"

/* How much libcurl reads of the body, and sends, at a time. */
#define UPLOAD_BUFFER (256L * 1024)

/* A CA file that was replaced is read again after this (default: a day). */
#define CA_CACHE_SECONDS 60L

static bool
out_of_memory(GenopsError *error)
{
	return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
}

/* The text is copied, and the original wiped: it may be a secret. */
static bool
append_line(struct curl_slist **list, char *line)
{
	struct curl_slist *longer = line ? curl_slist_append(*list, line) : NULL;

	if (line != NULL)
		genops_wipe(line, strlen(line));
	free(line);
	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

/* libcurl takes "Name;" for a header without a value, and "Name:" for one
 * that it is not to send. */
static char *
header_line(const GenopsHeader *header)
{
	size_t size = strlen(header->name) + strlen(header->value) + sizeof(": ");
	char *line = malloc(size);

	if (line == NULL)
		return NULL;
	if (header->value[0] == '\0')
		snprintf(line, size, "%s;", header->name);
	else
		snprintf(line, size, "%s: %s", header->name, header->value);
	return line;
}

static bool
take_headers(GenopsTransfer *transfer, const GenopsHttpRequest *request)
{
	for (size_t i = 0; request->headers != NULL && i < request->headers->count; i++)
	{
		if (!append_line(&transfer->headers, header_line(&request->headers->items[i])))
			return false;
	}
	if (request->method == GENOPS_HTTP_POST && request->gzip &&
	    !append_line(&transfer->headers, strdup("Content-Encoding: gzip")))
		return false;
	/* Without this libcurl asks before it sends a large body, and waits. */
	return append_line(&transfer->headers, strdup("Expect:"));
}

/* libcurl's callback for bytes of the response's body. */
static size_t
take_response(char *data, size_t size, size_t count, void *arg)
{
	GenopsTransfer *transfer = arg;
	size_t length = size * count;

	if (length > transfer->response_limit - transfer->response.length)
	{
		transfer->response_too_large = true;
		return 0;
	}
	genops_bytes_put(&transfer->response, data, length);
	return transfer->response.failed ? 0 : length;
}

/* libcurl's callback for one header line; a status line starts a new answer. */
static size_t
take_header(char *data, size_t size, size_t count, void *arg)
{
	static const char name[] = "Retry-After:";
	GenopsTransfer *transfer = arg;
	size_t length = size * count;
	GenopsSlice value;

	if (length >= 5 && memcmp(data, "HTTP/", 5) == 0)
		transfer->retry_after[0] = '\0';
	if (length < sizeof(name) - 1 || strncasecmp(data, name, sizeof(name) - 1) != 0)
		return length;

	value = (GenopsSlice){ data + sizeof(name) - 1, length - (sizeof(name) - 1) };
	for (; value.length > 0 && *value.data == ' '; value.length--)
		value.data++;
	while (value.length > 0 && (unsigned char) value.data[value.length - 1] <= ' ')
		value.length--;
	if (value.length < sizeof(transfer->retry_after))
	{
		memcpy(transfer->retry_after, value.data, value.length);
		transfer->retry_after[value.length] = '\0';
	}
	return length;
}

#define SET(option, value) (curl_easy_setopt(transfer->easy, (option), (value)) == CURLE_OK)

static bool
restrict_protocols(GenopsTransfer *transfer)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
	return SET(CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static bool
set_behaviour(GenopsTransfer *transfer)
{
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Don't wait for the thread that resolves a name when giving up. */
	if (!SET(CURLOPT_QUICK_EXIT, 1L) || !SET(CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_SECONDS))
		return false;
#endif
	return restrict_protocols(transfer) && SET(CURLOPT_NOSIGNAL, 1L) &&
	       SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
	       SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1) &&
	       SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) &&
	       SET(CURLOPT_TCP_NODELAY, 1L) && SET(CURLOPT_TCP_KEEPALIVE, 1L) &&
	       SET(CURLOPT_ACCEPT_ENCODING, "gzip") && SET(CURLOPT_ERRORBUFFER, transfer->error) &&
	       SET(CURLOPT_WRITEFUNCTION, take_response) && SET(CURLOPT_WRITEDATA, transfer) &&
	       SET(CURLOPT_HEADERFUNCTION, take_header) && SET(CURLOPT_HEADERDATA, transfer) &&
	       SET(CURLOPT_PRIVATE, transfer);
}

static bool
set_request(GenopsTransfer *transfer, const GenopsHttpRequest *request, const char *user_agent)
{
	if (request->ca_file != NULL && !SET(CURLOPT_CAINFO, request->ca_file))
		return false;
	return SET(CURLOPT_URL, request->url) && SET(CURLOPT_USERAGENT, user_agent) &&
	       SET(CURLOPT_HTTPHEADER, transfer->headers) &&
	       SET(CURLOPT_TIMEOUT_MS, request->timeout_ms) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms) &&
	       SET(CURLOPT_SSLCERT, request->client_certificate) &&
	       SET(CURLOPT_SSLKEY, request->client_key);
}

static bool
set_post(GenopsTransfer *transfer)
{
	return SET(CURLOPT_POST, 1L) &&
	       SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) transfer->body_size) &&
	       SET(CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER) &&
	       SET(CURLOPT_READFUNCTION, genops_transfer_read) && SET(CURLOPT_READDATA, transfer) &&
	       SET(CURLOPT_SEEKFUNCTION, genops_transfer_seek) && SET(CURLOPT_SEEKDATA, transfer);
}

static bool
prepare(GenopsTransfer *transfer, const GenopsHttpRequest *request, const char *user_agent,
        GenopsError *error)
{
	bool post = request->method == GENOPS_HTTP_POST;

	transfer->user_data = request->user_data;
	transfer->response = genops_bytes_growing();
	transfer->response_limit =
	    request->response_limit ? request->response_limit : GENOPS_HTTP_RESPONSE_LIMIT;
	if (post && !genops_transfer_take_body(transfer, request, error))
		return false;

	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL || !take_headers(transfer, request) || !set_behaviour(transfer) ||
	    !set_request(transfer, request, user_agent) || (post && !set_post(transfer)))
		return out_of_memory(error);
	return true;
}

GenopsTransfer *
genops_transfer_new(const GenopsHttpRequest *request, const char *user_agent, GenopsError *error)
{
	GenopsTransfer *transfer = calloc(1, sizeof(*transfer));

	if (transfer == NULL)
	{
		out_of_memory(error);
		return NULL;
	}
	if (!prepare(transfer, request, user_agent, error))
	{
		genops_transfer_free(transfer);
		return NULL;
	}
	return transfer;
}

void
genops_transfer_free(GenopsTransfer *transfer)
{
	if (transfer->easy != NULL)
		curl_easy_cleanup(transfer->easy);
	for (struct curl_slist *line = transfer->headers; line != NULL; line = line->next)
		genops_wipe(line->data, strlen(line->data));
	curl_slist_free_all(transfer->headers);
	free(transfer->runs);
	genops_bytes_free(&transfer->packed);
	genops_bytes_free(&transfer->response);
	free(transfer);
}

static void
fill_failure(const GenopsTransfer *transfer, CURLcode code, GenopsHttpReply *reply)
{
	long system_error = 0;

	if (transfer->response_too_large)
	{
		reply->failure = GENOPS_HTTP_RESPONSE_TOO_LARGE;
		snprintf(reply->error, sizeof(reply->error), "answer is larger than %zu bytes",
		         transfer->response_limit);
		return;
	}
	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &system_error);
	reply->failure = genops_http_failure_of(code, system_error, transfer->error);
	if (code != CURLE_OK)
		genops_http_failure_text(reply->error, sizeof(reply->error), code, transfer->error);
}

void
genops_transfer_reply(GenopsTransfer *transfer, CURLcode code, GenopsHttpReply *reply)
{
	const char *content_type = NULL;
	long status = 0;

	memset(reply, 0, sizeof(*reply));
	reply->user_data = transfer->user_data;
	reply->sent_bytes = transfer->body_size;
	fill_failure(transfer, code, reply);

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	/* An interim answer, to a request that was never answered. */
	reply->status = status >= 200 ? (int) status : 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &content_type);
	if (content_type != NULL)
		snprintf(reply->content_type, sizeof(reply->content_type), "%s", content_type);
	memcpy(reply->retry_after, transfer->retry_after, sizeof(reply->retry_after));

	reply->body.data = (char *) transfer->response.data;
	reply->body.length = transfer->response.length;
	transfer->response = genops_bytes_growing();
}

void
genops_http_reply_free(GenopsHttpReply *reply)
{
	free((char *) reply->body.data);
	reply->body = GENOPS_ABSENT;
}
