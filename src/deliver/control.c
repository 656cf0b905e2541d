/* SPDX-License-Identifier: PostgreSQL */
/*
 * Pausing and resuming delivery.
 *
 * The worker changes the rows of genops.delivery and genops.ledger_state in
 * place, as one changes a catalog, and would fail on a row that somebody else has
 * changed meanwhile.  So these functions lock the tables first, against the worker
 * only: it tries again until this transaction is over, and nothing is stored
 * meanwhile.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "configure/identity.h"
#include "configure/notify.h"
#include "configure/own_table.h"
#include "configure/store.h"
#include "deliver/control.h"
#include "deliver/cursor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "keep/ledger_state.h"
#include "miscadmin.h"
#include "settings.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(genops_pause_delivery);
PG_FUNCTION_INFO_V1(genops_resume_delivery);
PG_FUNCTION_INFO_V1(genops_delivery_hold);

static void
Execute(const char *statement)
{
	if (SPI_execute(statement, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", statement);
}

static void
Lock(void)
{
	static const char *const written[] = { "ledger_state", "delivery", "delivery_resend" };

	Execute("LOCK TABLE genops.ledger_state, genops.delivery IN SHARE ROW EXCLUSIVE MODE");
	for (int i = 0; i < (int) lengthof(written); i++)
		OwnTableRequireOwnTriggers(OwnTable(written[i]));
}

/* Sets the ledger's row, which may not be there yet: pausing before the first
 * span must work. */
static void
SetState(bool paused)
{
	Oid types[4] = { INT8OID, OIDOID, BOOLOID, INT4OID };
	Datum values[4] = { Int64GetDatum((int64) GetSystemIdentifier()),
		                ObjectIdGetDatum(MyDatabaseId), BoolGetDatum(paused),
		                Int32GetDatum((int32) GetWALInsertionTimeLine()) };
	const char *update =
	    paused ? "INSERT INTO genops.ledger_state AS s VALUES (true, 0, 0, now(), $1, $2, $3, $4)"
	             " ON CONFLICT (singleton) DO UPDATE SET paused = $3"
	           : "UPDATE genops.ledger_state SET paused = $3, system_identifier = $1, database_oid "
	             "= $2, timeline = $4";

	if (SPI_execute_with_args(update, 4, types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", update);
}

DeliveryHold
DeliveryHeldBy(void)
{
	LedgerState state = LedgerStateRead();

	if (!setting_export)
		return HOLD_SWITCHED_OFF;
	if (state.is_copy || IdentityIsForeign(StoreSettings()))
		return HOLD_COPY;
	return state.paused ? HOLD_PAUSED : HOLD_NONE;
}

const char *
DeliveryHoldReason(DeliveryHold hold)
{
	switch (hold)
	{
		case HOLD_SWITCHED_OFF:
			return "genops_tempo.export is off";
		case HOLD_COPY:
			return "this database is a copy of another, or was upgraded; genops_resume_delivery() makes it deliver";
		case HOLD_PAUSED:
			return "by genops_pause_delivery()";
		case HOLD_NONE:
			break;
	}
	return NULL;
}

Datum
genops_delivery_hold(PG_FUNCTION_ARGS)
{
	const char *reason = DeliveryHoldReason(DeliveryHeldBy());

	(void) fcinfo;
	if (reason == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(reason));
}

Datum
genops_pause_delivery(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	SPI_connect();
	Lock();
	SetState(true);
	SPI_finish();
	NotifyConfigurationChange();
	PG_RETURN_VOID();
}

static bool
SkipsPending(text *argument)
{
	char *from = text_to_cstring(argument);

	if (strcmp(from, "now") == 0)
		return true;
	if (strcmp(from, "cursor") == 0)
		return false;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("invalid value for parameter \"from_\": \"%s\"", from),
	                errhint("Resume from the \"cursor\", delivering what is pending, or from "
	                        "\"now\", passing over it.")));
	return false; /* not reached */
}

static void
RequirePaused(void)
{
	LedgerState state = LedgerStateRead();

	if (state.is_copy || state.paused || IdentityIsForeign(StoreSettings()))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("delivery is not paused"),
	         errdetail("Spans may be on their way, which could not be counted as passed over."),
	         errhint("Call genops_pause_delivery() first.")));
}

static int64
Count(const char *query)
{
	bool null;

	Execute(query);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
}

/* The spans of the segments behind the streams' cursors. */
#define BEHIND                                                        \
	"SELECT d.tenant_id, d.route, p.spans FROM genops.delivery d, "   \
	"LATERAL genops.pending(d.tenant_id, d.route, d.cursor_seq) p "   \
	"WHERE d.newest_seq > d.cursor_seq"

static int64
PendingSpans(void)
{
	return Count("SELECT coalesce(sum(spans), 0)::bigint FROM (" BEHIND ") b");
}

static int64
SkipPending(void)
{
	int64 pending = PendingSpans();

	Execute("UPDATE genops.delivery d SET skipped = skipped + b.spans FROM (" BEHIND ") b "
	        "WHERE b.tenant_id = d.tenant_id AND b.route = d.route");
	Execute("UPDATE genops.delivery SET cursor_seq = newest_seq WHERE cursor_seq < newest_seq");
	Execute("DELETE FROM genops.delivery_resend");
	return pending;
}

static void
WarnOfMissingSecrets(List *settings)
{
	List *secrets = StoreSecrets();
	ListCell *cell;

	foreach (cell, settings)
	{
		StoredSetting *setting = lfirst(cell);

		if (strcmp(setting->value, HIDDEN_VALUE) == 0 &&
		    StoredSecretValue(secrets, NULL, setting->name) == NULL)
			ereport(WARNING,
			        (errcode(ERRCODE_WARNING),
			         errmsg("the value of \"%s\" is missing", setting->name),
			         errdetail("A dump does not contain secrets; nothing is sent without it."),
			         errhint("Set it by genops_configure(), or remove it by genops_reset('%s').",
			                 setting->name)));
	}
}

Datum
genops_resume_delivery(PG_FUNCTION_ARGS)
{
	bool skip = SkipsPending(PG_GETARG_TEXT_PP(0));
	List *settings = StoreSettings();
	TupleDesc descriptor;
	Datum values[2];
	bool nulls[2] = { false };
	int64 skipped = 0;
	int64 pending;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	descriptor = BlessTupleDesc(descriptor);
	StoreLock();
	SPI_connect();
	Lock();
	if (skip)
	{
		RequirePaused();
		skipped = SkipPending();
	}
	SetState(false);
	if (IdentityIsForeign(settings))
		IdentityWrite(settings, true);
	pending = PendingSpans();
	SPI_finish();
	WarnOfMissingSecrets(settings);
	NotifyConfigurationChange();

	values[0] = Int64GetDatum(pending);
	values[1] = Int64GetDatum(skipped);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)));
}
