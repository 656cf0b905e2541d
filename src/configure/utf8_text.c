/* SPDX-License-Identifier: PostgreSQL */
/*
 * Texts of the configuration become texts of a span.
 */
#include "postgres.h"

#include "configure/utf8_text.h"
#include "core/base/utf8.h"
#include "mb/pg_wchar.h"

char *
Utf8FromServer(const char *text)
{
	GenopsSlice slice;
	char *repaired;

	if (text == NULL)
		return NULL;

	/* In SQL_ASCII the conversion lets everything pass. */
	slice = genops_slice(pg_server_to_any(text, (int) strlen(text), PG_UTF8));
	if (genops_utf8_valid(slice))
		return pnstrdup(slice.data, slice.length);
	repaired = palloc(3 * slice.length + 1);
	repaired[genops_utf8_repair(repaired, slice)] = '\0';
	return repaired;
}
