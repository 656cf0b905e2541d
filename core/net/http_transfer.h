/* SPDX-License-Identifier: PostgreSQL */
/*
 * One request on its way: libcurl's handle, what is sent, what has come.
 * Private to the HTTP client (http.h).
 */
#ifndef GENOPS_CORE_NET_HTTP_TRANSFER_H
#define GENOPS_CORE_NET_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "core/base/bytes.h"
#include "core/net/http.h"

typedef struct GenopsTransfer
{
	CURL *easy;
	struct curl_slist *headers;
	void *user_data;

	GenopsSlice *runs; /* the body's, borrowed bytes */
	size_t run_count;
	size_t body_size;
	size_t run;         /* where the reading is: in this run, */
	size_t offset;      /* at this byte */
	GenopsBytes packed; /* the compressed body: then it is the only run */

	GenopsBytes response;
	size_t response_limit;
	bool response_too_large;
	char retry_after[64];
	char error[CURL_ERROR_SIZE];

	struct GenopsTransfer *previous;
	struct GenopsTransfer *next;
} GenopsTransfer;

/* A transfer ready to be added to a multi handle, or NULL. */
extern GenopsTransfer *genops_transfer_new(const GenopsHttpRequest *request, const char *user_agent,
                                           GenopsError *error);
extern void genops_transfer_free(GenopsTransfer *transfer);

/* Fills the reply of a transfer that is over; it takes the response's memory. */
extern void genops_transfer_reply(GenopsTransfer *transfer, CURLcode code, GenopsHttpReply *reply);

/* http_body.c: copies the runs, or compresses them. */
extern bool genops_transfer_take_body(GenopsTransfer *transfer, const GenopsHttpRequest *request,
                                      GenopsError *error);
/* libcurl's callbacks that read the body and go back to its start. */
extern size_t genops_transfer_read(char *out, size_t size, size_t count, void *transfer);
extern int genops_transfer_seek(void *transfer, curl_off_t offset, int origin);

/* http_failure.c */
extern GenopsHttpFailure genops_http_failure_of(CURLcode code, long system_error, const char *text);
extern void genops_http_failure_text(char *out, size_t size, CURLcode code, const char *text);

#endif
