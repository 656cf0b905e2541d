/* SPDX-License-Identifier: PostgreSQL */
/*
 * A session waits for the HTTP answers that it asked for.
 */
#ifndef GENOPS_ASK_HTTP_WAIT_H
#define GENOPS_ASK_HTTP_WAIT_H

#include "postgres.h"

#include "core/net/http.h"

/* Until genops_http_progress() is due, or so many milliseconds are over.  Can be
 * cancelled: raises then. */
extern void HttpWait(const GenopsHttpClient *client, long longest_ms, uint32 wait_event);

#endif
