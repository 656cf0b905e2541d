/* SPDX-License-Identifier: PostgreSQL */
#define _DEFAULT_SOURCE /* timegm() */

#include "test/core/check.h"

#include <time.h>

#include "core/govern/period.h"

/* A zone as its changes: from an instant on, an offset. */
typedef struct Change
{
	int64_t at;
	int32_t offset;
} Change;

typedef struct TestZone
{
	const char *name;
	int64_t from; /* what is known of it */
	int64_t to;
	Change changes[8]; /* the first is what it starts with */
} TestZone;

#define Y2025 INT64_C(1735689600)
#define Y2027_END INT64_C(1830297600)

/* From the time zone database, 2026. */
static const TestZone utc = { "UTC", Y2025, Y2027_END, { { INT64_MIN, 0 } } };
static const TestZone berlin = { "Europe/Berlin",
	                             Y2025,
	                             Y2027_END,
	                             { { INT64_MIN, 3600 },
	                               { 1743296400, 7200 },
	                               { 1761440400, 3600 },
	                               { 1774746000, 7200 },
	                               { 1792890000, 3600 },
	                               { 1806195600, 7200 },
	                               { 1824944400, 3600 } } };
static const TestZone kathmandu = { "Asia/Kathmandu", Y2025, Y2027_END, { { INT64_MIN, 20700 } } };
static const TestZone cairo = { "Africa/Cairo",
	                            Y2025,
	                            Y2027_END,
	                            { { INT64_MIN, 7200 },
	                              { 1745532000, 10800 },
	                              { 1761858000, 7200 },
	                              { 1776981600, 10800 },
	                              { 1793307600, 7200 },
	                              { 1809036000, 10800 },
	                              { 1824757200, 7200 } } };
static const TestZone havana = { "America/Havana",
	                             Y2025,
	                             Y2027_END,
	                             { { INT64_MIN, -18000 },
	                               { 1741496400, -14400 },
	                               { 1762059600, -18000 },
	                               { 1772946000, -14400 },
	                               { 1793509200, -18000 },
	                               { 1805000400, -14400 },
	                               { 1825563600, -18000 } } };
static const TestZone lord_howe = { "Australia/Lord_Howe",
	                                Y2025,
	                                Y2027_END,
	                                { { INT64_MIN, 39600 },
	                                  { 1743865200, 37800 },
	                                  { 1759591800, 39600 },
	                                  { 1775314800, 37800 },
	                                  { 1791041400, 39600 },
	                                  { 1806764400, 37800 },
	                                  { 1822491000, 39600 } } };

/* Which left out 2011-12-30. */
static const TestZone apia = { "Pacific/Apia",
	                           INT64_C(1293840000),
	                           INT64_C(1356998400),
	                           { { INT64_MIN, -36000 },
	                             { 1301752800, -39600 },
	                             { 1316872800, -36000 },
	                             { 1325239200, 50400 },
	                             { 1333202400, 46800 },
	                             { 1348927200, 50400 } } };

static const TestZone *const zones[] = { &utc,    &berlin,    &kathmandu, &cairo,
	                                     &havana, &lord_howe, &apia };

static int32_t
offset_of(const void *zone, int64_t at, int64_t *changes_at)
{
	const TestZone *test_zone = zone;
	int32_t offset = test_zone->changes[0].offset;

	*changes_at = GENOPS_PERIOD_NEVER;
	for (size_t i = 1; i < COUNT_OF(test_zone->changes) && test_zone->changes[i].at != 0; i++)
	{
		if (test_zone->changes[i].at > at)
		{
			*changes_at = test_zone->changes[i].at;
			break;
		}
		offset = test_zone->changes[i].offset;
	}
	return offset;
}

static GenopsTimeZone
time_zone(const TestZone *zone)
{
	return (GenopsTimeZone){ offset_of, zone };
}

static int64_t
instant(const char *text)
{
	struct tm fields = { 0 };

	assert_int_equal(sscanf(text, "%d-%d-%d %d:%d:%d", &fields.tm_year, &fields.tm_mon,
	                        &fields.tm_mday, &fields.tm_hour, &fields.tm_min, &fields.tm_sec),
	                 6);
	fields.tm_year -= 1900;
	fields.tm_mon -= 1;
	return (int64_t) timegm(&fields);
}

