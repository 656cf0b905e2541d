/* SPDX-License-Identifier: PostgreSQL */
/*
 * An OTLP/HTTP endpoint that is fast: what delivery is measured against, and what millions of
 * spans are compared by.
 *
 *     fast_receiver [--port N] [--port-file FILE] [--never-answer] [--count-only] [--watch TENANT]
 *
 * POST /v1/traces   the spans of an ExportTraceServiceRequest, gzip or not
 * POST /control     how to answer from now on: "delay_ms=40 fail_permille=300 fail_status=503"
 * GET  /tenants     a line per tenant: its name, a tab, how many different spans it got
 * GET  /wrong       a line per span that came under a wrong tenant, the first of them
 * GET  anything     {"spans":N,"distinct":N,"wrong":N,"requests":N,"refused":N,"bytes":N,...}
 *
 * A span's name has to be what a call of a model that is named as the tenant gets: "chat TENANT",
 * for X-Scope-OrgID: TENANT.  What isn't so is wrong, and counted.  Of a tenant that is watched it
 * is also known how long its spans took: "lag_ms_max" and "lag_ms_p99", from their end to their
 * arrival, by the same clock, since the last POST /control.
 *
 * A thread per connection; HTTP/1.1 with Content-Length and keep-alive, on 127.0.0.1.  All that
 * is known is behind one lock: it is so much faster than what it measures that nothing of it
 * needs to be better.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define HEAD_MAX (64 * 1024)
#define BODY_MAX (64 * 1024 * 1024)
#define TENANT_MAX 256
#define WRONG_KEPT 20
#define LAGS_KEPT (1024 * 1024)

/* Field numbers on the way to a span: a request's resource_spans, their scope_spans, their
 * spans. */
static const uint32_t path_to_span[] = { 1, 2, 2 };
#define PATH_LENGTH (sizeof(path_to_span) / sizeof(path_to_span[0]))

/* Field numbers of a span. */
#define SPAN_ID 2
#define SPAN_NAME 5
#define SPAN_END_TIME 8

typedef struct Tenant
{
	char *name; /* NULL: a free place of the table */
	uint64_t distinct;
} Tenant;

/* What came, and how to answer.  Behind its lock. */
static struct Book
{
	pthread_mutex_t lock;
	uint64_t spans;
	uint64_t distinct;
	uint64_t wrong;
	uint64_t requests; /* accepted ones */
	uint64_t refused;
	uint64_t bytes;
	char wrong_names[WRONG_KEPT][2 * TENANT_MAX + 64];

	uint64_t *ids; /* of spans, a hash table; 0: a free place */
	size_t id_room;
	Tenant *tenants; /* likewise */
	size_t tenant_room;
	size_t tenant_count;

	double *lags_ms; /* of the watched tenant */
	size_t lag_count;

	int delay_ms;
	int fail_permille;
	int fail_status;
	unsigned random_state;
} book = { .lock = PTHREAD_MUTEX_INITIALIZER, .fail_status = 503, .random_state = 1 };

static bool never_answer;
static bool count_only;
static const char *watched_tenant = NULL;

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
	bool is_gzip;
	char path[64];
	char tenant[TENANT_MAX];
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

/* A field of a message: its content, if it has a length or is a fixed64; else field is 0. */
typedef struct Field
{
	uint32_t number;
	const uint8_t *content;
	uint64_t length;
} Field;

static bool
read_field(const uint8_t **at, const uint8_t *end, Field *field)
{
	uint64_t tag;
	uint64_t ignored;

	if (!read_varint(at, end, &tag))
		return false;
	field->number = (uint32_t) (tag >> 3);
	field->length = 0;
	switch (tag & 7)
	{
		case 0:
			field->number = 0;
			return read_varint(at, end, &ignored);
		case 1:
			field->length = 8;
			break;
		case 2:
			if (!read_varint(at, end, &field->length))
				return false;
			break;
		case 5:
			field->number = 0;
			field->length = 4;
			break;
		default:
			return false;
	}
	if (field->length > (uint64_t) (end - *at))
		return false;
	field->content = *at;
	*at += field->length;
	return true;
}

/*
 * The book.
 */
