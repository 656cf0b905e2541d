/* SPDX-License-Identifier: PostgreSQL */
/*
 * Files of prices and of aliases, as rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "core/base/money_sum.h"
#include "core/govern/price_text.h"
#include "fmgr.h"
#include "funcapi.h"
#include "govern/price_list.h"
#include "govern/text_argument.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "record/arguments.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(genops_price_file);
PG_FUNCTION_INFO_V1(genops_price_alias_file);

/*
 * Rows are copied until the core is done with the file, so that but for a lack of memory
 * nothing raises while the core's own is in use.
 */
typedef struct Loading
{
	ReturnSetInfo *result;
	TupleDesc price_type;
	GenopsSlice source;
	GenopsSlice origin;
	List *rows; /* of FileRow */
} Loading;

typedef struct FileRow
{
	int64 line;
	char *reason; /* NULL: good */
	GenopsPriceRow row;
	char *text[GENOPS_COLUMN_COUNT]; /* NULL: not said */
} FileRow;

static char *
CopyOf(GenopsSlice text)
{
	return text.length > 0 ? pnstrdup(text.data, text.length) : NULL;
}

static void
SeeRow(void *context, const GenopsPriceFileRow *from)
{
	Loading *loading = context;
	FileRow *row = palloc0(sizeof(FileRow));

	row->line = (int64) from->line;
	row->reason = from->reason ? pstrdup(from->reason) : NULL;
	/* Its texts are the core's, and are copied below. */
	if (from->row != NULL)
		row->row = *from->row;
	for (int i = 0; i < GENOPS_COLUMN_COUNT; i++)
		row->text[i] = CopyOf(from->text->column[i]);
	loading->rows = lappend(loading->rows, row);
}

static void
SetText(Datum *values, bool *nulls, PriceAttribute attribute, const char *text)
{
	if (text == NULL)
		return;
	values[attribute - 1] = CStringGetTextDatum(text);
	nulls[attribute - 1] = false;
}

static void
SetTime(Datum *values, bool *nulls, PriceAttribute attribute, int64 microseconds, int64 unknown)
{
	if (microseconds == unknown)
		return;
	values[attribute - 1] = TimestampTzGetDatum(PriceTimestamp(microseconds));
	nulls[attribute - 1] = false;
}

static Datum
NumericOf(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
	                           Int32GetDatum(-1));
}

/* "2026-11-20"; false for what is no day. */
static bool
SetDay(Datum *values, bool *nulls, PriceAttribute attribute, const char *text)
{
	int64 microseconds;

	if (text == NULL)
		return true;
	if (!genops_price_day_read(genops_slice(text), &microseconds))
		return false;
	values[attribute - 1] =
	    DateADTGetDatum((DateADT) (PriceTimestamp(microseconds) / USECS_PER_DAY));
	nulls[attribute - 1] = false;
	return true;
}

/* As they were read: rounded to what the arithmetic has. */
static void
SetRates(const FileRow *row, Datum *values, bool *nulls)
{
	char text[GENOPS_RATE_TEXT_SIZE];

	for (int i = 0; i < GENOPS_RATE_COUNT; i++)
	{
		if ((row->row.known & 1u << i) == 0)
			continue;
		genops_rate_print(row->row.rate[i], text);
		values[price_attributes[GENOPS_COLUMN_RATES + i] - 1] = NumericOf(text);
		nulls[price_attributes[GENOPS_COLUMN_RATES + i] - 1] = false;
	}
}

static void
SetMultiplier(const FileRow *row, Datum *values, bool *nulls)
{
	char text[GENOPS_MONEY_SUM_TEXT_SIZE];

	if (row->row.multiplier == GENOPS_NO_MULTIPLIER)
		return;
	genops_money_sum_print(genops_money_sum(row->row.multiplier), text);
	values[PRICE_MULTIPLIER - 1] = NumericOf(text);
	nulls[PRICE_MULTIPLIER - 1] = false;
}

/* The columns that are wrong or need a type of their own. */
static const char *
SetSpecial(const Loading *loading, const FileRow *row, Datum *values, bool *nulls)
{
	const char *kind = row->text[GENOPS_COLUMN_VALID_FROM_KIND];

	SetTime(values, nulls, PRICE_VALID_FROM, row->row.valid_from, GENOPS_PRICE_ALWAYS);
	SetTime(values, nulls, PRICE_VALID_TO, row->row.valid_to, GENOPS_PRICE_FOREVER);
	if (row->row.threshold != GENOPS_NO_THRESHOLD)
	{
		values[PRICE_THRESHOLD - 1] = Int64GetDatum(row->row.threshold);
		nulls[PRICE_THRESHOLD - 1] = false;
	}
	SetMultiplier(row, values, nulls);
	SetText(values, nulls, PRICE_CURRENCY,
	        row->text[GENOPS_COLUMN_CURRENCY] ? row->text[GENOPS_COLUMN_CURRENCY] : "USD");
	SetText(values, nulls, PRICE_SOURCE,
	        row->text[GENOPS_COLUMN_SOURCE] ? row->text[GENOPS_COLUMN_SOURCE]
	                                        : CopyOf(loading->source));
	if (kind != NULL && strcmp(kind, "published") != 0 && strcmp(kind, "first_seen") != 0)
		return "valid_from_kind must be published or first_seen";
	if (!SetDay(values, nulls, PRICE_AS_OF, row->text[GENOPS_COLUMN_AS_OF]))
		return "as_of must be a day, like 2026-11-20";
	if (!SetDay(values, nulls, PRICE_DEPRECATED_FROM, row->text[GENOPS_COLUMN_DEPRECATED_FROM]))
		return "deprecated_from must be a day, like 2026-11-20";
	return NULL;
}

