/* SPDX-License-Identifier: PostgreSQL */
/*
 * The settings.
 */
#include "postgres.h"

#include <limits.h>

#include "configure/tenant.h"
#include "core/net/otel_environment.h"
#include "core/span/trace_context.h"
#include "miscadmin.h"
#include "settings.h"
#include "utils/guc.h"

#define DEFAULT_SHARED_MEMORY_KB (32 * 1024)
#define MIN_SHARED_MEMORY_KB 1024
#define MAX_SHARED_MEMORY_KB (16 * 1024 * 1024)
#define DEFAULT_MAX_DATABASES 256
#define MAX_MAX_DATABASES 65536
#define DEFAULT_REMEMBERED_CALLS 65536
#define DEFAULT_MAX_WORKERS 4
#define DEFAULT_QUEUE_TIMEOUT_MS 1000
#define DEFAULT_FLUSH_INTERVAL_MS 1000

/* As many bytes as Tempo keeps of an attribute, so that both have the same. */
#define DEFAULT_MAX_ATTRIBUTE_LENGTH 2048
#define MIN_ATTRIBUTE_LENGTH 64
#define MAX_ATTRIBUTE_LENGTH 16384

int setting_shared_memory_kb = DEFAULT_SHARED_MEMORY_KB;
int setting_max_databases = DEFAULT_MAX_DATABASES;
int setting_max_workers = DEFAULT_MAX_WORKERS;
int setting_queue_timeout_ms = DEFAULT_QUEUE_TIMEOUT_MS;
int setting_durability = DURABILITY_ASYNC;
int setting_flush_interval_ms = DEFAULT_FLUSH_INTERVAL_MS;
bool setting_export = true;
int setting_log_level = LOG_LEVEL_INFO;
int setting_max_attribute_length = DEFAULT_MAX_ATTRIBUTE_LENGTH;
char *setting_attribution[GENOPS_TEXT_COUNT];
char *setting_traceparent;
int setting_traceql_source = TRACEQL_SOURCE_LEDGER;
int setting_on_error = ON_ERROR_WARNING;
int setting_remembered_calls = DEFAULT_REMEMBERED_CALLS;

static bool ledger_mark = false;

static const struct config_enum_entry durability_options[] = { { "async", DURABILITY_ASYNC, false },
	                                                           { "sync", DURABILITY_SYNC, false },
	                                                           { NULL, 0, false } };

static const struct config_enum_entry traceql_sources[] = {
	{ "ledger", TRACEQL_SOURCE_LEDGER, false },
	{ "tempo", TRACEQL_SOURCE_TEMPO, false },
	{ NULL, 0, false }
};

static const struct config_enum_entry on_error_options[] = { { "warning", ON_ERROR_WARNING, false },
	                                                         { "error", ON_ERROR_ERROR, false },
	                                                         { NULL, 0, false } };

static const struct config_enum_entry log_level_options[] = { { "none", LOG_LEVEL_NONE, false },
	                                                          { "error", LOG_LEVEL_ERROR, false },
	                                                          { "warn", LOG_LEVEL_WARNING, true },
	                                                          { "warning", LOG_LEVEL_WARNING,
	                                                            false },
	                                                          { "info", LOG_LEVEL_INFO, false },
	                                                          { "debug", LOG_LEVEL_DEBUG, false },
	                                                          { NULL, 0, false } };

/*
 * Defaults that come from OpenTelemetry's variables in the server's environment, so
 * that a line in postgresql.conf wins.
 */
typedef struct Defaults
{
	int log_level;
	int max_attribute_length; /* bytes; the variable's characters, within the limits */
} Defaults;

static const char *
FromProcess(const char *name, void *arg)
{
	(void) arg;
	return getenv(name);
}

/* Of a name that genops_otel_environment_read lets pass. */
static LogLevel
LogLevelByName(const char *name)
{
	static const struct
	{
		const char *name;
		LogLevel level;
	} levels[] = { { "none", LOG_LEVEL_NONE },
		           { "fatal", LOG_LEVEL_ERROR },
		           { "error", LOG_LEVEL_ERROR },
		           { "warn", LOG_LEVEL_WARNING },
		           { "info", LOG_LEVEL_INFO } };

	for (int i = 0; i < (int) lengthof(levels); i++)
		if (strcmp(levels[i].name, name) == 0)
			return levels[i].level;
	return LOG_LEVEL_DEBUG;
}

