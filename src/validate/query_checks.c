/* SPDX-License-Identifier: PostgreSQL */
/*
 * What Tempo's query address answered.
 */
#include "postgres.h"

#include "configure/store.h"
#include "configure/values.h"
#include "core/tempo/reply.h"
#include "validate/network.h"

#define ACCESS "Tempo Accessibility"
#define VERSION "Tempo Version"
#define TRACEQL "TraceQL API"
#define METRICS "TraceQL Metrics"
#define SEARCH "Search API"

#define UPGRADE "TraceQL requires Tempo 2.0+. Upgrade Tempo version."

bool
QuerySucceeded(const Network *network, const Exchange *exchange)
{
	return exchange != NULL && DiagnoseQuery(network, exchange).problem == GENOPS_PROBLEM_NONE;
}

/* True if the answer is what Tempo says of itself. */
static bool
ReadVersion(Validation *validation, const Exchange *exchange)
{
	GenopsTempoBuild build;
	GenopsError error;

	if (!genops_tempo_build_read(exchange->reply.body, &build, &error))
		return false;
	if (build.version.length > 0)
		validation->version =
		    ShownText(pnstrdup(build.version.data, Min(build.version.length, 100)));
	genops_arena_free(&build.arena);
	return true;
}

static bool
SomeQuerySucceeded(const Network *network)
{
	return QuerySucceeded(network, network->search) || QuerySucceeded(network, network->traceql);
}

bool
NobodyAnswers(const Network *network)
{
	const Exchange *any = network->build     ? network->build
	                      : network->traceql ? network->traceql
	                                         : network->search;

	return any == NULL || (any->reply.status == 0 && !SomeQuerySucceeded(network));
}

static void
ReportAccess(Validation *validation, const Network *network)
{
	GenopsDiagnosis diagnosis = DiagnoseQuery(network, network->build);
	bool is_tempo =
	    diagnosis.problem == GENOPS_PROBLEM_NONE && ReadVersion(validation, network->build);

	/* A gateway may let nothing but queries pass. */
	if (is_tempo || SomeQuerySucceeded(network))
		CheckAdd(validation, ACCESS, CHECK_OK, NULL, "Tempo accessible at %s",
		         network->query_shown);
	else if (diagnosis.problem != GENOPS_PROBLEM_NONE)
		AddDiagnosis(validation, ACCESS, CHECK_ERROR, &diagnosis);
	else
		CheckAdd(
		    validation, ACCESS, CHECK_ERROR,
		    "Give Tempo's query address (default port 3200): SELECT genops_configure(endpoint => "
		    "'http://localhost:3200');",
		    "what answers at %s is not Tempo", network->query_shown);
}

static void
ReportVersion(Validation *validation, const Network *network)
{
	if (validation->version != NULL)
		CheckAdd(validation, VERSION, CHECK_OK, NULL, "Version %s", validation->version);
	else if (!QuerySucceeded(network, network->build) && !SomeQuerySucceeded(network))
		CheckAdd(validation, VERSION, CHECK_SKIPPED, NULL, "Tempo is not accessible");
	else
		CheckAdd(validation, VERSION, CHECK_SKIPPED, NULL, "Tempo does not tell its version");
}

/* Where there is one, it is a header that cannot be sent. */
static bool
HasEndpoint(void)
{
	SettingValues values;

	ValuesResolve(StoreSettings(), &values);
	return values.items[SETTING_ENDPOINT].text != NULL;
}

void
CheckAccess(Validation *validation, const Network *network)
{
	const char *why_not = network->exchanges->query.why_not;

	if (network->build == NULL && validation->connectivity && !HasEndpoint())
		CheckAdd(validation, ACCESS, CHECK_SKIPPED,
		         "SELECT genops_configure(endpoint => 'http://localhost:3200');",
		         "no query address of a Tempo is configured: the ledger answers alone");
	else if (network->build == NULL && validation->connectivity)
		CheckAdd(validation, ACCESS,
		         network->otlp_kind == GENOPS_ADDRESS_COLLECTOR ? CHECK_WARNING : CHECK_ERROR,
		         "See check \"Secrets\".", "%s", why_not ? ShownText(why_not) : "out of memory");
	else if (validation->connectivity)
	{
		ReportAccess(validation, network);
		ReportVersion(validation, network);
	}
	else
	{
		CheckAdd(validation, ACCESS, CHECK_SKIPPED, NULL, "not asked for");
		if (QuerySucceeded(network, network->build))
			(void) ReadVersion(validation, network->build);
	}
}

static bool
Skipped(Validation *validation, const Network *network, const char *name, bool wanted)
{
	if (!wanted)
		CheckAdd(validation, name, CHECK_SKIPPED, NULL, "not asked for");
	else if (NobodyAnswers(network))
		CheckAdd(validation, name, CHECK_SKIPPED, NULL, "Tempo is not accessible");
	else
		return false;
	return true;
}

static void
ReportMetrics(Validation *validation, const Network *network)
{
	GenopsDiagnosis diagnosis = DiagnoseQuery(network, network->metrics);

	if (diagnosis.problem == GENOPS_PROBLEM_NONE)
		CheckAdd(validation, METRICS, CHECK_OK, NULL, "TraceQL metrics available");
	else
		CheckAdd(
		    validation, METRICS, CHECK_WARNING,
		    "Up to Tempo 2.10 they need the metrics-generator with its local-blocks processor: "
		    "overrides.defaults.metrics_generator.processors: [local-blocks]. Metrics from the "
		    "ledger need no Tempo.",
		    "TraceQL metrics not available: %s", ShownText(diagnosis.message));
}

void
CheckTraceql(Validation *validation, const Network *network)
{
	GenopsDiagnosis diagnosis;

	if (Skipped(validation, network, TRACEQL, validation->traceql))
		return;
	diagnosis = DiagnoseQuery(network, network->traceql);
	/* Where everything is missing, it is not Tempo, or not its address. */
	if (network->traceql->reply.status == 404 &&
	    (QuerySucceeded(network, network->build) || SomeQuerySucceeded(network)))
		CheckAdd(validation, TRACEQL, CHECK_ERROR, UPGRADE, "TraceQL API not available (404)");
	else if (validation->version != NULL && strncmp(validation->version, "1.", 2) == 0)
		CheckAdd(validation, TRACEQL, CHECK_ERROR, UPGRADE, "TraceQL API not available (Tempo %s)",
		         validation->version);
	else if (diagnosis.problem != GENOPS_PROBLEM_NONE)
		AddDiagnosis(validation, TRACEQL, CHECK_ERROR, &diagnosis);
	else
	{
		validation->has_traceql = true;
		CheckAdd(validation, TRACEQL, CHECK_OK, NULL, "TraceQL queries available");
	}
	if (validation->has_traceql)
		ReportMetrics(validation, network);
	else
		CheckAdd(validation, METRICS, CHECK_SKIPPED, NULL, "TraceQL is not available");
}

void
CheckSearch(Validation *validation, const Network *network)
{
	GenopsDiagnosis diagnosis;

	if (Skipped(validation, network, SEARCH, validation->read))
		return;
	diagnosis = DiagnoseQuery(network, network->search);
	if (diagnosis.problem == GENOPS_PROBLEM_NONE)
		CheckAdd(validation, SEARCH, CHECK_OK, NULL, "Search API available");
	else
		AddDiagnosis(validation, SEARCH, CHECK_ERROR, &diagnosis);
}
