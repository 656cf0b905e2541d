/* SPDX-License-Identifier: PostgreSQL */
/*
 * The settings in force: environment over configuration over default.
 */
#ifndef GENOPS_CONFIGURE_VALUES_H
#define GENOPS_CONFIGURE_VALUES_H

#include "postgres.h"

#include "configure/definition.h"
#include "core/net/endpoint.h"
#include "nodes/pg_list.h"

typedef struct SettingValue
{
	const char *text;       /* NULL: none */
	const char *variable;   /* of the environment, where it comes from; or NULL */
	const char *configured; /* what genops_configure() set, or NULL */
} SettingValue;

typedef struct SettingValues
{
	SettingValue items[SETTING_COUNT];
} SettingValues;

/* Of the rows of genops.setting, which must live as long.  A row that its
 * setting's check refuses is passed over. */
extern void ValuesResolve(List *settings, SettingValues *values);

/*
 * Where spans are sent that have no route with an address of its own:
 * OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT, else the Collector with via_collector,
 * else otlp_endpoint, else what is derived from endpoint.  "from" names the
 * setting or variable.  False, with the error set, where there is none.
 */
extern bool ValuesOtlpUrl(const SettingValues *values, char url[GENOPS_URL_SIZE], const char **from,
                          GenopsError *error);

/* An address for people: its query may hold a key.  In the current memory context, or the
 * text itself; NULL stays NULL. */
extern const char *AddressShown(const char *url);

#endif
