/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops_quick_start(): local defaults, validation, a sample call, and the queries that
 * find it.
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "monotonic.h"
#include "shared/ring.h"
#include "shared/waiters.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "validate/sql_texts.h"
#include "validate/report.h"
#include "validate/validation.h"

PG_FUNCTION_INFO_V1(genops_quick_start);

#define VALIDATION_MS 10000
#define STORING_MS 2000

#define TEAM "quick-start"
#define TRACE_ID_OFFSET 3 /* in a traceparent */
#define TRACE_ID_DIGITS 32

/* The configuration of a local Tempo, unless there is one already. */
static List *
Configure(List *lines, const char *schema)
{
	List *changes = SqlTexts(
	    psprintf("SELECT '  ' || setting || ' = ' || value || coalesce(' (' || note || ')', '')"
	             " FROM %s.genops_configure()",
	             schema));
	const char *heading = "Configured:";

	if (changes == NIL)
	{
		heading = "Configured already:";
		changes = SqlTexts("SELECT '  ' || setting || ' = ' || value"
		                   " FROM genops_internal.configuration_rows()"
		                   " WHERE value IS NOT NULL AND setting IN ('endpoint', 'otlp_url')");
	}
	lines = lappend(lines, pstrdup(heading));
	return lappend(list_concat(lines, changes), "");
}

static List *
Validate(List *lines)
{
	Validation validation = { .connectivity = true, .write = true, .read = true, .traceql = true };

	validation.deadline = MonotonicMs() + VALIDATION_MS;
	ValidationRun(&validation);
	return lappend(list_concat(lines, ReportLines(&validation)), "");
}

/* A call that cost nothing, so that nobody owes money for it; who may not say what a call
 * cost leaves it without a price. */
static List *
RecordSample(List *lines, const char *schema)
{
	const char *traceparent = SqlText(psprintf(
	    "SELECT %s.genops_track('genops', 'sample', prompt_tokens => 12, completion_tokens => 8,"
	    " team => '" TEAM "', total_cost => CASE WHEN pg_catalog.has_function_privilege("
	    "'genops.may_charge()', 'EXECUTE') THEN 0 END)",
	    schema));
	char *trace_id = pnstrdup(traceparent + TRACE_ID_OFFSET, TRACE_ID_DIGITS);

	(void) RingWaitStored(RingNewestPosition(), STORING_MS);
	lines = lappend(lines, psprintf("A sample call was recorded, as trace %s.", trace_id));
	lines = lappend(lines, "");
	lines = lappend(lines, "Find it in the ledger:");
	lines = lappend(lines, psprintf("  SELECT * FROM %s.genops_trace('%s');", schema, trace_id));
	lines = lappend(lines, "  SELECT * FROM genops.spans WHERE team = '" TEAM "';");
	lines = lappend(lines,
	                "  SELECT team, sum(calls), sum(total_cost) FROM genops.spend GROUP BY team;");
	lines = lappend(lines, "With TraceQL, here and in Grafana:");
	lines = lappend(
	    lines, psprintf("  SELECT * FROM %s.genops_traceql('{.team = \"" TEAM "\"}');", schema));
	lines = lappend(lines, "  {.team = \"" TEAM "\"}");
	return lappend(lines, psprintf("  {trace:id = \"%s\"}", trace_id));
}

Datum
genops_quick_start(PG_FUNCTION_ARGS)
{
	const char *schema =
	    quote_identifier(get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid)));
	List *lines = Configure(NIL, schema);

	lines = Validate(lines);
	if (RingExists())
		lines = RecordSample(lines, schema);
	else
		lines =
		    lappend(lines, "No sample call can be recorded yet: see check \"Library Preloaded\".");
	ReportPutLines(fcinfo, lines);
	return (Datum) 0;
}
