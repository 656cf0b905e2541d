/* SPDX-License-Identifier: PostgreSQL */
/*
 * Are the headers' values there?  A dump has only their names, and what a value refers to
 * may be gone.
 */
#include "postgres.h"

#include "configure/environment.h"
#include "configure/header_text.h"
#include "configure/store.h"
#include "configure/values.h"
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

/* What a value, or the file with headers, refers to cannot be read. */
static void
ReportUnreadable(Validation *validation, const char *what, const char *reason)
{
	CheckAdd(validation, SECRETS, CHECK_ERROR,
	         "Let the server have that variable or read that file, or name another with "
	         "genops_configure().",
	         "%s: %s", what, ShownText(reason));
}

static bool
Resolves(Validation *validation, const char *what, const char *header, const char *value)
{
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	GenopsError error;
	bool resolves = HeaderSet(&headers, header, value, &error);

	genops_headers_free(&headers);
	if (!resolves)
		ReportUnreadable(validation, what, error.message);
	return resolves;
}

/* Whether a header's value is there and says what to send. */
static bool
IsWhole(Validation *validation, const char *what, const char *call, const char *header,
        const char *value)
{
	if (value != NULL)
		return Resolves(validation, what, header, value);
	ReportMissing(validation, what, call, header);
	return false;
}

static bool
FileIsReadable(Validation *validation)
{
	GenopsHeaders headers = GENOPS_NO_HEADERS;
	SettingValues values;
	const char *path;
	GenopsError error;
	bool readable;

	ValuesResolve(StoreSettings(), &values);
	path = values.items[SETTING_HEADERS_FILE].text;
	readable = path == NULL || HeadersFromFile(&headers, path, &error);
	genops_headers_free(&headers);
	if (!readable)
		ReportUnreadable(validation, "headers_file", error.message);
	return readable;
}

/* Both return how many headers there are, and count those that cannot be sent. */
static int
ReportConfigured(Validation *validation, List *secrets, int *bad)
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
		if (!IsWhole(
		        validation, setting->name,
		        is_collectors ? "genops_configure(collector_headers" : "genops_configure(headers",
		        strchr(setting->name, '.') + 1, StoredSecretValue(secrets, NULL, setting->name)))
			(*bad)++;
	}
	return count;
}

static int
ReportRoute(Validation *validation, List *secrets, const StoredRoute *route, int *bad)
{
	ListCell *cell;

	foreach (cell, route->headers)
	{
		char *header = lfirst(cell);

		if (!IsWhole(validation, psprintf("header \"%s\" of route \"%s\"", header, route->name),
		             psprintf("genops_route_headers(route => %s, headers",
		                      quote_literal_cstr(route->name)),
		             header, StoredSecretValue(secrets, route->name, header)))
			(*bad)++;
	}
	return list_length(route->headers);
}

void
CheckSecrets(Validation *validation)
{
	List *secrets = StoreSecrets();
	int bad = FileIsReadable(validation) ? 0 : 1;
	int count = ReportConfigured(validation, secrets, &bad);
	ListCell *cell;

	foreach (cell, StoreRoutes())
		count += ReportRoute(validation, secrets, lfirst(cell), &bad);
	if (bad == 0)
		CheckAdd(validation, SECRETS, CHECK_OK, NULL, "%d headers are configured, and have values",
		         count);
}
