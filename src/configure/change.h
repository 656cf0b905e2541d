/* SPDX-License-Identifier: PostgreSQL */
/*
 * Changes of the configuration, collected from arguments, checked together, and
 * then made together.
 */
#ifndef GENOPS_CONFIGURE_CHANGE_H
#define GENOPS_CONFIGURE_CHANGE_H

#include "postgres.h"

#include "configure/definition.h"
#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct Change
{
	char *name;  /* of a setting, or "headers.<name>" and the like */
	char *value; /* NULL: none any more */
	bool is_secret;
} Change;

/* Appends a change of a setting after checking its value; an empty one means
 * none. */
extern List *ChangeSetting(List *changes, SettingId id, const char *value);

/* Appends changes of headers; a null removes one.  "prefix" is HEADERS_PREFIX or
 * COLLECTOR_HEADERS_PREFIX, "argument" the name for errors. */
extern List *ChangeHeaders(List *changes, const char *prefix, const char *argument, Jsonb *headers);

/* Appends the Authorization header that "user:password" becomes. */
extern List *ChangeBasicAuth(List *changes, const char *credentials);

/* Appends the removal of everything that a name stands for: a setting, a
 * header, all headers of a kind, or "all".  Raises if it stands for nothing. */
extern List *ChangeReset(List *changes, List *settings, const char *name);

/* Makes the changes, or raises and makes none; returns those that changed
 * anything. */
extern List *ChangesMake(List *changes);

/* Whether a header can be sent: raises if not, without its value.  The name in
 * lower case. */
extern char *ChangeCheckHeader(const char *argument, const char *name, const char *value);

/* Raises unless the caller may make the server read its files. */
extern void ChangeRequireFileRight(const char *what);

#endif
