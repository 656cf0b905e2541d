/* SPDX-License-Identifier: PostgreSQL */
/*
 * A tiny HTTP server on the loopback, in threads of the test's own process,
 * for one test at a time.
 *
 * Each connection has a thread, which reads requests and does with each what
 * the test's handler does: answer, answer badly, or close.
 */
#ifndef GENOPS_TEST_CORE_LOOPBACK_SERVER_H
#define GENOPS_TEST_CORE_LOOPBACK_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/core/check.h"

#define MAX_CONNECTIONS 64

typedef struct Received
{
	char head[8192]; /* request line and headers */
	char *body;
	size_t body_size;
} Received;

/* Answers a request on a connection; false: close it. */
typedef bool (*Handler)(int fd);

typedef struct Server
{
	Handler handler;
	int listener;
	char url[64]; /* "http://127.0.0.1:PORT" */
	pthread_t acceptor;

	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int connections;
	int closed; /* connections that came to their end */
	int requests;
	int fds[MAX_CONNECTIONS];
	pthread_t threads[MAX_CONNECTIONS];
	Received last;
} Server;

static Server server;

static inline void
send_all(int fd, const void *data, size_t size)
{
	const char *next = data;

	while (size > 0)
	{
		ssize_t sent = send(fd, next, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		next += sent;
		size -= (size_t) sent;
	}
}

static inline void
send_text(int fd, const char *text)
{
	send_all(fd, text, strlen(text));
}

static inline size_t
content_length(const char *head)
{
	const char *line = strcasestr(head, "\r\nContent-Length:");

	return line ? strtoul(line + 17, NULL, 10) : 0;
}

/* Reads until the end of the headers, and somewhat more; a TLS handshake ends
 * them too, to be answered in plain text. */
static inline size_t
receive_head(int fd, Received *request, size_t *head_size)
{
	size_t length = 0;
	const char *end = NULL;

	while (end == NULL && request->head[0] != 0x16)
	{
		ssize_t got = recv(fd, request->head + length, sizeof(request->head) - 1 - length, 0);

		if (got <= 0)
			return 0;
		length += (size_t) got;
		end = strstr(request->head, "\r\n\r\n");
	}
	*head_size = end ? (size_t) (end - request->head) + 4 : length;
	return length;
}

/* Reads a request; false at the connection's end. */
static inline bool
receive(int fd, Received *request)
{
	size_t head_size;
	size_t have;

	memset(request, 0, sizeof(*request));
	have = receive_head(fd, request, &head_size);
	if (have == 0)
		return false;
	have -= head_size;
	request->body_size = content_length(request->head);
	request->body = malloc(request->body_size + 1);
	memcpy(request->body, request->head + head_size, have);
	request->head[head_size] = '\0';
	while (have < request->body_size)
	{
		ssize_t got = recv(fd, request->body + have, request->body_size - have, 0);

		if (got <= 0)
			return false;
		have += (size_t) got;
	}
	return true;
}

/* Keeps the request for the test to look at. */
static inline void
remember(const Received *request)
{
	pthread_mutex_lock(&server.mutex);
	free(server.last.body);
	server.last = *request;
	server.requests++;
	pthread_cond_broadcast(&server.changed);
	pthread_mutex_unlock(&server.mutex);
}

static inline void *
serve_connection(void *arg)
{
	int fd = *(int *) arg;
	Received request = { .body = NULL };

	while (receive(fd, &request))
	{
		remember(&request);
		request.body = NULL;
		if (!server.handler(fd))
			break;
	}
	free(request.body);
	shutdown(fd, SHUT_RDWR);
	pthread_mutex_lock(&server.mutex);
	server.closed++;
	pthread_cond_broadcast(&server.changed);
	pthread_mutex_unlock(&server.mutex);
	return NULL;
}

static inline void *
accept_connections(void *unused)
{
	(void) unused;
	for (;;)
	{
		int fd = accept(server.listener, NULL, NULL);
		int *slot;

		if (fd < 0)
			return NULL;
		pthread_mutex_lock(&server.mutex);
		slot = &server.fds[server.connections];
		*slot = fd;
		pthread_create(&server.threads[server.connections], NULL, serve_connection, slot);
		server.connections++;
		pthread_mutex_unlock(&server.mutex);
	}
}

static inline int
listen_on_loopback(unsigned *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, size), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static inline void
start_server(Handler handler)
{
	unsigned port;

	memset(&server, 0, sizeof(server));
	server.handler = handler;
	pthread_mutex_init(&server.mutex, NULL);
	pthread_cond_init(&server.changed, NULL);
	server.listener = listen_on_loopback(&port);
	snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%u", port);
	pthread_create(&server.acceptor, NULL, accept_connections, NULL);
}

static inline void
stop_server(void)
{
	shutdown(server.listener, SHUT_RDWR);
	pthread_join(server.acceptor, NULL);
	close(server.listener);
	for (int i = 0; i < server.connections; i++)
	{
		shutdown(server.fds[i], SHUT_RDWR);
		pthread_join(server.threads[i], NULL);
		close(server.fds[i]);
	}
	free(server.last.body);
}

/* Waits until that many requests have come, connections gone. */
static inline void
await(const int *counter, int wanted)
{
	pthread_mutex_lock(&server.mutex);
	while (*counter < wanted)
		pthread_cond_wait(&server.changed, &server.mutex);
	pthread_mutex_unlock(&server.mutex);
}

#endif
