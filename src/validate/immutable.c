/* SPDX-License-Identifier: PostgreSQL */
/*
 * Functions of pgai and pgml that call a model and are declared immutable: with
 * constant arguments, the planner calls them before genops_begin() has run.
 *
 * Others of their schemas are immutable and rightly so; the names tell which call.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "validate/sql_texts.h"
#include "validate/validation.h"

#define IMMUTABLE "Immutable Functions"
#define SHOWN 20

static List *
ImmutableFunctions(void)
{
	return SqlTexts(
	    "SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname,"
	    " pg_catalog.pg_get_function_identity_arguments(p.oid))"
	    " FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
	    " WHERE p.provolatile = 'i' AND p.prokind = 'f' AND (n.nspname = 'ai' AND p.proname ~"
	    " '_(embed|rerank|classify|moderate|generate|chat_complete|completion)(_|$)'"
	    " OR n.nspname = 'pgml' AND p.proname ~"
	    " '^(embed|rank|transform|generate|predict)(_|$)')"
	    " ORDER BY 1");
}

/* The form that changes nothing for anybody else comes first. */
static char *
WaysOut(List *functions)
{
	StringInfoData statements;
	ListCell *cell;

	initStringInfo(&statements);
	appendStringInfoString(
	    &statements, "-- Write (SELECT genops_observe(genops_begin(...), f(...))): one call of the "
	                 "model in a statement, and an index stays usable.\n"
	                 "-- To have it timed too, run the following. Every use of f outside of such a "
	                 "subquery then calls the model for each row.");
	foreach (cell, functions)
	{
		if (foreach_current_index(cell) == SHOWN)
		{
			appendStringInfo(&statements, "\nand %d more", list_length(functions) - SHOWN);
			break;
		}
		appendStringInfo(&statements, "\nALTER FUNCTION %s VOLATILE;", (char *) lfirst(cell));
	}
	return statements.data;
}

void
CheckImmutableFunctions(Validation *validation)
{
	List *functions = ImmutableFunctions();

	if (functions == NIL)
		CheckAdd(validation, IMMUTABLE, CHECK_OK, NULL,
		         "no function of pgai or pgml that calls a model is declared immutable");
	else
		CheckAdd(
		    validation, IMMUTABLE, CHECK_WARNING, WaysOut(functions),
		    "%d functions of pgai or pgml that call a model are declared immutable: the planner "
		    "may call them before genops_begin() has run",
		    list_length(functions));
}
