/* SPDX-License-Identifier: PostgreSQL */
/*
 * The HTTP client and a name server that does not answer.  This program's
 * getaddrinfo takes the place of the C library's for libcurl too.
 */
#include "test/core/check.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "core/net/http.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int waiting;
static int released; /* who resolves "slowN.test" waits until N is */
static sigset_t resolver_mask;

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
            struct addrinfo **result)
{
	int number;

	(void) service;
	(void) hints;
	*result = NULL;
	pthread_mutex_lock(&mutex);
	pthread_sigmask(SIG_SETMASK, NULL, &resolver_mask);
	if (sscanf(node, "slow%d.test", &number) == 1)
	{
		waiting++;
		pthread_cond_broadcast(&changed);
		while (number > released)
			pthread_cond_wait(&changed, &mutex);
		waiting--;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&mutex);
	return EAI_NONAME;
}

/* libcurl may resolve the addresses of each family in a thread of its own. */
static void
await_resolver(void)
{
	pthread_mutex_lock(&mutex);
	while (waiting == 0)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
}

static bool
resolver_waits(void)
{
	bool waits;

	pthread_mutex_lock(&mutex);
	waits = waiting > 0;
	pthread_mutex_unlock(&mutex);
	return waits;
}

static void
release_resolvers(int number)
{
	pthread_mutex_lock(&mutex);
	released = number;
	pthread_cond_broadcast(&changed);
	while (waiting > 0)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
}

static GenopsHttpClient *
start(const char *url, long timeout_ms)
{
	GenopsHttpRequest request = { .url = url, .timeout_ms = timeout_ms };
	GenopsError error;
	GenopsHttpClient *client = genops_http_client_new("genops-test/1.0", &error);

	assert_non_null(client);
	assert_true(genops_http_start(client, &request, &error));
	genops_http_progress(client);
	return client;
}

static GenopsHttpFailure
finish(GenopsHttpClient *client)
{
	GenopsHttpReply reply;

	while (!genops_http_next_finished(client, &reply))
	{
		GenopsHttpSocket sockets[4];
		struct pollfd ready[4];
		size_t count = genops_http_sockets(client, sockets, COUNT_OF(sockets));

		for (size_t i = 0; i < count; i++)
		{
			ready[i].fd = sockets[i].fd;
			ready[i].events = (short) ((sockets[i].want_read ? POLLIN : 0) |
			                           (sockets[i].want_write ? POLLOUT : 0));
		}
		poll(ready, count, (int) genops_http_timeout_ms(client));
		genops_http_progress(client);
	}
	genops_http_reply_free(&reply);
	return reply.failure;
}

static void
unknown_names(void **state)
{
	GenopsHttpClient *client = start("http://unknown.test:4318/", 0);

	(void) state;
	assert_int_equal(finish(client), GENOPS_HTTP_NAME);
	genops_http_client_free(client);
}

/* If it waited for the thread, the test would never end. */
static void
freeing_does_not_wait(void **state)
{
	GenopsHttpClient *client = start("http://slow1.test:4318/", 0);

	(void) state;
	await_resolver();
	genops_http_client_free(client);
	assert_true(resolver_waits());
	release_resolvers(1);
}

static void
a_timeout_does_not_wait(void **state)
{
	GenopsHttpClient *client = start("http://slow2.test:4318/", 50);

	(void) state;
	await_resolver();
	assert_int_equal(finish(client), GENOPS_HTTP_TIMEOUT);
	assert_true(resolver_waits());
	genops_http_client_free(client);
	release_resolvers(2);
}

static void
resolving_threads_take_no_signals(void **state)
{
	const int of_postgres[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM };
	GenopsHttpClient *client;

	(void) state;
	sigemptyset(&resolver_mask);
	client = start("http://unknown.test:4318/", 0);
	finish(client);
	genops_http_client_free(client);
	for (size_t i = 0; i < COUNT_OF(of_postgres); i++)
		assert_true(sigismember(&resolver_mask, of_postgres[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_names),
		cmocka_unit_test(freeing_does_not_wait),
		cmocka_unit_test(a_timeout_does_not_wait),
		cmocka_unit_test(resolving_threads_take_no_signals),
	};

	setenv("no_proxy", "*", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
