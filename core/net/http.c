/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/http.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "core/net/http_transfer.h"

struct GenopsHttpClient
{
	CURLM *multi;
	char *user_agent;
	GenopsTransfer *transfers;
	size_t pending;

	/* What libcurl wants to wait for, kept by its callbacks. */
	GenopsHttpSocket *sockets;
	struct pollfd *ready; /* as many */
	size_t socket_count;
	size_t socket_capacity;
	uint64_t generation;
};

/*
 * Blocks the signals that a handler may be waiting for.  A thread inherits
 * the mask of its maker, and libcurl makes one to resolve a name.  Those that
 * a thread brings on itself stay, as in PostgreSQL's own masks.
 */
static void
block_signals(sigset_t *before)
{
	static const int own[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP };
	sigset_t mask;

	sigfillset(&mask);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&mask, own[i]);
	pthread_sigmask(SIG_SETMASK, &mask, before);
}

static void
restore_signals(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static size_t
socket_index(const GenopsHttpClient *client, int fd)
{
	size_t i = 0;

	while (i < client->socket_count && client->sockets[i].fd != fd)
		i++;
	return i;
}

static bool
grow_sockets(GenopsHttpClient *client)
{
	size_t capacity = client->socket_capacity ? client->socket_capacity * 2 : 8;
	GenopsHttpSocket *sockets = realloc(client->sockets, capacity * sizeof(*sockets));
	struct pollfd *ready;

	if (sockets == NULL)
		return false;
	client->sockets = sockets;
	ready = realloc(client->ready, capacity * sizeof(*ready));
	if (ready == NULL)
		return false;
	client->ready = ready;
	client->socket_capacity = capacity;
	return true;
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	GenopsHttpClient *client = arg;
	size_t i = socket_index(client, fd);
	GenopsHttpSocket socket = {
		.fd = fd,
		.want_read = what == CURL_POLL_IN || what == CURL_POLL_INOUT,
		.want_write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT,
	};

	(void) easy;
	(void) unused;
	client->generation++;
	if (what == CURL_POLL_REMOVE)
	{
		if (i < client->socket_count)
			client->sockets[i] = client->sockets[--client->socket_count];
		return 0;
	}
	if (i == client->socket_count)
	{
		if (i == client->socket_capacity && !grow_sockets(client))
			return -1;
		client->socket_count++;
	}
	client->sockets[i] = socket;
	return 0;
}

/*
 * Since 8.20 libcurl joins the threads that resolve names when its handle goes, which takes as long
 * as a name server is silent, unless it is told not to.  A libcurl older than the one that this was
 * compiled with knows no such option and needs none.
 */
static void
do_not_join_resolvers(CURLM *multi)
{
#if LIBCURL_VERSION_NUM >= 0x081400
	curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT, 1L);
#else
	(void) multi;
#endif
}

