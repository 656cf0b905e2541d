/* SPDX-License-Identifier: PostgreSQL */
/*
 * Requests and their answers.
 */
#include "postgres.h"

#include "ask/http_wait.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "validate/exchange.h"
#include "validate/validation.h"

static void
Free(Exchange *exchange)
{
	if (exchange->answered)
		genops_http_reply_free(&exchange->reply);
	genops_headers_free(&exchange->headers);
}

static void
Release(void *arg)
{
	Exchanges *exchanges = arg;
	ListCell *cell;

	genops_http_client_free(exchanges->client);
	foreach (cell, exchanges->all)
		Free(lfirst(cell));
	DeliveryTargetFree(&exchanges->query);
	DeliveryTargetFree(&exchanges->otlp);
}

Exchanges *
ExchangesNew(int64 deadline)
{
	Exchanges *exchanges = palloc0(sizeof(Exchanges));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	GenopsError error;

	exchanges->deadline = deadline;
	exchanges->query.headers = exchanges->otlp.headers = GENOPS_NO_HEADERS;
	callback->func = Release;
	callback->arg = exchanges;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	exchanges->client = genops_http_client_new("genops_tempo/" GENOPS_VERSION, &error);
	if (exchanges->client == NULL)
		ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
		                errmsg("could not start the HTTP client: %s", error.message)));
	return exchanges;
}

static bool
SetHeaders(Exchange *exchange, const DeliveryTarget *target, const char *tenant, bool has_body,
           GenopsError *error)
{
	return genops_headers_merge(&exchange->headers, &target->headers, error) &&
	       (!has_body || genops_headers_set(&exchange->headers, GENOPS_LITERAL("Content-Type"),
	                                        GENOPS_LITERAL("application/x-protobuf"), error)) &&
	       (tenant == NULL ||
	        genops_headers_set(&exchange->headers, GENOPS_LITERAL("X-Scope-OrgID"),
	                           genops_slice(tenant), error));
}

static bool
Start(Exchanges *exchanges, Exchange *exchange, const DeliveryTarget *target, const char *url,
      const GenopsSlice *body, size_t body_count, GenopsError *error)
{
	GenopsHttpRequest request = {
		.method = body ? GENOPS_HTTP_POST : GENOPS_HTTP_GET,
		.url = url,
		.headers = &exchange->headers,
		.body = body,
		.body_count = body_count,
		.gzip = body && target->gzip,
		.timeout_ms = (long) Max(exchanges->deadline - MonotonicMs(), 1),
		.ca_file = target->ca_file,
		.client_certificate = target->client_certificate,
		.client_key = target->client_key,
		.user_data = exchange,
	};

	return genops_http_start(exchanges->client, &request, error);
}

Exchange *
ExchangeStart(Exchanges *exchanges, const DeliveryTarget *target, const char *url,
              const char *tenant, const GenopsSlice *body, size_t body_count)
{
	Exchange *exchange = palloc0(sizeof(Exchange));
	GenopsError error;

	exchange->headers = GENOPS_NO_HEADERS;
	exchange->reply.failure = GENOPS_HTTP_TIMEOUT;
	exchanges->all = lappend(exchanges->all, exchange);
	if (!SetHeaders(exchange, target, tenant, body != NULL, &error) ||
	    !Start(exchanges, exchange, target, url, body, body_count, &error))
	{
		exchange->reply.failure = GENOPS_HTTP_OTHER;
		strlcpy(exchange->reply.error, error.message, sizeof(exchange->reply.error));
	}
	return exchange;
}

void
ExchangeForget(Exchanges *exchanges, Exchange *exchange)
{
	exchanges->all = list_delete_ptr(exchanges->all, exchange);
	Free(exchange);
	pfree(exchange);
}

static void
FetchAnswers(Exchanges *exchanges)
{
	GenopsHttpReply reply;

	while (genops_http_next_finished(exchanges->client, &reply))
	{
		Exchange *exchange = reply.user_data;

		exchange->reply = reply;
		exchange->answered = true;
	}
}

void
ExchangesWait(Exchanges *exchanges)
{
	for (;;)
	{
		long left;

		CHECK_FOR_INTERRUPTS();
		genops_http_progress(exchanges->client);
		FetchAnswers(exchanges);
		left = (long) (exchanges->deadline - MonotonicMs());
		if (genops_http_pending(exchanges->client) == 0 || left <= 0)
			return;
		HttpWait(exchanges->client, left, ValidationWaitEvent());
	}
}
