/* SPDX-License-Identifier: PostgreSQL */
/* strcasestr */
#define _GNU_SOURCE

#include "test/core/loopback_server.h"

#include <poll.h>
#include <signal.h>
#include <zlib.h>

#include "core/net/http.h"

/* Nothing here takes as long; a loop that missed an event would. */
#define PATIENCE_MS 30000

static GenopsError error;

static GenopsHttpClient *
new_client(void)
{
	GenopsHttpClient *client = genops_http_client_new("genops-test/1.0", &error);

	assert_non_null(client);
	return client;
}

/* The loop of a process that waits for nothing but what the client names. */
static void
next_reply(GenopsHttpClient *client, GenopsHttpReply *reply)
{
	for (;;)
	{
		GenopsHttpSocket sockets[32];
		struct pollfd ready[32];
		size_t count;
		long timeout;

		genops_http_progress(client);
		if (genops_http_next_finished(client, reply))
			return;
		count = genops_http_sockets(client, sockets, COUNT_OF(sockets));
		assert_true(count <= COUNT_OF(sockets));
		for (size_t i = 0; i < count; i++)
		{
			ready[i].fd = sockets[i].fd;
			ready[i].events = (short) ((sockets[i].want_read ? POLLIN : 0) |
			                           (sockets[i].want_write ? POLLOUT : 0));
		}
		timeout = genops_http_timeout_ms(client);
		assert_true(count > 0 || timeout >= 0);
		if (timeout < 0 || timeout > PATIENCE_MS)
			timeout = PATIENCE_MS;
		if (poll(ready, count, (int) timeout) == 0 && timeout == PATIENCE_MS)
			fail_msg("no event for %d ms", PATIENCE_MS);
	}
}

static GenopsHttpReply
exchange(GenopsHttpClient *client, const GenopsHttpRequest *request)
{
	GenopsHttpReply reply;

	assert_true(genops_http_start(client, request, &error));
	next_reply(client, &reply);
	return reply;
}

static GenopsHttpReply
exchange_once(const GenopsHttpRequest *request)
{
	GenopsHttpClient *client = new_client();
	GenopsHttpReply reply = exchange(client, request);

	assert_int_equal(genops_http_pending(client), 0);
	genops_http_client_free(client);
	return reply;
}

static bool
answer_ok(int fd)
{
	send_text(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
	return true;
}

static void
a_get(void **state)
{
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	GenopsHttpRequest request = { .url = server.url, .headers = &headers, .user_data = &server };
	GenopsHttpReply reply;

	(void) state;
	start_server(answer_ok);
	assert_true(genops_headers_set(&headers, GENOPS_LITERAL("X-Scope-OrgID"),
	                               GENOPS_LITERAL("tenant"), &error));
	assert_true(
	    genops_headers_set(&headers, GENOPS_LITERAL("X-Empty"), GENOPS_LITERAL(""), &error));
	reply = exchange_once(&request);
	assert_ptr_equal(reply.user_data, &server);
	assert_int_equal(reply.failure, GENOPS_HTTP_ANSWERED);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.content_type, "text/plain");
	assert_string_equal(reply.retry_after, "");
	assert_string_equal(reply.error, "");
	assert_slice(reply.body, "hello");
	assert_true(strncmp(server.last.head, "GET / HTTP/1.1\r\n", 16) == 0);
	assert_non_null(strstr(server.last.head, "\r\nUser-Agent: genops-test/1.0"));
	assert_non_null(strstr(server.last.head, "\r\nX-Scope-OrgID: tenant"));
	assert_non_null(strstr(server.last.head, "\r\nX-Empty:"));
	genops_http_reply_free(&reply);
	genops_headers_free(&headers);
	stop_server();
}

/* Some MB that do not compress to nothing, as runs of several sizes. */
static uint8_t *
make_body(GenopsSlice *runs, size_t *count, size_t size)
{
	uint8_t *body = malloc(size);
	uint64_t seed = 11;
	size_t done = 0;
	size_t length = 1;

	for (size_t i = 0; i < size; i++)
		body[i] = (uint8_t) (next_random(&seed) % 32);
	for (*count = 0; done < size; length *= 3)
	{
		if (length > size - done)
			length = size - done;
		runs[(*count)++] = (GenopsSlice){ (char *) body + done, length };
		runs[(*count)++] = GENOPS_LITERAL("");
		done += length;
	}
	return body;
}

