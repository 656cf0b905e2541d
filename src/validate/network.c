/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tempo: does it answer queries, does it take spans, and does what it takes come back?
 *
 * All questions but the last are asked at the same time, so that a side that says nothing
 * keeps the other from nothing; then the span that was taken is asked for until it is
 * there.  Of an address with nothing behind it, one more question tells whether it is one of
 * the other kind.
 *
 * The configured headers go to the configured addresses only.
 */
#include "postgres.h"

#include "ask/tempo_exchange.h"
#include "configure/store.h"
#include "configure/values.h"
#include "core/net/endpoint.h"
#include "core/tempo/problem.h"
#include "core/tempo/request.h"
#include "utils/timestamp.h"
#include "validate/network.h"

/* What the questions are about: too little to be work for Tempo. */
#define RANGE_US (INT64CONST(5) * 60 * USECS_PER_SEC)

static char *
WithoutQuery(const char *url)
{
	return pnstrdup(url, strcspn(url, "?"));
}

/* Scheme, host and port. */
static char *
Authority(const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return pnstrdup(url, host - url + strcspn(host, "/?"));
}

/* Of "error", for an address that cannot be used. */
static void
SetWhyNot(DeliveryTarget *target, const GenopsError *error)
{
	free(target->why_not);
	target->why_not = strdup(error->message);
}

static void
SetUrl(DeliveryTarget *target, const char *url)
{
	free(target->url);
	target->url = strdup(url);
}

/* The targets of an address that is not configured: certificates, and no secret. */
static void
LoadOtherTargets(Network *network, const char *endpoint)
{
	Exchanges *exchanges = network->exchanges;
	char url[GENOPS_URL_SIZE];
	GenopsError error;

	genops_headers_free(&exchanges->query.headers);
	genops_headers_free(&exchanges->otlp.headers);
	if (genops_endpoint_query_url(endpoint, url, &error))
		SetUrl(&exchanges->query, url);
	if (genops_endpoint_otlp_from_tempo(endpoint, url, &error))
	{
		SetUrl(&exchanges->otlp, url);
		return;
	}
	free(exchanges->otlp.url);
	exchanges->otlp.url = NULL;
	SetWhyNot(&exchanges->otlp, &error);
	network->otlp_fix = error.hint[0] ? pstrdup(ShownText(error.hint)) : NULL;
}

static void
LoadTargets(Validation *validation, Network *network)
{
	Exchanges *exchanges = network->exchanges;
	SettingValues values;

	ValuesResolve(StoreSettings(), &values);
	QueryTargetLoad(&exchanges->query);
	DeliveryTargetLoad("", &exchanges->otlp);
	network->otlp_kind = SettingBool(values.items[SETTING_VIA_COLLECTOR].text)
	                         ? GENOPS_ADDRESS_COLLECTOR
	                         : GENOPS_ADDRESS_TEMPO;
	if (validation->tempo_endpoint != NULL)
	{
		network->otlp_kind = GENOPS_ADDRESS_TEMPO;
		LoadOtherTargets(network, validation->tempo_endpoint);
	}
	if (exchanges->query.url != NULL)
		validation->endpoint = network->query_shown = pstrdup(exchanges->query.url);
	if (exchanges->otlp.url != NULL)
		network->otlp_shown = WithoutQuery(exchanges->otlp.url);
}

static Exchange *
Ask(const Network *network, GenopsBytes *url)
{
	Exchanges *exchanges = network->exchanges;
	Exchange *exchange = NULL;

	if (!url->failed)
		exchange = ExchangeStart(exchanges, &exchanges->query, (const char *) url->data,
		                         network->tenant, NULL, 0);
	return exchange;
}

static void
AskQueries(const Validation *validation, Network *network)
{
	const char *base = network->exchanges->query.url;
	GenopsSlice all = GENOPS_LITERAL("{}");
	GenopsSlice rate = GENOPS_LITERAL("{} | rate()");
	char memory[4 * GENOPS_URL_SIZE];
	GenopsBytes url = genops_bytes_over(memory, sizeof(memory));
	int64 now =
	    GetCurrentTimestamp() + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	GenopsTempoRange range = { now - RANGE_US, now };

	if (base == NULL)
		return;
	if (validation->connectivity || validation->traceql)
	{
		genops_tempo_build_url(&url, base);
		network->build = Ask(network, &url);
	}
	if (validation->read)
	{
		char *search = psprintf("%s/api/search?limit=1", base);

		network->search = ExchangeStart(network->exchanges, &network->exchanges->query, search,
		                                network->tenant, NULL, 0);
	}
	if (!validation->traceql)
		return;
	genops_bytes_clear(&url);
	genops_tempo_search_url(&url, base, all, range, 1, 1);
	network->traceql = Ask(network, &url);
	genops_bytes_clear(&url);
	genops_tempo_instant_url(&url, base, rate, range);
	network->metrics = Ask(network, &url);
}