static void *
allocate(size_t count, size_t size)
{
	void *made = calloc(count, size);

	if (!made)
	{
		fputs("out of memory\n", stderr);
		exit(1);
	}
	return made;
}

static bool
insert_id(uint64_t *ids, size_t room, uint64_t id)
{
	size_t place = (size_t) (id * UINT64_C(0x9e3779b97f4a7c15) >> 20) % room;

	while (ids[place] != 0)
	{
		if (ids[place] == id)
			return false;
		place = (place + 1) % room;
	}
	ids[place] = id;
	return true;
}

/* False if it came before. */
static bool
note_id(uint64_t id)
{
	if (book.distinct * 2 >= book.id_room)
	{
		size_t room = book.id_room ? book.id_room * 2 : 1024 * 1024;
		uint64_t *ids = allocate(room, sizeof(*ids));

		for (size_t i = 0; i < book.id_room; i++)
			if (book.ids[i] != 0)
				insert_id(ids, room, book.ids[i]);
		free(book.ids);
		book.ids = ids;
		book.id_room = room;
	}
	if (!insert_id(book.ids, book.id_room, id))
		return false;
	book.distinct++;
	return true;
}

static Tenant *
place_of_tenant(Tenant *tenants, size_t room, const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	size_t place;

	for (const char *c = name; *c; c++)
		hash = (hash ^ (unsigned char) *c) * UINT64_C(1099511628211);
	place = (size_t) hash % room;
	while (tenants[place].name != NULL && strcmp(tenants[place].name, name) != 0)
		place = (place + 1) % room;
	return &tenants[place];
}

static Tenant *
tenant_of(const char *name)
{
	Tenant *found;

	if (book.tenant_count * 2 >= book.tenant_room)
	{
		size_t room = book.tenant_room ? book.tenant_room * 2 : 1024;
		Tenant *tenants = allocate(room, sizeof(*tenants));

		for (size_t i = 0; i < book.tenant_room; i++)
			if (book.tenants[i].name != NULL)
				*place_of_tenant(tenants, room, book.tenants[i].name) = book.tenants[i];
		free(book.tenants);
		book.tenants = tenants;
		book.tenant_room = room;
	}
	found = place_of_tenant(book.tenants, book.tenant_room, name);
	if (found->name == NULL)
	{
		found->name = strdup(name);
		book.tenant_count++;
	}
	return found;
}

static bool
carries_tenant(const Field *name, const char *tenant)
{
	static const char prefix[] = "chat ";
	size_t length = sizeof(prefix) - 1;

	return name->length == length + strlen(tenant) && memcmp(name->content, prefix, length) == 0 &&
	       memcmp(name->content + length, tenant, strlen(tenant)) == 0;
}

static void
note_wrong(const Field *name, const char *tenant)
{
	if (book.wrong < WRONG_KEPT)
		snprintf(book.wrong_names[book.wrong], sizeof(book.wrong_names[0]),
		         "\"%.*s\" came under \"%s\"",
		         (int) (name->length < TENANT_MAX ? name->length : TENANT_MAX),
		         (const char *) name->content, tenant);
	book.wrong++;
}

static void
note_lag(const Field *end_time)
{
	struct timespec now;
	uint64_t ended = 0;

	if (end_time->length != 8 || book.lag_count == LAGS_KEPT)
		return;
	if (!book.lags_ms)
		book.lags_ms = allocate(LAGS_KEPT, sizeof(double));
	for (int i = 7; i >= 0; i--)
		ended = ended << 8 | end_time->content[i];
	clock_gettime(CLOCK_REALTIME, &now);
	book.lags_ms[book.lag_count++] =
	    ((double) now.tv_sec * 1e9 + (double) now.tv_nsec - (double) ended) / 1e6;
}

static void
note_span(const uint8_t *at, const uint8_t *end, Tenant *tenant)
{
	Field field;
	Field name = { 0 };
	Field end_time = { 0 };
	uint64_t id = 0;

	book.spans++;
	if (count_only)
		return;
	while (at < end && read_field(&at, end, &field))
	{
		if (field.number == SPAN_ID && field.length == 8)
			memcpy(&id, field.content, 8);
		else if (field.number == SPAN_NAME)
			name = field;
		else if (field.number == SPAN_END_TIME)
			end_time = field;
	}
	tenant->distinct += note_id(id);
	if (!carries_tenant(&name, tenant->name))
		note_wrong(&name, tenant->name);
	if (watched_tenant && strcmp(tenant->name, watched_tenant) == 0)
		note_lag(&end_time);
}

