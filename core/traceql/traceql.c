#include "core/traceql/traceql.h"

#include "core/base/utf8.h"
#include "core/traceql/parser.h"

static bool
acceptable(GenopsSlice text, GenopsTraceqlError *error)
{
	if (text.length > GENOPS_TRACEQL_MAX_LENGTH)
		return genops_error_set(&error->error, GENOPS_TOO_LARGE,
		                        "a TraceQL query of %zu bytes is longer than %d bytes", text.length,
		                        GENOPS_TRACEQL_MAX_LENGTH);
	if (!genops_utf8_valid(text))
		return genops_error_set(&error->error, GENOPS_MALFORMED,
		                        "a TraceQL query must be valid UTF-8 without zero bytes");
	return true;
}

static bool
parse(GenopsTraceql *traceql, GenopsTraceqlMode mode, GenopsTraceqlError *error)
{
	GenopsParser parser = { .dialect = mode == GENOPS_TRACEQL_DIALECT };

	parser.lexer = (GenopsLexer){ traceql->text, 0, &traceql->arena, error };
	error->syntax = true;
	if (!genops_parser_advance(&parser) || !genops_parse_query(&parser, &traceql->query))
		return false;
	traceql->notices = parser.notices;
	traceql->notice_count = parser.notice_count;
	return genops_traceql_check(&traceql->query, traceql->text, error);
}

bool
genops_traceql_parse(GenopsSlice text, GenopsTraceqlMode mode, GenopsTraceql *traceql,
                     GenopsTraceqlError *error)
{
	*traceql = (GenopsTraceql){ 0 };
	*error = (GenopsTraceqlError){ .syntax = true };
	if (!acceptable(text, error))
		return false;
	traceql->text = genops_arena_copy(&traceql->arena, text);
	if (traceql->text.data == NULL ? genops_complain_memory(error) : parse(traceql, mode, error))
		return true;
	genops_traceql_free(traceql);
	return false;
}

void
genops_traceql_free(GenopsTraceql *traceql)
{
	genops_arena_free(&traceql->arena);
	*traceql = (GenopsTraceql){ 0 };
}