static void
AskToWrite(const Validation *validation, Network *network)
{
	DeliveryTarget *otlp = &network->exchanges->otlp;

	if (!validation->write || otlp->url == NULL)
		return;
	network->probe = ProbeMake(ConfigurationGet()->service_name);
	network->write = ExchangeStart(network->exchanges, otlp, otlp->url, network->tenant,
	                               &network->probe.body, 1);
}

/* A 2xx of something else, such as a page to log in. */
static void
DiagnoseSuccess(const Network *network, const Exchange *exchange, GenopsDiagnosis *diagnosis)
{
	GenopsError error;

	if (genops_tempo_judge(&exchange->reply, network->query_shown, &exchange->headers, &error) ==
	    GENOPS_TEMPO_ANSWERED)
		return;
	diagnosis->problem = GENOPS_PROBLEM_OTHER;
	strlcpy(diagnosis->message, error.message, sizeof(diagnosis->message));
	strlcpy(diagnosis->fix, error.hint, sizeof(diagnosis->fix));
}

GenopsDiagnosis
DiagnoseQuery(const Network *network, const Exchange *exchange)
{
	GenopsDiagnosis diagnosis;

	genops_diagnose(&exchange->reply, GENOPS_ADDRESS_QUERY, network->query_shown,
	                &exchange->headers, &diagnosis);
	if (diagnosis.problem == GENOPS_PROBLEM_NOT_FOUND && network->query_as_otlp != NULL &&
	    network->query_as_otlp->reply.status == 405)
		genops_diagnose_wrong_port(GENOPS_ADDRESS_QUERY, network->query_shown, &diagnosis);
	if (diagnosis.problem == GENOPS_PROBLEM_NONE)
		DiagnoseSuccess(network, exchange, &diagnosis);
	return diagnosis;
}

static bool
SaysEcho(const Exchange *exchange)
{
	return exchange->reply.status == 200 && exchange->reply.body.length >= 4 &&
	       memcmp(exchange->reply.body.data, "echo", 4) == 0;
}

GenopsDiagnosis
DiagnoseWrite(const Network *network)
{
	GenopsDiagnosis diagnosis;

	genops_diagnose(&network->write->reply, network->otlp_kind, network->otlp_shown,
	                &network->write->headers, &diagnosis);
	if (diagnosis.problem == GENOPS_PROBLEM_NOT_FOUND && network->otlp_as_query != NULL &&
	    SaysEcho(network->otlp_as_query))
		genops_diagnose_wrong_port(network->otlp_kind, network->otlp_shown, &diagnosis);
	return diagnosis;
}

static Exchange *
AskWithoutHeaders(Network *network, const DeliveryTarget *target, const char *path)
{
	DeliveryTarget bare = *target;

	bare.headers = GENOPS_NO_HEADERS;
	return ExchangeStart(network->exchanges, &bare, psprintf("%s%s", Authority(target->url), path),
	                     NULL, NULL, 0);
}

/* An OTLP receiver takes POST only, and says so; Tempo's query address has an echo. */
static void
AskWhatElseItIs(Network *network)
{
	Exchanges *exchanges = network->exchanges;

	if (network->build != NULL &&
	    DiagnoseQuery(network, network->build).problem == GENOPS_PROBLEM_NOT_FOUND)
		network->query_as_otlp = AskWithoutHeaders(network, &exchanges->query, "/v1/traces");
	if (network->write != NULL && DiagnoseWrite(network).problem == GENOPS_PROBLEM_NOT_FOUND)
		network->otlp_as_query = AskWithoutHeaders(network, &exchanges->otlp, "/api/echo");
	ExchangesWait(exchanges);
}

void
AddDiagnosis(Validation *validation, const char *name, CheckStatus status,
             const GenopsDiagnosis *diagnosis)
{
	CheckAdd(validation, name, status, ShownText(diagnosis->fix), "%s",
	         ShownText(diagnosis->message));
}

void
CheckNetwork(Validation *validation)
{
	Network network = { 0 };
	bool written;

	network.exchanges = ExchangesNew(validation->deadline);
	network.tenant = TempoTenant(NULL);
	LoadTargets(validation, &network);
	AskQueries(validation, &network);
	AskToWrite(validation, &network);
	ExchangesWait(network.exchanges);
	AskWhatElseItIs(&network);

	CheckAccess(validation, &network);
	CheckTraceql(validation, &network);
	CheckSearch(validation, &network);
	written = CheckWrite(validation, &network);
	CheckReadBack(validation, &network, written);
	CheckTenant(validation, &network, written);
}