static void
finds_the_period(void **state)
{
	const struct
	{
		const TestZone *zone;
		GenopsPeriodRule rule;
		const char *at;
		const char *start;
		const char *end;
	} cases[] = {
		{ &utc,
		  { GENOPS_PERIOD_HOUR, 0, 1 },
		  "2026-11-28 23:59:59",
		  "2026-11-28 23:00:00",
		  "2026-11-29 00:00:00" },
		{ &utc,
		  { GENOPS_PERIOD_QUARTER, 0, 1 },
		  "2026-11-28 12:00:00",
		  "2026-10-01 00:00:00",
		  "2027-01-01 00:00:00" },
		{ &utc,
		  { GENOPS_PERIOD_YEAR, 0, 1 },
		  "2026-11-28 12:00:00",
		  "2026-01-01 00:00:00",
		  "2027-01-01 00:00:00" },
		/* A month that begins on its last day, where it has no 31st. */
		{ &utc,
		  { GENOPS_PERIOD_MONTH, 0, 31 },
		  "2026-03-01 00:00:00",
		  "2026-02-28 00:00:00",
		  "2026-03-31 00:00:00" },
		{ &utc,
		  { GENOPS_PERIOD_MONTH, 0, 15 },
		  "2026-03-14 23:59:59",
		  "2026-02-15 00:00:00",
		  "2026-03-15 00:00:00" },
		{ &utc,
		  { GENOPS_PERIOD_MONTH, 0, 29 },
		  "2028-02-29 00:00:00",
		  "2028-02-29 00:00:00",
		  "2028-03-29 00:00:00" },
		/* An hour more in October. */
		{ &berlin,
		  { GENOPS_PERIOD_MONTH, 0, 1 },
		  "2026-10-25 00:30:00",
		  "2026-09-30 22:00:00",
		  "2026-10-31 23:00:00" },
		{ &berlin,
		  { GENOPS_PERIOD_DAY, 0, 1 },
		  "2026-10-25 12:00:00",
		  "2026-10-24 22:00:00",
		  "2026-10-25 23:00:00" },
		{ &berlin,
		  { GENOPS_PERIOD_DAY, 0, 1 },
		  "2026-03-29 12:00:00",
		  "2026-03-28 23:00:00",
		  "2026-03-29 22:00:00" },
		{ &kathmandu,
		  { GENOPS_PERIOD_WEEK, 6, 1 },
		  "2026-11-25 00:00:00",
		  "2026-11-21 18:15:00",
		  "2026-11-28 18:15:00" },
		{ &kathmandu,
		  { GENOPS_PERIOD_WEEK, 0, 1 },
		  "2026-11-25 00:00:00",
		  "2026-11-22 18:15:00",
		  "2026-11-29 18:15:00" },
		/* Clocks go from 24:00 to 01:00. */
		{ &cairo,
		  { GENOPS_PERIOD_DAY, 0, 1 },
		  "2026-04-24 12:00:00",
		  "2026-04-23 22:00:00",
		  "2026-04-24 21:00:00" },
		/* Midnight comes twice. */
		{ &havana,
		  { GENOPS_PERIOD_DAY, 0, 1 },
		  "2026-11-01 04:30:00",
		  "2026-11-01 04:00:00",
		  "2026-11-02 05:00:00" },
		{ &havana,
		  { GENOPS_PERIOD_DAY, 0, 1 },
		  "2026-11-01 05:30:00",
		  "2026-11-01 04:00:00",
		  "2026-11-02 05:00:00" },
		{ &havana,
		  { GENOPS_PERIOD_MONTH, 0, 1 },
		  "2026-11-01 05:30:00",
		  "2026-11-01 04:00:00",
		  "2026-12-01 05:00:00" },
		/* Clocks go back by half an hour, in the middle of one. */
		{ &lord_howe,
		  { GENOPS_PERIOD_HOUR, 0, 1 },
		  "2026-04-04 14:10:00",
		  "2026-04-04 14:00:00",
		  "2026-04-04 15:00:00" },
		{ &lord_howe,
		  { GENOPS_PERIOD_HOUR, 0, 1 },
		  "2026-04-04 15:10:00",
		  "2026-04-04 15:00:00",
		  "2026-04-04 15:30:00" },
		/* The day after the 29th was the 31st. */
		{ &apia,
		  { GENOPS_PERIOD_DAY, 0, 1 },
		  "2011-12-30 09:59:59",
		  "2011-12-29 10:00:00",
		  "2011-12-30 10:00:00" },
		{ &apia,
		  { GENOPS_PERIOD_DAY, 0, 1 },
		  "2011-12-30 10:00:00",
		  "2011-12-30 10:00:00",
		  "2011-12-31 10:00:00" },
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
	{
		GenopsTimeZone zone = time_zone(cases[i].zone);
		GenopsPeriod period = genops_period_at(&cases[i].rule, &zone, instant(cases[i].at));

		if (period.start != instant(cases[i].start) || period.end != instant(cases[i].end))
			print_error("%s at %s\n", cases[i].zone->name, cases[i].at);
		assert_int_equal(period.start, instant(cases[i].start));
		assert_int_equal(period.end, instant(cases[i].end));
	}
}

/* Each instant lies in one period, which ends where the next one starts. */
static void
divides_time(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(zones); i++)
		for (int kind = GENOPS_PERIOD_HOUR; kind <= GENOPS_PERIOD_YEAR; kind++)
			for (int choice = 0; choice < 4; choice++)
			{
				GenopsPeriodRule rule = { (GenopsPeriodKind) kind, choice * 2, 1 + choice * 10 };
				GenopsTimeZone zone = time_zone(zones[i]);
				int64_t step = kind == GENOPS_PERIOD_HOUR ? 900 : 6 * 3600 + 900;

				for (int64_t at = zones[i]->from; at < zones[i]->to; at += step)
				{
					GenopsPeriod period = genops_period_at(&rule, &zone, at);
					GenopsPeriod next = genops_period_at(&rule, &zone, period.end);
					GenopsPeriod last = genops_period_at(&rule, &zone, period.end - 1);

					if (period.start <= at && at < period.end && next.start == period.end &&
					    last.start == period.start && last.end == period.end)
						continue;
					print_error("%s, kind %d, at %lld\n", zones[i]->name, kind, (long long) at);
					fail();
				}
			}
}

