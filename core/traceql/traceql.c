/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/traceql.h"

#include <stdio.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/utf8.h"
#include "core/traceql/parser.h"

/* How often a query is fixed: two conditions as SQL has them take seven. */
#define FIXES 10

#define TRACE_ID_DIGITS 32
#define TRACEPARENT_LENGTH 55

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
apply(GenopsBytes *text, const GenopsFix *fix)
{
	size_t behind = text->length - fix->to;

	if (!genops_bytes_room(text, fix->length))
		return;
	memmove(text->data + fix->from + fix->length, text->data + fix->to, behind);
	memcpy(text->data + fix->from, fix->replacement, fix->length);
	text->length = fix->from + fix->length + behind;
}

static GenopsSlice
slice_of(const GenopsBytes *text)
{
	return (GenopsSlice){ (const char *) text->data, text->length };
}

/* Fixes the text until it parses; "next" is what is wrong after the first fix. */
static bool
fix(GenopsBytes *text, GenopsTraceqlMode mode, const GenopsTraceqlError *error,
    GenopsTraceqlError *next)
{
	GenopsTraceqlError last = *error;

	for (int i = 0; i < FIXES && last.fixable; i++)
	{
		GenopsTraceql traceql;
		bool parsed;

		apply(text, &last.fix);
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
 * What is hinted at parses, if need be after further fixes.  Where it does not,
 * because of a mistake behind, the first fix is a step ahead still; one that
 * only moves the complaint to its own place is none.
 */
static void
hint_at_fixed(GenopsSlice text, GenopsTraceqlMode mode, GenopsTraceqlError *error)
{
	GenopsBytes fixed = genops_bytes_growing();
	GenopsTraceqlError next = { 0 };
	bool found;

	genops_bytes_put(&fixed, text.data, text.length);
	found = fix(&fixed, mode, error, &next);
	if (!found && next.offset > error->fix.from + error->fix.length)
	{
		genops_bytes_clear(&fixed);
		genops_bytes_put(&fixed, text.data, text.length);
		apply(&fixed, &error->fix);
		found = !fixed.failed;
	}
	if (found)
		genops_complain_meant(error, slice_of(&fixed));
	genops_bytes_free(&fixed);
}

static size_t
blanks(GenopsSlice text)
{
	size_t count = 0;

	while (count < text.length && strchr(" \t\r\n", text.data[count]) != NULL)
		count++;
	return count;
}

/* A trace's id, or a traceparent, which has it behind "00-", and nothing else. */
static bool
is_trace(GenopsSlice text, GenopsSlice *id)
{
	size_t start = blanks(text);

	text = (GenopsSlice){ text.data + start, text.length - start };
	while (text.length > 0 && blanks((GenopsSlice){ text.data + text.length - 1, 1 }) > 0)
		text.length--;
	if (text.length == TRACEPARENT_LENGTH && memcmp(text.data, "00-", 3) == 0 &&
	    text.data[3 + TRACE_ID_DIGITS] == '-')
		text = (GenopsSlice){ text.data + 3, TRACE_ID_DIGITS };
	*id = text;
	return text.length == TRACE_ID_DIGITS && genops_slice_is_hex(text);
}

static void
hint_at_trace(GenopsSlice text, GenopsSlice id, GenopsTraceqlError *error)
{
	char meant[TRACE_ID_DIGITS + 32];
	int length =
	    snprintf(meant, sizeof(meant), "{ trace:id = \"%.*s\" }", (int) id.length, id.data);

	genops_complain_fix(error, 0, text.length, (GenopsSlice){ meant, (size_t) length });
	genops_complain_meant(error, (GenopsSlice){ meant, (size_t) length });
}

bool
genops_traceql_parse(GenopsSlice text, GenopsTraceqlMode mode, GenopsTraceql *traceql,
                     GenopsTraceqlError *error)
{
	GenopsSlice id;

	if (try(text, mode, traceql, error))
		return true;
	if (is_trace(text, &id))
		hint_at_trace(text, id, error);
	else if (error->fixable)
		hint_at_fixed(text, mode, error);
	return false;
}

void
genops_traceql_free(GenopsTraceql *traceql)
{
	genops_arena_free(&traceql->arena);
	*traceql = (GenopsTraceql){ 0 };
}