static Defaults
ReadDefaults(void)
{
	GenopsOtelEnvironmentSource source = { FromProcess, NULL, NULL };
	GenopsOtelEnvironment environment;
	GenopsEnvInteger *length = &environment.attribute_value_length_limit;
	Defaults defaults = { LOG_LEVEL_INFO, DEFAULT_MAX_ATTRIBUTE_LENGTH };

	genops_otel_environment_read(&environment, &source);
	if (environment.log_level.variable != NULL)
		defaults.log_level = LogLevelByName(environment.log_level.value);
	if (length->variable != NULL)
		defaults.max_attribute_length =
		    (int) Max(MIN_ATTRIBUTE_LENGTH, Min(length->value, MAX_ATTRIBUTE_LENGTH));
	return defaults;
}

static bool
CheckTraceparent(char **value, void **extra, GucSource source)
{
	GenopsTraceParent parent;

	(void) extra;
	(void) source;
	if (*value == NULL || **value == '\0' ||
	    genops_traceparent_parse(genops_slice(*value), &parent))
		return true;
	GUC_check_errdetail("A W3C traceparent has the form 00-<32 hex digits>-<16 hex digits>-<2 hex "
	                    "digits>, all in lower case.");
	return false;
}

static bool
CheckTenant(char **value, void **extra, GucSource source)
{
	(void) extra;
	(void) source;
	if (*value == NULL || **value == '\0' || TenantIdValid(*value, strlen(*value)))
		return true;
	GUC_check_errdetail("A tenant has up to %d letters, digits and characters of !-_.*'().",
	                    TENANT_ID_MAX);
	return false;
}

