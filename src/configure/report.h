/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows that tell of the configuration.
 */
#ifndef GENOPS_CONFIGURE_REPORT_H
#define GENOPS_CONFIGURE_REPORT_H

#include "postgres.h"

#include "configure/values.h"
#include "fmgr.h"
#include "nodes/pg_list.h"

/* Returns a row per change, as a set; raises a WARNING for each that the
 * environment keeps from having an effect. */
extern void ReportChanges(FunctionCallInfo fcinfo, List *changes);

/* The variable of the environment that keeps a configured value of the setting, or of the
 * header "headers.<name>" or "collector_headers.<name>", from having an effect, or NULL. */
extern const char *SettingOverridden(const SettingValues *values, SettingId id);
extern const char *HeaderOverridden(const char *name);

#endif
