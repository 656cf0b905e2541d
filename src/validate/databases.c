/* SPDX-License-Identifier: PostgreSQL */
/*
 * Is there room for databases that record?
 */
#include "postgres.h"

#include "shared/ring.h"
#include "validate/validation.h"

#define DATABASES "Databases"

void
CheckDatabases(Validation *validation)
{
	RingUsage usage;
	char *fix;

	if (!RingExists())
	{
		CheckAdd(validation, DATABASES, CHECK_SKIPPED, NULL, "nothing can be recorded");
		return;
	}
	RingReadUsage(&usage);
	fix = psprintf("ALTER SYSTEM SET genops_tempo.max_databases = %d; then restart the server.",
	               usage.max_databases * 2);
	if (!RingHasQueue())
		CheckAdd(validation, DATABASES, CHECK_ERROR, fix,
		         "this database cannot record: other databases have taken all %d places",
		         usage.max_databases);
	else if (usage.lost > 0)
		CheckAdd(validation, DATABASES, CHECK_WARNING, fix,
		         UINT64_FORMAT " AI calls of databases without a place were lost since the server "
		                       "started; there are %d places",
		         usage.lost, usage.max_databases);
	else
		CheckAdd(validation, DATABASES,
		         usage.databases < usage.max_databases ? CHECK_OK : CHECK_WARNING,
		         usage.databases < usage.max_databases ? NULL : fix,
		         "%d of %d places for databases that record are taken", usage.databases,
		         usage.max_databases);
}
