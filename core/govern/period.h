/* SPDX-License-Identifier: PostgreSQL */
/*
 * Periods of a budget: the hour, day, week, month, quarter or year of a time zone that
 * holds an instant.
 *
 * The periods of a rule are a partition of time: each instant lies in exactly one, and
 * the end of one is the start of the next, also where clocks are set back over midnight
 * or a zone skips a day.  A period of days starts at the first instant whose local date
 * is that of its first day or later.  An hour ends where the offset of its zone changes
 * within it.
 */
#ifndef GENOPS_CORE_GOVERN_PERIOD_H
#define GENOPS_CORE_GOVERN_PERIOD_H

#include <stdint.h>

/* Where a period has no bound. */
#define GENOPS_PERIOD_EVER INT64_MIN
#define GENOPS_PERIOD_NEVER INT64_MAX

typedef enum GenopsPeriodKind
{
	GENOPS_PERIOD_HOUR,
	GENOPS_PERIOD_DAY,
	GENOPS_PERIOD_WEEK,
	GENOPS_PERIOD_MONTH,
	GENOPS_PERIOD_QUARTER,
	GENOPS_PERIOD_YEAR,
	GENOPS_PERIOD_TOTAL /* one period, which holds all of time */
} GenopsPeriodKind;

typedef struct GenopsPeriodRule
{
	GenopsPeriodKind kind;
	int week_start; /* first day of a week: 0 is Monday, 6 is Sunday */
	int month_day;  /* first day of a month, quarter or year: 1 to 31; where a month is
					 * shorter, its last day */
} GenopsPeriodRule;

/* A time zone, whose rules its owner knows. */
typedef struct GenopsTimeZone
{
	/*
	 * Seconds that the zone's clocks are ahead of UTC at an instant, less than 26 hours
	 * either way, and the next instant at which that may change, GENOPS_PERIOD_NEVER
	 * if it does not.
	 */
	int32_t (*offset)(const void *zone, int64_t at, int64_t *changes_at);
	const void *zone;
} GenopsTimeZone;

/* Unix seconds; start <= instant < end. */
typedef struct GenopsPeriod
{
	int64_t start;
	int64_t end;
} GenopsPeriod;

/* The period that holds an instant (Unix seconds).  The rule must be in range. */
extern GenopsPeriod genops_period_at(const GenopsPeriodRule *rule, const GenopsTimeZone *zone,
                                     int64_t at);

/*
 * The grain of a rolling window of so many seconds, in seconds: a multiple of a quarter
 * hour of which at most 96 cover the window.  Buckets of a grain are aligned to midnight
 * UTC of 2000-01-01, as PostgreSQL's date_bin() is usually called.
 */
extern int64_t genops_rolling_grain(int64_t window);

/* The start of the bucket that holds an instant. */
extern int64_t genops_rolling_bucket(int64_t grain, int64_t at);

#endif