static void
a_large_post(void **state)
{
	const size_t size = 3 * 1024 * 1024 + 7;
	GenopsSlice runs[64];
	GenopsHttpRequest request = { .method = GENOPS_HTTP_POST, .url = server.url, .body = runs };
	uint8_t *body = make_body(runs, &request.body_count, size);
	GenopsHttpReply reply;

	(void) state;
	start_server(answer_ok);
	reply = exchange_once(&request);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.sent_bytes, size);
	assert_int_equal(server.last.body_size, size);
	assert_memory_equal(server.last.body, body, size);
	assert_null(strcasestr(server.last.head, "\r\nExpect"));
	assert_null(strcasestr(server.last.head, "\r\nContent-Encoding"));
	genops_http_reply_free(&reply);
	stop_server();
	free(body);
}

static void
an_empty_post(void **state)
{
	GenopsHttpRequest request = { .method = GENOPS_HTTP_POST, .url = server.url };
	GenopsHttpReply reply;

	(void) state;
	start_server(answer_ok);
	reply = exchange_once(&request);
	assert_int_equal(reply.status, 200);
	assert_non_null(strcasestr(server.last.head, "\r\nContent-Length: 0"));
	genops_http_reply_free(&reply);
	stop_server();
}

static void
a_compressed_post(void **state)
{
	const size_t size = 1024 * 1024 + 3;
	GenopsSlice runs[64];
	GenopsHttpRequest request = {
		.method = GENOPS_HTTP_POST, .url = server.url, .body = runs, .gzip = true
	};
	uint8_t *body = make_body(runs, &request.body_count, size);
	uint8_t *inflated = malloc(size);
	GenopsHttpClient *client = new_client();
	GenopsHttpReply reply;
	z_stream stream = { .zalloc = Z_NULL };

	(void) state;
	start_server(answer_ok);
	assert_true(genops_http_start(client, &request, &error));
	/* The body is not needed once the request is started. */
	memcpy(inflated, body, size);
	memset(body, 'x', size);
	next_reply(client, &reply);
	memcpy(body, inflated, size);

	assert_int_equal(reply.status, 200);
	assert_true(server.last.body_size < size);
	assert_int_equal(reply.sent_bytes, server.last.body_size);
	assert_non_null(strstr(server.last.head, "\r\nContent-Encoding: gzip"));
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = (Bytef *) server.last.body;
	stream.avail_in = (uInt) server.last.body_size;
	stream.next_out = inflated;
	stream.avail_out = (uInt) size;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in + stream.avail_out, 0);
	assert_memory_equal(inflated, body, size);
	inflateEnd(&stream);

	genops_http_reply_free(&reply);
	genops_http_client_free(client);
	stop_server();
	free(inflated);
	free(body);
}

static void
connections_are_kept(void **state)
{
	GenopsSlice body = GENOPS_LITERAL("spans");
	GenopsHttpRequest request = {
		.method = GENOPS_HTTP_POST, .url = server.url, .body = &body, .body_count = 1
	};
	GenopsHttpClient *client = new_client();

	(void) state;
	start_server(answer_ok);
	for (int i = 0; i < 5; i++)
	{
		GenopsHttpReply reply = exchange(client, &request);

		assert_int_equal(reply.status, 200);
		genops_http_reply_free(&reply);
	}
	assert_int_equal(server.requests, 5);
	assert_int_equal(server.connections, 1);
	genops_http_client_free(client);
	stop_server();
}

/* The first connection is dropped after the second request was read: a
 * request that got no byte of an answer on a kept connection is sent again. */
static bool
drop_the_second(int fd)
{
	if (server.requests == 2)
		return false;
	return answer_ok(fd);
}

static void
a_dead_kept_connection_is_replaced(void **state)
{
	GenopsSlice runs[64];
	GenopsHttpRequest request = { .method = GENOPS_HTTP_POST, .url = server.url, .body = runs };
	uint8_t *body = make_body(runs, &request.body_count, 100000);
	GenopsHttpClient *client = new_client();

	(void) state;
	start_server(drop_the_second);
	for (int i = 0; i < 2; i++)
	{
		GenopsHttpReply reply = exchange(client, &request);

		assert_int_equal(reply.status, 200);
		assert_memory_equal(server.last.body, body, 100000);
		genops_http_reply_free(&reply);
	}
	assert_int_equal(server.connections, 2);
	genops_http_client_free(client);
	stop_server();
	free(body);
}

static bool
answer_nothing(int fd)
{
	(void) fd;
	return false;
}

/* Reads on, until the client goes away. */
static bool
hang(int fd)
{
	(void) fd;
	return true;
}

static bool
answer_half(int fd)
{
	send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
	return false;
}

static bool
talk_nonsense(int fd)
{
	send_text(fd, "220 mail.example.com ESMTP\r\n");
	return false;
}

static bool
answer_without_end(int fd)
{
	static const char piece[65536];

	send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
	for (int i = 0; i < 1024; i++)
		send_all(fd, piece, sizeof(piece));
	return false;
}

