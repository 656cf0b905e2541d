/* SPDX-License-Identifier: PostgreSQL */
/*
 * An HTTP client for a process that has an event loop of its own.
 *
 * Requests are started, driven by genops_http_progress whenever a socket is
 * ready or the timeout has passed, and fetched when they are over.  No call
 * waits for the network.  A PostgreSQL process loops like this:
 *
 *		genops_http_start(client, &request, &error);
 *		for (;;)
 *		{
 *			genops_http_progress(client);
 *			while (genops_http_next_finished(client, &reply))
 *				... judge it, genops_http_reply_free(&reply)
 *			if (genops_http_generation(client) != generation)
 *				... make a WaitEventSet of genops_http_sockets and the latch
 *			WaitEventSetWait(set, genops_http_timeout_ms(client), ...);
 *			CHECK_FOR_INTERRUPTS() or its like; on the way out genops_http_client_free
 *		}
 *
 * Only HTTP/1.1 over http and https, no redirects; connections are kept alive
 * and reused; the environment's http_proxy, https_proxy and no_proxy count, as
 * they do for any libcurl.  Signals are blocked while libcurl runs, so that the thread in
 * which it resolves a name never runs a handler of the process.  The process
 * must ignore SIGPIPE, as PostgreSQL's do.  Not for use by two threads.
 */
#ifndef GENOPS_CORE_NET_HTTP_H
#define GENOPS_CORE_NET_HTTP_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/base/slice.h"
#include "core/net/headers.h"

#define GENOPS_HTTP_RESPONSE_LIMIT ((size_t) 4 * 1024 * 1024)

typedef struct GenopsHttpClient GenopsHttpClient;

/*
 * Initialises libcurl for this process too, which must not fork afterwards
 * and use it in the child: never call it in the postmaster.
 */
extern GenopsHttpClient *genops_http_client_new(const char *user_agent, GenopsError *error);

/* Aborts what is under way and forgets it.  Does not wait for a name that is
 * being resolved (libcurl 7.87 or later; before, it does). NULL is allowed. */
extern void genops_http_client_free(GenopsHttpClient *client);

typedef enum GenopsHttpMethod
{
	GENOPS_HTTP_GET,
	GENOPS_HTTP_POST
} GenopsHttpMethod;

/*
 * The bytes that "body" points to are not copied: they must stay until the
 * request has been fetched or the client freed.  With gzip they are
 * compressed in genops_http_start and not needed after it.  All else is copied.
 */
typedef struct GenopsHttpRequest
{
	GenopsHttpMethod method;
	const char *url;
	const GenopsHeaders *headers; /* NULL: none */
	const GenopsSlice *body;      /* the body is these, one after another */
	size_t body_count;
	bool gzip;               /* compress the body */
	long timeout_ms;         /* for the whole request; 0: none */
	long connect_timeout_ms; /* name, connection and TLS; 0: libcurl's, 5 min */
	size_t response_limit;   /* bytes; 0: GENOPS_HTTP_RESPONSE_LIMIT */
	const char *ca_file;     /* PEM files; NULL: the system's, none */
	const char *client_certificate;
	const char *client_key;
	void *user_data;
} GenopsHttpRequest;

/* True if the request is under way; it will be fetched, whatever happens. */
extern bool genops_http_start(GenopsHttpClient *client, const GenopsHttpRequest *request,
                              GenopsError *error);

/* Does all that can be done without waiting. */
extern void genops_http_progress(GenopsHttpClient *client);

/* Requests started and not yet fetched. */
extern size_t genops_http_pending(const GenopsHttpClient *client);

typedef struct GenopsHttpSocket
{
	int fd;
	bool want_read;
	bool want_write;
} GenopsHttpSocket;

/* Writes at most "max" sockets and returns how many there are. */
extern size_t genops_http_sockets(const GenopsHttpClient *client, GenopsHttpSocket *out,
                                  size_t max);

/* A number that changes whenever the sockets do, also when a closed one's
 * number is used again. */
extern uint64_t genops_http_generation(const GenopsHttpClient *client);

/* Milliseconds after which genops_http_progress is due, 0: now, -1: when a
 * socket is ready. */
extern long genops_http_timeout_ms(const GenopsHttpClient *client);

/* Why there is no answer, or none that is whole. */
typedef enum GenopsHttpFailure
{
	GENOPS_HTTP_ANSWERED,
	GENOPS_HTTP_NAME,        /* the host's or proxy's name does not resolve */
	GENOPS_HTTP_REFUSED,     /* nobody listens */
	GENOPS_HTTP_UNREACHABLE, /* no route, host down */
	GENOPS_HTTP_TLS,         /* certificates, their files, versions */
	GENOPS_HTTP_TIMEOUT,
	GENOPS_HTTP_RESET, /* closed before the answer was complete */
	GENOPS_HTTP_RESPONSE_TOO_LARGE,
	GENOPS_HTTP_OTHER
} GenopsHttpFailure;

typedef struct GenopsHttpReply
{
	void *user_data;
	GenopsHttpFailure failure;
	int status; /* 0: no answer; may be known though "failure" says that the rest is missing */
	GenopsSlice body;
	char content_type[128]; /* empty: none */
	char retry_after[64];   /* as sent; empty: none */
	char error[320];        /* of "failure", valid UTF-8, no secrets */
	size_t sent_bytes;      /* of the body, after compression */
} GenopsHttpReply;

/* Fetches a request that is over; false when there is none. */
extern bool genops_http_next_finished(GenopsHttpClient *client, GenopsHttpReply *reply);

extern void genops_http_reply_free(GenopsHttpReply *reply);

#endif
