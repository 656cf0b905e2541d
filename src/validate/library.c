/* SPDX-License-Identifier: PostgreSQL */
/*
 * Is the library loaded where it must be, and does it go with the SQL objects?
 */
#include "postgres.h"

#include "miscadmin.h"
#include "shared/ring.h"
#include "validate/sql_texts.h"
#include "validate/validation.h"

#define PRELOADED "Library Preloaded"
#define VERSION "Library Version"

static void
CheckPreloaded(Validation *validation)
{
	const char *others = shared_preload_libraries_string;
	bool alone = others == NULL || others[0] == '\0';

	if (RingExists())
		CheckAdd(validation, PRELOADED, CHECK_OK, NULL,
		         "genops_tempo was loaded when the server started");
	else
		CheckAdd(
		    validation, PRELOADED, CHECK_ERROR,
		    psprintf("Add \"shared_preload_libraries = '%s%sgenops_tempo'\" to postgresql.conf "
		             "and restart the server.",
		             alone ? "" : others, alone ? "" : ", "),
		    "genops_tempo was not loaded when the server started: AI calls cannot be recorded");
}

/* The installed files are those of a version that may be newer than the SQL objects, than
 * the library that runs, or than both. */
static void
CheckVersion(Validation *validation)
{
	const char *sql = SqlText("SELECT extversion FROM pg_catalog.pg_extension"
	                          " WHERE extname = 'genops_tempo'");
	const char *installed =
	    SqlText("SELECT default_version::pg_catalog.text"
	            " FROM pg_catalog.pg_available_extensions WHERE name = 'genops_tempo'");

	if (sql == NULL || strcmp(sql, GENOPS_VERSION) == 0)
		CheckAdd(validation, VERSION, CHECK_OK, NULL,
		         "the library and the SQL objects have version " GENOPS_VERSION);
	else if (installed != NULL && strcmp(installed, GENOPS_VERSION) != 0)
		CheckAdd(validation, VERSION, CHECK_ERROR, "Restart the server.",
		         "the library that is loaded has version " GENOPS_VERSION
		         ", version %s is installed",
		         installed);
	else
		CheckAdd(validation, VERSION, CHECK_ERROR, "ALTER EXTENSION genops_tempo UPDATE;",
		         "the library has version " GENOPS_VERSION ", the SQL objects have version %s",
		         sql);
}

void
CheckLibrary(Validation *validation)
{
	CheckPreloaded(validation);
	CheckVersion(validation);
}
