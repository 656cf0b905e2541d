/* SPDX-License-Identifier: PostgreSQL */
#include "postgres.h"

#include <math.h>
#include <time.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "compat.h"
#include "core/base/money.h"
#include "mb/pg_wchar.h"
#include "record/arguments.h"
#include "record/complaint.h"
#include "record/value.h"
#include "server_text.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

/* Enough of a wrong value to recognise it by.  Bytes. */
#define MESSAGE_TEXT_MAX 80

/* A number, an interval or a time is shorter.  Bytes. */
#define NUMBER_TEXT_MAX 100

#define NANOSECONDS_PER_MICROSECOND 1000
#define NANOSECONDS_PER_MILLISECOND 1e6

GenopsSlice
ArgumentText(FunctionCallInfo fcinfo, int number)
{
	struct varlena *text;

	if (PG_ARGISNULL(number))
		return GENOPS_ABSENT;
	text = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(number));
	return (GenopsSlice){ VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text) };
}

GenopsSlice
ArgumentValue(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? GENOPS_ABSENT : ValueText(PG_GETARG_DATUM(number));
}

int64
ArgumentTokens(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		return GENOPS_UNKNOWN_TOKENS;
	return CountFromText(ValueText(PG_GETARG_DATUM(number)), name);
}

Jsonb *
ArgumentJsonb(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : PG_GETARG_JSONB_P(number);
}

static void
ComplainOfValue(ComplaintKind kind, GenopsSlice text, const char *name, const char *expected,
                const char *hint)
{
	Complain(kind, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("invalid value for \"%s\": \"%s\"", name, TextForMessage(text)),
	         errdetail("%s", expected), errhint("%s", hint));
}

/* A finite number as people and programs write it; false for anything else. */
static bool
NumberFromText(GenopsSlice text, double *number)
{
	char buffer[NUMBER_TEXT_MAX + 1];
	char *end;

	text = genops_slice_trim(text);
	if (text.length == 0 || text.length > NUMBER_TEXT_MAX)
		return false;
	memcpy(buffer, text.data, text.length);
	buffer[text.length] = '\0';
	*number = strtod(buffer, &end);
	return *end == '\0' && isfinite(*number) && strpbrk(buffer, "xXpP") == NULL;
}

/* Digits only, which is what counts are; false for what needs a second look. */
static bool
CountFromDigits(GenopsSlice text, int64 *count)
{
	*count = 0;
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] < '0' || text.data[i] > '9' ||
		    pg_mul_s64_overflow(*count, 10, count) ||
		    pg_add_s64_overflow(*count, text.data[i] - '0', count))
			return false;
	return text.length > 0;
}

int64
CountFromText(GenopsSlice text, const char *name)
{
	static const char *const hint =
	    "Leave it out, or pass NULL, if the number of tokens is not known.";
	int64 count;
	double number;

	if (likely(CountFromDigits(text, &count)))
		return count;
	if (!NumberFromText(text, &number) || number >= (double) PG_INT64_MAX)
	{
		ComplainOfValue(COMPLAINT_TOKENS, text, name, "It must be a number of tokens.", hint);
		return GENOPS_UNKNOWN_TOKENS;
	}
	if (number < 0)
	{
		Complain(COMPLAINT_TOKENS, ERRCODE_INVALID_PARAMETER_VALUE,
		         errmsg("\"%s\" must not be negative", name),
		         errdetail("The value is %s.", TextForMessage(text)), errhint("%s", hint));
		return GENOPS_UNKNOWN_TOKENS;
	}
	if (number != floor(number))
		ComplainOfValue(COMPLAINT_TOKENS, text, name, "A number of tokens is a whole number.",
		                "It is rounded. Pass the count that the provider reports.");
	return (int64) rint(number);
}

bool
MoneyFromText(GenopsSlice text, const char *name, GenopsMoney *money)
{
	GenopsError error;

	if (genops_money_parse(genops_slice_trim(text), money, &error))
		return true;
	ComplainOfValue(COMPLAINT_COST, text, name,
	                "A cost is a number that is not negative, is finite, and is below 9.2 million.",
	                "Pass a number in units of the currency, e.g. 0.0125, or NULL if the cost is "
	                "not known.");
	return false;
}

/*
 * Times
 */
