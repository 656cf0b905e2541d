/* SPDX-License-Identifier: PostgreSQL */
/*
 * The settings: "genops_tempo.*" for the server, "genops.*" for a session's
 * attribution.
 */
#ifndef GENOPS_SETTINGS_H
#define GENOPS_SETTINGS_H

#include "core/span/facts.h"

typedef enum Durability
{
	DURABILITY_ASYNC,
	DURABILITY_SYNC
} Durability;

typedef enum TraceqlSource
{
	TRACEQL_SOURCE_LEDGER,
	TRACEQL_SOURCE_TEMPO
} TraceqlSource;

/* What becomes of what could not be recorded as it was said. */
typedef enum OnError
{
	ON_ERROR_WARNING,
	ON_ERROR_ERROR
} OnError;

/* What the launcher and the workers tell the server's log, all at the level LOG. */
typedef enum LogLevel
{
	LOG_LEVEL_NONE,
	LOG_LEVEL_ERROR,   /* nothing is stored, or no worker starts */
	LOG_LEVEL_WARNING, /* delivery stopped or spans were refused */
	LOG_LEVEL_INFO,    /* it goes on */
	LOG_LEVEL_DEBUG    /* every request */
} LogLevel;

/* genops_tempo.* */
extern int setting_shared_memory_kb;
extern int setting_max_databases;
extern int setting_max_workers;
extern int setting_queue_timeout_ms; /* 0: never wait for room */
extern int setting_durability;       /* Durability */
extern int setting_flush_interval_ms;
extern bool setting_export;
extern int setting_log_level;            /* LogLevel */
extern int setting_max_attribute_length; /* bytes */
extern int setting_remembered_calls;     /* keys in shared memory */

/* genops.*: the session's attribution, indexed like the facts' texts; NULL or
 * "" where it has none.  Only the texts that have a setting are ever set. */
extern char *setting_attribution[GENOPS_TEXT_COUNT];
extern char *setting_traceparent;
extern int setting_traceql_source; /* TraceqlSource */
extern int setting_on_error;       /* OnError */

/* Whether the launcher and the workers tell the log of something. */
static inline bool
WorkerTells(LogLevel level)
{
	return setting_log_level >= (int) level;
}

extern void SettingsDefine(void);

#endif
