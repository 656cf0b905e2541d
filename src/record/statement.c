/* SPDX-License-Identifier: PostgreSQL */
/*
 * The trace context in the comment that ends the current statement.
 *
 * debug_query_string is the text of the client's statement, also within
 * functions.  For a prepared statement it is the text that was parsed: its
 * comment belongs to the first execution, and every later one would join that
 * trace.  So the text counts as current if it was sent for this execution: in
 * the simple protocol, as an unnamed statement, or at the first execution of a
 * named one.  Where that can't be known (another portal than the unnamed one
 * beneath a cursor, a parallel worker), it is not current.
 *
 * A statement may be megabytes long and record thousands of calls: it is
 * looked at once.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/prepare.h"
#include "record/statement.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "utils/plancache.h"
#include "utils/portal.h"

static struct
{
	const char *statement;
	TimestampTz started_at;
	bool found;
	GenopsTraceParent parent;
	GenopsSlice trace_state;
	char state_buffer[GENOPS_TRACESTATE_MAX];
} seen;

/* Newer servers execute a copy of the portal's text. */
static bool
RunsClientsStatement(Portal portal)
{
	return portal != NULL && (portal->sourceText == debug_query_string ||
	                          strcmp(portal->sourceText, debug_query_string) == 0);
}

/* The portal that runs the client's statement; NULL if it can't be told. */
static Portal
ClientsPortal(void)
{
	Portal portal = ActivePortal;

	if (!RunsClientsStatement(portal))
		portal = GetPortalByName("");
	return RunsClientsStatement(portal) ? portal : NULL;
}

static bool
TextIsCurrent(void)
{
	Portal portal = ClientsPortal();
	PreparedStatement *prepared;

	if (portal == NULL)
		return false;
	if (portal->prepStmtName == NULL || portal->prepStmtName[0] == '\0')
		return true;
	prepared = FetchPreparedStatement(portal->prepStmtName, false);
	return prepared != NULL &&
	       prepared->plansource->num_custom_plans + prepared->plansource->num_generic_plans <= 1;
}

static void
Look(void)
{
	GenopsSlice text = genops_slice(debug_query_string);
	char buffer[128];
	GenopsSlice value;

	seen.statement = debug_query_string;
	seen.started_at = GetCurrentStatementStartTimestamp();
	seen.found = TextIsCurrent() &&
	             genops_sqlcommenter_find(text, "traceparent", buffer, sizeof(buffer), &value) &&
	             genops_traceparent_parse(value, &seen.parent);
	seen.trace_state = GENOPS_ABSENT;
	if (seen.found)
		(void) genops_sqlcommenter_find(text, "tracestate", seen.state_buffer,
		                                sizeof(seen.state_buffer), &seen.trace_state);
}

bool
StatementTraceParent(GenopsTraceParent *parent, GenopsSlice *trace_state)
{
	if (debug_query_string == NULL)
		return false;
	if (seen.statement != debug_query_string ||
	    seen.started_at != GetCurrentStatementStartTimestamp())
		Look();
	if (!seen.found)
		return false;
	*parent = seen.parent;
	*trace_state = seen.trace_state;
	return true;
}