/* Of a refused row, provider and model are shown. */
static HeapTuple
PriceTuple(const Loading *loading, FileRow *row)
{
	int natts = loading->price_type->natts;
	Datum *values = palloc0(natts * sizeof(Datum));
	bool *nulls = palloc(natts * sizeof(bool));
	const char *wrong;

	memset(nulls, true, natts * sizeof(bool));
	SetText(values, nulls, PRICE_ORIGIN, CopyOf(loading->origin));
	for (int i = 0; i < GENOPS_COLUMN_COUNT; i++)
		if (TupleDescAttr(loading->price_type, price_attributes[i] - 1)->atttypid == TEXTOID)
			SetText(values, nulls, price_attributes[i], row->text[i]);
	if (row->reason == NULL)
	{
		wrong = SetSpecial(loading, row, values, nulls);
		SetRates(row, values, nulls);
		row->reason = wrong ? pstrdup(wrong) : NULL;
	}
	return heap_form_tuple(loading->price_type, values, nulls);
}

static void
PutRow(Loading *loading, FileRow *row)
{
	Datum values[3];
	bool nulls[3] = { false, false, false };
	HeapTuple price = PriceTuple(loading, row);

	values[0] = Int64GetDatum(row->line);
	nulls[1] = row->reason == NULL;
	values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(row->reason);
	values[2] = heap_copy_tuple_as_datum(price, loading->price_type);
	tuplestore_putvalues(loading->result->setResult, loading->result->setDesc, values, nulls);
}

static void
ReadFile(GenopsSlice file, Loading *loading)
{
	GenopsError error;
	bool good = genops_price_file_is_json(file)
	                ? genops_price_litellm_read(file, loading->source, SeeRow, loading, &error)
	                : genops_price_csv_read(file, SeeRow, loading, &error);

	if (!good)
		ReportCoreError(&error, ERRCODE_INVALID_TEXT_REPRESENTATION);
}

Datum
genops_price_file(PG_FUNCTION_ARGS)
{
	Loading loading = { .result = (ReturnSetInfo *) fcinfo->resultinfo };
	MemoryContext each;
	MemoryContext old;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	loading.price_type =
	    lookup_rowtype_tupdesc_copy(TupleDescAttr(loading.result->setDesc, 2)->atttypid, -1);
	loading.source = TextArgument(fcinfo, 1);
	loading.origin = TextArgument(fcinfo, 2);
	if (loading.price_type->natts < PRICE_PREPARED)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("the table of prices is older than the library"),
		                errhint("Run ALTER EXTENSION genops_tempo UPDATE.")));
	if (!PG_ARGISNULL(0))
		ReadFile(TextArgument(fcinfo, 0), &loading);

	each = AllocSetContextCreate(CurrentMemoryContext, "genops price file", ALLOCSET_SMALL_SIZES);
	foreach (cell, loading.rows)
	{
		CHECK_FOR_INTERRUPTS();
		old = MemoryContextSwitchTo(each);
		PutRow(&loading, lfirst(cell));
		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
	}
	return (Datum) 0;
}

static bool
SeeAlias(void *context, GenopsSlice provider, GenopsSlice alias, GenopsSlice model)
{
	ReturnSetInfo *result = context;
	Datum values[3];
	bool nulls[3] = { false, false, model.length == 0 };

	values[0] = PointerGetDatum(cstring_to_text_with_len(provider.data, (int) provider.length));
	values[1] = PointerGetDatum(cstring_to_text_with_len(alias.data, (int) alias.length));
	values[2] = nulls[2]
	                ? (Datum) 0
	                : PointerGetDatum(cstring_to_text_with_len(model.data, (int) model.length));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return true;
}

Datum
genops_price_alias_file(PG_FUNCTION_ARGS)
{
	GenopsError error;

	InitMaterializedSRF(fcinfo, 0);
	if (!genops_price_aliases_read(TextArgument(fcinfo, 0), SeeAlias, fcinfo->resultinfo, &error))
		ReportCoreError(&error, ERRCODE_INVALID_TEXT_REPRESENTATION);
	return (Datum) 0;
}