static bool
open_client(GenopsHttpClient *client, const char *user_agent)
{
	/* Counted by libcurl, and never taken back: a thread may be resolving. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	client->user_agent = strdup(user_agent);
	client->multi = curl_multi_init();
	if (client->user_agent == NULL || client->multi == NULL)
		return false;
	do_not_join_resolvers(client->multi);
	return curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
	       curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK;
}

GenopsHttpClient *
genops_http_client_new(const char *user_agent, GenopsError *error)
{
	GenopsHttpClient *client = calloc(1, sizeof(*client));
	sigset_t signals;
	bool good;

	if (client != NULL)
	{
		block_signals(&signals);
		good = open_client(client, user_agent);
		restore_signals(&signals);
		if (good)
			return client;
	}
	genops_http_client_free(client);
	genops_error_set(error, GENOPS_OUT_OF_MEMORY, "could not initialize libcurl");
	return NULL;
}

static void
add_transfer(GenopsHttpClient *client, GenopsTransfer *transfer)
{
	transfer->next = client->transfers;
	if (transfer->next != NULL)
		transfer->next->previous = transfer;
	client->transfers = transfer;
	client->pending++;
}

static void
remove_transfer(GenopsHttpClient *client, GenopsTransfer *transfer)
{
	curl_multi_remove_handle(client->multi, transfer->easy);
	if (transfer->previous != NULL)
		transfer->previous->next = transfer->next;
	else
		client->transfers = transfer->next;
	if (transfer->next != NULL)
		transfer->next->previous = transfer->previous;
	client->pending--;
	genops_transfer_free(transfer);
}

void
genops_http_client_free(GenopsHttpClient *client)
{
	sigset_t signals;

	if (client == NULL)
		return;
	block_signals(&signals);
	while (client->transfers != NULL)
		remove_transfer(client, client->transfers);
	if (client->multi != NULL)
		curl_multi_cleanup(client->multi);
	restore_signals(&signals);
	free(client->user_agent);
	free(client->sockets);
	free(client->ready);
	free(client);
}

bool
genops_http_start(GenopsHttpClient *client, const GenopsHttpRequest *request, GenopsError *error)
{
	GenopsTransfer *transfer;
	CURLMcode code;
	sigset_t signals;

	transfer = genops_transfer_new(request, client->user_agent, error);
	if (transfer == NULL)
		return false;
	block_signals(&signals);
	code = curl_multi_add_handle(client->multi, transfer->easy);
	if (code == CURLM_OK)
		add_transfer(client, transfer);
	else
		genops_transfer_free(transfer);
	restore_signals(&signals);
	if (code != CURLM_OK)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "could not start an HTTP request: %s",
		                        curl_multi_strerror(code));
	return true;
}

/* Collects the sockets that are ready, before libcurl changes the list. */
static size_t
poll_sockets(GenopsHttpClient *client)
{
	size_t count = client->socket_count;

	for (size_t i = 0; i < count; i++)
	{
		const GenopsHttpSocket *socket = &client->sockets[i];

		client->ready[i].fd = socket->fd;
		client->ready[i].events =
		    (short) ((socket->want_read ? POLLIN : 0) | (socket->want_write ? POLLOUT : 0));
		client->ready[i].revents = 0;
	}
	return count > 0 && poll(client->ready, count, 0) > 0 ? count : 0;
}

static int
ready_bits(short events)
{
	return (events & POLLIN ? CURL_CSELECT_IN : 0) | (events & POLLOUT ? CURL_CSELECT_OUT : 0) |
	       (events & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_ERR : 0);
}

void
genops_http_progress(GenopsHttpClient *client)
{
	sigset_t signals;
	size_t count;
	int running;

	block_signals(&signals);
	count = poll_sockets(client);
	for (size_t i = 0; i < count; i++)
	{
		int bits = ready_bits(client->ready[i].revents);

		if (bits != 0)
			curl_multi_socket_action(client->multi, client->ready[i].fd, bits, &running);
	}
	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	restore_signals(&signals);
}

size_t
genops_http_pending(const GenopsHttpClient *client)
{
	return client->pending;
}

size_t
genops_http_sockets(const GenopsHttpClient *client, GenopsHttpSocket *out, size_t max)
{
	for (size_t i = 0; i < client->socket_count && i < max; i++)
		out[i] = client->sockets[i];
	return client->socket_count;
}

uint64_t
genops_http_generation(const GenopsHttpClient *client)
{
	return client->generation;
}

/*
 * Asked for each time.  The timer callback is no substitute: libcurl calls it
 * only when the time changes, and a timeout that came a fraction of a
 * millisecond early, by our clock, would never be set again.
 */
long
genops_http_timeout_ms(const GenopsHttpClient *client)
{
	long timeout_ms = -1;

	curl_multi_timeout(client->multi, &timeout_ms);
	return timeout_ms;
}

bool
genops_http_next_finished(GenopsHttpClient *client, GenopsHttpReply *reply)
{
	CURLMsg *message;
	GenopsTransfer *transfer = NULL;
	sigset_t signals;
	int left;

	do
		message = curl_multi_info_read(client->multi, &left);
	while (message != NULL && message->msg != CURLMSG_DONE);
	if (message == NULL)
		return false;

	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &transfer);
	genops_transfer_reply(transfer, message->data.result, reply);
	block_signals(&signals);
	remove_transfer(client, transfer);
	restore_signals(&signals);
	return true;
}