/* Ten MB of zeros in some KB. */
static bool
answer_with_a_bomb(int fd)
{
	size_t size = 10 * 1024 * 1024;
	uint8_t *zeros = calloc(1, size);
	uint8_t packed[65536];
	z_stream stream = { .zalloc = Z_NULL };
	char head[128];

	deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	stream.next_in = zeros;
	stream.avail_in = (uInt) size;
	stream.next_out = packed;
	stream.avail_out = sizeof(packed);
	deflate(&stream, Z_FINISH);
	snprintf(head, sizeof(head),
	         "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
	         stream.total_out);
	send_text(fd, head);
	send_all(fd, packed, stream.total_out);
	deflateEnd(&stream);
	free(zeros);
	return true;
}

static void
failures(void **state)
{
	const struct
	{
		Handler handler;
		GenopsHttpFailure failure;
		int status;
		long timeout_ms;
		const char *scheme;
	} cases[] = {
		{ answer_nothing, GENOPS_HTTP_RESET, 0, 0, "http" },
		{ hang, GENOPS_HTTP_TIMEOUT, 0, 50, "http" },
		{ answer_half, GENOPS_HTTP_RESET, 200, 0, "http" },
		{ talk_nonsense, GENOPS_HTTP_OTHER, 0, 0, "http" },
		{ answer_without_end, GENOPS_HTTP_RESPONSE_TOO_LARGE, 200, 0, "http" },
		{ answer_with_a_bomb, GENOPS_HTTP_RESPONSE_TOO_LARGE, 200, 0, "http" },
		{ answer_ok, GENOPS_HTTP_TLS, 0, 2000, "https" },
		{ answer_ok, GENOPS_HTTP_OTHER, 0, 0, "ftp" },
		{ answer_ok, GENOPS_HTTP_OTHER, 0, 0, "file" },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		char url[80];
		GenopsHttpRequest request = { .url = url,
			                          .timeout_ms = cases[i].timeout_ms,
			                          .response_limit = 1000000 };
		GenopsHttpReply reply;

		start_server(cases[i].handler);
		snprintf(url, sizeof(url), "%s%s/", cases[i].scheme, strstr(server.url, "://"));
		reply = exchange_once(&request);
		if (reply.failure != cases[i].failure || reply.status != cases[i].status)
			fail_msg("case %zu: failure %d, status %d, %s", i, reply.failure, reply.status,
			         reply.error);
		assert_true(reply.error[0] != '\0');
		assert_true(reply.body.length <= 1000000);
		genops_http_reply_free(&reply);
		stop_server();
	}
}

static void
nobody_listens(void **state)
{
	GenopsHttpRequest request = { .url = server.url };
	GenopsHttpReply reply;

	(void) state;
	start_server(answer_ok);
	stop_server();
	reply = exchange_once(&request);
	assert_int_equal(reply.failure, GENOPS_HTTP_REFUSED);
	assert_int_equal(reply.status, 0);
	genops_http_reply_free(&reply);
}

static void
missing_certificate_files(void **state)
{
	GenopsHttpRequest request = { .url = "https://127.0.0.1:1/",
		                          .ca_file = "/no/such/authority.pem" };
	GenopsHttpReply reply;
	char url[80];

	(void) state;
	start_server(answer_ok);
	snprintf(url, sizeof(url), "https%s/", strstr(server.url, "://"));
	request.url = url;
	reply = exchange_once(&request);
	assert_int_equal(reply.failure, GENOPS_HTTP_TLS);
	assert_non_null(strstr(reply.error, "/no/such/authority.pem"));
	genops_http_reply_free(&reply);

	request.ca_file = NULL;
	request.client_certificate = "/no/such/client.pem";
	reply = exchange_once(&request);
	assert_int_equal(reply.failure, GENOPS_HTTP_TLS);
	assert_non_null(strstr(reply.error, "client_certificate"));
	genops_http_reply_free(&reply);
	stop_server();
}

