/* SPDX-License-Identifier: PostgreSQL */
#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/utf8.h"

static void __attribute__((format(printf, 3, 0)))
format_clipped(char *out, size_t size, const char *format, va_list arguments)
{
	int length = vsnprintf(out, size, format, arguments);

	if (length < 0)
		out[0] = '\0';
	else if ((size_t) length >= size)
	{
		/*
		 * One byte more is cut than had to be: whether the last one ends a
		 * character is seen from the byte that follows.
		 */
		GenopsSlice cut = { out, size - 1 };

		out[genops_utf8_clip(cut, size - 2)] = '\0';
	}
}

bool
genops_error_set(GenopsError *error, GenopsErrorCode code, const char *format, ...)
{
	va_list arguments;

	error->code = code;
	error->detail[0] = '\0';
	error->hint[0] = '\0';
	va_start(arguments, format);
	format_clipped(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	return false;
}

void
genops_error_detail(GenopsError *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_clipped(error->detail, sizeof(error->detail), format, arguments);
	va_end(arguments);
}

void
genops_error_hint(GenopsError *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_clipped(error->hint, sizeof(error->hint), format, arguments);
	va_end(arguments);
}
