/* SPDX-License-Identifier: PostgreSQL */
/*
 * The validation as the user's guide shows it.
 */
#include "postgres.h"

#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "validate/report.h"

typedef struct Marks
{
	const char *of[CHECK_SKIPPED + 1];
	const char *sparkle;
} Marks;

/* Only UTF-8 has the guide's. */
static const Marks *
MarksHere(void)
{
	static const Marks pictures = { { "\xE2\x9C\x85", "\xE2\x9A\xA0\xEF\xB8\x8F", "\xE2\x9D\x8C",
		                              "\xE2\x8F\xAD\xEF\xB8\x8F" },
		                            " \xE2\x9C\xA8" };
	static const Marks letters = { { "[ok]", "[warning]", "[error]", "[skipped]" }, "" };

	return GetDatabaseEncoding() == PG_UTF8 ? &pictures : &letters;
}

static int
Count(const Validation *validation, CheckStatus status)
{
	int count = 0;
	ListCell *cell;

	foreach (cell, validation->checks)
		if (((const Check *) lfirst(cell))->status == status)
			count++;
	return count;
}

/* A text of several lines, each behind an indentation; the first one's is other. */
static List *
AppendIndented(List *lines, const char *first, const char *others, const char *text)
{
	const char *indentation = first;

	for (;;)
	{
		Size length = strcspn(text, "\n");

		lines = lappend(lines, psprintf("%s%s", indentation, pnstrdup(text, length)));
		if (text[length] == '\0')
			return lines;
		text += length + 1;
		indentation = others;
	}
}

static List *
AppendCheck(List *lines, const Check *check)
{
	lines =
	    AppendIndented(lines, psprintf("  %s %s: ", MarksHere()->of[check->status], check->name),
	                   "     ", check->message);
	if (check->fix != NULL)
		lines = AppendIndented(lines, "     Fix: ", "     ", check->fix);
	return lines;
}

static List *
AppendVerdict(List *lines, const Validation *validation)
{
	int errors = Count(validation, CHECK_ERROR);
	int warnings = Count(validation, CHECK_WARNING);
	const char *mark = MarksHere()->of[errors > 0 ? CHECK_ERROR : CHECK_OK];

	if (errors > 0)
		return lappend(lines, psprintf("%s %d of %d checks failed%s", mark, errors,
		                               list_length(validation->checks),
		                               warnings ? psprintf(", %d warnings", warnings) : ""));
	return lappend(lines, psprintf("%s %s %s", mark,
	                               warnings ? psprintf("No check failed, %d warnings.", warnings)
	                                        : "All checks passed!",
	                               ValidationLedgerOnly() && validation->endpoint == NULL
	                                   ? "The ledger is ready; no Tempo is configured."
	                                   : "Tempo is ready for trace ingestion."));
}

List *
ReportLines(const Validation *validation)
{
	bool passed = Count(validation, CHECK_ERROR) == 0;
	const Marks *marks = MarksHere();
	List *lines = NIL;
	ListCell *cell;

	lines = lappend(lines, psprintf("%s Grafana Tempo Setup Validation - %s",
	                                marks->of[passed ? CHECK_OK : CHECK_ERROR],
	                                passed ? "PASSED" : "FAILED"));
	lines = lappend(lines, "");
	lines = lappend(
	    lines, psprintf("Endpoint: %s", validation->endpoint ? validation->endpoint : "(none)"));
	lines = lappend(lines, "");
	lines = lappend(lines, "Status Checks:");
	foreach (cell, validation->checks)
		lines = AppendCheck(lines, lfirst(cell));
	lines = lappend(lines, "");
	lines = AppendVerdict(lines, validation);
	if (validation->version != NULL)
		lines = lappend(lines, psprintf("   Tempo version: %s", validation->version));
	if (validation->has_traceql)
		lines = lappend(lines, psprintf("   TraceQL queries: Enabled%s", marks->sparkle));
	return lines;
}

void
ReportPutLines(FunctionCallInfo fcinfo, List *lines)
{
	ReturnSetInfo *result;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	foreach (cell, lines)
	{
		Datum line = CStringGetTextDatum(lfirst(cell));
		bool null = false;

		tuplestore_putvalues(result->setResult, result->setDesc, &line, &null);
	}
}
