/* SPDX-License-Identifier: PostgreSQL */
/*
 * Requests of genops_validate() and their answers, several at the same time.
 */
#ifndef GENOPS_VALIDATE_EXCHANGE_H
#define GENOPS_VALIDATE_EXCHANGE_H

#include "postgres.h"

#include "configure/configuration.h"
#include "core/net/http.h"
#include "nodes/pg_list.h"

/* One request.  It is asked once it is made, and has a reply after ExchangesWait; one
 * that is not answered by then has the failure GENOPS_HTTP_TIMEOUT. */
typedef struct Exchange
{
	GenopsHeaders headers; /* as sent */
	GenopsHttpReply reply;
	bool answered;
} Exchange;

/* Releases what is not the memory context's, when that goes. */
typedef struct Exchanges
{
	GenopsHttpClient *client;
	int64 deadline;       /* of MonotonicMs() */
	DeliveryTarget query; /* for whoever asks: released with the rest */
	DeliveryTarget otlp;
	List *all; /* of Exchange * */
} Exchanges;

/* In the current memory context, and for as long as it lives. */
extern Exchanges *ExchangesNew(int64 deadline);

/* Asks an address of the target: with its headers, certificates and the tenant (NULL:
 * none).  "body" must stay; NULL makes it a GET. */
extern Exchange *ExchangeStart(Exchanges *exchanges, const DeliveryTarget *target, const char *url,
                               const char *tenant, const GenopsSlice *body, size_t body_count);

/* Gives back an answer that is of no more use. */
extern void ExchangeForget(Exchanges *exchanges, Exchange *exchange);

/* Until all that were started are over, or the deadline is.  Can be cancelled. */
extern void ExchangesWait(Exchanges *exchanges);

#endif
