/* SPDX-License-Identifier: PostgreSQL */
/*
 * A row of genops.price as it is written: checked, with its id, and with its rates as the
 * book takes them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "compat.h"
#include "core/govern/price_text.h"
#include "fmgr.h"
#include "govern/price_list.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(genops_price_ready);

/* What the core reads as a text; times and days it is handed as they are. */
static GenopsSlice
TextOfValue(Oid type, Datum value)
{
	switch (type)
	{
		case TEXTOID:
			return genops_slice(TextDatumGetCString(value));
		case INT8OID:
			return genops_slice(psprintf(INT64_FORMAT, DatumGetInt64(value)));
		case NUMERICOID:
			return genops_slice(DatumGetCString(DirectFunctionCall1(numeric_out, value)));
		default:
			return GENOPS_ABSENT;
	}
}

static void
ReadRow(TupleDesc descriptor, const Datum *values, const bool *nulls, GenopsPriceRow *row)
{
	GenopsPriceText text = { 0 };
	GenopsError error;

	for (int i = 0; i < GENOPS_COLUMN_COUNT; i++)
	{
		int at = price_attributes[i] - 1;

		if (!nulls[at])
			text.column[i] = TextOfValue(TupleDescAttr(descriptor, at)->atttypid, values[at]);
	}
	if (!genops_price_text_read(&text, row, &error))
		ereport(ERROR,
		        (errcode(ERRCODE_CHECK_VIOLATION), errmsg("%s", error.message),
		         errdetail("The price of \"%.*s\" of \"%.*s\" is refused.", (int) row->model.length,
		                   row->model.data ? row->model.data : "", (int) row->provider.length,
		                   row->provider.data ? row->provider.data : "")));
	if (!nulls[PRICE_VALID_FROM - 1])
		row->valid_from = PriceTime(DatumGetTimestampTz(values[PRICE_VALID_FROM - 1]));
	if (!nulls[PRICE_VALID_TO - 1])
		row->valid_to = PriceTime(DatumGetTimestampTz(values[PRICE_VALID_TO - 1]));
	if (!genops_price_row_check(row, &error))
		ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION), errmsg("%s", error.message)));
	row->id = genops_price_id(row);
}

static ArrayType *
PreparedOf(const GenopsPriceRow *row)
{
	Datum prepared[PREPARED_RATES + GENOPS_RATE_COUNT];
	int count = PREPARED_RATES;

	prepared[PREPARED_KNOWN] = Int64GetDatum(row->known);
	prepared[PREPARED_WINDOW_START] = Int64GetDatum(row->window_start);
	prepared[PREPARED_WINDOW_END] = Int64GetDatum(row->window_end);
	prepared[PREPARED_DAYS] = Int64GetDatum(row->days);
	prepared[PREPARED_MULTIPLIER] = Int64GetDatum(row->multiplier);
	for (int i = 0; i < GENOPS_RATE_COUNT; i++)
		if (row->known & 1u << i)
			prepared[count++] = Int64GetDatum(row->rate[i]);
	return construct_array(prepared, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
	                       TYPALIGN_DOUBLE);
}

static HeapTuple
WithPrepared(HeapTuple tuple, TupleDesc descriptor)
{
	Datum *values = palloc(descriptor->natts * sizeof(Datum));
	bool *nulls = palloc(descriptor->natts * sizeof(bool));
	GenopsPriceRow row;

	heap_deform_tuple(tuple, descriptor, values, nulls);
	ReadRow(descriptor, values, nulls, &row);
	values[PRICE_ID - 1] = Int64GetDatum(row.id);
	nulls[PRICE_ID - 1] = false;
	values[PRICE_PREPARED - 1] = PointerGetDatum(PreparedOf(&row));
	nulls[PRICE_PREPARED - 1] = false;
	return heap_form_tuple(descriptor, values, nulls);
}

Datum
genops_price_ready(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
	    !TRIGGER_FIRED_BEFORE(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ||
	    RelationGetDescr(trigger->tg_relation)->natts < PRICE_PREPARED)
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("function \"%s\" is a trigger of genops.price", "price_ready")));
	PG_RETURN_POINTER(WithPrepared(
	    TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple,
	    RelationGetDescr(trigger->tg_relation)));
}
