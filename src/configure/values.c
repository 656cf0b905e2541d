/* SPDX-License-Identifier: PostgreSQL */
/*
 * The settings in force.
 */
#include "postgres.h"

#include "configure/environment.h"
#include "configure/resource_attributes.h"
#include "configure/store.h"
#include "configure/values.h"

static const char *
Configured(List *settings, SettingId id)
{
	const SettingDefinition *definition = &setting_definitions[id];
	const char *value = StoredSettingValue(settings, definition->name);
	GenopsError error;

	return value != NULL && definition->check(value, &error) ? value : NULL;
}

/* OTEL_RESOURCE_ATTRIBUTES may name service and environment too; anything else
 * that does beats it. */
static void
FromResourceAttributes(SettingValue *value, const char *const *keys)
{
	if (value->variable != NULL || value->configured != NULL)
		return;
	for (int i = 0; keys[i] != NULL; i++)
	{
		const char *text = ResourceEnvironmentText(keys[i]);

		if (text != NULL)
		{
			value->text = text;
			value->variable = Environment()->resource_attributes.variable;
			return;
		}
	}
}

void
ValuesResolve(List *settings, SettingValues *values)
{
	static const char *const service_keys[] = { "service.name", NULL };
	static const char *const environment_keys[] = { "deployment.environment.name",
		                                            "deployment.environment", NULL };

	for (int id = 0; id < SETTING_COUNT; id++)
	{
		SettingValue *value = &values->items[id];

		value->configured = Configured(settings, id);
		value->text = EnvironmentValue(id, &value->variable);
		if (value->variable == NULL)
			value->text =
			    value->configured ? value->configured : setting_definitions[id].default_value;
	}
	FromResourceAttributes(&values->items[SETTING_SERVICE_NAME], service_keys);
	FromResourceAttributes(&values->items[SETTING_ENVIRONMENT], environment_keys);
}

const char *
AddressShown(const char *url)
{
	const char *query = url == NULL ? NULL : strchr(url, '?');

	return query == NULL ? url : psprintf("%.*s?%s", (int) (query - url), url, HIDDEN_VALUE);
}

bool
ValuesOtlpUrl(const SettingValues *values, char url[GENOPS_URL_SIZE], const char **from,
              GenopsError *error)
{
	const SettingValue *items = values->items;
	const SettingValue *otlp = &items[SETTING_OTLP_ENDPOINT];
	bool via_collector = SettingBool(items[SETTING_VIA_COLLECTOR].text);

	if (otlp->variable != NULL)
	{
		*from = otlp->variable;
		if (Environment()->otlp_traces_endpoint.variable != NULL)
			return genops_endpoint_otlp_verbatim(otlp->text, url, error);
		return genops_endpoint_otlp_appended(otlp->text, url, error);
	}
	*from = setting_definitions[via_collector ? SETTING_COLLECTOR_ENDPOINT
	                            : otlp->text  ? SETTING_OTLP_ENDPOINT
	                                          : SETTING_ENDPOINT]
	            .name;
	if (via_collector && items[SETTING_COLLECTOR_ENDPOINT].text != NULL)
		return genops_endpoint_otlp_from_base(items[SETTING_COLLECTOR_ENDPOINT].text, url, error);
	if (!via_collector && otlp->text != NULL)
		return genops_endpoint_otlp_from_base(otlp->text, url, error);
	if (!via_collector && items[SETTING_ENDPOINT].text != NULL)
		return genops_endpoint_otlp_from_tempo(items[SETTING_ENDPOINT].text, url, error);
	genops_error_set(error, GENOPS_INVALID_ARGUMENT,
	                 via_collector ? "no collector_endpoint is configured"
	                               : "no endpoint is configured");
	genops_error_hint(error, "Call genops_configure().");
	return false;
}
