/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/complaint.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/utf8.h"

/* How many bytes of the query are shown on each side of the place. */
#define CONTEXT 60

static bool
continues_character(char byte)
{
	return ((unsigned char) byte & 0xC0) == 0x80;
}

static uint32_t
count_characters(GenopsSlice text)
{
	uint32_t count = 0;

	for (size_t i = 0; i < text.length; i++)
		count += !continues_character(text.data[i]);
	return count;
}

/* The line of the text that "offset" is in. */
static GenopsSlice
line_around(GenopsSlice text, size_t offset)
{
	size_t start = offset;
	size_t end = offset;

	while (start > 0 && text.data[start - 1] != '\n')
		start--;
	while (end < text.length && text.data[end] != '\n')
		end++;
	return (GenopsSlice){ text.data + start, end - start };
}

static void
locate(GenopsTraceqlError *error, GenopsSlice text, size_t offset)
{
	GenopsSlice line = line_around(text, offset);

	error->offset = (uint32_t) offset;
	error->line = 1;
	for (const char *at = text.data; at < line.data; at++)
		error->line += *at == '\n';
	error->column =
	    1 + count_characters((GenopsSlice){ line.data, (size_t) (text.data + offset - line.data) });
}

static void
put_plain(GenopsBytes *out, GenopsSlice text)
{
	for (size_t i = 0; i < text.length; i++)
		genops_bytes_put(out, (unsigned char) text.data[i] < ' ' ? " " : &text.data[i], 1);
}

/* Up to "before" bytes before the place and "after" bytes behind it, with dots where
 * the text goes on.  Returns the place's distance from the start in characters. */
static uint32_t
put_excerpt(GenopsBytes *out, GenopsSlice text, size_t place, size_t before, size_t after)
{
	size_t start = place > before ? place - before : 0;
	size_t end = text.length - place > after ? place + after : text.length;
	uint32_t distance;

	while (start > 0 && continues_character(text.data[start]))
		start--;
	while (end < text.length && continues_character(text.data[end]))
		end++;
	if (start > 0)
		genops_bytes_put(out, "...", 3);
	put_plain(out, (GenopsSlice){ text.data + start, end - start });
	if (end < text.length)
		genops_bytes_put(out, "...", 3);
	distance = count_characters((GenopsSlice){ text.data + start, place - start });
	return distance + (start > 0 ? 3 : 0);
}

static void
show_place(GenopsTraceqlError *error, GenopsSlice text, size_t offset)
{
	char memory[4 * CONTEXT];
	GenopsBytes excerpt = genops_bytes_over(memory, sizeof(memory));
	GenopsSlice line = line_around(text, offset);
	uint32_t indent =
	    put_excerpt(&excerpt, line, (size_t) (text.data + offset - line.data), CONTEXT, CONTEXT);

	genops_error_detail(&error->error, "%.*s\n%*s^", (int) excerpt.length, memory, (int) indent,
	                    "");
}

bool
genops_complain(GenopsTraceqlError *error, GenopsErrorCode code, GenopsSlice text, size_t offset,
                const char *format, ...)
{
	char what[sizeof(error->error.message)];
	va_list arguments;

	if (offset > text.length)
		offset = text.length;
	locate(error, text, offset);
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	if (memchr(text.data, '\n', text.length) != NULL)
		genops_error_set(&error->error, code, "invalid TraceQL query at line %u, column %u: %s",
		                 error->line, error->column, what);
	else
		genops_error_set(&error->error, code, "invalid TraceQL query at column %u: %s",
		                 error->column, what);
	error->fixable = false;
	show_place(error, text, offset);
	return false;
}

void
genops_complain_fix(GenopsTraceqlError *error, size_t from, size_t to, GenopsSlice replacement)
{
	error->fixable = replacement.length <= sizeof(error->fix.replacement);
	if (!error->fixable)
		return;
	error->fix.from = (uint32_t) from;
	error->fix.to = (uint32_t) to;
	error->fix.length = (uint32_t) replacement.length;
	memcpy(error->fix.replacement, replacement.data, replacement.length);
}

void
genops_complain_meant(GenopsTraceqlError *error, GenopsSlice fixed)
{
	char memory[sizeof(error->error.hint)];
	GenopsBytes shown = genops_bytes_over(memory, sizeof(memory));

	put_excerpt(&shown, fixed, error->fix.from, CONTEXT, error->fix.length + CONTEXT);
	if (!shown.failed)
		genops_error_hint(&error->error, "Perhaps this is meant: %.*s", (int) shown.length, memory);
}

bool
genops_complain_memory(GenopsTraceqlError *error)
{
	return genops_error_set(&error->error, GENOPS_OUT_OF_MEMORY,
	                        "out of memory while a TraceQL query was parsed");
}
