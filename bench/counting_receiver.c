/*
 * An OTLP/HTTP endpoint that only counts: what delivery is measured against.
 *
 *     counting_receiver [--port N] [--port-file FILE] [--never-answer]
 *
 * POST anything   the spans of an uncompressed ExportTraceServiceRequest are counted
 * GET anything    {"spans":N,"requests":N,"bytes":N}
 *
 * A thread per connection; HTTP/1.1 with Content-Length and keep-alive, on 127.0.0.1.  It is so
 * much faster than what it measures that nothing of it needs to be better.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX (64 * 1024)
#define BODY_MAX (64 * 1024 * 1024)

/* Field numbers on the way to a span: a request's resource_spans, their scope_spans, their spans. */
static const uint32_t path_to_span[] = { 1, 2, 2 };
#define PATH_LENGTH (sizeof(path_to_span) / sizeof(path_to_span[0]))

static atomic_uint_fast64_t span_count;
static atomic_uint_fast64_t request_count;
static atomic_uint_fast64_t byte_count;
static bool never_answer;

typedef struct Connection
{
	int socket;
	size_t filled; /* of buffer; what follows a request belongs to the next */
	size_t size;
	char *buffer;
} Connection;

typedef struct Request
{
	bool is_post;
	bool expects_continue;
	size_t head_length;
	size_t body_length;
} Request;

static bool
read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (int shift = 0; shift < 64 && *at < end; shift += 7)
	{
		uint8_t byte = *(*at)++;

		*value |= (uint64_t) (byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* Returns the length of a field's content that has a length, and steps over any other. */
static bool
read_field(const uint8_t **at, const uint8_t *end, uint32_t *field, uint64_t *length)
{
	uint64_t tag;
	uint64_t ignored;

	if (!read_varint(at, end, &tag))
		return false;
	*field = (uint32_t) (tag >> 3);
	*length = 0;
	switch (tag & 7)
	{
		case 0:
			*field = 0;
			return read_varint(at, end, &ignored);
		case 1:
			*length = 8;
			*field = 0;
			break;
		case 2:
			if (!read_varint(at, end, length))
				return false;
			break;
		case 5:
			*length = 4;
			*field = 0;
			break;
		default:
			return false;
	}
	return *length <= (uint64_t) (end - *at);
}

static uint64_t
count_spans(const uint8_t *at, const uint8_t *end, size_t depth)
{
	uint64_t count = 0;
	uint32_t field;
	uint64_t length;

	while (at < end && read_field(&at, end, &field, &length))
	{
		if (field == path_to_span[depth])
			count += depth + 1 == PATH_LENGTH ? 1 : count_spans(at, at + length, depth + 1);
		at += length;
	}
	return count;
}

static bool
send_all(int socket, const char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes += sent;
		length -= (size_t) sent;
	}
	return true;
}

/* Reads until the buffer holds so much. */
static bool
fill(Connection *connection, size_t wanted)
{
	if (wanted > connection->size)
	{
		char *larger = realloc(connection->buffer, wanted);

		if (!larger)
			return false;
		connection->buffer = larger;
		connection->size = wanted;
	}
	while (connection->filled < wanted)
	{
		ssize_t got = recv(connection->socket, connection->buffer + connection->filled,
		                   connection->size - connection->filled, 0);

		if (got <= 0)
			return false;
		connection->filled += (size_t) got;
	}
	return true;
}

static void
read_header(const char *line, Request *request)
{
	if (strncasecmp(line, "content-length:", 15) == 0)
		request->body_length = strtoul(line + 15, NULL, 10);
	else if (strncasecmp(line, "expect: 100-continue", 20) == 0)
		request->expects_continue = true;
}

/* Reads up to the empty line; false when the client is gone or sends nonsense. */
static bool
read_head(Connection *connection, Request *request)
{
	const char *end;

	while (!(end = memmem(connection->buffer, connection->filled, "\r\n\r\n", 4)))
	{
		if (connection->filled >= HEAD_MAX || !fill(connection, connection->filled + 1))
			return false;
	}
	memset(request, 0, sizeof(*request));
	request->head_length = (size_t) (end - connection->buffer) + 4;
	request->is_post = strncmp(connection->buffer, "POST ", 5) == 0;
	for (const char *line = connection->buffer; line < end; line = strstr(line, "\r\n") + 2)
		read_header(line, request);
	return request->body_length <= BODY_MAX;
}

static bool
answer(int socket, const char *type, const char *body)
{
	char text[512];
	int length = snprintf(text, sizeof(text),
	                      "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
	                      type, strlen(body), body);

	return send_all(socket, text, (size_t) length);
}

static bool
answer_counts(int socket)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"spans\":%llu,\"requests\":%llu,\"bytes\":%llu}\n",
	         (unsigned long long) span_count, (unsigned long long) request_count,
	         (unsigned long long) byte_count);
	return answer(socket, "application/json", text);
}

