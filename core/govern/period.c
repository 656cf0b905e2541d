/* SPDX-License-Identifier: PostgreSQL */
/*
 * Periods, from the offsets of a time zone alone.
 *
 * Dates are counted in days since 1970-01-01, months in months since year 0.  Truncating
 * a local time and converting it back would not do: where clocks are set back over
 * midnight, a local midnight stands for two instants, and the truncated time can lie
 * after the one that was asked for.
 */
#include "core/govern/period.h"

#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_DAY 86400
#define QUARTER_HOUR 900
#define FARTHEST_OFFSET (26 * SECONDS_PER_HOUR)
#define EPOCH_WEEKDAY 3 /* 1970-01-01 was a Thursday; 0 is Monday */
#define EPOCH_2000 INT64_C(946684800)
#define ROLLING_BUCKETS 96

static int64_t
divide_down(int64_t number, int64_t by)
{
	return number / by - (number % by < 0);
}

/*
 * Dates of the proleptic Gregorian calendar.  Years are taken to begin in March, so that
 * the leap day is their last.
 */
#define DAYS_PER_400_YEARS 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

static int64_t
days_before_march_year(int64_t year)
{
	return year * 365 + divide_down(year, 4) - divide_down(year, 100) + divide_down(year, 400);
}

/* Month: months since January of year 0. */
static int64_t
first_day_of_month(int64_t month)
{
	int64_t since_march = month - 2;
	int64_t year = divide_down(since_march, 12);
	int64_t month_of_year = since_march - year * 12;

	/* From March on, months of 31, 30, 31, 30, 31 days come round again. */
	return days_before_march_year(year) + (153 * month_of_year + 2) / 5 - DAYS_TO_1970;
}

static int64_t
month_of_day(int64_t day)
{
	/* Off by one at the most, before or after. */
	int64_t month = divide_down((day + DAYS_TO_1970) * 4800, DAYS_PER_400_YEARS) + 2;

	while (first_day_of_month(month) > day)
		month--;
	while (first_day_of_month(month + 1) <= day)
		month++;
	return month;
}

/*
 * The days on which periods begin, by the number of the period.
 */
static int
months_of(GenopsPeriodKind kind)
{
	if (kind == GENOPS_PERIOD_MONTH)
		return 1;
	return kind == GENOPS_PERIOD_QUARTER ? 3 : 12;
}

static int64_t
week_shift(const GenopsPeriodRule *rule)
{
	return EPOCH_WEEKDAY - rule->week_start;
}

static int64_t
first_day_of_period(const GenopsPeriodRule *rule, int64_t number)
{
	int64_t month;
	int64_t first;
	int64_t last;
	int64_t day;

	if (rule->kind == GENOPS_PERIOD_DAY)
		return number;
	if (rule->kind == GENOPS_PERIOD_WEEK)
		return number * 7 - week_shift(rule);
	month = number * months_of(rule->kind);
	first = first_day_of_month(month);
	last = first_day_of_month(month + 1) - 1;
	day = first + rule->month_day - 1;
	return day < last ? day : last;
}

static int64_t
period_of_day(const GenopsPeriodRule *rule, int64_t day)
{
	int64_t number;

	if (rule->kind == GENOPS_PERIOD_DAY)
		return day;
	if (rule->kind == GENOPS_PERIOD_WEEK)
		return divide_down(day + week_shift(rule), 7);
	number = divide_down(month_of_day(day), months_of(rule->kind));
	return first_day_of_period(rule, number) > day ? number - 1 : number;
}

/* The first instant whose local date is a day or a later one. */
static int64_t
first_instant_of_day(const GenopsTimeZone *zone, int64_t day)
{
	int64_t midnight = day * SECONDS_PER_DAY;
	int64_t at = midnight - FARTHEST_OFFSET;

	for (;;)
	{
		int64_t changes_at;
		int64_t reached = midnight - zone->offset(zone->zone, at, &changes_at);

		if (reached < at)
			reached = at;
		if (reached < changes_at)
			return reached;
		at = changes_at;
	}
}

static GenopsPeriod
period_of_days(const GenopsPeriodRule *rule, const GenopsTimeZone *zone, int64_t at)
{
	int64_t changes_at;
	int64_t local = at + zone->offset(zone->zone, at, &changes_at);
	int64_t number = period_of_day(rule, divide_down(local, SECONDS_PER_DAY));
	GenopsPeriod period;

	/* Where clocks were set back over midnight, the next one may have begun before. */
	for (;;)
	{
		period.end = first_instant_of_day(zone, first_day_of_period(rule, number + 1));
		if (at < period.end)
			break;
		number++;
	}
	period.start = first_instant_of_day(zone, first_day_of_period(rule, number));
	return period;
}

static GenopsPeriod
hour_at(const GenopsTimeZone *zone, int64_t at)
{
	int64_t next_change;
	int64_t offset = zone->offset(zone->zone, at, &next_change);
	int64_t start = divide_down(at + offset, SECONDS_PER_HOUR) * SECONDS_PER_HOUR - offset;
	GenopsPeriod hour = { start, start + SECONDS_PER_HOUR };
	int64_t before = start;

	if (next_change < hour.end)
		hour.end = next_change;
	for (;;)
	{
		int64_t changes_at;

		(void) zone->offset(zone->zone, before, &changes_at);
		if (changes_at > at)
			return hour;
		hour.start = before = changes_at;
	}
}

GenopsPeriod
genops_period_at(const GenopsPeriodRule *rule, const GenopsTimeZone *zone, int64_t at)
{
	if (rule->kind == GENOPS_PERIOD_TOTAL)
		return (GenopsPeriod){ GENOPS_PERIOD_EVER, GENOPS_PERIOD_NEVER };
	if (rule->kind == GENOPS_PERIOD_HOUR)
		return hour_at(zone, at);
	return period_of_days(rule, zone, at);
}

int64_t
genops_rolling_grain(int64_t window)
{
	int64_t quarters =
	    (window + ROLLING_BUCKETS * QUARTER_HOUR - 1) / (ROLLING_BUCKETS * QUARTER_HOUR);

	return (quarters > 0 ? quarters : 1) * QUARTER_HOUR;
}

int64_t
genops_rolling_bucket(int64_t grain, int64_t at)
{
	return divide_down(at - EPOCH_2000, grain) * grain + EPOCH_2000;
}