static void
note_spans(const uint8_t *at, const uint8_t *end, size_t depth, Tenant *tenant)
{
	Field field;

	while (at < end && read_field(&at, end, &field))
	{
		if (field.number != path_to_span[depth])
			continue;
		if (depth + 1 == PATH_LENGTH)
			note_span(field.content, field.content + field.length, tenant);
		else
			note_spans(field.content, field.content + field.length, depth + 1, tenant);
	}
}

/* Whether the next request is refused. */
static bool
refuses(void)
{
	book.random_state = book.random_state * 1103515245 + 12345;
	return (int) (book.random_state >> 16) % 1000 < book.fail_permille;
}

static void
obey(const char *text, size_t length)
{
	char rules[1024];
	int value;

	snprintf(rules, sizeof(rules), "%.*s", (int) length, text);
	pthread_mutex_lock(&book.lock);
	book.delay_ms = book.fail_permille = 0;
	book.fail_status = 503;
	book.lag_count = 0;
	for (char *rule = strtok(rules, " \n"); rule; rule = strtok(NULL, " \n"))
	{
		if (sscanf(rule, "delay_ms=%d", &value) == 1)
			book.delay_ms = value;
		else if (sscanf(rule, "fail_permille=%d", &value) == 1)
			book.fail_permille = value;
		else if (sscanf(rule, "fail_status=%d", &value) == 1)
			book.fail_status = value;
		else
			fprintf(stderr, "there is no rule \"%s\"\n", rule);
	}
	pthread_mutex_unlock(&book.lock);
}

/* The bytes of a gzip body, allocated; NULL if it is none. */
static uint8_t *
unzip(const char *body, size_t length, size_t *unzipped_length)
{
	size_t room = length * 8 + 4096;
	uint8_t *bytes = allocate(1, room);
	z_stream stream = { .next_in = (Bytef *) (uintptr_t) body, .avail_in = (uInt) length };
	int result = inflateInit2(&stream, 16 + MAX_WBITS);

	while (result == Z_OK)
	{
		if (stream.total_out == room)
		{
			bytes = realloc(bytes, room *= 2);
			if (!bytes)
				break;
		}
		stream.next_out = bytes + stream.total_out;
		stream.avail_out = (uInt) (room - stream.total_out);
		result = inflate(&stream, Z_NO_FLUSH);
		if (result == Z_BUF_ERROR && stream.avail_out == 0)
			result = Z_OK;
	}
	*unzipped_length = stream.total_out;
	inflateEnd(&stream);
	if (result == Z_STREAM_END)
		return bytes;
	free(bytes);
	return NULL;
}

/* Takes the spans, or not; returns the status of the answer. */
static int
take(const Request *request, const char *body)
{
	const uint8_t *bytes = (const uint8_t *) body;
	size_t length = request->body_length;
	uint8_t *unzipped = NULL;
	int status = 200;
	int delay_ms;

	if (request->is_gzip)
		bytes = unzipped = unzip(body, length, &length);
	if (!bytes)
		return 400;
	pthread_mutex_lock(&book.lock);
	delay_ms = book.delay_ms;
	if (refuses())
	{
		book.refused++;
		status = book.fail_status;
	}
	else
	{
		note_spans(bytes, bytes + length, 0, tenant_of(request->tenant));
		book.requests++;
		book.bytes += request->body_length;
	}
	pthread_mutex_unlock(&book.lock);
	free(unzipped);
	if (delay_ms > 0)
		usleep((useconds_t) delay_ms * 1000);
	return status;
}

/*
 * HTTP.
 */
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
	else if (strncasecmp(line, "content-encoding: gzip", 22) == 0)
		request->is_gzip = true;
	else if (strncasecmp(line, "x-scope-orgid:", 14) == 0)
		(void) sscanf(line + 14, " %255[^\r]", request->tenant);
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
	(void) sscanf(connection->buffer, "%*s %63[^ ]", request->path);
	for (const char *line = connection->buffer; line < end; line = strstr(line, "\r\n") + 2)
		read_header(line, request);
	return request->body_length <= BODY_MAX;
}

