#include "postgres.h"

#include <time.h>

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/base/money.h"
#include "mb/pg_wchar.h"
#include "record/arguments.h"
#include "server_text.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

/* Enough of a wrong value to recognise it by.  Bytes. */
#define MESSAGE_TEXT_MAX 80

#define NANOSECONDS_PER_MICROSECOND 1000

CallSite *
CallSiteOf(FunctionCallInfo fcinfo)
{
	FmgrInfo *function = fcinfo->flinfo;

	if (unlikely(function->fn_extra == NULL))
		function->fn_extra = MemoryContextAllocZero(function->fn_mcxt, sizeof(CallSite));
	return function->fn_extra;
}

static GenopsSlice
SliceOfVarlena(Datum value)
{
	struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

	return (GenopsSlice){ VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text) };
}

GenopsSlice
ArgumentText(FunctionCallInfo fcinfo, int number)
{
	if (PG_ARGISNULL(number))
		return GENOPS_ABSENT;
	return SliceOfVarlena(PG_GETARG_DATUM(number));
}

static GenopsSlice
PrintInteger(int64 value)
{
	char *text = palloc(MAXINT8LEN + 1);

	return (GenopsSlice){ text, pg_lltoa(value, text) };
}

static void
FindType(FunctionCallInfo fcinfo, int number, AnyArgument *how)
{
	how->type = get_fn_expr_argtype(fcinfo->flinfo, number);
	if (!OidIsValid(how->type))
		ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
		                errmsg("could not determine the type of argument %d", number + 1),
		                errdetail("The function was not called from an SQL expression."),
		                errhint("Call it in SQL, or cast the argument to text.")));
}

static GenopsSlice
PrintAny(FunctionCallInfo fcinfo, AnyArgument *how, Datum value)
{
	if (!OidIsValid(how->output.fn_oid))
	{
		Oid output;

		getTypeOutputInfo(how->type, &output, &how->is_varlena);
		fmgr_info_cxt(output, &how->output, fcinfo->flinfo->fn_mcxt);
	}
	if (how->is_varlena)
		value = PointerGetDatum(PG_DETOAST_DATUM(value));
	return genops_slice(OutputFunctionCall(&how->output, value));
}

/* PL/pgSQL's PERFORM makes a call site anew each time: the types that people
 * use must not cost a look at the catalog. */
GenopsSlice
ArgumentAny(FunctionCallInfo fcinfo, int number, AnyArgument *how)
{
	Datum value;

	if (PG_ARGISNULL(number))
		return GENOPS_ABSENT;
	value = PG_GETARG_DATUM(number);
	if (!OidIsValid(how->type))
		FindType(fcinfo, number, how);

	switch (how->type)
	{
		case TEXTOID:
		case VARCHAROID:
			return SliceOfVarlena(value);
		case UNKNOWNOID:
			return genops_slice(DatumGetCString(value));
		case INT4OID:
			return PrintInteger(DatumGetInt32(value));
		case INT8OID:
			return PrintInteger(DatumGetInt64(value));
		case NUMERICOID:
			return genops_slice(DatumGetCString(DirectFunctionCall1(numeric_out, value)));
		case FLOAT8OID:
			return genops_slice(DatumGetCString(DirectFunctionCall1(float8out, value)));
		case UUIDOID:
			return genops_slice(DatumGetCString(DirectFunctionCall1(uuid_out, value)));
		default:
			return PrintAny(fcinfo, how, value);
	}
}

int64
TokensChecked(int64 tokens, const char *name)
{
	if (tokens < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("\"%s\" must not be negative", name),
		         errdetail("The value is %lld.", (long long) tokens),
		         errhint("Leave it out, or pass NULL, if the number of tokens is not known.")));
	return tokens;
}

int64
ArgumentTokens(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		return GENOPS_UNKNOWN_TOKENS;
	return TokensChecked(PG_GETARG_INT64(number), name);
}

Jsonb *
ArgumentJsonb(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : PG_GETARG_JSONB_P(number);
}

GenopsMoney
MoneyFromText(GenopsSlice text, const char *name)
{
	GenopsMoney money;
	GenopsError error;

	if (!genops_money_parse(text, &money, &error))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		     errmsg("invalid value for \"%s\": \"%s\"", name, TextForMessage(text)),
		     errdetail(
		         "A cost is a number that is not negative, is finite, and is below 9.2 million."),
		     errhint("Pass a number in units of the currency, e.g. 0.0125, or NULL if the cost is "
		             "not known.")));
	return money;
}

int64
UnixNanoseconds(TimestampTz time, const char *name)
{
	int64 unix_epoch = ((int64) POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;

	if (TIMESTAMP_NOT_FINITE(time) || time < -unix_epoch ||
	    time >= PG_INT64_MAX / NANOSECONDS_PER_MICROSECOND - unix_epoch)
		ereport(ERROR,
		        (errcode(ERRCODE_DATETIME_FIELD_OVERFLOW), errmsg("\"%s\" is out of range", name),
		         errdetail("A span's times lie between 1970 and 2262."),
		         errhint("Pass the time at which the call was made.")));
	return (time + unix_epoch) * NANOSECONDS_PER_MICROSECOND;
}

int64
ClockNanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((int64) now.tv_sec * USECS_PER_SEC + now.tv_nsec / NANOSECONDS_PER_MICROSECOND) *
	       NANOSECONDS_PER_MICROSECOND;
}

const char *
TextForMessage(GenopsSlice text)
{
	int length = (int) Min(text.length, (size_t) PG_INT32_MAX);
	int clipped = pg_mbcliplen(text.data, length, MESSAGE_TEXT_MAX);

	if (clipped == length)
		return pnstrdup(text.data, length);
	return psprintf("%.*s...", clipped, text.data);
}

void
ReportCoreError(const GenopsError *error, int sqlstate)
{
	ereport(ERROR,
	        (errcode(sqlstate), errmsg("%s", ServerString(genops_slice(error->message))),
	         error->detail[0] ? errdetail("%s", ServerString(genops_slice(error->detail))) : 0,
	         error->hint[0] ? errhint("%s", ServerString(genops_slice(error->hint))) : 0));
}
