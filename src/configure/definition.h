/* SPDX-License-Identifier: PostgreSQL */
/*
 * The settings that genops_configure() sets: their names, defaults and limits.
 *
 * Every value has a text form, in which it is stored and shown.
 */
#ifndef GENOPS_CONFIGURE_DEFINITION_H
#define GENOPS_CONFIGURE_DEFINITION_H

#include "postgres.h"

#include "core/base/error.h"

typedef enum SettingId
{
	SETTING_ENDPOINT,
	SETTING_OTLP_ENDPOINT,
	SETTING_VIA_COLLECTOR,
	SETTING_COLLECTOR_ENDPOINT,
	SETTING_TENANT_ID,
	SETTING_SERVICE_NAME,
	SETTING_ENVIRONMENT,
	SETTING_SAMPLING_RATE,
	SETTING_KEEP_ERRORS,
	SETTING_RESOURCE_ATTRIBUTES,
	SETTING_HEADERS_FILE,
	SETTING_PROTOCOL,
	SETTING_COMPRESSION,
	SETTING_TIMEOUT,
	SETTING_CERTIFICATE,
	SETTING_CLIENT_CERTIFICATE,
	SETTING_CLIENT_KEY,
	SETTING_MAX_QUEUE_SIZE,
	SETTING_SCHEDULE_DELAY,
	SETTING_MAX_EXPORT_BATCH_SIZE,
	SETTING_MAX_CONCURRENT_REQUESTS,
	SETTING_RETENTION,
	SETTING_DUPLICATE_WINDOW,
	SETTING_MAX_KEYS,
	SETTING_TEMPO_IS_MULTITENANT,
	SETTING_COUNT
} SettingId;

typedef struct SettingDefinition
{
	const char *name;
	const char *default_value; /* NULL: none */
	bool (*check)(const char *value, GenopsError *error);
	bool names_file; /* the server will read it */
	const char *description;
} SettingDefinition;

extern const SettingDefinition setting_definitions[SETTING_COUNT];

/* SETTING_COUNT if there is none of that name. */
extern SettingId SettingByName(const char *name);

/* endpoint and the like. */
extern bool SettingIsAddress(SettingId id);

/* Values that have passed the check of their setting. */
extern bool SettingBool(const char *value);
extern int SettingInteger(const char *value);
extern double SettingReal(const char *value);
extern int64 SettingInterval(const char *value); /* microseconds */

#endif