static bool
answer(int socket, int status, const char *type, const char *body)
{
	char head[256];
	int length = snprintf(head, sizeof(head),
	                      "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
	                      status, status == 200 ? "OK" : "Refused", type, strlen(body));

	return send_all(socket, head, (size_t) length) && send_all(socket, body, strlen(body));
}

static int
compare_lags(const void *a, const void *b)
{
	double difference = *(const double *) a - *(const double *) b;

	return (difference > 0) - (difference < 0);
}

static void
print_counts(FILE *file)
{
	double p99 = 0;
	double max = 0;

	if (book.lag_count > 0)
	{
		qsort(book.lags_ms, book.lag_count, sizeof(double), compare_lags);
		p99 = book.lags_ms[(book.lag_count - 1) * 99 / 100];
		max = book.lags_ms[book.lag_count - 1];
	}
	fprintf(
	    file,
	    "{\"spans\":%llu,\"distinct\":%llu,\"wrong\":%llu,\"requests\":%llu,\"refused\":%llu,"
	    "\"bytes\":%llu,\"tenants\":%zu,\"lags\":%zu,\"lag_ms_p99\":%.1f,\"lag_ms_max\":%.1f}\n",
	    (unsigned long long) book.spans, (unsigned long long) book.distinct,
	    (unsigned long long) book.wrong, (unsigned long long) book.requests,
	    (unsigned long long) book.refused, (unsigned long long) book.bytes, book.tenant_count,
	    book.lag_count, p99, max);
}

static void
print_tenants(FILE *file)
{
	for (size_t i = 0; i < book.tenant_room; i++)
		if (book.tenants[i].name != NULL)
			fprintf(file, "%s\t%llu\n", book.tenants[i].name,
			        (unsigned long long) book.tenants[i].distinct);
}

static void
print_wrong(FILE *file)
{
	for (size_t i = 0; i < book.wrong && i < WRONG_KEPT; i++)
		fprintf(file, "%s\n", book.wrong_names[i]);
}

static bool
answer_question(int socket, const char *path)
{
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	bool answered;

	pthread_mutex_lock(&book.lock);
	if (strcmp(path, "/tenants") == 0)
		print_tenants(file);
	else if (strcmp(path, "/wrong") == 0)
		print_wrong(file);
	else
		print_counts(file);
	pthread_mutex_unlock(&book.lock);
	fclose(file);
	answered = answer(socket, 200, "application/json", text);
	free(text);
	return answered;
}

static bool
serve_request(Connection *connection)
{
	Request request;
	const char *body;
	size_t whole;
	int status = 200;

	if (!read_head(connection, &request))
		return false;
	if (request.expects_continue &&
	    !send_all(connection->socket, "HTTP/1.1 100 Continue\r\n\r\n", 25))
		return false;
	whole = request.head_length + request.body_length;
	if (!fill(connection, whole))
		return false;
	body = connection->buffer + request.head_length;
	if (request.is_post && strcmp(request.path, "/control") == 0)
		obey(body, request.body_length);
	else if (request.is_post)
		status = take(&request, body);
	memmove(connection->buffer, connection->buffer + whole, connection->filled - whole);
	connection->filled -= whole;
	if (!request.is_post)
		return answer_question(connection->socket, request.path);
	return never_answer || answer(connection->socket, status, "application/x-protobuf", "");
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
		else if (strcmp(argv[i], "--count-only") == 0)
			count_only = true;
		else if (strcmp(argv[i], "--watch") == 0 && i + 1 < argc)
			watched_tenant = argv[++i];
		else if (strcmp(argv[i], "--port") == 0 && i + 1 < argc)
			port = (uint16_t) atoi(argv[++i]);
		else if (strcmp(argv[i], "--port-file") == 0 && i + 1 < argc)
			port_file = argv[++i];
		else
		{
			fputs("usage: fast_receiver [--port N] [--port-file FILE] [--never-answer] "
			      "[--count-only] [--watch TENANT]\n",
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
