/* SPDX-License-Identifier: PostgreSQL */
/*
 * Routes: which tenant, address and sampling spans get by what they are.
 */
#ifndef GENOPS_CONFIGURE_ROUTE_H
#define GENOPS_CONFIGURE_ROUTE_H

#include "postgres.h"

#include "configure/configuration.h"
#include "nodes/pg_list.h"

/* A piece of a tenant's template: a literal, or a fact's text. */
typedef struct TemplatePiece
{
	GenopsSlice literal; /* absent: */
	GenopsFactText placeholder;
} TemplatePiece;

/* A row of genops.route that can match in this database. */
struct Route
{
	GenopsSlice name;
	GenopsSlice team; /* absent conditions match everything */
	GenopsSlice customer_id;
	GenopsSlice environment;
	bool any_role;
	Oid role;
	TemplatePiece *tenant; /* template, e.g. cust-{customer_id} */
	int tenant_pieces;     /* 0: none */
	bool own_target;       /* address or headers of its own */
	bool has_sampler;
	GenopsSampler sampler;
};

/*
 * Makes routes of the rows of genops.route, in their order, in the current
 * memory context.  Rows for other databases and for roles that do not exist are
 * left out.
 */
extern Route *RoutesPrepare(List *stored, int *count);

/* The first that matches, or NULL.  A route whose template asks for something
 * that the facts do not have does not match. */
extern const Route *RouteFind(const Route *routes, int count, const GenopsSpanFacts *facts);

/* The tenant of a route that has a template. */
extern GenopsSlice RouteTenant(const Route *route, const GenopsSpanFacts *facts,
                               char buffer[TENANT_ID_MAX + 1]);

#endif
