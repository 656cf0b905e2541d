#include "core/traceql/traceql.h"

#include "core/base/bytes.h"
#include "core/base/utf8.h"
#include "core/traceql/parser.h"

/* How often a query is mended: two conditions as SQL has them take seven. */
#define MENDS 10

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

static bool
try(GenopsSlice text, GenopsTraceqlMode mode, GenopsTraceql *traceql, GenopsTraceqlError *error)
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

static void
apply(GenopsBytes *text, const GenopsMend *mend)
{
	size_t behind = text->length - mend->to;

	if (!genops_bytes_room(text, mend->length))
		return;
	memmove(text->data + mend->from + mend->length, text->data + mend->to, behind);
	memcpy(text->data + mend->from, mend->replacement, mend->length);
	text->length = mend->from + mend->length + behind;
}

static GenopsSlice
slice_of(const GenopsBytes *text)
{
	return (GenopsSlice){ (const char *) text->data, text->length };
}

/* Mends the text until it parses; "next" is what is wrong after the first mend. */
static bool
mend(GenopsBytes *text, GenopsTraceqlMode mode, const GenopsTraceqlError *error,
     GenopsTraceqlError *next)
{
	GenopsTraceqlError last = *error;

	for (int i = 0; i < MENDS && last.mendable; i++)
	{
		GenopsTraceql traceql;
		bool parsed;

		apply(text, &last.mend);
		parsed = !text->failed && try(slice_of(text), mode, &traceql, &last);
		if (parsed)
			genops_traceql_free(&traceql);
		if (parsed || text->failed)
			return parsed;
		if (i == 0)
			*next = last;
	}
	return false;
}

/*
 * What is hinted at parses, if need be after further mends.  Where it doesn't,
 * because of a mistake behind, the first mend is a step ahead still; one that
 * only moves the complaint to its own place is none.
 */
static void
hint_at_mended(GenopsSlice text, GenopsTraceqlMode mode, GenopsTraceqlError *error)
{
	GenopsBytes mended = genops_bytes_growing();
	GenopsTraceqlError next = { 0 };
	bool found;

	genops_bytes_put(&mended, text.data, text.length);
	found = mend(&mended, mode, error, &next);
	if (!found && next.offset > error->mend.from + error->mend.length)
	{
		genops_bytes_clear(&mended);
		genops_bytes_put(&mended, text.data, text.length);
		apply(&mended, &error->mend);
		found = !mended.failed;
	}
	if (found)
		genops_complain_meant(error, slice_of(&mended));
	genops_bytes_free(&mended);
}

bool
genops_traceql_parse(GenopsSlice text, GenopsTraceqlMode mode, GenopsTraceql *traceql,
                     GenopsTraceqlError *error)
{
	if (try(text, mode, traceql, error))
		return true;
	if (error->mendable)
		hint_at_mended(text, mode, error);
	return false;
}

void
genops_traceql_free(GenopsTraceql *traceql)
{
	genops_arena_free(&traceql->arena);
	*traceql = (GenopsTraceql){ 0 };
}
