/* SPDX-License-Identifier: PostgreSQL */
/*
 * genops.price and genops.price_alias.
 */
#ifndef GENOPS_GOVERN_PRICE_LIST_H
#define GENOPS_GOVERN_PRICE_LIST_H

#include "postgres.h"

#include "core/govern/price.h"
#include "govern/price_columns.h"
#include "utils/timestamp.h"

/*
 * The price list of this database, as a book; NULL where the extension is not installed, or
 * has no prices in this version of its objects.
 *
 * Valid until the next invalidation message is read, as a cache's entry is: to be asked for
 * anew for each call, and not to be kept while catalogs or tables are looked at.  Needs a
 * transaction.
 */
extern const GenopsPriceBook *PriceBookGet(void);

/*
 * What "prepared" has, so that a book is made without a numeric being looked at: which rates
 * are known (bits of GenopsRate), the window's start and end in minutes, the days, the
 * multiplier, and the known rates in their order.
 */
enum
{
	PREPARED_KNOWN,
	PREPARED_WINDOW_START,
	PREPARED_WINDOW_END,
	PREPARED_DAYS,
	PREPARED_MULTIPLIER,
	PREPARED_RATES
};

/* Between PostgreSQL's times and the core's. */
static inline int64
PriceTime(TimestampTz time)
{
	return time + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

static inline TimestampTz
PriceTimestamp(int64 microseconds)
{
	return microseconds - (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

#endif
