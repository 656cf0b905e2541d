/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which database a configuration was made for.
 *
 * A copy of a database has its configuration too: addresses, and in a file
 * copy or a template also the secrets.  It must send nothing until somebody says
 * so.  genops.ledger_state tells a copy once there is a span; before that, a row
 * of genops.setting does, which the first change of the configuration makes.
 */
#ifndef GENOPS_CONFIGURE_IDENTITY_H
#define GENOPS_CONFIGURE_IDENTITY_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* Whether the rows of genops.setting were made in another database. */
extern bool IdentityIsForeign(List *settings);

/* Within SPI: makes them this database's; without "adopt" only if they are no
 * other's. */
extern void IdentityWrite(List *settings, bool adopt);

#endif
