/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "ask/traceql_error.h"
#include "compat.h"
#include "core/base/utf8.h"
#include "server_text.h"
#include "mb/pg_wchar.h"
#include "record/arguments.h"
#include "utils/memutils.h"

static int
SqlState(GenopsErrorCode code)
{
	switch (code)
	{
		case GENOPS_OUT_OF_MEMORY:
			return ERRCODE_OUT_OF_MEMORY;
		case GENOPS_TOO_LARGE:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case GENOPS_MALFORMED:
			return ERRCODE_DATA_CORRUPTED;
		case GENOPS_DIVISION_BY_ZERO:
			return ERRCODE_DIVISION_BY_ZERO;
		default:
			return ERRCODE_INVALID_PARAMETER_VALUE;
	}
}

void
TraceqlRaise(const GenopsError *error)
{
	ReportCoreError(error, SqlState(error->code));
}

void
TraceqlRaiseComplaint(const GenopsTraceqlError *error)
{
	GenopsError shown = error->error;

	/* On a line of its own behind "DETAIL:", so that the caret is below its place. */
	if (shown.detail[0] != '\0')
		genops_error_detail(&shown, "In the query:\n%s", error->error.detail);
	if (shown.code == GENOPS_INVALID_ARGUMENT || shown.code == GENOPS_MALFORMED)
		ReportCoreError(&shown,
		                error->syntax ? ERRCODE_SYNTAX_ERROR : ERRCODE_INVALID_PARAMETER_VALUE);
	TraceqlRaise(&shown);
}

void
TraceqlReleaseWithContext(void (*release)(void *), void *argument)
{
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	callback->func = release;
	callback->arg = argument;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
}

static void
ReleaseParsed(void *traceql)
{
	genops_traceql_free(traceql);
}

GenopsSlice
TraceqlUtf8(text *query)
{
	char *given = VARDATA_ANY(query);
	char *utf8 = pg_server_to_any(given, VARSIZE_ANY_EXHDR(query), PG_UTF8);

	return (GenopsSlice){ utf8, utf8 == given ? VARSIZE_ANY_EXHDR(query) : strlen(utf8) };
}

GenopsTraceql *
TraceqlParse(GenopsSlice query, GenopsTraceqlMode mode)
{
	GenopsTraceql *traceql = palloc0(sizeof(GenopsTraceql));
	GenopsTraceqlError error;

	if (!genops_traceql_parse(query, mode, traceql, &error))
		TraceqlRaiseComplaint(&error);
	TraceqlReleaseWithContext(ReleaseParsed, traceql);
	return traceql;
}

/* Moves what was printed into the current memory context. */
static GenopsSlice
TakePrinted(GenopsBytes *printed)
{
	char *copy;

	if (printed->failed)
	{
		genops_bytes_free(printed);
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
	copy = pnstrdup((char *) printed->data, printed->length);
	genops_bytes_free(printed);
	return genops_slice(copy);
}

GenopsSlice
TraceqlPrint(const GenopsQuery *query)
{
	GenopsBytes printed = genops_bytes_growing();

	genops_traceql_print(&printed, query);
	return TakePrinted(&printed);
}

GenopsSlice
TraceqlPrintPipeline(const GenopsPipeline *pipeline)
{
	GenopsBytes printed = genops_bytes_growing();

	genops_traceql_print_pipeline(&printed, pipeline);
	return TakePrinted(&printed);
}

void
TraceqlNotices(const GenopsTraceql *traceql)
{
	for (size_t i = 0; i < traceql->notice_count; i++)
	{
		GenopsSlice notice = ServerText(traceql->notices[i]);

		ereport(NOTICE, (errmsg("%.*s", (int) notice.length, notice.data)));
	}
}
