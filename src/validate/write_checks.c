/* SPDX-License-Identifier: PostgreSQL */
/*
 * What became of the span that was sent.
 */
#include "postgres.h"

#include <time.h>

#include "compat.h"
#include "core/net/answer.h"
#include "core/net/endpoint.h"
#include "core/tempo/reply.h"
#include "core/tempo/request.h"
#include "miscadmin.h"
#include "monotonic.h"
#include "validate/network.h"

#define WRITE "OTLP Write Endpoint"
#define QUERY "Query Capability"
#define TENANT "Tenant"

#define NAP_MS 50
#define LONGEST_NAP_MS 500

static bool
ReportWrite(Validation *validation, const Network *network)
{
	const Exchange *write = network->write;
	GenopsDiagnosis diagnosis = DiagnoseWrite(network);
	GenopsAnswer answer;

	if (diagnosis.problem != GENOPS_PROBLEM_NONE)
	{
		AddDiagnosis(validation, WRITE, CHECK_ERROR, &diagnosis);
		return false;
	}
	genops_answer_judge(&write->reply, &write->headers, 1, (int64) time(NULL), &answer);
	if (answer.outcome == GENOPS_OUTCOME_DELIVERED && answer.rejected_spans == 0)
	{
		CheckAdd(validation, WRITE, CHECK_OK, NULL, "OTLP receiver available");
		return true;
	}
	CheckAdd(validation, WRITE, CHECK_ERROR,
	         "Check that the address is an OTLP receiver's, and what stands between.",
	         "%s did not take a span: %s", network->otlp_shown, ShownText(answer.reason));
	return false;
}

bool
CheckWrite(Validation *validation, const Network *network)
{
	const char *why_not = network->exchanges->otlp.why_not;

	if (!validation->write)
		CheckAdd(validation, WRITE, CHECK_SKIPPED, NULL, "not asked for");
	else if (network->write == NULL && validation->tempo_endpoint == NULL && ValidationLedgerOnly())
		CheckAdd(validation, WRITE, CHECK_SKIPPED, NULL, "no endpoint is configured");
	else if (network->write == NULL)
		CheckAdd(validation, WRITE, CHECK_ERROR,
		         network->otlp_fix ? network->otlp_fix : FixOfTarget(), "no span can be sent: %s",
		         why_not ? ShownText(why_not) : "out of memory");
	else
		return ReportWrite(validation, network);
	return false;
}

/*
 * Reading it back.
 */
typedef enum Sight
{
	SIGHT_FOUND,
	SIGHT_NOT_YET,
	SIGHT_REFUSED /* with a diagnosis */
} Sight;

static bool
HasSpans(const Exchange *exchange)
{
	GenopsTempoWholeTrace trace;
	GenopsError error;
	bool found;

	if (!genops_tempo_trace_read(exchange->reply.body, &trace, &error))
		return false;
	found = trace.request.length > 0;
	genops_arena_free(&trace.arena);
	return found;
}

/* Tempo answers 404, or with an empty trace, as long as it does not know it. */
static Sight
Look(const Network *network, const char *url, GenopsDiagnosis *diagnosis)
{
	Exchanges *exchanges = network->exchanges;
	Exchange *exchange = ExchangeStart(exchanges, &exchanges->query, url, network->tenant, NULL, 0);
	Sight sight = SIGHT_NOT_YET;

	ExchangesWait(exchanges);
	*diagnosis = DiagnoseQuery(network, exchange);
	if (diagnosis->problem == GENOPS_PROBLEM_NONE && HasSpans(exchange))
		sight = SIGHT_FOUND;
	else if (diagnosis->problem != GENOPS_PROBLEM_NONE &&
	         diagnosis->problem != GENOPS_PROBLEM_NOT_FOUND)
		sight = SIGHT_REFUSED;
	if (exchange->answered)
		ExchangeForget(exchanges, exchange);
	return sight;
}

static void
Nap(long milliseconds)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds,
	                 ValidationWaitEvent());
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

