/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tells everybody that the configuration changed: configuration.c says how.
 */
#include "postgres.h"

#include "compat.h"
#include "configure/notify.h"
#include "configure/store.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "shared/ring.h"
#include "shared/waiters.h"
#include "utils/inval.h"

PG_FUNCTION_INFO_V1(genops_ledger_begins);
PG_FUNCTION_INFO_V1(genops_wake_worker);
PG_FUNCTION_INFO_V1(genops_configuration_changed);

void
NotifyConfigurationChange(void)
{
	Oid relation = StoreRelation();

	if (OidIsValid(relation))
		CacheInvalidateRelcacheByRelid(relation);
	RingWakeWorkerAtCommit();
}

Datum
genops_wake_worker(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	NotifyConfigurationChange();
	PG_RETURN_VOID();
}

Datum
genops_ledger_begins(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	RingBeginLedger();
	NotifyConfigurationChange();
	PG_RETURN_VOID();
}

/* The statement trigger on the configuration's tables. */
Datum
genops_configuration_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("function \"%s\" was not called by trigger manager",
		                       "configuration_changed")));
	NotifyConfigurationChange();
	PG_RETURN_POINTER(NULL);
}