static bool
redirect(int fd)
{
	send_text(fd, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
	return true;
}

static void
redirects_are_not_followed(void **state)
{
	GenopsHttpRequest request = { .url = server.url };
	GenopsHttpReply reply;

	(void) state;
	start_server(redirect);
	reply = exchange_once(&request);
	assert_int_equal(reply.status, 302);
	assert_int_equal(reply.failure, GENOPS_HTTP_ANSWERED);
	assert_int_equal(server.requests, 1);
	genops_http_reply_free(&reply);
	stop_server();
}

static bool
ask_for_patience(int fd)
{
	send_text(fd, "HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n"
	              "HTTP/1.1 429 Too Many\r\nretry-after:  Mon, 23 Nov 2026 12:00:30 GMT \r\n"
	              "Content-Length: 0\r\n\r\n");
	return true;
}

static bool
hint_and_answer(int fd)
{
	send_text(fd, "HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n");
	return answer_ok(fd);
}

static void
retry_after_of_the_last_answer(void **state)
{
	GenopsHttpRequest request = { .url = server.url };
	GenopsHttpReply reply;

	(void) state;
	start_server(ask_for_patience);
	reply = exchange_once(&request);
	assert_int_equal(reply.status, 429);
	assert_string_equal(reply.retry_after, "Mon, 23 Nov 2026 12:00:30 GMT");
	genops_http_reply_free(&reply);
	stop_server();

	start_server(hint_and_answer);
	reply = exchange_once(&request);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.retry_after, "");
	genops_http_reply_free(&reply);
	stop_server();
}

static void
several_at_once(void **state)
{
	enum
	{
		COUNT = 8
	};
	GenopsHttpClient *client = new_client();
	char numbers[COUNT];
	int seen[COUNT] = { 0 };

	(void) state;
	start_server(answer_ok);
	for (int i = 0; i < COUNT; i++)
	{
		GenopsHttpRequest request = { .url = server.url, .user_data = &numbers[i] };

		assert_true(genops_http_start(client, &request, &error));
	}
	assert_int_equal(genops_http_pending(client), COUNT);
	for (int i = 0; i < COUNT; i++)
	{
		GenopsHttpReply reply;

		next_reply(client, &reply);
		assert_int_equal(reply.status, 200);
		seen[(char *) reply.user_data - numbers]++;
		genops_http_reply_free(&reply);
	}
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(genops_http_pending(client), 0);
	genops_http_client_free(client);
	stop_server();
}

static void
freeing_aborts(void **state)
{
	GenopsHttpRequest request = { .url = server.url };
	GenopsHttpClient *client = new_client();
	GenopsHttpSocket sockets[4];
	bool want_read = false;
	size_t count;

	(void) state;
	start_server(hang);
	assert_true(genops_http_start(client, &request, &error));
	while (server.requests == 0)
	{
		GenopsHttpReply reply;

		genops_http_progress(client);
		assert_false(genops_http_next_finished(client, &reply));
	}
	/* libcurl may have one more, to wake itself by. */
	count = genops_http_sockets(client, sockets, COUNT_OF(sockets));
	assert_true(count <= COUNT_OF(sockets));
	for (size_t i = 0; i < count; i++)
		want_read = want_read || sockets[i].want_read;
	assert_true(want_read);
	genops_http_client_free(client);
	await(&server.closed, 1);
	stop_server();
	genops_http_client_free(NULL);
}

static void
sockets_have_a_generation(void **state)
{
	GenopsHttpRequest request = { .url = server.url };
	GenopsHttpClient *client = new_client();
	uint64_t before = genops_http_generation(client);
	GenopsHttpReply reply;

	(void) state;
	start_server(answer_ok);
	assert_int_equal(genops_http_timeout_ms(client), -1);
	assert_true(genops_http_start(client, &request, &error));
	assert_int_equal(genops_http_timeout_ms(client), 0);
	next_reply(client, &reply);
	assert_true(genops_http_generation(client) > before);
	/* An idle connection is nothing to wait for. */
	assert_int_equal(genops_http_sockets(client, NULL, 0), 0);
	genops_http_reply_free(&reply);
	genops_http_client_free(client);
	stop_server();
}

static void
the_signal_mask_is_left_alone(void **state)
{
	GenopsHttpRequest request = { .url = server.url };
	sigset_t mask;
	sigset_t after;
	GenopsHttpReply reply;

	(void) state;
	start_server(answer_ok);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	reply = exchange_once(&request);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_true(sigismember(&after, SIGUSR2));
	assert_false(sigismember(&after, SIGTERM));
	sigemptyset(&mask);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	genops_http_reply_free(&reply);
	stop_server();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_get),
		cmocka_unit_test(a_large_post),
		cmocka_unit_test(an_empty_post),
		cmocka_unit_test(a_compressed_post),
		cmocka_unit_test(connections_are_kept),
		cmocka_unit_test(a_dead_kept_connection_is_replaced),
		cmocka_unit_test(failures),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(missing_certificate_files),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(retry_after_of_the_last_answer),
		cmocka_unit_test(several_at_once),
		cmocka_unit_test(freeing_aborts),
		cmocka_unit_test(sockets_have_a_generation),
		cmocka_unit_test(the_signal_mask_is_left_alone),
	};

	/* A proxy of the machine must not come between. */
	setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
