/* SPDX-License-Identifier: PostgreSQL */
/*
 * One question to Tempo over HTTP, or a few with one deadline, from a backend that
 * can be cancelled meanwhile.
 *
 *		exchange = TempoExchangeBegin(tenant);
 *		... make a URL from exchange->target.url
 *		problem = TempoExchangeAsk(exchange, url, &error);
 *		... read exchange->reply.body, which lives until the next question
 *		TempoExchangeEnd(exchange);
 *
 * An exchange owns memory that is not PostgreSQL's.  It is in a memory context of its
 * own, below the current one, and whatever ends that ends the exchange.
 */
#ifndef GENOPS_ASK_TEMPO_EXCHANGE_H
#define GENOPS_ASK_TEMPO_EXCHANGE_H

#include "postgres.h"

#include "configure/configuration.h"
#include "core/net/http.h"
#include "core/tempo/problem.h"

typedef struct TempoExchange
{
	MemoryContext context;
	DeliveryTarget target;
	GenopsHttpClient *client;
	GenopsHttpReply reply;
	int64 deadline_ms; /* MonotonicMs() */
} TempoExchange;

/*
 * The tenant to ask for: the argument; where it is NULL, the session's setting
 * genops.tenant_id, else the configuration's.  NULL: none.  Several are joined with
 * "|".  In the current memory context.  Raises if Tempo would not accept it.
 */
extern const char *TempoTenant(const char *argument);

/* Raises if there is no address to ask, or its headers are not to be had. */
extern TempoExchange *TempoExchangeBegin(const char *tenant);

extern GenopsTempoProblem TempoExchangeAsk(TempoExchange *exchange, const char *url,
                                           GenopsError *error);

extern void TempoExchangeEnd(TempoExchange *exchange);

/* Raises the error of a question that was not answered, or whose answer does not
 * parse (GENOPS_TEMPO_SOMETHING_ELSE). */
extern void TempoRaise(GenopsTempoProblem problem, const GenopsError *error)
    __attribute__((noreturn));

#endif
