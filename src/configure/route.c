/* SPDX-License-Identifier: PostgreSQL */
/*
 * Routes.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "configure/route.h"
#include "configure/store.h"
#include "configure/tenant.h"
#include "configure/utf8_text.h"
#include "miscadmin.h"
#include "utils/acl.h"

static const struct
{
	const char *name;
	GenopsFactText text;
} placeholders[] = {
	{ "{customer_id}", GENOPS_TEXT_CUSTOMER_ID }, { "{team}", GENOPS_TEXT_TEAM },
	{ "{project}", GENOPS_TEXT_PROJECT },         { "{environment}", GENOPS_TEXT_ENVIRONMENT },
	{ "{cost_center}", GENOPS_TEXT_COST_CENTER },
};

/* The placeholder at the start of a text, or -1. */
static int
PlaceholderAt(const char *text)
{
	for (int i = 0; i < (int) lengthof(placeholders); i++)
		if (strncmp(text, placeholders[i].name, strlen(placeholders[i].name)) == 0)
			return i;
	return -1;
}

static void
PrepareTemplate(Route *route, const char *template)
{
	const char *at = template;

	/* No more pieces than bytes. */
	route->tenant = palloc0((strlen(template) + 1) * sizeof(TemplatePiece));
	while (*at)
	{
		TemplatePiece *piece = &route->tenant[route->tenant_pieces++];
		int placeholder = PlaceholderAt(at);

		if (placeholder >= 0)
		{
			piece->placeholder = placeholders[placeholder].text;
			at += strlen(placeholders[placeholder].name);
			continue;
		}
		piece->literal.data = at;
		do
			at++;
		while (*at && PlaceholderAt(at) < 0);
		piece->literal.length = at - piece->literal.data;
	}
}

static void
Prepare(Route *route, const StoredRoute *stored, Oid role)
{
	route->name = genops_slice(Utf8FromServer(stored->name));
	route->team = genops_slice(Utf8FromServer(stored->team));
	route->customer_id = genops_slice(Utf8FromServer(stored->customer_id));
	route->environment = genops_slice(Utf8FromServer(stored->environment));
	route->any_role = stored->role == NULL;
	route->role = role;
	if (stored->tenant_id != NULL)
		PrepareTemplate(route, Utf8FromServer(stored->tenant_id));
	route->own_target = stored->otlp_endpoint != NULL || stored->headers != NIL;
	route->has_sampler = stored->sampling_rate != NULL;
	if (route->has_sampler)
		route->sampler = genops_sampler(*stored->sampling_rate);
}

Route *
RoutesPrepare(List *stored, int *count)
{
	Route *routes = palloc0((list_length(stored) + 1) * sizeof(Route));
	char *database = get_database_name(MyDatabaseId);
	ListCell *cell;

	*count = 0;
	foreach (cell, stored)
	{
		StoredRoute *row = lfirst(cell);
		Oid role = row->role ? get_role_oid(row->role, true) : InvalidOid;

		if (row->database != NULL && strcmp(row->database, database) != 0)
			continue;
		if (row->role != NULL && !OidIsValid(role))
			continue;
		Prepare(&routes[(*count)++], row, role);
	}
	return routes;
}

static bool
Meets(GenopsSlice condition, GenopsSlice text)
{
	return !genops_slice_present(condition) || genops_slice_equal(condition, text);
}

static bool
Matches(const Route *route, const GenopsSpanFacts *facts)
{
	if (!Meets(route->team, facts->text[GENOPS_TEXT_TEAM]) ||
	    !Meets(route->customer_id, facts->text[GENOPS_TEXT_CUSTOMER_ID]) ||
	    !Meets(route->environment, facts->text[GENOPS_TEXT_ENVIRONMENT]))
		return false;

	/* Not GetUserId(): inside a security definer function that is its owner. */
	if (!route->any_role && route->role != GetOuterUserId())
		return false;
	for (int i = 0; i < route->tenant_pieces; i++)
	{
		const TemplatePiece *piece = &route->tenant[i];

		if (!genops_slice_present(piece->literal) && facts->text[piece->placeholder].length == 0)
			return false;
	}
	return true;
}

const Route *
RouteFind(const Route *routes, int count, const GenopsSpanFacts *facts)
{
	for (int i = 0; i < count; i++)
		if (Matches(&routes[i], facts))
			return &routes[i];
	return NULL;
}

GenopsSlice
RouteTenant(const Route *route, const GenopsSpanFacts *facts, char buffer[TENANT_ID_MAX + 1])
{
	TenantName name = { 0 };

	for (int i = 0; i < route->tenant_pieces; i++)
	{
		const TemplatePiece *piece = &route->tenant[i];
		bool literal = genops_slice_present(piece->literal);

		TenantNameAppend(&name, literal ? piece->literal : facts->text[piece->placeholder],
		                 literal);
	}
	return (GenopsSlice){ buffer, TenantNameFinish(&name, buffer) };
}