static void
knows_no_bounds_of_all_time(void **state)
{
	GenopsPeriodRule rule = { GENOPS_PERIOD_TOTAL, 0, 1 };
	GenopsTimeZone zone = time_zone(&berlin);
	GenopsPeriod period = genops_period_at(&rule, &zone, 0);

	(void) state;
	assert_true(period.start == GENOPS_PERIOD_EVER && period.end == GENOPS_PERIOD_NEVER);
}

static void
rolls_in_quarter_hours(void **state)
{
	(void) state;
	assert_int_equal(genops_rolling_grain(60), 900);
	assert_int_equal(genops_rolling_grain(24 * 3600), 900);
	assert_int_equal(genops_rolling_grain(24 * 3600 + 1), 1800);
	assert_int_equal(genops_rolling_grain(7 * 86400), 6300);
	assert_int_equal(genops_rolling_grain(30 * 86400), 27000);
	assert_int_equal(genops_rolling_bucket(900, instant("2026-11-28 20:44:59")),
	                 instant("2026-11-28 20:30:00"));
	assert_int_equal(genops_rolling_bucket(6300, instant("2000-01-01 01:44:59")),
	                 instant("2000-01-01 00:00:00"));
	assert_int_equal(genops_rolling_bucket(6300, instant("1999-12-31 23:00:00")),
	                 instant("1999-12-31 22:15:00"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_period),
		cmocka_unit_test(divides_time),
		cmocka_unit_test(knows_no_bounds_of_all_time),
		cmocka_unit_test(rolls_in_quarter_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
