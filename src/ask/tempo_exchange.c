/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/http_wait.h"
#include "ask/tempo_exchange.h"
#include "compat.h"
#include "configure/tenant.h"
#include "monotonic.h"
#include "record/arguments.h"
#include "settings.h"
#include "utils/memutils.h"

/* Of an answer: parsing takes some ten times as much memory. */
#define ANSWER_LIMIT ((size_t) 32 * 1024 * 1024)

#define CONNECT_TIMEOUT_MS 10000

/* libcurl has a timer for the whole request. */
#define LONGEST_WAIT_MS 1000

static const char *
InheritedTenant(void)
{
	const char *setting = setting_attribution[GENOPS_TEXT_TENANT_ID];

	return setting != NULL && setting[0] != '\0' ? setting : ConfigurationGet()->tenant_id;
}

static bool
TenantsValid(const char *tenants)
{
	const char *start = tenants;

	for (;;)
	{
		Size length = strcspn(start, "|");

		if (!TenantIdValid(start, length))
			return false;
		if (start[length] == '\0')
			return true;
		start += length + 1;
	}
}

const char *
TempoTenant(const char *argument)
{
	const char *tenant = argument != NULL ? argument : InheritedTenant();

	if (tenant == NULL || tenant[0] == '\0')
		return NULL;
	if (!TenantsValid(tenant))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid tenant: \"%s\"", tenant),
		         errdetail("A tenant has up to %d letters, digits and characters of !-_.*'(); "
		                   "several are joined with \"|\".",
		                   TENANT_ID_MAX)));
	return pstrdup(tenant);
}

static void
Release(void *arg)
{
	TempoExchange *exchange = arg;

	genops_http_reply_free(&exchange->reply);
	genops_http_client_free(exchange->client);
	DeliveryTargetFree(&exchange->target);
}

static void
RequireAddress(const DeliveryTarget *target)
{
	if (target->url != NULL)
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	                errmsg("Tempo cannot be asked: %s", target->why_not),
	                errhint("Tempo's query address, which has port 3200 by default, is set by "
	                        "genops_configure(endpoint => ...). genops_validate() says what else "
	                        "is wrong.")));
}

static void
SetHeaders(TempoExchange *exchange, const char *tenant)
{
	GenopsHeaders *headers = &exchange->target.headers;
	GenopsError error;

	if (!genops_headers_set(headers, GENOPS_LITERAL("Accept"), GENOPS_LITERAL("application/json"),
	                        &error) ||
	    (tenant != NULL && !genops_headers_set(headers, GENOPS_LITERAL("X-Scope-OrgID"),
	                                           genops_slice(tenant), &error)))
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("%s", error.message)));
}

static GenopsHttpClient *
NewClient(void)
{
	GenopsError error;
	GenopsHttpClient *client = genops_http_client_new("genops_tempo/" GENOPS_VERSION, &error);

	if (client == NULL)
		ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
		                errmsg("could not start the HTTP client: %s", error.message)));
	return client;
}

TempoExchange *
TempoExchangeBegin(const char *tenant)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "genops Tempo", ALLOCSET_SMALL_SIZES);
	TempoExchange *exchange = MemoryContextAllocZero(context, sizeof(TempoExchange));
	MemoryContextCallback *callback = MemoryContextAllocZero(context, sizeof(*callback));

	exchange->context = context;
	callback->func = Release;
	callback->arg = exchange;
	MemoryContextRegisterResetCallback(context, callback);

	QueryTargetLoad(&exchange->target);
	RequireAddress(&exchange->target);
	SetHeaders(exchange, TempoTenant(tenant));
	exchange->client = NewClient();
	exchange->deadline_ms = MonotonicMs() + exchange->target.timeout_ms;
	return exchange;
}

void
TempoExchangeEnd(TempoExchange *exchange)
{
	MemoryContextDelete(exchange->context);
}

static bool
Start(TempoExchange *exchange, const char *url, GenopsError *error)
{
	const DeliveryTarget *target = &exchange->target;
	long left_ms = (long) Max(exchange->deadline_ms - MonotonicMs(), 1);
	GenopsHttpRequest request = {
		.method = GENOPS_HTTP_GET,
		.url = url,
		.headers = &target->headers,
		.timeout_ms = left_ms,
		.connect_timeout_ms = Min(left_ms, CONNECT_TIMEOUT_MS),
		.response_limit = ANSWER_LIMIT,
		.ca_file = target->ca_file,
		.client_certificate = target->client_certificate,
		.client_key = target->client_key,
	};

	return genops_http_start(exchange->client, &request, error);
}

static void
Wait(const TempoExchange *exchange)
{
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = compat_wait_event("GenopsTempoAnswer");
	HttpWait(exchange->client, LONGEST_WAIT_MS, wait_event);
}

GenopsTempoProblem
TempoExchangeAsk(TempoExchange *exchange, const char *url, GenopsError *error)
{
	genops_http_reply_free(&exchange->reply);
	if (!Start(exchange, url, error))
		ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
		                errmsg("could not ask Tempo: %s", error->message)));
	for (;;)
	{
		genops_http_progress(exchange->client);
		if (genops_http_next_finished(exchange->client, &exchange->reply))
			break;
		Wait(exchange);
	}
	return genops_tempo_judge(&exchange->reply, exchange->target.url, &exchange->target.headers,
	                          error);
}

static int
CodeOf(GenopsTempoProblem problem)
{
	switch (problem)
	{
		case GENOPS_TEMPO_UNREACHABLE:
			return ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
		case GENOPS_TEMPO_INTERRUPTED:
			return ERRCODE_CONNECTION_FAILURE;
		case GENOPS_TEMPO_UNAUTHORIZED:
			return ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
		case GENOPS_TEMPO_BAD_QUERY:
			return ERRCODE_SYNTAX_ERROR;
		case GENOPS_TEMPO_BAD_REQUEST:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case GENOPS_TEMPO_TOO_LARGE:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case GENOPS_TEMPO_BUSY:
			return ERRCODE_INSUFFICIENT_RESOURCES;
		case GENOPS_TEMPO_UNAVAILABLE:
			return ERRCODE_CANNOT_CONNECT_NOW;
		case GENOPS_TEMPO_FAILED:
			return ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
		default:
			return ERRCODE_PROTOCOL_VIOLATION;
	}
}

void
TempoRaise(GenopsTempoProblem problem, const GenopsError *error)
{
	ReportCoreError(error, CodeOf(problem));
	pg_unreachable();
}
