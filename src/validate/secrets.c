/*
 * Are the headers' values there?  A dump has only their names.
 */
#include "postgres.h"

#include "configure/environment.h"
#include "configure/store.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "validate/validation.h"

#define SECRETS "Secrets"

static bool
IsHeader(const StoredSetting *setting)
{
	return strncmp(setting->name, HEADERS_PREFIX, strlen(HEADERS_PREFIX)) == 0 ||
	       strncmp(setting->name, COLLECTOR_HEADERS_PREFIX, strlen(COLLECTOR_HEADERS_PREFIX)) == 0;
}

static void
ReportMissing(Validation *validation, const char *what, const char *call, const char *header)
{
	CheckAdd(validation, SECRETS, CHECK_ERROR,
	         psprintf("SELECT %s => '{\"%s\": \"...\"}');", call, header),
	         "the value of %s was not restored: a dump does not contain it", what);
}

static int
ReportConfigured(Validation *validation, List *secrets, int *missing)
{
	ListCell *cell;
	int count = 0;

	foreach (cell, StoreSettings())
	{
		StoredSetting *setting = lfirst(cell);
		bool is_collectors =
		    strncmp(setting->name, COLLECTOR_HEADERS_PREFIX, strlen(COLLECTOR_HEADERS_PREFIX)) == 0;

		if (!IsHeader(setting))
			continue;
		count++;
		if (StoredSecretValue(secrets, NULL, setting->name) != NULL)
			continue;
		(*missing)++;
		ReportMissing(validation, setting->name,
		              is_collectors ? "genops_configure(collector_headers"
		                            : "genops_configure(headers",
		              strchr(setting->name, '.') + 1);
	}
	return count;
}

static int
ReportRoutes(Validation *validation, List *secrets, int *missing)
{
	ListCell *cell;
	int count = 0;

	foreach (cell, StoreRoutes())
	{
		StoredRoute *route = lfirst(cell);
		ListCell *header;

		foreach (header, route->headers)
		{
			count++;
			if (StoredSecretValue(secrets, route->name, lfirst(header)) != NULL)
				continue;
			(*missing)++;
			ReportMissing(
			    validation,
			    psprintf("header \"%s\" of route \"%s\"", (char *) lfirst(header), route->name),
			    psprintf("genops_route_headers(route => %s, headers",
			             quote_literal_cstr(route->name)),
			    lfirst(header));
		}
	}
	return count;
}

void
CheckSecrets(Validation *validation)
{
	List *secrets = StoreSecrets();
	int missing = 0;
	int count = ReportConfigured(validation, secrets, &missing);

	count += ReportRoutes(validation, secrets, &missing);
	if (missing == 0)
		CheckAdd(validation, SECRETS, CHECK_OK, NULL, "%d headers are configured, and have values",
		         count);
}
