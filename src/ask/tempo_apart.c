/* SPDX-License-Identifier: PostgreSQL */
/*
 * A Tempo without multitenancy, which is its default, does not look at the tenant that it is asked
 * for and shows the spans of all.  So a user who may read some tenants only is let through
 * to a Tempo that keeps them apart: one that refuses a request without a tenant.  What a gateway
 * in front of it does is not seen from here; tempo_is_multitenant of genops_configure() says it.
 */
#include "postgres.h"

#include "ask/tempo_apart.h"
#include "ask/tempo_exchange.h"
#include "configure/store.h"
#include "configure/values.h"
#include "core/tempo/request.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "record/arguments.h"

#define VALID_MS (5 * 60 * 1000)

/* What the Tempo at an address said last. */
static char known_url[GENOPS_URL_SIZE];
static bool known_apart;
static int64 known_until_ms;

static bool
SaysNoTenant(const GenopsHttpReply *reply)
{
	static const char words[] = "no org id";

	return reply->status == 401 && reply->body.length >= strlen(words) &&
	       memmem(reply->body.data, reply->body.length, words, strlen(words)) != NULL;
}

static bool
AskWithoutTenant(TempoExchange *exchange)
{
	GenopsBytes url = genops_bytes_over(palloc(GENOPS_URL_SIZE + 128), GENOPS_URL_SIZE + 128);
	GenopsTempoProblem problem;
	GenopsError error;

	(void) genops_headers_remove(&exchange->target.headers, GENOPS_LITERAL("X-Scope-OrgID"));
	genops_tempo_tags_url(&url, exchange->target.url, GENOPS_ABSENT, NULL);
	if (url.failed)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("the address of Tempo is too long")));
	problem = TempoExchangeAsk(exchange, (const char *) url.data, &error);
	if (SaysNoTenant(&exchange->reply))
		return true;
	if (problem != GENOPS_TEMPO_ANSWERED && problem != GENOPS_TEMPO_UNAUTHORIZED)
		TempoRaise(problem, &error);
	return false;
}

static bool
IsApart(void)
{
	TempoExchange *exchange = TempoExchangeBegin("");

	if (strcmp(known_url, exchange->target.url) != 0 || MonotonicMs() >= known_until_ms)
	{
		known_url[0] = '\0';
		known_apart = AskWithoutTenant(exchange);
		strlcpy(known_url, exchange->target.url, sizeof(known_url));
		known_until_ms = MonotonicMs() + VALID_MS;
	}
	TempoExchangeEnd(exchange);
	return known_apart;
}

static const char *
Configured(void)
{
	SettingValues values;

	ValuesResolve(StoreSettings(), &values);
	return values.items[SETTING_TEMPO_IS_MULTITENANT].text;
}

void
TempoRequireApart(void)
{
	const char *configured = Configured();

	if (configured != NULL ? SettingBool(configured) : IsApart())
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	         errmsg("permission denied to ask a Tempo that does not keep tenants apart"),
	         configured != NULL
	             ? errdetail("The setting \"tempo_is_multitenant\" is false.")
	             : errdetail("It did not refuse a request without a tenant, and would show the "
	                         "spans of all of them."),
	         errhint("Ask the ledger (source => 'ledger'), or set multitenancy_enabled in Tempo's "
	                 "configuration. Where a gateway keeps tenants apart: SELECT "
	                 "genops_configure(options => '{\"tempo_is_multitenant\": true}').")));
}
