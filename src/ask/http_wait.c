/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/http_wait.h"
#include "compat.h"
#include "miscadmin.h"
#include "storage/latch.h"

/* Of a handful of requests: some have two while they connect by both IPv4 and IPv6.
 * Were there more, they would be looked after when the time is over. */
#define MAX_SOCKETS 16

static void
AddSockets(WaitEventSet *set, const GenopsHttpSocket *sockets, int count)
{
	for (int i = 0; i < count; i++)
	{
		uint32 events = (sockets[i].want_read ? WL_SOCKET_READABLE : 0) |
		                (sockets[i].want_write ? WL_SOCKET_WRITEABLE : 0);

		if (events != 0)
			AddWaitEventToSet(set, events, sockets[i].fd, NULL, NULL);
	}
}

/* The latch ends it, too. */
static void
Sleep(const GenopsHttpClient *client, long timeout_ms, uint32 wait_event)
{
	GenopsHttpSocket sockets[MAX_SOCKETS];
	int count = Min((int) genops_http_sockets(client, sockets, MAX_SOCKETS), MAX_SOCKETS);
	WaitEventSet *volatile set = compat_create_wait_event_set(2 + count);
	WaitEvent event;

	PG_TRY();
	{
		AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
		AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
		AddSockets(set, sockets, count);
		(void) WaitEventSetWait(set, timeout_ms, &event, 1, wait_event);
	}
	PG_FINALLY();
	{
		FreeWaitEventSet(set);
	}
	PG_END_TRY();
	ResetLatch(MyLatch);
}

void
HttpWait(const GenopsHttpClient *client, long longest_ms, uint32 wait_event)
{
	long timeout_ms = genops_http_timeout_ms(client);

	if (timeout_ms != 0)
		Sleep(client, timeout_ms < 0 ? longest_ms : Min(timeout_ms, longest_ms), wait_event);
	CHECK_FOR_INTERRUPTS();
}
