/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the server's environment says, and what it keeps from having an effect.
 */
#include "postgres.h"

#include "configure/environment.h"
#include "configure/report.h"
#include "configure/store.h"
#include "lib/stringinfo.h"
#include "validate/validation.h"

#define ENVIRONMENT "Environment"
#define UNSET "Unset the variable in the environment of the server and restart it."

/* libcurl's: requests go to a proxy, which may answer by itself. */
static const char *const proxy_variables[] = {
	"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
};

static bool
SwitchesOff(const GenopsOtelEnvironment *environment)
{
	return (environment->sdk_disabled.variable != NULL && environment->sdk_disabled.value) ||
	       (environment->traces_exporter.variable != NULL &&
	        strcmp(environment->traces_exporter.value, "otlp") != 0);
}

const char *
FixOfTarget(void)
{
	return SwitchesOff(Environment())
	           ? UNSET
	           : "SELECT * FROM genops.configuration; shows what is in force, and where it comes "
	             "from.";
}

/* "a, b, c" */
static void
Enumerate(StringInfo list, const char *item)
{
	if (list->len > 0)
		appendStringInfoString(list, ", ");
	appendStringInfoString(list, item);
}

static void
ReportIgnored(Validation *validation)
{
	const char *variable;
	const char *reason;

	for (int i = 0; EnvironmentIgnored(i, &variable, &reason); i++)
		CheckAdd(validation, ENVIRONMENT, CHECK_WARNING,
		         "Correct the variable in the environment of the server and restart it.",
		         "%s is ignored: %s", variable, reason);
}

/* Settings and headers that are configured in vain. */
static int
ReportOverridden(Validation *validation, const SettingValues *values, List *settings)
{
	int count = 0;
	ListCell *cell;

	foreach (cell, settings)
	{
		const char *name = ((StoredSetting *) lfirst(cell))->name;
		SettingId id = SettingByName(name);
		const char *variable = NULL;

		if (id != SETTING_COUNT && values->items[id].configured != NULL)
			variable = SettingOverridden(values, id);
		else if (id == SETTING_COUNT && strchr(name, '.') != NULL)
			variable = HeaderOverridden(name);
		if (variable == NULL)
			continue;
		count++;
		CheckAdd(validation, ENVIRONMENT, CHECK_WARNING, UNSET,
		         "%s wins over what genops_configure() says of %s", variable, name);
	}
	return count;
}

static char *
InForce(const SettingValues *values)
{
	const GenopsOtelEnvironment *environment = Environment();
	StringInfoData list;

	initStringInfo(&list);
	for (int id = 0; id < SETTING_COUNT; id++)
		if (values->items[id].variable != NULL)
			Enumerate(&list, psprintf("%s (%s)", values->items[id].variable,
			                          setting_definitions[id].name));
	if (environment->tempo_authorization.variable != NULL)
		Enumerate(&list, environment->tempo_authorization.variable);
	if (environment->otlp_headers.variable != NULL)
		Enumerate(&list, environment->otlp_headers.variable);
	if (environment->resource_attributes.variable != NULL)
		Enumerate(&list, environment->resource_attributes.variable);
	for (int i = 0; i < (int) lengthof(proxy_variables); i++)
		if (getenv(proxy_variables[i]) != NULL)
			Enumerate(&list, proxy_variables[i]);
	return list.data;
}

void
CheckEnvironment(Validation *validation)
{
	List *settings = StoreSettings();
	SettingValues values;
	char *in_force;

	ValuesResolve(settings, &values);
	ReportIgnored(validation);
	if (ReportOverridden(validation, &values, settings) > 0)
		return;
	in_force = InForce(&values);
	if (in_force[0])
		CheckAdd(validation, ENVIRONMENT, CHECK_OK, NULL, "in force: %s", in_force);
	else
		CheckAdd(validation, ENVIRONMENT, CHECK_OK, NULL,
		         "no variable overrides the configuration");
}
