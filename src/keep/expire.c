/*
 * Retention.
 *
 * A day is dropped as a whole once its last span is older than the retention,
 * spend is folded beyond it, and it is delivered; what isn't, and still lies
 * there when its day comes, is counted as expired, and the log says so once.
 *
 * DROP TABLE has to lock the parent against readers, and while it waits for
 * one, all others wait for it.  So it waits a moment only and is tried again
 * later, for hours if need be.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "keep/chore.h"
#include "keep/ledger.h"
#include "keep/ledger_state.h"
#include "keep/partition.h"
#include "keep/worker_sql.h"
#include "settings.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#define LOCK_TIMEOUT "100ms"

static int64
LastSegment(Oid table)
{
	return WorkerSqlNumber(psprintf("SELECT max(seq) FROM genops.%s", get_rel_name(table)), 0);
}

/* The parent is locked first, so that the drop fails before anything is
 * done. */
static void
DropDay(const LedgerDay *day)
{
	WorkerSetLocal("lock_timeout", LOCK_TIMEOUT);
	WorkerSql(
	    "LOCK TABLE ONLY genops.ledger_span, ONLY genops.ledger_segment IN ACCESS EXCLUSIVE MODE");
	WorkerSql(psprintf("DROP TABLE genops.%s", get_rel_name(day->span)));
	if (OidIsValid(day->segment))
		WorkerSql(psprintf("DROP TABLE genops.%s", get_rel_name(day->segment)));
}

static void
Expire(const LedgerDay *day, CountUndelivered *count_undelivered)
{
	char *name = get_rel_name(day->span);
	int64 lost = OidIsValid(day->segment) ? count_undelivered(day->start, day->end) : 0;

	DropDay(day);
	if (lost > 0 && WorkerTells(LOG_LEVEL_WARNING))
		ereport(WARNING,
		        (errcode(ERRCODE_WARNING),
		         errmsg("retention removed " INT64_FORMAT " spans that were not delivered", lost),
		         errdetail("They were in table \"genops.%s\".", name),
		         errhint("See genops.stat_delivery for the streams that are behind, and setting "
		                 "\"retention\" of genops_configure().")));
}

typedef struct Retention
{
	int64 keep_us;
	CountUndelivered *count_undelivered;
} Retention;

/* Drops at most one day; argument: Retention *. */
static bool
ExpireOne(void *argument)
{
	const Retention *retention = argument;
	TimestampTz limit = GetCurrentTimestamp() - retention->keep_us;
	LedgerState state = LedgerStateRead();
	int count;
	LedgerDay *days = PartitionDays(&count);
	bool dropped = false;

	if (count == 0 || days[0].end > limit)
		return false;
	SPI_connect();
	if (!OidIsValid(days[0].segment) || LastSegment(days[0].segment) <= state.folded_seq)
	{
		Expire(&days[0], retention->count_undelivered);
		dropped = true;
	}
	SPI_finish();
	return dropped;
}

bool
LedgerExpire(int64 retention_us, CountUndelivered *count_undelivered)
{
	static Chore expiring = { .name = "retention", .run = ExpireOne };
	Retention retention = { .keep_us = retention_us, .count_undelivered = count_undelivered };

	if (retention_us <= 0)
		return false;
	return ChoreRun(&expiring, &retention);
}
