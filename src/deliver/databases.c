/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the launcher, which is connected to no database, knows of databases: rows of
 * pg_database.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "compat.h"
#include "deliver/databases.h"
#include "utils/snapmgr.h"

typedef void (*DatabaseLook)(Form_pg_database database, void *result);

static void
LookAtDatabases(DatabaseLook look, void *result)
{
	Relation relation;
	TableScanDesc scan;
	HeapTuple tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
		look((Form_pg_database) GETSTRUCT(tuple), result);
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
}

/* result: Oid */
static void
ChooseForCensus(Form_pg_database database, void *result)
{
	Oid *chosen = result;

	if (!database->datallowconn || database->datistemplate)
		return;
	if (!OidIsValid(*chosen) || strcmp(NameStr(database->datname), "postgres") == 0)
		*chosen = database->oid;
}

Oid
DatabaseForCensus(void)
{
	Oid chosen = InvalidOid;

	LookAtDatabases(ChooseForCensus, &chosen);
	return chosen;
}

typedef struct DatabaseQuestion
{
	Oid oid;
	DatabaseFacts *facts;
} DatabaseQuestion;

/* result: DatabaseQuestion */
static void
FindDatabase(Form_pg_database database, void *result)
{
	DatabaseQuestion *question = result;

	if (database->oid != question->oid)
		return;
	question->facts->state = database->datallowconn ? DATABASE_OPEN : DATABASE_CLOSED;
	question->facts->name = database->datname;
}

DatabaseFacts
DatabaseLookUp(Oid oid)
{
	DatabaseFacts facts = { .state = DATABASE_GONE };
	DatabaseQuestion question = { oid, &facts };

	snprintf(NameStr(facts.name), NAMEDATALEN, "%u", oid);
	LookAtDatabases(FindDatabase, &question);
	return facts;
}
