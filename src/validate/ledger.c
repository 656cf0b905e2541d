/* SPDX-License-Identifier: PostgreSQL */
/*
 * Is what is recorded stored?
 */
#include "postgres.h"

#include "access/xlog.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "settings.h"
#include "shared/ring.h"
#include "shared/waiters.h"
#include "utils/builtins.h"
#include "validate/sql_texts.h"
#include "validate/validation.h"

#define LEDGER "Ledger"

/* What a healthy worker needs for it is a fraction of this. */
#define PATIENCE_MS 2000

static bool
IsMarked(void)
{
	return SqlText("SELECT 'marked' FROM pg_catalog.pg_db_role_setting s"
	               " JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase"
	               " WHERE d.datname = pg_catalog.current_database() AND s.setrole = 0"
	               " AND 'genops_tempo.ledger=on' = ANY (s.setconfig)") != NULL;
}

static uint64
Lost(const RingCounts *counts)
{
	return counts->dropped[RING_DROP_FULL] + counts->dropped[RING_DROP_UNSTORABLE] +
	       counts->dropped[RING_DROP_TOO_LARGE];
}

static char *
WhatACrashLoses(void)
{
	if (setting_durability == DURABILITY_SYNC)
		return "a crash of the server loses no call that has returned";
	return psprintf("a crash of the server loses at most the calls of the last %d ms",
	                setting_flush_interval_ms);
}

static void
CheckStored(Validation *validation)
{
	long patience = Min(ValidationTimeLeft(validation) / 2, PATIENCE_MS);
	bool stored = RingWaitStored(RingNewestPosition(), patience);
	RingCounts counts;

	RingReadCounts(&counts);
	if (!stored && !RingMayWait())
		CheckAdd(validation, LEDGER, CHECK_SKIPPED, "Ask again in a transaction of its own.",
		         "this transaction holds a lock that storing may wait for");
	else if (!stored)
		CheckAdd(validation, LEDGER, CHECK_ERROR,
		         "The server's log says why the genops worker cannot store them, if it runs: see "
		         "check \"Worker\".",
		         UINT64_FORMAT " spans wait to be stored", counts.queued);
	else if (Lost(&counts) > 0)
		CheckAdd(validation, LEDGER, CHECK_WARNING,
		         "See dropped_full, dropped_too_large and dropped_unstorable in "
		         "genops.stat_recording; against full queues, raise genops_tempo.shared_memory or "
		         "genops_tempo.queue_timeout.",
		         UINT64_FORMAT " calls were not recorded since the server started", Lost(&counts));
	else
		CheckAdd(validation, LEDGER, CHECK_OK, NULL, "everything that was recorded is stored; %s",
		         WhatACrashLoses());
}

void
CheckLedger(Validation *validation)
{
	if (!RingExists())
		CheckAdd(validation, LEDGER, CHECK_SKIPPED, NULL, "nothing can be recorded");
	else if (RecoveryInProgress())
		CheckAdd(validation, LEDGER, CHECK_WARNING,
		         "Record on the primary, if the ledger must be complete.",
		         "this is a hot standby: what is recorded here is sent, and in no ledger");
	else if (!IsMarked())
		CheckAdd(validation, LEDGER, CHECK_WARNING,
		         psprintf("ALTER DATABASE %s SET genops_tempo.ledger = on;",
		                  quote_identifier(get_database_name(MyDatabaseId))),
		         "the database is not marked as one with a ledger: after a restart of the server, "
		         "nothing is delivered until something is recorded");
	else if (!RingHasQueue())
		CheckAdd(validation, LEDGER, CHECK_SKIPPED, NULL, "nothing can be recorded");
	else
		CheckStored(validation);
}