/* Shared memory is made when the server starts, or not at all. */
static void
DefineSharedMemory(void)
{
	DefineCustomIntVariable("genops_tempo.shared_memory",
	                        "Sets the shared memory in which recorded spans wait to be stored.",
	                        "It is shared by all databases of the server.",
	                        &setting_shared_memory_kb, DEFAULT_SHARED_MEMORY_KB,
	                        MIN_SHARED_MEMORY_KB, MAX_SHARED_MEMORY_KB, PGC_POSTMASTER, GUC_UNIT_KB,
	                        NULL, NULL, NULL);
	DefineCustomIntVariable("genops_tempo.max_databases",
	                        "Sets how many databases of the server can record AI calls.",
	                        "Each takes some hundred bytes of shared memory.",
	                        &setting_max_databases, DEFAULT_MAX_DATABASES, 1, MAX_MAX_DATABASES,
	                        PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("genops_tempo.remembered_calls",
	                        "Sets how many calls with a key all sessions know at once to have been "
	                        "recorded.",
	                        "Each takes 72 bytes of shared memory. A duplicate of an older call is "
	                        "found when it is stored.",
	                        &setting_remembered_calls, DEFAULT_REMEMBERED_CALLS, 1024,
	                        16 * 1024 * 1024, PGC_POSTMASTER, 0, NULL, NULL, NULL);
}

static void
DefineRecordingSettings(const Defaults *defaults)
{
	DefineCustomIntVariable("genops_tempo.queue_timeout",
	                        "Sets how long a call waits for room when the shared memory is full.",
	                        "0 never waits: the span is dropped and counted at once.",
	                        &setting_queue_timeout_ms, DEFAULT_QUEUE_TIMEOUT_MS, 0, INT_MAX,
	                        PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomEnumVariable("genops_tempo.durability",
	                         "Sets whether a call waits until its span is stored in the ledger.",
	                         "\"async\" may lose a flush interval when the whole server crashes; "
	                         "\"sync\" loses nothing.",
	                         &setting_durability, DURABILITY_ASYNC, durability_options, PGC_USERSET,
	                         0, NULL, NULL, NULL);
	DefineCustomIntVariable("genops_tempo.max_attribute_length",
	                        "Sets the length at which the texts of a span are cut.",
	                        "The default is the length at which Tempo cuts, or what "
	                        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT or "
	                        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT in the server's environment says.",
	                        &setting_max_attribute_length, defaults->max_attribute_length,
	                        MIN_ATTRIBUTE_LENGTH, MAX_ATTRIBUTE_LENGTH, PGC_SUSET, GUC_UNIT_BYTE,
	                        NULL, NULL, NULL);
}

static void
DefineWorkerSettings(const Defaults *defaults)
{
	DefineCustomIntVariable("genops_tempo.max_workers",
	                        "Sets how many databases are served at the same time.",
	                        "Each takes a place of max_worker_processes.", &setting_max_workers,
	                        DEFAULT_MAX_WORKERS, 1, 64, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("genops_tempo.flush_interval",
	                        "Sets how long a recorded span waits at the most before it is stored.",
	                        NULL, &setting_flush_interval_ms, DEFAULT_FLUSH_INTERVAL_MS, 10, 60000,
	                        PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomBoolVariable("genops_tempo.export",
	                         "Controls whether this server sends spans anywhere.",
	                         "Recording and the ledger go on when it is off.", &setting_export,
	                         true, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("genops_tempo.log_level",
	                         "Sets what storing and delivery tell the server's log.",
	                         "\"debug\" tells of every request, \"none\" of nothing. The default "
	                         "is what OTEL_LOG_LEVEL in "
	                         "the server's environment says.",
	                         &setting_log_level, defaults->log_level, log_level_options, PGC_SIGHUP,
	                         0, NULL, NULL, NULL);
	DefineCustomBoolVariable(
	    "genops_tempo.ledger", "Marks a database that has a ledger.",
	    "Set by CREATE EXTENSION for its database, so that delivery goes on after a restart.",
	    &ledger_mark, false, PGC_SUSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
}

static void
DefineAttribution(GenopsFactText text, const char *name, const char *description)
{
	DefineCustomStringVariable(name, description,
	                           "Empty means not set; an argument of the call wins.",
	                           &setting_attribution[text], "", PGC_USERSET, 0,
	                           text == GENOPS_TEXT_TENANT_ID ? CheckTenant : NULL, NULL, NULL);
}

static void
DefineSessionSettings(void)
{
	DefineAttribution(GENOPS_TEXT_TEAM, "genops.team",
	                  "Sets the team that AI calls are charged to.");
	DefineAttribution(GENOPS_TEXT_PROJECT, "genops.project",
	                  "Sets the project that AI calls are charged to.");
	DefineAttribution(GENOPS_TEXT_CUSTOMER_ID, "genops.customer_id",
	                  "Sets the customer that AI calls are made for.");
	DefineAttribution(GENOPS_TEXT_COST_CENTER, "genops.cost_center",
	                  "Sets the cost centre that AI calls are charged to.");
	DefineAttribution(GENOPS_TEXT_ENVIRONMENT, "genops.environment",
	                  "Sets the environment of AI calls, such as production.");
	DefineAttribution(GENOPS_TEXT_FEATURE, "genops.feature",
	                  "Sets the feature that AI calls belong to.");
	DefineAttribution(GENOPS_TEXT_USER_ID, "genops.user_id",
	                  "Sets the user that AI calls are made for.");
	DefineAttribution(GENOPS_TEXT_SERVICE_NAME, "genops.service_name",
	                  "Sets the service that makes the AI calls.");
	DefineAttribution(GENOPS_TEXT_TENANT_ID, "genops.tenant_id",
	                  "Sets the Tempo tenant that spans are sent to.");
	DefineCustomEnumVariable("genops.traceql_source",
	                         "Sets who answers genops_traceql() where its argument does not say.",
	                         "The ledger is complete; Tempo has what was sent to it.",
	                         &setting_traceql_source, TRACEQL_SOURCE_LEDGER, traceql_sources,
	                         PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("genops.on_error",
	                         "Sets what becomes of what could not be recorded as it was said.",
	                         "\"warning\" records what can be and warns once a session and kind; "
	                         "\"error\" raises, for development and tests.",
	                         &setting_on_error, ON_ERROR_WARNING, on_error_options, PGC_USERSET, 0,
	                         NULL, NULL, NULL);
	DefineCustomStringVariable(
	    "genops.traceparent", "Sets the W3C trace context that AI calls are part of.", NULL,
	    &setting_traceparent, "", PGC_USERSET, 0, CheckTraceparent, NULL, NULL);
}

void
SettingsDefine(void)
{
	Defaults defaults = ReadDefaults();

	if (process_shared_preload_libraries_in_progress)
		DefineSharedMemory();
	DefineRecordingSettings(&defaults);
	DefineWorkerSettings(&defaults);
	DefineSessionSettings();

	/* A misspelt setting is an error, not a silent nothing. */
	MarkGUCPrefixReserved("genops_tempo");
	MarkGUCPrefixReserved("genops");
}
