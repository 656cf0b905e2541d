/* SPDX-License-Identifier: PostgreSQL */
/*
 * The environment of the server process, as far as it configures delivery.
 *
 * It is that of the postmaster, so it is read once.  Its texts are valid in the
 * database's encoding.
 */
#ifndef GENOPS_CONFIGURE_ENVIRONMENT_H
#define GENOPS_CONFIGURE_ENVIRONMENT_H

#include "postgres.h"

#include "configure/definition.h"
#include "core/net/otel_environment.h"

extern const GenopsOtelEnvironment *Environment(void);

/* What the environment says of a setting, in the setting's text form, and the
 * variable that says so; NULL where it says nothing. */
extern const char *EnvironmentValue(SettingId id, const char **variable);

/* A variable whose value is ignored, and why: false when there are no more than
 * "number". */
extern bool EnvironmentIgnored(int number, const char **variable, const char **reason);

/* Raises a WARNING for each of them. */
extern void EnvironmentWarn(void);

/* Logs, when the server starts, which variables are ignored and why. */
extern void EnvironmentLog(void);

#endif
