/* SPDX-License-Identifier: PostgreSQL */
/*
 * Texts of a span become texts of the server.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "core/base/utf8.h"
#include "server_text.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

static bool
IsAscii(GenopsSlice text)
{
	for (size_t i = 0; i < text.length; i++)
		if ((signed char) text.data[i] <= 0)
			return false;
	return true;
}

/* OTLP's bytes of others may be anything. */
static GenopsSlice
Repaired(GenopsSlice text)
{
	char *repaired;

	if (genops_utf8_valid(text))
		return text;
	repaired = palloc(3 * text.length);
	return (GenopsSlice){ repaired, genops_utf8_repair(repaired, text) };
}

/* The server's conversion stops at what it can't say; that character is
 * replaced and the conversion goes on behind it. */
static GenopsSlice
Convert(Oid conversion, GenopsSlice text)
{
	Size room = text.length * MAX_CONVERSION_GROWTH + 1;
	char *converted = palloc_extended(room, MCXT_ALLOC_HUGE);
	size_t done = 0;
	size_t length = 0;

	for (;;)
	{
		done += pg_do_encoding_conversion_buf(
		    conversion, PG_UTF8, GetDatabaseEncoding(), (unsigned char *) text.data + done,
		    (int) (text.length - done), (unsigned char *) converted + length,
		    (int) Min(room - length, MaxAllocSize), true);
		length += strlen(converted + length);
		if (done >= text.length)
			break;
		converted[length++] = '?';
		done += pg_encoding_mblen(PG_UTF8, text.data + done);
	}
	return (GenopsSlice){ converted, length };
}

GenopsSlice
ServerText(GenopsSlice text)
{
	static Oid conversion = InvalidOid;
	int encoding = GetDatabaseEncoding();

	if (text.length == 0 || IsAscii(text))
		return text;
	text = Repaired(text);
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return text;
	if (!OidIsValid(conversion))
		conversion = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(conversion))
		return text;
	return Convert(conversion, text);
}

char *
ServerString(GenopsSlice text)
{
	GenopsSlice converted = ServerText(text);

	return genops_slice_present(converted) ? pnstrdup(converted.data, converted.length) : NULL;
}
