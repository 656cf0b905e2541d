/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "core/base/utf8.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "shared/ring.h"
#include "record/text.h"
#include "settings.h"
#include "utils/memutils.h"

/* More than the texts of one span can need: what no longer fits is cut. */
#define CONVERTED_SIZE (2 * RING_PAGE_SIZE)

static char *converted = NULL;
static size_t converted_used = 0;
static uint32 repaired_count = 0;
static uint32 cut_count = 0;

/* The conversion to UTF-8, looked up once: it is a search of the catalogs. */
static FmgrInfo to_utf8;
static bool to_utf8_known = false;

size_t
TextLimit(void)
{
	return (size_t) setting_max_attribute_length;
}

size_t
TextNameLimit(void)
{
	return Min(TextLimit(), TEXT_NAME_MAX);
}

void
TextReset(void)
{
	converted_used = 0;
	repaired_count = 0;
	cut_count = 0;
}

void
TextLeaveOut(uint32 attributes)
{
	cut_count += attributes;
}

void
TextCount(void)
{
	if (repaired_count == 0 && cut_count == 0)
		return;
	RingCountText(repaired_count, cut_count);
	repaired_count = 0;
	cut_count = 0;
}

static GenopsSlice
Clip(GenopsSlice text, size_t limit)
{
	if (likely(text.length <= limit))
		return text;
	cut_count++;
	text.length = genops_utf8_clip(text, limit);
	return text;
}

static bool
IsAscii(GenopsSlice text)
{
	for (size_t i = 0; i < text.length; i++)
		if (IS_HIGHBIT_SET(text.data[i]) || text.data[i] == '\0')
			return false;
	return true;
}

/* Room for "needed" bytes of converted text; NULL if there is none. */
static char *
Room(size_t needed)
{
	if (converted == NULL)
		converted = MemoryContextAlloc(TopMemoryContext, CONVERTED_SIZE);
	return CONVERTED_SIZE - converted_used >= needed ? converted + converted_used : NULL;
}

static GenopsSlice
Keep(const char *text, size_t length)
{
	converted_used += length;
	return (GenopsSlice){ text, length };
}

/* Bytes that nothing is known of: what is no UTF-8 becomes U+FFFD. */
static GenopsSlice
Repair(GenopsSlice text)
{
	char *room;

	if (genops_utf8_valid(text))
		return text;
	repaired_count++;
	room = Room(3 * text.length);
	if (room == NULL)
		return GENOPS_LITERAL("");
	return Keep(room, genops_utf8_repair(room, text));
}

/* False where the server has no conversion (MULE_INTERNAL), or can't look. */
static bool
FindConversion(void)
{
	if (!to_utf8_known && IsTransactionState())
	{
		Oid function = FindDefaultConversionProc(GetDatabaseEncoding(), PG_UTF8);

		if (OidIsValid(function))
			fmgr_info_cxt(function, &to_utf8, TopMemoryContext);
		else
			to_utf8.fn_oid = InvalidOid;
		to_utf8_known = true;
	}
	return to_utf8_known && OidIsValid(to_utf8.fn_oid);
}

/* A byte that can't be converted becomes U+FFFD, and the rest goes on. */
static GenopsSlice
Convert(GenopsSlice text)
{
	char *room = Room(MAX_CONVERSION_GROWTH * text.length + 1);
	size_t written = 0;
	bool repaired = false;

	if (room == NULL)
		return GENOPS_LITERAL("");
	while (text.length > 0)
	{
		int done = DatumGetInt32(
		    FunctionCall6(&to_utf8, Int32GetDatum(GetDatabaseEncoding()), Int32GetDatum(PG_UTF8),
		                  CStringGetDatum(text.data), CStringGetDatum(room + written),
		                  Int32GetDatum((int32) text.length), BoolGetDatum(true)));

		written += strlen(room + written);
		text.data += done;
		text.length -= done;
		if (text.length == 0)
			break;
		memcpy(room + written, "\xEF\xBF\xBD", 3);
		written += 3;
		text.data++;
		text.length--;
		repaired = true;
	}
	repaired_count += repaired;
	return Keep(room, written);
}

static GenopsSlice
ToUtf8(GenopsSlice text, size_t limit)
{
	bool long_text = text.length > limit;

	/* A text of many megabytes is not converted whole to be cut then. */
	if (long_text)
		text.length = pg_mbcliplen(text.data, (int) text.length, (int) limit);
	if (!IsAscii(text))
		text = GetDatabaseEncoding() != PG_SQL_ASCII && FindConversion() ? Convert(text)
		                                                                 : Repair(text);
	if (text.length > limit)
	{
		text.length = genops_utf8_clip(text, limit);
		long_text = true;
	}
	cut_count += long_text;
	return text;
}

GenopsSlice
TextFromServer(GenopsSlice text, size_t limit)
{
	if (!genops_slice_present(text))
		return text;
	if (likely(GetDatabaseEncoding() == PG_UTF8))
		return Clip(text, limit);
	return ToUtf8(text, limit);
}

GenopsSlice
TextFromSetting(const char *text, size_t limit)
{
	GenopsSlice slice = genops_slice(text);

	if (GetDatabaseEncoding() == PG_UTF8)
		return Repair(Clip(slice, limit));
	return ToUtf8(slice, limit);
}