static bool
ComplainOfDuration(const char *name)
{
	Complain(COMPLAINT_TIME, ERRCODE_INVALID_PARAMETER_VALUE,
	         errmsg("\"%s\" is out of range", name),
	         errdetail("A call takes no negative time, and less than 292 years."),
	         errhint("Pass the end of the call minus its start."));
	return false;
}

/* A month counts as 30 days, as everywhere in PostgreSQL. */
static bool
NanosecondsOf(const struct pg_itm_in *interval, int64 *nanoseconds)
{
	int64 days = ((int64) interval->tm_year * MONTHS_PER_YEAR + interval->tm_mon) * DAYS_PER_MONTH +
	             interval->tm_mday;

	return !pg_mul_s64_overflow(days, USECS_PER_DAY, &days) &&
	       !pg_add_s64_overflow(days, interval->tm_usec, nanoseconds) &&
	       !pg_mul_s64_overflow(*nanoseconds, NANOSECONDS_PER_MICROSECOND, nanoseconds) &&
	       *nanoseconds >= 0;
}

/* As interval_in does it, which raises. */
static bool
IntervalFromText(const char *text, struct pg_itm_in *interval)
{
	char work[NUMBER_TEXT_MAX + MAXDATEFIELDS];
	char *fields[MAXDATEFIELDS];
	int types[MAXDATEFIELDS];
	int count;
	int kind;
	char *copy = pstrdup(text);

	memset(interval, 0, sizeof(*interval));
	if (ParseDateTime(text, work, sizeof(work), fields, types, MAXDATEFIELDS, &count) == 0 &&
	    DecodeInterval(fields, types, count, INTERVAL_FULL_RANGE, &kind, interval) == 0)
		return kind == DTK_DELTA;
	return DecodeISO8601Interval(copy, &kind, interval) == 0 && kind == DTK_DELTA;
}

bool
DurationFromText(GenopsSlice text, const char *name, int64 *nanoseconds)
{
	static const char *const hint = "Pass an interval, e.g. '820 ms', or the number of "
	                                "milliseconds as \"duration_ms\" in \"options\".";
	struct pg_itm_in interval;
	double number;

	if (NumberFromText(text, &number))
	{
		ComplainOfValue(COMPLAINT_TIME, text, name, "A number says no unit.", hint);
		return false;
	}
	if (text.length > NUMBER_TEXT_MAX ||
	    !IntervalFromText(pnstrdup(text.data, text.length), &interval))
	{
		ComplainOfValue(COMPLAINT_TIME, text, name, "It is no interval.", hint);
		return false;
	}
	return NanosecondsOf(&interval, nanoseconds) || ComplainOfDuration(name);
}

bool
MillisecondsFromText(GenopsSlice text, const char *name, int64 *nanoseconds)
{
	double number;

	if (!NumberFromText(text, &number))
	{
		ComplainOfValue(COMPLAINT_TIME, text, name, "It must be a number of milliseconds.",
		                "Leave it out if the duration is not known.");
		return false;
	}
	number *= NANOSECONDS_PER_MILLISECOND;
	if (number < 0 || number >= (double) PG_INT64_MAX)
		return ComplainOfDuration(name);
	*nanoseconds = (int64) rint(number);
	return true;
}

bool
UnixNanoseconds(TimestampTz time, const char *name, int64 *nanoseconds)
{
	int64 unix_epoch = ((int64) POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;

	if (TIMESTAMP_NOT_FINITE(time) || time < -unix_epoch ||
	    time >= PG_INT64_MAX / NANOSECONDS_PER_MICROSECOND - unix_epoch)
	{
		Complain(COMPLAINT_TIME, ERRCODE_DATETIME_FIELD_OVERFLOW,
		         errmsg("\"%s\" is out of range", name),
		         errdetail("A span's times lie between 1970 and 2262."),
		         errhint("Pass the time at which the call was made."));
		return false;
	}
	*nanoseconds = (time + unix_epoch) * NANOSECONDS_PER_MICROSECOND;
	return true;
}

bool
TimeFromText(GenopsSlice text, const char *name, int64 *nanoseconds)
{
	TimestampTz time;

	if (text.length <= NUMBER_TEXT_MAX &&
	    compat_timestamptz_from_text(pnstrdup(text.data, text.length), &time))
		return UnixNanoseconds(time, name, nanoseconds);
	ComplainOfValue(COMPLAINT_TIME, text, name, "It is no time.",
	                "Pass a time, e.g. \"2026-11-30T12:00:00Z\".");
	return false;
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
