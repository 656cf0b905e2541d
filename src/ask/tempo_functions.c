/* SPDX-License-Identifier: PostgreSQL */
/*
 * The SQL functions that ask Tempo, whatever the ledger has.
 */
#include "postgres.h"

#include "access/xact.h"
#include "ask/reader.h"
#include "ask/tempo_query.h"
#include "ask/tempo_exchange.h"
#include "ask/tempo_rows.h"
#include "compat.h"
#include "configure/store.h"
#include "configure/values.h"
#include "core/span/trace_context.h"
#include "funcapi.h"
#include "server_text.h"
#include "mb/pg_wchar.h"
#include "record/arguments.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(genops_tempo_trace);
PG_FUNCTION_INFO_V1(genops_tempo_tags);
PG_FUNCTION_INFO_V1(genops_tempo_tag_values);
PG_FUNCTION_INFO_V1(genops_tempo_version);
PG_FUNCTION_INFO_V1(genops_delivers_via_collector);

static char *
TextArgument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/* UTF-8, for the core; absent for NULL. */
static GenopsSlice
Utf8Argument(FunctionCallInfo fcinfo, int number)
{
	char *text = TextArgument(fcinfo, number);

	if (text == NULL)
		return GENOPS_ABSENT;
	return genops_slice(pg_server_to_any(text, (int) strlen(text), PG_UTF8));
}

/* From "start", or "since" before "end"; to "end", or now. */
static TempoRange
RangeArguments(FunctionCallInfo fcinfo, int since, int start, int end)
{
	TempoRange range;

	range.end =
	    PG_ARGISNULL(end) ? GetCurrentStatementStartTimestamp() : PG_GETARG_TIMESTAMPTZ(end);
	if (!PG_ARGISNULL(start))
		range.start = PG_GETARG_TIMESTAMPTZ(start);
	else if (!PG_ARGISNULL(since))
		range.start = DatumGetTimestampTz(DirectFunctionCall2(
		    timestamptz_mi_interval, TimestampTzGetDatum(range.end), PG_GETARG_DATUM(since)));
	else
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("Tempo needs a time range"),
		                errhint("Give \"since\" or \"start_time\".")));
	if (range.start >= range.end)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the range of time is empty"),
		         errhint("Set start_time before end_time, or a positive \"since\".")));
	return range;
}

/* The tenant to ask for, which the user may read. */
static const char *
TenantArgument(FunctionCallInfo fcinfo, int number)
{
	const char *tenant = TempoTenant(TextArgument(fcinfo, number));

	ReaderRequire();
	ReaderRequireTenants(tenant);
	return tenant == NULL ? "" : tenant;
}

/* 1 to 32 hexadecimal digits, or a traceparent. */
static char *
TraceIdArgument(FunctionCallInfo fcinfo, int number)
{
	char *given = TextArgument(fcinfo, number);
	size_t length = strspn(given, "0123456789abcdefABCDEF");
	GenopsTraceParent parent;

	if (length > 0 && length <= 2 * GENOPS_TRACE_ID_SIZE && given[length] == '\0')
		return given;
	if (!genops_traceparent_parse(genops_slice(given), &parent))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid trace id: \"%s\"", given),
		                errhint("Give up to 32 hexadecimal digits, or a traceparent.")));
	given = palloc0(2 * GENOPS_TRACE_ID_SIZE + 1);
	genops_hex(given, parent.trace_id, GENOPS_TRACE_ID_SIZE);
	return given;
}

Datum
genops_tempo_trace(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *tenant = TenantArgument(fcinfo, 1);

	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0))
		TempoTraceRows(TempoTrace(TraceIdArgument(fcinfo, 0), tenant), tenant, result->setResult,
		               result->setDesc);
	return (Datum) 0;
}

static Datum
TextDatum(GenopsSlice text)
{
	GenopsSlice converted = ServerText(text);

	return PointerGetDatum(cstring_to_text_with_len(converted.data, (int) converted.length));
}

static void
PutTwoTexts(ReturnSetInfo *result, GenopsSlice first, GenopsSlice second)
{
	Datum values[2] = { TextDatum(first), TextDatum(second) };
	bool nulls[2] = { false, false };

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
genops_tempo_tags(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TempoRange range = RangeArguments(fcinfo, 1, 2, 3);
	GenopsTempoTags *tags;

	InitMaterializedSRF(fcinfo, 0);
	tags = TempoTags(TextArgument(fcinfo, 0), &range, TenantArgument(fcinfo, 4));
	for (size_t i = 0; i < tags->tag_count; i++)
		PutTwoTexts(result, tags->tags[i].scope, tags->tags[i].name);
	return (Datum) 0;
}

Datum
genops_tempo_tag_values(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TempoRange range = RangeArguments(fcinfo, 2, 3, 4);
	GenopsSlice tag = Utf8Argument(fcinfo, 0);
	GenopsTempoTagValues *values;

	InitMaterializedSRF(fcinfo, 0);
	if (!genops_slice_present(tag))
		return (Datum) 0;
	values = TempoTagValues(tag, Utf8Argument(fcinfo, 1), &range, TenantArgument(fcinfo, 5));
	for (size_t i = 0; i < values->value_count; i++)
		PutTwoTexts(result, values->values[i].type, values->values[i].value);
	return (Datum) 0;
}

Datum
genops_delivers_via_collector(PG_FUNCTION_ARGS)
{
	SettingValues values;

	(void) fcinfo;
	ValuesResolve(StoreSettings(), &values);
	PG_RETURN_BOOL(SettingBool(values.items[SETTING_VIA_COLLECTOR].text));
}

Datum
genops_tempo_version(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_DATUM(TextDatum(TempoBuild()->version));
}