static bool
serve_request(Connection *connection)
{
	Request request;
	size_t whole;

	if (!read_head(connection, &request))
		return false;
	if (request.expects_continue &&
	    !send_all(connection->socket, "HTTP/1.1 100 Continue\r\n\r\n", 25))
		return false;
	whole = request.head_length + request.body_length;
	if (!fill(connection, whole))
		return false;
	if (request.is_post)
	{
		const uint8_t *body = (const uint8_t *) connection->buffer + request.head_length;

		span_count += count_spans(body, body + request.body_length, 0);
		byte_count += request.body_length;
		request_count++;
	}
	memmove(connection->buffer, connection->buffer + whole, connection->filled - whole);
	connection->filled -= whole;
	if (!request.is_post)
		return answer_counts(connection->socket);
	return never_answer || answer(connection->socket, "application/x-protobuf", "");
}

static void *
serve(void *argument)
{
	Connection *connection = argument;

	while (serve_request(connection))
		;
	close(connection->socket);
	free(connection->buffer);
	free(connection);
	return NULL;
}

static void
accept_connection(int listener)
{
	int at_once = 1;
	int accepted = accept(listener, NULL, NULL);
	Connection *connection;
	pthread_t thread;

	if (accepted < 0)
		return;
	setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
	connection = calloc(1, sizeof(*connection));
	if (connection)
	{
		connection->socket = accepted;
		connection->size = HEAD_MAX;
		connection->buffer = malloc(HEAD_MAX);
	}
	if (!connection || !connection->buffer || pthread_create(&thread, NULL, serve, connection) != 0)
	{
		fputs("out of memory\n", stderr);
		exit(1);
	}
	pthread_detach(thread);
}

static int
listen_on(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                           .sin_port = htons(*port),
		                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 ||
	    listen(listener, SOMAXCONN) < 0 ||
	    getsockname(listener, (struct sockaddr *) &address, &length) < 0)
	{
		perror("could not listen");
		exit(1);
	}
	*port = ntohs(address.sin_port);
	return listener;
}

/* Whoever waits for the file never sees a part of it. */
static void
write_port(const char *path, uint16_t port)
{
	char other[4096];
	FILE *file;

	snprintf(other, sizeof(other), "%s.new", path);
	file = fopen(other, "w");
	if (!file || fprintf(file, "%d\n", port) < 0 || fclose(file) != 0 || rename(other, path) != 0)
	{
		perror(path);
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	uint16_t port = 0;
	const char *port_file = NULL;
	int listener;

	for (int i = 1; i < argc; i++)
	{
		if (strcmp(argv[i], "--never-answer") == 0)
			never_answer = true;
		else if (strcmp(argv[i], "--port") == 0 && i + 1 < argc)
			port = (uint16_t) atoi(argv[++i]);
		else if (strcmp(argv[i], "--port-file") == 0 && i + 1 < argc)
			port_file = argv[++i];
		else
		{
			fputs("usage: counting_receiver [--port N] [--port-file FILE] [--never-answer]\n",
			      stderr);
			return 2;
		}
	}
	listener = listen_on(&port);
	if (port_file)
		write_port(port_file, port);
	else
		printf("%d\n", port), fflush(stdout);
	for (;;)
		accept_connection(listener);
}
