/* SPDX-License-Identifier: PostgreSQL */
/*
 * Are spans delivered, and if not, why not?
 */
#include "postgres.h"

#include "access/xlog.h"
#include "configure/configuration.h"
#include "configure/store.h"
#include "configure/values.h"
#include "deliver/control.h"
#include "deliver/cursor.h"
#include "keep/ledger_state.h"
#include "validate/validation.h"

#define DELIVERY "Delivery"

/* There may be a stream for each customer. */
#define MAX_STREAMS 5

static const char *
FixOfHold(DeliveryHold hold)
{
	return hold == HOLD_SWITCHED_OFF
	           ? "ALTER SYSTEM SET genops_tempo.export = on; SELECT pg_reload_conf();"
	           : "SELECT genops_resume_delivery();";
}

static void
ReportStream(Validation *validation, const CursorStream *stream)
{
	bool passes = strcmp(stream->state, "retrying") == 0;

	CheckAdd(validation, DELIVERY, passes ? CHECK_WARNING : CHECK_ERROR,
	         passes ? "It is tried again by itself; see the endpoint's log if that lasts."
	                : "Fix that; then SELECT genops_configure(); makes it try again at once.",
	         "tenant \"%s\"%s%s: %s, " INT64_FORMAT " spans wait: %s",
	         stream->tenant_id[0] ? stream->tenant_id : "(none)",
	         stream->route[0] ? " on route " : "", stream->route, stream->state, CursorPending(stream),
	         stream->reason[0] ? stream->reason : "the worker has not tried yet");
}

/* Why nothing is sent on a route; NULL: it is. */
static const char *
WhyNotOn(const char *route)
{
	DeliveryTarget target;
	const char *why_not;

	DeliveryTargetLoad(route, &target);
	why_not = target.why_not ? pstrdup(target.why_not) : NULL;
	DeliveryTargetFree(&target);
	return why_not;
}

/* A pause that is over, of which the worker has yet to hear, is none. */
static bool
Delivers(const CursorStream *stream)
{
	return strcmp(stream->state, "delivering") == 0 ||
	       (strcmp(stream->state, "paused") == 0 && WhyNotOn(stream->route) == NULL);
}

/* How many streams do not deliver, so far. */
typedef struct Held
{
	Validation *validation;
	MemoryContext memory;
	int count;
} Held;

static void
CountHeld(const CursorStream *stream, void *argument)
{
	Held *held = argument;
	MemoryContext visiting;

	if (Delivers(stream) || held->count++ >= MAX_STREAMS)
		return;
	visiting = MemoryContextSwitchTo(held->memory);
	ReportStream(held->validation, stream);
	MemoryContextSwitchTo(visiting);
}

static int
ReportStreams(Validation *validation)
{
	Held streams = { .validation = validation, .memory = CurrentMemoryContext };
	int held;

	CursorVisitRows(true, CountHeld, &streams);
	held = streams.count;
	if (held > MAX_STREAMS)
		CheckAdd(validation, DELIVERY, CHECK_WARNING, "SELECT * FROM genops.stat_delivery;",
		         "%d other streams are not delivering either", held - MAX_STREAMS);
	return held;
}

/*
 * A physical copy has its original's system identifier; what tells it apart, once it is
 * promoted, is the timeline.  So has a server that replaced its primary: which of the
 * two it is no server can know.
 */
static void
ReportPromotion(Validation *validation)
{
	LedgerState state = LedgerStateRead();

	if (RecoveryInProgress() || state.timeline == 0 || state.timeline == GetWALInsertionTimeLine())
		return;
	CheckAdd(validation, DELIVERY, CHECK_WARNING,
	         "If that server is gone: SELECT genops_resume_delivery();\n"
	         "If this is a copy: ALTER SYSTEM SET genops_tempo.export = off; SELECT "
	         "pg_reload_conf();",
	         "this server was promoted (timeline %u, delivery began on %u): if the server that it "
	         "was copied from still runs, both deliver the same spans",
	         GetWALInsertionTimeLine(), state.timeline);
}

static bool
SomeRouteHasAddress(void)
{
	ListCell *cell;

	foreach (cell, StoreRoutes())
		if (((const StoredRoute *) lfirst(cell))->otlp_endpoint != NULL)
			return true;
	return false;
}

bool
ValidationLedgerOnly(void)
{
	SettingValues values;

	ValuesResolve(StoreSettings(), &values);
	for (int id = 0; id < SETTING_COUNT; id++)
		if (SettingIsAddress(id) && values.items[id].text != NULL)
			return false;
	return !SettingBool(values.items[SETTING_VIA_COLLECTOR].text) && !SomeRouteHasAddress();
}

void
CheckDelivery(Validation *validation)
{
	DeliveryHold hold = DeliveryHeldBy();
	const char *why_not;

	if (hold != HOLD_NONE)
	{
		CheckAdd(validation, DELIVERY, CHECK_ERROR, FixOfHold(hold), "delivery is paused: %s",
		         DeliveryHoldReason(hold));
		return;
	}
	why_not = WhyNotOn("");
	if (why_not != NULL && ValidationLedgerOnly())
		CheckAdd(validation, DELIVERY, CHECK_OK, NULL,
		         "nothing is sent, as no endpoint is configured: this database is a ledger only");
	else if (why_not != NULL)
		CheckAdd(validation, DELIVERY, CHECK_ERROR, FixOfTarget(), "nothing is delivered: %s",
		         why_not);
	else if (ReportStreams(validation) == 0)
		CheckAdd(validation, DELIVERY, CHECK_OK, NULL,
		         "no tenant's delivery is blocked or paused; after an outage or a crash a span can "
		         "arrive twice");
	ReportPromotion(validation);
}
