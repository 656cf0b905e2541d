/* SPDX-License-Identifier: PostgreSQL */
/*
 * The worker of a database: stores what is queued and delivers what is stored.
 */
#ifndef GENOPS_DELIVER_WORKER_H
#define GENOPS_DELIVER_WORKER_H

#include "postgres.h"

/* The argument is the number of the database's queue. */
extern PGDLLEXPORT void GenopsWorkerMain(Datum queue_number);

#endif
