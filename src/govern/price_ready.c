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

/* Which columns of the table the core reads as texts.  Times are handed over as they are. */
static const struct
{
	PriceAttribute attribute;
	GenopsPriceColumn column;
} columns[] = {
	{ PRICE_PROVIDER, GENOPS_COLUMN_PROVIDER },
	{ PRICE_MODEL, GENOPS_COLUMN_MODEL },
	{ PRICE_CURRENCY, GENOPS_COLUMN_CURRENCY },
	{ PRICE_SERVICE_TIER, GENOPS_COLUMN_SERVICE_TIER },
	{ PRICE_UTC_WINDOW, GENOPS_COLUMN_UTC_WINDOW },
	{ PRICE_UTC_DAYS, GENOPS_COLUMN_UTC_DAYS },
	{ PRICE_THRESHOLD, GENOPS_COLUMN_THRESHOLD },
	{ PRICE_THRESHOLD_RULE, GENOPS_COLUMN_THRESHOLD_RULE },
	{ PRICE_MULTIPLIER, GENOPS_COLUMN_MULTIPLIER },
	{ PRICE_REGION, GENOPS_COLUMN_REGION },
	{ PRICE_INPUT, GENOPS_COLUMN_RATES + GENOPS_RATE_INPUT },
	{ PRICE_OUTPUT, GENOPS_COLUMN_RATES + GENOPS_RATE_OUTPUT },
	{ PRICE_CACHE_READ, GENOPS_COLUMN_RATES + GENOPS_RATE_CACHE_READ },
	{ PRICE_CACHE_WRITE, GENOPS_COLUMN_RATES + GENOPS_RATE_CACHE_WRITE },
	{ PRICE_CACHE_WRITE_1H, GENOPS_COLUMN_RATES + GENOPS_RATE_CACHE_WRITE_1H },
	{ PRICE_CACHE_WRITE_12H, GENOPS_COLUMN_RATES + GENOPS_RATE_CACHE_WRITE_12H },
	{ PRICE_REASONING, GENOPS_COLUMN_RATES + GENOPS_RATE_REASONING },
	{ PRICE_INPUT_ABOVE, GENOPS_COLUMN_RATES + GENOPS_RATE_INPUT_ABOVE },
	{ PRICE_OUTPUT_ABOVE, GENOPS_COLUMN_RATES + GENOPS_RATE_OUTPUT_ABOVE },
	{ PRICE_CACHE_READ_ABOVE, GENOPS_COLUMN_RATES + GENOPS_RATE_CACHE_READ_ABOVE },
	{ PRICE_CACHE_WRITE_ABOVE, GENOPS_COLUMN_RATES + GENOPS_RATE_CACHE_WRITE_ABOVE },
	{ PRICE_CACHE_WRITE_1H_ABOVE, GENOPS_COLUMN_RATES + GENOPS_RATE_CACHE_WRITE_1H_ABOVE },
	{ PRICE_BATCH_INPUT, GENOPS_COLUMN_RATES + GENOPS_RATE_BATCH_INPUT },
	{ PRICE_BATCH_OUTPUT, GENOPS_COLUMN_RATES + GENOPS_RATE_BATCH_OUTPUT },
	{ PRICE_BATCH_CACHE_READ, GENOPS_COLUMN_RATES + GENOPS_RATE_BATCH_CACHE_READ },
	{ PRICE_BATCH_CACHE_WRITE, GENOPS_COLUMN_RATES + GENOPS_RATE_BATCH_CACHE_WRITE },
	{ PRICE_BATCH_CACHE_WRITE_1H, GENOPS_COLUMN_RATES + GENOPS_RATE_BATCH_CACHE_WRITE_1H },
};

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
			elog(ERROR, "unexpected type %u in genops.price", type);
	}
}

static void
ReadRow(TupleDesc descriptor, const Datum *values, const bool *nulls, GenopsPriceRow *row)
{
	GenopsPriceText text = { 0 };
	GenopsError error;

	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		int at = columns[i].attribute - 1;

		if (!nulls[at])
			text.column[columns[i].column] =
			    TextOfValue(TupleDescAttr(descriptor, at)->atttypid, values[at]);
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
