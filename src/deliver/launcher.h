/* SPDX-License-Identifier: PostgreSQL */
/*
 * The launcher: starts a worker for each database that has something to do.
 */
#ifndef GENOPS_DELIVER_LAUNCHER_H
#define GENOPS_DELIVER_LAUNCHER_H

#include "postgres.h"

/* Registers the launcher; from _PG_init, while the server starts. */
extern void LauncherRegister(void);

extern PGDLLEXPORT void GenopsLauncherMain(Datum unused);
extern PGDLLEXPORT void GenopsCensusMain(Datum database);

/* Installs the hook that asks a worker to leave a database which must have no
 * connections for a moment: keep_out.c. */
extern void KeepOutInit(void);

#endif
