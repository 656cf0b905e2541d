/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the launcher, which is connected to no database, knows of databases.
 */
#ifndef GENOPS_DELIVER_DATABASES_H
#define GENOPS_DELIVER_DATABASES_H

#include "postgres.h"

typedef enum DatabaseState
{
	DATABASE_GONE,
	DATABASE_CLOSED, /* takes no connections */
	DATABASE_OPEN
} DatabaseState;

typedef struct DatabaseFacts
{
	DatabaseState state;
	NameData name; /* its number in text, if it is gone */
} DatabaseFacts;

/* Each reads pg_database in a transaction of its own. */
extern DatabaseFacts DatabaseLookUp(Oid oid);

/* Any database that takes connections, rather "postgres" than another, and
 * rather none than a template, which CREATE DATABASE needs for itself. */
extern Oid DatabaseForCensus(void);

#endif