static Sight
AwaitSpan(const Validation *validation, const Network *network, GenopsDiagnosis *diagnosis)
{
	char memory[GENOPS_URL_SIZE + 128];
	GenopsBytes url = genops_bytes_over(memory, sizeof(memory));
	long nap = NAP_MS;
	bool looked = false;
	Sight sight;

	genops_tempo_trace_url(&url, network->exchanges->query.url,
	                       genops_slice(network->probe.trace_id));
	if (url.failed)
		return SIGHT_NOT_YET;
	while ((sight = Look(network, memory, diagnosis)) == SIGHT_NOT_YET &&
	       ValidationTimeLeft(validation) > 0)
	{
		looked = true;
		Nap(Min(nap, ValidationTimeLeft(validation)));
		nap = Min(nap * 2, LONGEST_NAP_MS);
	}
	/* The last look ends with the time. */
	if (looked && diagnosis->problem == GENOPS_PROBLEM_TIMEOUT)
		return SIGHT_NOT_YET;
	return sight;
}

static void
ReportReadBack(Validation *validation, const Network *network)
{
	bool via_collector = network->otlp_kind == GENOPS_ADDRESS_COLLECTOR;
	GenopsDiagnosis diagnosis;
	Sight sight = AwaitSpan(validation, network, &diagnosis);

	if (sight == SIGHT_FOUND)
		CheckAdd(validation, QUERY, CHECK_OK, NULL,
		         "Can query spans: the span that was sent was read back as trace %s",
		         network->probe.trace_id);
	else if (sight == SIGHT_REFUSED)
		AddDiagnosis(validation, QUERY, CHECK_ERROR, &diagnosis);
	else if (via_collector)
		CheckAdd(
		    validation, QUERY, CHECK_WARNING,
		    "A Collector sends in batches, and may sample: allow more time (timeout => 30), and "
		    "see the Collector's log and its exporter's address: docker logs otel-collector",
		    "the span that the Collector took was not found in Tempo in time, as trace %s",
		    network->probe.trace_id);
	else
		CheckAdd(validation, QUERY, CHECK_ERROR,
		         "Allow more time: timeout => 30. Check that endpoint and otlp_endpoint are of the "
		         "same Tempo, and whether Tempo's log tells of dropped traces.",
		         "the span that was sent was not found in time, as trace %s",
		         network->probe.trace_id);
}

void
CheckReadBack(Validation *validation, const Network *network, bool written)
{
	if (!validation->read)
		CheckAdd(validation, QUERY, CHECK_SKIPPED, NULL, "not asked for");
	else if (NobodyAnswers(network))
		CheckAdd(validation, QUERY, CHECK_SKIPPED, NULL, "Tempo is not accessible");
	else if (written)
		ReportReadBack(validation, network);
	else if (QuerySucceeded(network, network->search))
		CheckAdd(validation, QUERY, CHECK_OK, NULL, "Can query spans via Search API");
	else
		CheckAdd(validation, QUERY, CHECK_SKIPPED, NULL, "the Search API is not available");
}

/*
 * The tenant: one that is missing is told by 401 when reading, by 503 when writing.
 */
static bool
IsOfTenant(const GenopsDiagnosis *diagnosis)
{
	return diagnosis->problem == GENOPS_PROBLEM_TENANT_MISSING ||
	       diagnosis->problem == GENOPS_PROBLEM_TENANT_REFUSED;
}

void
CheckTenant(Validation *validation, const Network *network, bool written)
{
	const Exchange *read = network->search ? network->search : network->traceql;
	GenopsDiagnosis reading = { .problem = GENOPS_PROBLEM_OTHER };
	GenopsDiagnosis writing = { .problem = GENOPS_PROBLEM_OTHER };

	if (read != NULL)
		reading = DiagnoseQuery(network, read);
	if (network->write != NULL)
		writing = DiagnoseWrite(network);
	if (IsOfTenant(&writing))
		AddDiagnosis(validation, TENANT, CHECK_ERROR, &writing);
	else if (IsOfTenant(&reading))
		AddDiagnosis(validation, TENANT, CHECK_ERROR, &reading);
	else if (reading.problem != GENOPS_PROBLEM_NONE && !written)
		CheckAdd(validation, TENANT, CHECK_SKIPPED, NULL, "there is no answer that tells");
	else if (network->tenant != NULL)
		CheckAdd(validation, TENANT, CHECK_OK, NULL, "tenant \"%s\" is accepted", network->tenant);
	else
		CheckAdd(validation, TENANT, CHECK_OK, NULL,
		         "no tenant is configured, and none is asked for");
}
